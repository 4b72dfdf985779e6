import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../core/clock.ts';
import { createRandom } from '../../core/random.ts';
import { toWorkload } from '../simulator/workload.ts';
import { Allowance } from './allowance.ts';
import type { CallResult, CallSize } from './call.ts';
import { type LoadTest, meetsTarget } from './load-test.ts';
import { toPoint } from './point.ts';
import { toChatRequest } from './prompt.ts';
import { fixedWorkload, type LoadTestQuestion, runLoadTest } from './run-load-test.ts';

const question: LoadTestQuestion = {
  parts: ['sweep', 'search'],
  workload: fixedWorkload(100, 10),
  target: { ttftP95Ms: 500, tpotP95Ms: null, endToEndP95Ms: null },
  concurrency: [1, 2, 4, 8, 16],
  stretchMs: 20_000,
  warmUpShare: 0.2,
  firstRate: null,
  maxCalls: 100_000,
  maxCostUsd: null,
  expectedCallUsd: null,
};

interface Endpoint {
  /** Time of a call, one after another in each of `places`. */
  serviceMs: number;
  places: number;
  costUsd?: number | null;
  /** Whether the n-th call fails. */
  fails?: (call: number) => boolean;
  /** After so many calls the person stops the test. */
  stopAfter?: number;
}

/** Runs a test against an endpoint that serves calls in order, by a clock that is turned until the test is over. */
async function run(change: Partial<LoadTestQuestion>, endpoint: Endpoint) {
  const clock = createManualClock(0);
  const stop = new AbortController();
  const freeAt = new Array<number>(endpoint.places).fill(0);
  const sizes: CallSize[] = [];
  let open = 0;
  let mostOpen = 0;
  const call = (size: CallSize): Promise<CallResult> => {
    const number = sizes.push(size);
    if (number === endpoint.stopAfter) stop.abort();
    mostOpen = Math.max(mostOpen, ++open);
    const place = freeAt.indexOf(Math.min(...freeAt));
    const beginMs = Math.max(clock.monotonic(), freeAt[place] ?? 0);
    freeAt[place] = beginMs + endpoint.serviceMs;
    const durationMs = beginMs + endpoint.serviceMs - clock.monotonic();
    const failed = endpoint.fails?.(number) === true;
    return new Promise((resolve) => {
      clock.after(durationMs, () => {
        open--;
        resolve({
          error: failed ? 'upstream_error' : null,
          ttftMs: failed ? null : durationMs - endpoint.serviceMs / 2,
          durationMs,
          inputTokens: failed ? null : size.inputTokens,
          outputTokens: failed ? null : size.outputTokens,
          costUsd: endpoint.costUsd === undefined ? 0 : endpoint.costUsd,
        });
      });
    });
  };
  let isOver = false;
  const told: number[] = [];
  const tools = { call, clock, signal: stop.signal, onCall: () => {} };
  const result = runLoadTest(
    { ...question, ...change },
    { ...tools, onPoint: async ({ points }) => void told.push(points.length) },
  ).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise(setImmediate);
    clock.turn(5);
  }
  return { ...(await result), sizes, told, mostOpen };
}

const bestOf = (points: LoadTest['points'], target = question.target): number =>
  Math.max(
    ...points.filter((point) => meetsTarget(point, target)).map(({ callsPerSecond }) => callsPerSecond),
  );

describe('against an endpoint of known capacity', () => {
  test('the search finds the highest rate within the target', async () => {
    // Two places of 100 ms: 20 calls a second, and a queue beyond.
    const { measured, ended, told } = await run({}, { serviceMs: 100, places: 2 });
    expect(ended).toBe('done');
    expect(bestOf(measured.points)).toBeGreaterThan(16);
    expect(bestOf(measured.points)).toBeLessThan(20.5);
    expect(measured.points.some((point) => !meetsTarget(point, question.target))).toBe(true);
    expect(told).toEqual(measured.points.map((_, at) => at + 1));
    expect(measured).toMatchObject({ meanInputTokens: 100, meanOutputTokens: 10, costUsd: 0 });
  });

  test('a sweep ends when more calls in flight bring no more', async () => {
    const { measured } = await run({ parts: ['sweep'] }, { serviceMs: 50, places: 2 });
    expect(measured.points.map(({ concurrency }) => concurrency)).toEqual([1, 2, 4]);
    const [one, two, four] = measured.points;
    expect(one?.callsPerSecond).toBeCloseTo(20, 0);
    expect(two?.callsPerSecond).toBeCloseTo(40, 0);
    expect(four?.callsPerSecond).toBeCloseTo(40, 0);
    expect(one?.tpotMs.p50).toBeCloseTo(25 / 9, 5);
  });

  test('calls that are due are sent whatever the endpoint does, and their wait counts from when they were due', async () => {
    const arrivals = toWorkload(
      Array.from({ length: 100 }, (_, i) => ({ atMs: i * 100, inputTokens: 50, outputTokens: 5 })),
    );
    // Ten a second at an endpoint that serves five: a closed loop would see 200 ms for ever.
    const { measured, mostOpen } = await run(
      { parts: ['replay'], workload: arrivals, stretchMs: 10_000 },
      { serviceMs: 200, places: 1 },
    );
    const [point] = measured.points;
    expect(mostOpen).toBeGreaterThan(40);
    expect(point?.offeredCallsPerSecond).toBeCloseTo(10, 0);
    expect(point?.callsPerSecond).toBeLessThan(8);
    expect(point?.ttftMs.p95).toBeGreaterThan(8_000);
  });
});

describe('it stops', () => {
  test('at its limit of calls', async () => {
    const { ended, sizes } = await run({ maxCalls: 57 }, { serviceMs: 100, places: 4 });
    expect({ ended, calls: sizes.length }).toEqual({ ended: 'max-calls', calls: 57 });
  });

  test.each([
    ['expected', 0.01],
    ['dearer than expected', 0.02],
  ])('before it spends more than it may, with calls %s', async (_what, costUsd) => {
    const change = { maxCostUsd: 1, expectedCallUsd: 0.01 };
    const { ended, measured } = await run(change, { serviceMs: 100, places: 1, costUsd });
    expect(ended).toBe('max-usd');
    expect(measured.costUsd).toBeLessThanOrEqual(1);
    expect(measured.costUsd).toBeGreaterThan(0.9);
  });

  test('when most calls fail, soon', async () => {
    const { ended, sizes, measured } = await run({}, { serviceMs: 10, places: 1, fails: () => true });
    expect(ended).toBe('errors');
    expect(sizes.length).toBeLessThan(30);
    expect(measured.points[0]?.errorCodes).toEqual([{ code: 'upstream_error', calls: expect.any(Number) }]);
  });

  test('when a person says so, and keeps what it measured', async () => {
    const { ended, sizes, measured } = await run({}, { serviceMs: 100, places: 1, stopAfter: 260 });
    expect({ ended, calls: sizes.length }).toEqual({ ended: 'cancelled', calls: 260 });
    expect(measured.points.length).toBeGreaterThan(0);
  });
});

test('a few failures miss the target', async () => {
  const { measured } = await run(
    { parts: ['sweep'], concurrency: [1] },
    { serviceMs: 100, places: 1, fails: (call) => call % 20 === 0 },
  );
  expect(measured.points[0]?.errors).toBeGreaterThan(0);
  expect(bestOf(measured.points)).toBe(-Infinity);
});

test('an unpriced call makes the cost unknown, never less', () => {
  const allowance = new Allowance({ maxCalls: 10, maxCostUsd: 1, expectedCallUsd: 0.2 });
  for (const costUsd of [0.1, null, 0.1]) {
    allowance.begin();
    allowance.end({ costUsd });
  }
  expect(allowance.costUsd).toBeNull();
  expect(allowance.exhausted()).toBeNull();
  for (let i = 0; i < 3; i++) allowance.begin();
  expect(allowance.exhausted()).toBe('max-usd');
});

test('a stretch nothing came of has no percentiles, not zeros', () => {
  const point = toPoint({ kind: 'search', concurrency: null, warmMs: 0, endMs: 1_000 }, []);
  expect(point).toMatchObject({ calls: 0, callsPerSecond: 0, ttftMs: { p95: null } });
  expect(meetsTarget(point, question.target)).toBe(false);
});

test('prompts have the size asked for, and none begins like another', () => {
  const random = createRandom(3);
  const options = { model: 'm', random, tokensField: 'max_tokens', ignoreEos: true } as const;
  const requests = Array.from({ length: 50 }, () =>
    toChatRequest({ inputTokens: 500, outputTokens: 64 }, options),
  );
  const texts = requests.map(({ messages }) => messages[0]?.content ?? '');
  expect(new Set(texts.map((text) => text.split(' ').slice(0, 6).join(' '))).size).toBe(50);
  for (const text of texts) expect(text.split(/\s+/).length).toBeGreaterThan(475);
  expect(requests[0]).toMatchObject({ max_tokens: 64, ignore_eos: true, stream: true });
});
