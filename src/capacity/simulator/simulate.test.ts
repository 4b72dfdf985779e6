import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineSetup, PerformanceModel } from '../capacity.ts';
import { findGpu, findModel } from '../facts/index.ts';
import { simulate, simulateCalls } from './simulate.ts';
import { atRate, drawWorkload, type Process, type Workload } from './workload.ts';

/** A replica whose step time is given: the simulator alone is under test. */
function replica(
  stepMs: PerformanceModel['stepMs'],
  limits: { cacheTokens?: number; maxSequences?: number; maxBatchedTokens?: number } = {},
): PerformanceModel {
  const model = findModel('llama-3.1-8b');
  const gpu = findGpu('h100-sxm');
  if (!model || !gpu) throw new Error('the facts have changed');
  const setup: EngineSetup = {
    engine: 'vLLM',
    model,
    gpu,
    gpusPerReplica: 1,
    weights: 'bf16',
    cache: 'bf16',
    maxSequences: limits.maxSequences ?? 256,
    maxBatchedTokens: limits.maxBatchedTokens ?? 2048,
  };
  return {
    setup,
    stepMs,
    cacheTokens: limits.cacheTokens ?? 1_000_000,
    error: { low: 0.8, mid: 1, high: 1.2 },
  };
}

const affine = replica(
  ({ prefillTokens, decodes, contextTokens }) =>
    8 + 0.05 * prefillTokens + 0.02 * decodes + 2e-5 * contextTokens,
  { cacheTokens: 60_000 },
);

function poisson(calls: number, callsPerSecond: number, sizes: Process['sizes'], seed = 1): Workload {
  return drawWorkload({ calls, callsPerSecond, arrivals: { kind: 'poisson' }, sizes, seed });
}

function sized(input: number, output: number, sigma = 0): Process['sizes'] {
  return {
    kind: 'lognormal',
    input: { medianTokens: input, sigma },
    output: { medianTokens: output, sigma },
  };
}

describe('queueing theory, one sequence at a time', () => {
  const server = replica(() => 1, { maxSequences: 1 });

  test.each([0.3, 0.5, 0.8])('M/D/1 at utilisation %d: mean wait', (load) => {
    const workload = poisson(300_000, load * 10, sized(1, 100));
    const { queueMs, utilisation } = simulate({ model: server, workload, replicas: 1 });
    const theory = (100 * load) / (2 * (1 - load));
    expect(queueMs.mean).toBeGreaterThan(theory * 0.97);
    expect(queueMs.mean).toBeLessThan(theory * 1.03);
    expect(utilisation).toBeCloseTo(load, 2);
  });

  test.each([0.3, 0.5, 0.8])('M/M/1 at utilisation %d: mean wait and the share that waits', (load) => {
    const workload = poisson(300_000, load * 2, sized(1, 1), 3);
    const sizes = drawWorkload({
      calls: 300_000,
      callsPerSecond: 1 / 500,
      arrivals: { kind: 'poisson' },
      sizes: sized(1, 1),
      seed: 4,
    });
    // Gaps of a Poisson process of mean 500 000 ms / 1000 are exponential service times of mean 500 steps.
    sizes.atMs.forEach((at, i) => {
      workload.outputTokens[i] = Math.max(1, Math.round((at - (sizes.atMs[i - 1] ?? 0)) / 1000));
    });
    const { result, times } = simulateCalls({ model: server, workload, replicas: 1 });
    const theory = (500 * load) / (1 - load);
    expect(result.queueMs.mean).toBeGreaterThan(theory * 0.95);
    expect(result.queueMs.mean).toBeLessThan(theory * 1.05);
    const waited = times.admittedMs.filter((admitted, i) => admitted > (workload.atMs[i] ?? 0)).length;
    expect(waited / 300_000).toBeCloseTo(load, 1);
  });
});

describe('one call alone', () => {
  test('takes a step per chunk of its prompt and a step per further token', () => {
    const workload: Workload = {
      atMs: Float64Array.of(0),
      inputTokens: Int32Array.of(5000),
      outputTokens: Int32Array.of(11),
    };
    const result = simulate({ model: replica(() => 10), workload, replicas: 1 });
    expect(result.ttftMs.p50).toBe(30);
    expect(result.endToEndMs.p50).toBeCloseTo(130, 6);
    expect(result.tpotMs.p50).toBeCloseTo(10, 6);
  });

  test('steps that grow with the context add up exactly', () => {
    const workload: Workload = {
      atMs: Float64Array.of(0),
      inputTokens: Int32Array.of(100),
      outputTokens: Int32Array.of(301),
    };
    const model = replica(({ contextTokens }) => 1 + contextTokens);
    // Prompt step: no decode yet. Then contexts of 100, 101, ... 399 tokens.
    const byHand = 1 + Array.from({ length: 300 }, (_, i) => 1 + 100 + i).reduce((sum, ms) => sum + ms, 0);
    expect(simulate({ model, workload, replicas: 1 }).endToEndMs.p50).toBeCloseTo(byHand, 3);
  });

  test('a call longer than the cache is refused and counted', () => {
    const workload: Workload = {
      atMs: Float64Array.of(0, 1),
      inputTokens: Int32Array.of(90, 10),
      outputTokens: Int32Array.of(20, 5),
    };
    const result = simulate({ model: replica(() => 1, { cacheTokens: 100 }), workload, replicas: 1 });
    expect(result).toMatchObject({ calls: 2, refused: 1, finished: 1, outputTokens: 5, inputTokens: 10 });
  });
});

test('a run of steps is cut where a call arrives, as if every step had been simulated', () => {
  const workload: Workload = {
    atMs: Float64Array.of(0, 55),
    inputTokens: Int32Array.of(10, 10),
    outputTokens: Int32Array.of(100, 2),
  };
  const { times } = simulateCalls({ model: replica(() => 10), workload, replicas: 1 });
  expect(times.admittedMs[1]).toBeCloseTo(60, 6);
  expect(times.firstTokenMs[1]).toBeCloseTo(70, 6);
  expect(times.finishedMs[0]).toBeCloseTo(1000, 6);
});

test('a full cache preempts the call admitted last, which is computed again', () => {
  const workload: Workload = {
    atMs: Float64Array.of(0, 0),
    inputTokens: Int32Array.of(40, 40),
    outputTokens: Int32Array.of(50, 50),
  };
  const { result, times } = simulateCalls({
    model: replica(() => 1, { cacheTokens: 100 }),
    workload,
    replicas: 1,
  });
  expect(result.preemptions).toBe(1);
  expect(result.outputTokens).toBe(100);
  expect(times.finishedMs[1]).toBeGreaterThan(times.finishedMs[0] ?? Number.NaN);
});

const anyWorkload = fc
  .record({
    calls: fc.integer({ min: 1, max: 400 }),
    callsPerSecond: fc.double({ min: 0.5, max: 60, noNaN: true }),
    burstiness: fc.double({ min: 0.5, max: 20, noNaN: true }),
    input: fc.integer({ min: 1, max: 4000 }),
    output: fc.integer({ min: 1, max: 400 }),
    sigma: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer(),
  })
  .map(({ calls, callsPerSecond, burstiness, input, output, sigma, seed }) =>
    drawWorkload({
      calls,
      callsPerSecond,
      arrivals: { kind: 'gamma', burstiness },
      sizes: sized(input, output, sigma),
      seed,
    }),
  );

describe('properties', () => {
  test('calls and tokens are conserved, times are in order, and the answer repeats', () => {
    fc.assert(
      fc.property(
        anyWorkload,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 500, max: 60_000 }),
        (workload, replicas, cacheTokens) => {
          const model = replica(affine.stepMs, { cacheTokens });
          const { result, times } = simulateCalls({ model, workload, replicas });
          expect(result.finished + result.refused).toBe(workload.atMs.length);
          let tokens = 0;
          workload.atMs.forEach((at, i) => {
            const end = times.finishedMs[i] as number;
            if (Number.isNaN(end)) return;
            tokens += workload.outputTokens[i] as number;
            expect(times.admittedMs[i]).toBeGreaterThanOrEqual(at);
            expect(times.firstTokenMs[i]).toBeGreaterThan(times.admittedMs[i] as number);
            expect(end).toBeGreaterThanOrEqual(times.firstTokenMs[i] as number);
          });
          expect(result.outputTokens).toBe(tokens);
          expect(result.utilisation).toBeLessThanOrEqual(1 + 1e-9);
          expect(result.cachePeakShare).toBeLessThanOrEqual(1);
          expect(simulate({ model, workload, replicas })).toEqual(result);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('more replicas never make p95 worse beyond noise', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 1, max: 30, noNaN: true }),
        (seed, replicas, rate) => {
          const workload = poisson(1500, rate, sized(800, 120, 0.5), seed);
          const few = simulate({ model: affine, workload, replicas });
          const more = simulate({ model: affine, workload, replicas: replicas * 2 });
          expect(more.ttftMs.p95 ?? 0).toBeLessThanOrEqual((few.ttftMs.p95 ?? 0) * 1.1 + 20);
          expect(more.endToEndMs.p95 ?? 0).toBeLessThanOrEqual((few.endToEndMs.p95 ?? 0) * 1.1 + 20);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('arrivals ten times as far apart do not wait longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const workload = poisson(1000, 20, sized(800, 120, 0.5), seed);
        const fast = simulate({ model: affine, workload, replicas: 1 });
        const slow = simulate({ model: affine, workload: atRate(workload, 2), replicas: 1 });
        expect(slow.queueMs.mean ?? 0).toBeLessThanOrEqual(fast.queueMs.mean ?? 0);
      }),
      { numRuns: 10 },
    );
  });
});
