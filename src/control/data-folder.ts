import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TrimtabError } from '../core/error.ts';

/** The folder of the spool's files inside a data folder. */
export function spoolFolder(dataDir: string): string {
  return join(dataDir, 'spool');
}

/** Makes it where it is not there. Throws config_invalid when it cannot be made or written to. */
export function makeDataDir(path: string): void {
  try {
    makeFolders(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const text = `The data folder ${path} cannot be used (${(cause as NodeJS.ErrnoException).code}).`;
    throw new TrimtabError('config_invalid', text, { field: 'TRIMTAB_DATA_DIR', cause });
  }
}

/**
 * As `mkdir -p`. Node's own recursive mkdir never returns where a folder is there and making one in it says ENOENT, as
 * /proc does (Node 24.21).
 */
function makeFolders(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeFolders(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}
