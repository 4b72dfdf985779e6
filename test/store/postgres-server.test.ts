import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { makeCall } from '../support/call-records.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { makeFeedback } from './contract.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const DAY_MS = 86_400_000;
const window = { since: NOON - DAY_MS, until: NOON + DAY_MS, sandbox: false };

describe('a PostgreSQL server of several writers, that goes away', () => {
  let server: TestPostgres;
  const opened: Store[] = [];
  const open = async () => {
    const options = { dataDir: '', databaseUrl: server.url, logger: silentLogger, clock: systemClock };
    const store = await openStore(options);
    opened.push(store);
    return store;
  };
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    for (const store of opened) await store.close();
    await server.dispose();
  });

  test('four writers with overlapping batches and feedback count each call once', async () => {
    const writers = await Promise.all([open(), open(), open(), open()]);
    const calls = Array.from({ length: 1200 }, (_, i) =>
      makeCall(NOON + i, { task: `task-${i % 7}`, user: `user-${i % 90}`, durationMs: i + 1 }),
    );
    const feedback = calls.filter((_, i) => i % 6 === 0).map((call) => makeFeedback(call.id, 1));
    await Promise.all(
      writers.flatMap((store, w) => {
        const mine = w % 2 ? [...calls].reverse() : calls;
        const batches = Array.from({ length: 12 }, (_, b) => mine.slice(b * 100, b * 100 + 150));
        return [
          (async () => {
            for (const batch of batches) await store.calls.insert(batch);
          })(),
          (async () => {
            for (const one of feedback) await store.feedback.add(one);
          })(),
        ];
      }),
    );
    const [store] = writers;
    const [total] = (await store?.rollups.group(window, [], 1)) ?? [];
    expect(total).toMatchObject({ calls: 1200, feedbackCount: 200, feedbackSum: 200 });
    expect(await store?.rollups.users(window)).toBe(90);
    const [latency] = (await store?.rollups.latency(window, null)) ?? [];
    expect(Math.abs((latency?.total.p50 ?? 0) - 600) / 600).toBeLessThanOrEqual(0.02);
  });

  test.each(['stop', 'kill'] as const)('%s: store_unavailable while away, then works again', async (how) => {
    const store = await open();
    const call = makeCall(NOON, { task: `outage-${how}` });
    await server[how]();
    await expect(store.calls.insert([call])).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.calls.list({}, { limit: 1 })).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.start();
    expect(await store.calls.insert([call])).toEqual({ inserted: 1 });
    expect(await store.calls.insert([call])).toEqual({ inserted: 0 });
  });

  test('no server at start: openStore says store_unavailable', async () => {
    await server.stop();
    await expect(open()).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.start();
  });
});
