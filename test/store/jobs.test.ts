/** The jobs table, on both engines. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JobStore, NewJob } from '../../src/store/jobs.ts';
import type { Store } from '../../src/store/store.ts';
import { postgresPlace, sqlitePlace, type TestPlace } from './engines.ts';

const STALE_MS = 100;

describe.each([
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const)('jobs on %s', (_, createPlace) => {
  let place: TestPlace;
  let store: Store;
  let jobs: JobStore;
  let kind = '';
  let made = 0;
  beforeAll(async () => {
    place = await createPlace();
    store = await place.open();
    jobs = store.jobs;
  });
  afterAll(async () => {
    await store?.close();
    await place?.dispose();
  });
  beforeEach(() => {
    kind = `kind-${++made}`;
  });

  const add = (id: string, change: Partial<NewJob> = {}) =>
    jobs.add({
      id: `${kind}-${id}`,
      kind,
      input: { of: id },
      maxAttempts: 3,
      runAt: 0,
      createdAt: 0,
      ...change,
    });
  const claim = (worker: string, now = 1_000) =>
    jobs.claim({ kinds: [kind], worker, now, staleMs: STALE_MS });
  const get = async (id: string) => {
    const job = await jobs.get(`${kind}-${id}`);
    if (!job) throw new Error(`no job ${id}`);
    return job;
  };

  test('are given to one worker each, the earliest due first, however many ask', async () => {
    for (let i = 0; i < 10; i++) await add(String(i), { runAt: 100 - i });
    await add('0', { input: 'another' });
    await add('later', { runAt: 2_000 });
    const claimed = await Promise.all(Array.from({ length: 14 }, (_, i) => claim(`w${i}`)));
    const ids = claimed.flatMap((job) => (job ? [job.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    while (ids.length < 10) ids.push((await claim('last'))?.id ?? 'none');
    expect(ids.sort()).toEqual(Array.from({ length: 10 }, (_, i) => `${kind}-${i}`));
    expect(await claim('w')).toBeUndefined();
    expect(await get('0')).toMatchObject({ state: 'running', input: { of: '0' }, attempts: 0 });
    expect(await jobs.claim({ kinds: ['else'], worker: 'w', now: 9_000, staleMs: STALE_MS })).toBeUndefined();
  });

  test('are kept by heartbeats, and taken over when those stop', async () => {
    await add('a');
    await claim('first');
    const held = { id: `${kind}-a`, worker: 'first' };
    expect(await jobs.heartbeat({ ...held, now: 1_050, progress: { done: 2, total: 5 } })).toBe('held');
    expect(await claim('second', 1_140)).toBeUndefined();
    expect(await claim('second', 1_160)).toMatchObject({ attempts: 1, progress: { done: 2, total: 5 } });
    expect(await jobs.heartbeat({ ...held, now: 1_170 })).toBe('lost');
    expect(await jobs.end({ ...held, now: 1_170, state: 'done' })).toBe(false);
    expect(await jobs.release({ ...held, now: 1_170, runAt: 0, error: 'x' })).toBe(false);
    expect(await jobs.end({ ...held, worker: 'second', now: 1_180, state: 'done', result: [1] })).toBe(true);
    expect(await get('a')).toMatchObject({ state: 'done', result: [1], endedAt: 1_180 });
    expect(await claim('third', 9_000)).toBeUndefined();
  });

  test('wait when they are put back, and count what failed', async () => {
    await add('a');
    const held = { id: `${kind}-a`, worker: 'w', now: 1_000 };
    await claim('w');
    await jobs.release({ ...held, runAt: 1_500, error: null });
    expect(await claim('w', 1_499)).toBeUndefined();
    expect(await claim('w', 1_500)).toMatchObject({ attempts: 0, error: null });
    await jobs.release({ ...held, runAt: 5_000, error: 'no luck' });
    expect(await get('a')).toMatchObject({ state: 'queued', attempts: 1, error: 'no luck', worker: null });
    await jobs.hurry(`${kind}-a`, 2_000);
    expect(await claim('w', 2_000)).toMatchObject({ attempts: 1 });
  });

  test('are cancelled: at once while they wait, by the next heartbeat while they run', async () => {
    await add('waits');
    await add('runs', { runAt: -1 });
    await claim('w');
    expect(await jobs.cancel(`${kind}-waits`, 1_010)).toMatchObject({ state: 'cancelled', endedAt: 1_010 });
    expect(await jobs.cancel(`${kind}-runs`, 1_010)).toMatchObject({
      state: 'running',
      cancelRequested: true,
    });
    expect(await jobs.heartbeat({ id: `${kind}-runs`, worker: 'w', now: 1_020 })).toBe('cancel');
    expect(await jobs.cancel('nothing', 1)).toBeUndefined();
    expect((await jobs.list({ kind, state: 'cancelled', limit: 5 })).map(({ id }) => id)).toEqual([
      `${kind}-waits`,
    ]);
  });

  test('are freed from a process that is gone, and deleted once they ended long ago', async () => {
    await add('a');
    await add('b');
    await claim('w');
    await jobs.free(1_001);
    expect(await claim('v', 1_001)).toBeDefined();
    expect(await claim('v', 1_001)).toMatchObject({ attempts: 0 });
    await jobs.end({ id: `${kind}-a`, worker: 'v', now: 1_002, state: 'failed', error: 'gone' });
    await jobs.expire(1_002);
    expect(await jobs.get(`${kind}-a`)).toBeDefined();
    await jobs.expire(1_003);
    expect(await jobs.get(`${kind}-a`)).toBeUndefined();
    expect(await jobs.get(`${kind}-b`)).toBeDefined();
  });
});
