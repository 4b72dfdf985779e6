import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `<dataDir>/server.json`: how a CLI command on this machine finds the running server and is let in. Readable by its
 * owner only; gone, and its token worthless, once the server stops.
 */
export interface ServerFile {
  url: string;
  pid: number;
  /** Per boot, 256 random bits. */
  token: string;
  startedAt: number;
}

export function writeServerFile(dataDir: string, content: ServerFile): void {
  const path = join(dataDir, 'server.json');
  const temporary = `${path}.${content.pid}`;
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** The running server of a data folder; `undefined` when there is no file. A process killed hard leaves a stale one. */
export function readServerFile(dataDir: string): ServerFile | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as ServerFile;
  } catch {
    return undefined;
  }
}

export function removeServerFile(dataDir: string): void {
  rmSync(join(dataDir, 'server.json'), { force: true });
}
