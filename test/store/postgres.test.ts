import { describe } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openStore } from '../../src/store/open.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { describeStore } from './contract.ts';

describe('PostgreSQL', () => {
  describeStore(
    async () => {
      const database = await createTestDatabase();
      const store = await openStore({
        dataDir: '',
        databaseUrl: database.url,
        logger: silentLogger,
        clock: systemClock,
      });
      return {
        store,
        async dispose() {
          await store.close();
          await database.drop();
        },
      };
    },
    { runs: 5 },
  );
});
