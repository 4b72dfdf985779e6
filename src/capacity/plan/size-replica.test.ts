import { describe, expect, test } from 'vitest';
import type { EngineSetup, LatencyTarget, PerformanceModel } from '../capacity.ts';
import { findGpu, findModel } from '../facts/index.ts';
import type { LoadPoint, LoadTest } from '../load-test/load-test.ts';
import { createPerformanceModel } from '../performance/performance-model.ts';
import { simulate } from '../simulator/simulate.ts';
import { readBuiltInTrace } from '../simulator/trace-file.ts';
import { atRate, shapeOf } from '../simulator/workload.ts';
import { forSearch, sizeReplica } from './size-replica.ts';
import { missOf, sustainedRate } from './sustained-rate.ts';

const workload = readBuiltInTrace('azure-conversation');
const target: LatencyTarget = { ttftP95Ms: 2000, tpotP95Ms: 100, endToEndP95Ms: null };

function llama(): PerformanceModel {
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
    maxSequences: 256,
    maxBatchedTokens: 2048,
  };
  return { ...createPerformanceModel(setup), error: { low: 0.8, mid: 1, high: 1.25 } };
}

describe('the sustained rate', () => {
  test('is the edge: the target is met there and missed 5 % above', () => {
    const model = llama();
    const calls = forSearch(workload);
    const answer = sustainedRate({ model, workload: calls, target });
    const at = (rate: number) => simulate({ model, workload: atRate(calls, rate), replicas: 1 });
    expect(answer.callsPerSecond).toBeGreaterThan(1);
    expect(missOf(at(answer.callsPerSecond), target)).toBeNull();
    expect(missOf(at(answer.callsPerSecond * 1.05), target)).not.toBeNull();
  });

  test('a looser target never lowers it; an impossible one is named', () => {
    const model = llama();
    const rate = (ttftP95Ms: number) => sustainedRate({ model, workload, target: { ...target, ttftP95Ms } });
    expect(rate(4000).callsPerSecond).toBeGreaterThanOrEqual(rate(1000).callsPerSecond);
    expect(rate(1)).toMatchObject({ callsPerSecond: 0, miss: expect.stringMatching(/^p95 TTFT is/) });
  });
});

test('the interval of a simulated replica is the error of its model', () => {
  const { capacity } = sizeReplica({ model: llama(), workload, target, loadTests: [] });
  expect(capacity).toMatchObject({ model: 'llama-3.1-8b', gpu: 'h100-sxm', source: 'simulated' });
  const { low = 0, mid = 0, high = 0 } = capacity?.callsPerSecond ?? {};
  expect(low / mid).toBeGreaterThan(0.7);
  expect(low / mid).toBeLessThan(0.85);
  expect(high / mid).toBeGreaterThan(1.15);
});

function point(callsPerSecond: number, ttftP95Ms: number): LoadPoint {
  const of = (p95: number) => ({ p50: p95 / 2, p90: p95, p95, p99: p95, mean: p95 / 2 });
  return {
    kind: 'search',
    concurrency: null,
    offeredCallsPerSecond: callsPerSecond,
    callsPerSecond,
    outputTokensPerSecond: callsPerSecond * 211,
    durationMs: 60_000,
    calls: callsPerSecond * 60,
    errors: 0,
    errorCodes: [],
    ttftMs: of(ttftP95Ms),
    tpotMs: of(30),
    endToEndMs: of(6000),
  };
}

function loadTest(change: Partial<LoadTest> = {}): LoadTest {
  const { meanInputTokens, meanOutputTokens } = shapeOf(workload);
  return {
    id: 'lt_1',
    createdAt: 1,
    endedAt: 2,
    deployment: 'llama',
    sandbox: false,
    setup: {
      engine: 'vLLM',
      model: 'llama-3.1-8b',
      gpu: 'h100-sxm',
      gpusPerReplica: 1,
      weights: 'bf16',
      replicas: 2,
    },
    target,
    workload: 'azure-conversation',
    calls: 3_240,
    meanInputTokens,
    meanOutputTokens,
    points: [point(10, 500), point(20, 1500), point(24, 9000)],
    costUsd: null,
    ended: 'done',
    ...change,
  };
}

describe('a load test beats the model', () => {
  test('rate per replica, up to the lowest that missed', () => {
    const { capacity } = sizeReplica({ model: llama(), workload, target, loadTests: [loadTest()] });
    expect(capacity).toMatchObject({ source: 'load test', loadTest: { id: 'lt_1', at: 1 } });
    expect(capacity?.callsPerSecond.mid).toBe(10);
    expect(capacity?.callsPerSecond.high).toBeCloseTo(12, 9);
  });

  test.each<[string, Partial<LoadTest>]>([
    ['of the sandbox', { sandbox: true }],
    ['of no stated setup', { setup: null }],
    [
      'of another engine',
      { setup: { ...(loadTest().setup as NonNullable<LoadTest['setup']>), engine: 'TensorRT-LLM' } },
    ],
    ['of other GPUs', { setup: { ...(loadTest().setup as NonNullable<LoadTest['setup']>), gpu: 'l4' } }],
    ['of calls of another size', { meanInputTokens: 100 }],
    ['that never met the target', { points: [point(10, 5000)] }],
    ['whose calls failed', { points: [{ ...point(10, 500), errors: 100 }] }],
  ])('but not one %s', (_what, change) => {
    const { capacity } = sizeReplica({ model: llama(), workload, target, loadTests: [loadTest(change)] });
    expect(capacity?.source).toBe('simulated');
  });
});

test('the search runs on calls of the same sizes as the whole', () => {
  const whole = shapeOf(workload);
  const drawn = shapeOf(forSearch(workload));
  expect(drawn.calls).toBeGreaterThan(3_700);
  expect(drawn.calls).toBeLessThan(4_300);
  expect(Math.abs(drawn.meanInputTokens / whole.meanInputTokens - 1)).toBeLessThan(0.04);
  expect(Math.abs(drawn.meanOutputTokens / whole.meanOutputTokens - 1)).toBeLessThan(0.04);
});
