import { join } from 'node:path';

/** The folder of the spool's files inside a data folder. */
export function spoolFolder(dataDir: string): string {
  return join(dataDir, 'spool');
}
