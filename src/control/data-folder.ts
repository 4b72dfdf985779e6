import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TrimtabError } from '../core/error.ts';

/** The folder of the spool's files inside a data folder. */
export function spoolFolder(dataDir: string): string {
  return join(dataDir, 'spool');
}

/** Makes it where it is not there. Throws config_invalid when it cannot be made or written to. */
export function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const text = `The data folder ${path} cannot be used (${(cause as NodeJS.ErrnoException).code}).`;
    throw new TrimtabError('config_invalid', text, { field: 'TRIMTAB_DATA_DIR', cause });
  }
}
