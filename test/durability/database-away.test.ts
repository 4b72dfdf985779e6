import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { type Logger, silentLogger } from '../../src/core/log.ts';
import { createDrain } from '../../src/evidence/drain.ts';
import { openSpool } from '../../src/evidence/spool.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { recordOf } from '../evidence/records.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let dataDir: string;
let postgres: TestPostgres;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'trimtab-away-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres?.dispose();
  rmSync(dataDir, { recursive: true });
});

/** A promise, and a log that keeps it when the drain says the words. */
function listenFor(words: RegExp): { heard: Promise<void>; logger: Logger } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const listen = (_: object, message: string) => words.test(message) && resolve();
  return { heard: promise, logger: { info: listen, warn: listen, error: listen } };
}

async function untilStored(store: Store, count: number): Promise<void> {
  const window = { since: 0, until: Date.now() + 86_400_000, sandbox: false };
  for (;;) {
    const [total] = await store.rollups.group(window, [], 1);
    if ((total?.calls ?? 0) >= count) return;
    await nextTurn();
  }
}

test.each(['stop', 'kill'] as const)(
  'PostgreSQL away (%s) while records keep coming: all arrive, once',
  async (how) => {
    const trouble = listenFor(/does not take records/);
    const store = await openStore({
      dataDir,
      databaseUrl: postgres.url,
      logger: silentLogger,
      clock: systemClock,
    });
    const dir = join(dataDir, how);
    let drain: ReturnType<typeof createDrain> | undefined;
    const spool = openSpool({
      dir,
      maxBytes: 2 ** 30,
      segmentBytes: 100_000,
      logger: silentLogger,
      onAppend: () => drain?.wake(),
    });
    drain = createDrain({
      dir,
      insert: (records) => store.calls.insert(records),
      logger: trouble.logger,
      clock: systemClock,
    });
    const makeId = createIdMaker();
    const task = `away-by-${how}`;
    const taken: string[] = [];
    const take = (count: number) => {
      for (let n = 0; n < count; n++) {
        const id = makeId('call');
        spool.take(recordOf(id, { task, startedAt: Date.now() }));
        taken.push(id);
      }
    };
    try {
      const [before] = await store.rollups.group(
        { since: 0, until: Date.now() + 86_400_000, sandbox: false },
        [],
        1,
      );
      const base = before?.calls ?? 0;
      take(1000);
      await untilStored(store, base + 1000);
      // A load that goes on over the moment of the outage, so that a batch is in flight when it happens.
      const outage = postgres[how]();
      for (let n = 0; n < 200; n++) {
        take(10);
        await nextTurn();
      }
      await outage;
      take(2000);
      await trouble.heard;
      expect(spool.state).toBe('ok');
      expect(drain.pendingBytes()).toBeGreaterThan(1_000_000);
      await postgres.start();
      await untilStored(store, base + taken.length);
      spool.close();
      await drain.stop();
      expect(drain.pendingBytes()).toBe(0);
      expect(existsSync(join(dir, 'rejected.jsonl'))).toBe(false);

      const stored: string[] = [];
      for (let before: string | undefined; ; ) {
        const rows = await store.calls.list(
          { task },
          { limit: 1000, ...(before !== undefined && { before }) },
        );
        if (rows.length === 0) break;
        stored.push(...rows.map(({ id }) => id));
        before = rows.at(-1)?.id;
      }
      expect(stored.sort()).toEqual(taken.sort());
      const [total] = await store.rollups.group(
        { since: 0, until: Date.now() + 86_400_000, sandbox: false, task },
        [],
        1,
      );
      expect(total?.calls).toBe(taken.length);
    } finally {
      spool.close();
      await drain.stop();
      await store.close();
    }
  },
);
