/** Time to simulate 1,000,000 calls of the Azure conversation trace: `node bench/simulator.ts`. One core. */
import type { EngineSetup } from '../src/capacity/capacity.ts';
import { findGpu, findModel } from '../src/capacity/facts/index.ts';
import { createPerformanceModel } from '../src/capacity/performance/performance-model.ts';
import { simulate } from '../src/capacity/simulator/simulate.ts';
import { readBuiltInTrace } from '../src/capacity/simulator/trace-file.ts';
import { atRate, repeated } from '../src/capacity/simulator/workload.ts';

const CALLS = 1_000_000;
const CASES = [
  { model: 'llama-3.1-8b', gpusPerReplica: 1, replicas: 1, callsPerSecond: 5 },
  { model: 'llama-3.1-8b', gpusPerReplica: 1, replicas: 8, callsPerSecond: 80 },
  { model: 'llama-3.3-70b', gpusPerReplica: 4, replicas: 4, callsPerSecond: 15 },
  { model: 'llama-3.3-70b', gpusPerReplica: 4, replicas: 4, callsPerSecond: 200 },
];

const trace = repeated(readBuiltInTrace('azure-conversation'), CALLS);
for (const { model: id, gpusPerReplica, replicas, callsPerSecond } of CASES) {
  const model = findModel(id);
  const gpu = findGpu('h100-sxm');
  if (!model || !gpu) throw new Error(`no facts of ${id}`);
  const setup: EngineSetup = {
    engine: 'vLLM',
    model,
    gpu,
    gpusPerReplica,
    weights: 'bf16',
    cache: 'bf16',
    maxSequences: 256,
    maxBatchedTokens: 8192,
  };
  const workload = atRate(trace, callsPerSecond);
  const from = performance.now();
  const result = simulate({ model: createPerformanceModel(setup), workload, replicas });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  console.log(
    `${id}, ${replicas} x ${gpusPerReplica} H100, ${callsPerSecond} calls/s: ${seconds} s; utilisation ${result.utilisation.toFixed(2)}, mean batch ${result.meanBatch.toFixed(0)}, p95 TTFT ${Math.round(result.ttftMs.p95 ?? 0)} ms, ${result.preemptions} preemptions`,
  );
}
