import { randomBytes } from 'node:crypto';
import { systemClock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import { lockDataDir } from '../store/lock.ts';
import { createControl } from './control.ts';
import { makeDataDir } from './data-folder.ts';

export interface OpenLocalOptions {
  dataDir: string;
  databaseUrl: string | null;
  configPath: string | null;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  logger: Logger;
}

/** The control API without a server. */
export interface LocalControl {
  /** As the server would answer `path` (`/api/v1/...`); already signed in. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Opens the data folder in this process for one CLI command: same app, same handlers, no server, no config applied.
 * Records still in the spool are put into the store first, so that what is shown is complete.
 * Throws data_folder_in_use (a server runs: ask it instead), store_unavailable, config_invalid.
 */
export async function openLocal(options: OpenLocalOptions): Promise<LocalControl> {
  makeDataDir(options.dataDir);
  const lock = lockDataDir(options.dataDir);
  try {
    const cliToken = randomBytes(32).toString('base64url');
    const control = await createControl({
      options: {
        dataDir: options.dataDir,
        databaseUrl: options.databaseUrl,
        config: null,
        configPath: options.configPath,
        cwd: options.cwd,
        watch: false,
        probeLocal: false,
        adminToken: null,
        firstKey: null,
        cliToken,
        processKeys: [],
      },
      env: options.env,
      clock: systemClock,
      logger: options.logger,
      mode: 'command',
      onSnapshot: () => {},
    });
    return {
      async fetch(path, init = {}) {
        const headers = new Headers(init.headers);
        headers.set('authorization', `Bearer ${cliToken}`);
        return control.app.fetch(new Request(new URL(path, 'http://control.invalid'), { ...init, headers }));
      },
      async close() {
        await control.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
