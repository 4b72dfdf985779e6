import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { Engine } from '../../src/store/engines/engine.ts';
import { createPostgresEngine } from '../../src/store/engines/postgres.ts';
import { createSqliteEngine } from '../../src/store/engines/sqlite.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** A place for one database, empty at first, to be opened as often as a test likes. */
export interface TestPlace {
  dataDir: string;
  databaseUrl: string | null;
  open(clock?: Clock): Promise<Store>;
  createEngine(): Engine;
  dispose(): Promise<void>;
}

export async function sqlitePlace(): Promise<TestPlace> {
  const dataDir = mkdtempSync(join(tmpdir(), 'trimtab-store-'));
  return {
    dataDir,
    databaseUrl: null,
    open: (clock = systemClock) => openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock }),
    createEngine: () => createSqliteEngine(join(dataDir, 'trimtab.db')),
    async dispose() {
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function postgresPlace(): Promise<TestPlace> {
  const { url, drop } = await createTestDatabase();
  return {
    dataDir: '',
    databaseUrl: url,
    open: (clock = systemClock) => openStore({ dataDir: '', databaseUrl: url, logger: silentLogger, clock }),
    createEngine: () => createPostgresEngine(url, silentLogger),
    dispose: drop,
  };
}
