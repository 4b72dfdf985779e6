import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TrimtabError } from '../core/error.ts';

/**
 * Takes the data folder for this process, until `release` or the end of the process, however it ends: the lock is
 * the operating system's, on `<dataDir>/lock.db`, so nothing stale can stay behind. Throws
 * TrimtabError(data_folder_in_use) naming the holder's pid and url where `<dataDir>/server.json` tells them.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(dataDir, 'lock.db'), { timeout: 0 });
  try {
    db.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    db.close();
    // SQLITE_BUSY: https://sqlite.org/rescode.html#busy
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5) throw error;
    throw new TrimtabError(
      'data_folder_in_use',
      `Another process${holderOf(dataDir)} uses the data folder ${dataDir}.`,
      { cause: error },
    );
  }
  return {
    release() {
      if (db.isOpen) db.close();
    },
  };
}

function holderOf(dataDir: string): string {
  try {
    const { pid, url } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8'));
    return ` (pid ${pid}, ${url})`;
  } catch {
    return '';
  }
}
