import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openStore } from '../../src/store/open.ts';
import { describeStore } from './contract.ts';

describe('SQLite', () => {
  describeStore(
    async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'trimtab-store-'));
      const store = await openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
      return {
        store,
        async dispose() {
          await store.close();
          rmSync(dataDir, { recursive: true, force: true });
        },
      };
    },
    { runs: 30 },
  );
});
