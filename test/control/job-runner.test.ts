/** Jobs done in this process, on a real store, by a clock turned by hand. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createJobRunner,
  type JobKind,
  type JobOutcome,
  type JobRunner,
} from '../../src/control/jobs/runner.ts';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { Job, JobState } from '../../src/store/jobs.ts';
import type { Store } from '../../src/store/store.ts';
import { sqlitePlace, type TestPlace } from '../store/engines.ts';

let place: TestPlace;
let store: Store;
let clock: ManualClock;
let runners: JobRunner[] = [];
beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open();
  clock = createManualClock(1_700_000_000_000);
  runners = [];
});
afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  await store.close();
  await place.dispose();
});

function start(run: JobKind['run'], change: Partial<JobKind> = {}, worker = 'w'): JobRunner {
  const kinds = [{ kind: 'work', maxConcurrent: 1, run, ...change }];
  const options = {
    store: store.jobs,
    kinds,
    worker,
    exclusive: worker === 'w',
    clock,
    logger: silentLogger,
  };
  const runner = createJobRunner(options);
  runners.push(runner);
  return runner;
}

const job = (id: string, maxAttempts: number | null = 3) =>
  ({ id, kind: 'work', input: id, maxAttempts, runAt: clock.now(), createdAt: clock.now() }) as const;

/** Turns the clock until the job is in that state. */
async function until(id: string, state: JobState): Promise<Job> {
  for (let turns = 0; turns < 5_000; turns++) {
    const found = await store.jobs.get(id);
    if (found?.state === state) return found;
    clock.turn(500);
    await new Promise(setImmediate);
  }
  throw new Error(`${id} is ${(await store.jobs.get(id))?.state}, not ${state}`);
}

const onAbort = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test('a job is done, with its progress and result', async () => {
  const runner = start(async ({ input }, context) => {
    context.progress(1, 2);
    return { state: 'done', result: input };
  });
  await runner.add(job('job_a'));
  expect(await until('job_a', 'done')).toMatchObject({ result: 'job_a', progress: { done: 1, total: 2 } });
});

test('what fails is tried again, and given up after its attempts', async () => {
  let runs = 0;
  const ended: Job[] = [];
  const run = async (): Promise<JobOutcome> => {
    runs++;
    throw new Error('no luck');
  };
  const runner = start(run, { ended: async (one) => void ended.push(one) });
  await runner.add(job('job_a'));
  expect(await until('job_a', 'failed')).toMatchObject({ error: 'no luck' });
  expect(runs).toBe(3);
  expect(ended).toMatchObject([{ id: 'job_a', state: 'failed' }]);
});

test('what is not finished is taken up again when it said', async () => {
  const times: number[] = [];
  const runner = start(async () => {
    times.push(clock.now());
    return times.length < 3 ? { state: 'later', at: clock.now() + 60_000 } : { state: 'done' };
  });
  await runner.add(job('job_a', 1));
  await until('job_a', 'done');
  expect(times).toHaveLength(3);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
});

test('a running job is cancelled, and one that waits never runs', async () => {
  const ran: unknown[] = [];
  const ended: Job[] = [];
  const began = Promise.withResolvers<void>();
  const run: JobKind['run'] = async ({ input }, { signal }) => {
    ran.push(input);
    began.resolve();
    await onAbort(signal);
    return { state: 'cancelled' };
  };
  const runner = start(run, { ended: async (one) => void ended.push(one) });
  await runner.add(job('job_a'));
  await began.promise;
  await runner.add(job('job_b'));
  await runner.cancel('job_b');
  await runner.cancel('job_a');
  await until('job_a', 'cancelled');
  await until('job_b', 'cancelled');
  expect(ran).toEqual(['job_a']);
  expect(ended.map(({ id }) => id)).toEqual(['job_b']);
});

test('a job that runs is not taken up again by a process that slept', async () => {
  const awake = clock;
  let sleptMs = 0;
  clock = { ...awake, now: () => awake.now() + sleptMs };
  let runs = 0;
  const end = Promise.withResolvers<void>();
  const runner = start(
    async () => {
      runs++;
      await end.promise;
      return { state: 'done' };
    },
    { maxConcurrent: 2 },
  );
  await runner.add(job('job_a'));
  while (runs === 0) await new Promise(setImmediate);
  sleptMs = 3_600_000;
  for (let i = 0; i < 20; i++) {
    runner.wake();
    await new Promise(setImmediate);
  }
  await store.jobs.list({ limit: 1 });
  end.resolve();
  expect(await until('job_a', 'done')).toMatchObject({ attempts: 0 });
  expect(runs).toBe(1);
});

test('what a stopped process leaves, the next one takes up', async () => {
  const began = Promise.withResolvers<void>();
  const first = start(async (_, { signal }) => {
    began.resolve();
    await onAbort(signal);
    throw new Error('stopped');
  });
  await first.add(job('job_a'));
  await began.promise;
  await first.stop();
  expect(await store.jobs.get('job_a')).toMatchObject({ state: 'queued', attempts: 0 });
  start(async () => ({ state: 'done' }), {}, 'another');
  await until('job_a', 'done');
});

test('a job of a worker that vanished is taken over when its heartbeats stopped', async () => {
  await store.jobs.add(job('job_a'));
  await store.jobs.claim({ kinds: ['work'], worker: 'dead', now: clock.now(), staleMs: 1 });
  start(async () => ({ state: 'done' }), {}, 'another');
  expect(await until('job_a', 'done')).toMatchObject({ attempts: 1, worker: 'another' });
});
