/** What one replica of a setup sustains: from a load test of the same setup where there is one, else simulated. */
import { createRandom } from '../../core/random.ts';
import type { ReplicaCapacity } from '../capacity.ts';
import { type LoadTest, measuredCapacity } from '../load-test/load-test.ts';
import type { SimulationResult } from '../simulator/simulate.ts';
import { kept, shapeOf, type Workload } from '../simulator/workload.ts';
import { type RateQuestion, slowed, sustainedRate } from './sustained-rate.ts';

/** Calls in the simulations of a search. With all 19,366 of the Azure trace the rates are 4 to 6 % lower (docs/capacity.md). */
const SEARCH_CALLS = 4_000;

export interface ReplicaQuestion extends RateQuestion {
  /** Load tests that may answer instead of the model. */
  loadTests: readonly LoadTest[];
}

export type ReplicaAnswer =
  | { capacity: ReplicaCapacity; miss: null }
  /** The target cannot be met at any rate, and why. */
  | { capacity: null; miss: string };

/**
 * Calls per second of one replica within the target. The interval is the performance model's error: its low end is
 * found with every step slower by 1 / error.low, its high end with steps faster by 1 / error.high. A setup whose low end
 * misses the target when nearly idle has a low of 0. Deterministic. Takes about 40 simulations of 4,000 calls.
 */
export function sizeReplica({ model, workload, target, loadTests }: ReplicaQuestion): ReplicaAnswer {
  const { setup, error } = model;
  const measured = measuredCapacity(loadTests, { setup, target, shape: shapeOf(workload) });
  if (measured) return { capacity: measured, miss: null };
  const calls = forSearch(workload);
  const { meanOutputTokens } = shapeOf(calls);
  const mid = sustainedRate({ model, workload: calls, target });
  if (mid.miss !== null) return { capacity: null, miss: mid.miss };
  const rateAt = (throughput: number): number =>
    throughput === 1
      ? mid.callsPerSecond
      : sustainedRate({ model: slowed(model, 1 / throughput), workload: calls, target }).callsPerSecond;
  const callsPerSecond = {
    low: Math.min(rateAt(error.low), mid.callsPerSecond),
    mid: mid.callsPerSecond,
    high: Math.max(rateAt(error.high), mid.callsPerSecond),
  };
  const capacity: ReplicaCapacity = {
    model: setup.model.id,
    gpu: setup.gpu.id,
    gpusPerReplica: setup.gpusPerReplica,
    weights: setup.weights,
    callsPerSecond,
    outputTokensPerSecond: {
      low: callsPerSecond.low * meanOutputTokens,
      mid: callsPerSecond.mid * meanOutputTokens,
      high: callsPerSecond.high * meanOutputTokens,
    },
    latency: latencyOf(mid.result),
    source: 'simulated',
  };
  return { capacity, miss: null };
}

/**
 * About 4,000 calls drawn from the whole, so that sizes are those of the whole. Each is kept by chance, as a balancer before
 * several replicas would: every k-th call would come more evenly than calls do.
 */
export function forSearch(workload: Workload): Workload {
  return drawn(workload, SEARCH_CALLS);
}

/** As {@link forSearch}, about `most` calls; the workload itself where it has no more. */
export function drawn(workload: Workload, most: number): Workload {
  const calls = workload.atMs.length;
  if (calls <= most) return workload;
  const random = createRandom(1);
  return kept(workload, () => random.uniform() < most / calls);
}

/** Of a workload in which every answer is one token, time per output token is 0. */
export function latencyOf({ ttftMs, tpotMs }: SimulationResult): ReplicaCapacity['latency'] {
  return {
    ttftP50Ms: ttftMs.p50 ?? 0,
    ttftP95Ms: ttftMs.p95 ?? 0,
    tpotP50Ms: tpotMs.p50 ?? 0,
    tpotP95Ms: tpotMs.p95 ?? 0,
  };
}
