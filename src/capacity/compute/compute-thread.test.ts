import { expect, test } from 'vitest';
import type { EngineSetup } from '../capacity.ts';
import { findGpu, findModel } from '../facts/index.ts';
import { createPerformanceModel } from '../performance/performance-model.ts';
import { simulate } from '../simulator/simulate.ts';
import { drawWorkload, type Workload } from '../simulator/workload.ts';
import { computeApart } from './compute-thread.ts';

const model = findModel('llama-3.1-8b');
const gpu = findGpu('h100-sxm');
if (!model || !gpu) throw new Error('no facts');
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
const median = (medianTokens: number) => ({ medianTokens, sigma: 0.5 });
const workloadOf = (calls: number): Workload =>
  drawWorkload({
    calls,
    callsPerSecond: 8,
    arrivals: { kind: 'poisson' },
    sizes: { kind: 'lognormal', input: median(500), output: median(100) },
    seed: 1,
  });

test('a thread answers what the function answers, and tells how far it is; this thread goes on meanwhile', async () => {
  const workload = workloadOf(60_000);
  const shares: number[] = [];
  let turns = 0;
  const beat = setInterval(() => turns++, 1);
  const answer = await computeApart(
    'simulation',
    { setup, workload, replicas: 2 },
    { signal: new AbortController().signal, onProgress: (share) => shares.push(share) },
  );
  clearInterval(beat);
  expect(answer).toEqual(simulate({ model: createPerformanceModel(setup), workload, replicas: 2 }));
  expect(shares.length).toBeGreaterThan(5);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  expect(turns).toBeGreaterThan(5);
});

test('it is cancelled in the middle', async () => {
  const stop = new AbortController();
  let last = 0;
  const running = computeApart(
    'simulation',
    { setup, workload: workloadOf(1_000_000), replicas: 2 },
    {
      signal: stop.signal,
      onProgress: (share) => {
        last = share;
        if (share > 0.05) stop.abort(new Error('enough'));
      },
    },
  );
  await expect(running).rejects.toThrow('enough');
  expect(last).toBeLessThan(1);
});

test('what it throws arrives', async () => {
  const question = { setup, workload: workloadOf(10), replicas: 0 };
  await expect(
    computeApart('simulation', question, { signal: new AbortController().signal }),
  ).rejects.toThrow('at least one replica');
});
