/** The highest rate of calls a replica sustains within a latency target, by search over the simulator. */
import type { LatencyTarget, PerformanceModel } from '../capacity.ts';
import { type SimulationResult, simulate } from '../simulator/simulate.ts';
import { atRate, rateOf, type Workload } from '../simulator/workload.ts';

/** Calls still waiting when the last one arrives, as a share of all: above it the queue grows. */
const MOST_LEFT_WAITING = 0.02;
/** The search ends within this share of the rate. */
const RATE_PRECISION = 0.02;
/** The lowest rate tried, as a share of what the replica does when saturated: nearly idle. */
const IDLE_SHARE = 1 / 128;

/** The target's part that a result misses, in words with figures; `null`: it is met. */
export function missOf(result: SimulationResult, target: LatencyTarget): string | null {
  if (result.refused > 0) {
    return `${result.refused} of ${result.calls} calls are longer than one replica's cache`;
  }
  const parts: [name: string, measured: number | null, wanted: number | null][] = [
    ['TTFT', result.ttftMs.p95, target.ttftP95Ms],
    ['TPOT', result.tpotMs.p95, target.tpotP95Ms],
    ['end-to-end', result.endToEndMs.p95, target.endToEndP95Ms],
  ];
  for (const [name, measured, wanted] of parts) {
    if (wanted !== null && measured !== null && measured > wanted) {
      return `p95 ${name} is ${toWords(measured)}, the target ${toWords(wanted)}`;
    }
  }
  if (result.waitingAtLastArrival > MOST_LEFT_WAITING * result.calls) return 'the queue grows without end';
  return null;
}

function toWords(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toPrecision(2)} s` : `${ms.toPrecision(2)} ms`;
}

/** The same replica with every step taking `factor` times as long. */
export function slowed(model: PerformanceModel, factor: number): PerformanceModel {
  if (factor === 1) return model;
  return {
    setup: model.setup,
    cacheTokens: model.cacheTokens,
    error: model.error,
    stepMs: (step) => factor * model.stepMs(step),
  };
}

export interface RateQuestion {
  model: PerformanceModel;
  workload: Workload;
  target: LatencyTarget;
}

export type RateAnswer =
  | { callsPerSecond: number; result: SimulationResult; miss: null }
  /** Even nearly idle the target is missed. */
  | { callsPerSecond: 0; result: SimulationResult; miss: string };

/** Calls per second when all of them wait at the start: no rate above it is sustained. 0: none fits. */
export function saturatedRate(model: PerformanceModel, workload: Workload): number {
  const together = { ...workload, atMs: new Float64Array(workload.atMs.length) };
  const { finished, makespanMs } = simulate({ model, workload: together, replicas: 1 });
  return makespanMs > 0 ? (finished * 1000) / makespanMs : 0;
}

/** Bisection on the logarithm of the rate: a lower rate never does worse beyond noise. */
export function sustainedRate({ model, workload, target }: RateQuestion): RateAnswer {
  const most = saturatedRate(model, workload);
  const at = (callsPerSecond: number): SimulationResult =>
    simulate({ model, workload: atRate(workload, callsPerSecond), replicas: 1 });
  const idle = most > 0 ? most * IDLE_SHARE : rateOf(workload);
  let best = at(idle);
  const miss = missOf(best, target);
  if (miss !== null) return { callsPerSecond: 0, result: best, miss };
  let low = idle;
  let high = most * (1 + RATE_PRECISION);
  while (high / low > 1 + RATE_PRECISION) {
    const middle = Math.sqrt(low * high);
    const result = at(middle);
    if (missOf(result, target) === null) {
      low = middle;
      best = result;
    } else {
      high = middle;
    }
  }
  return { callsPerSecond: low, result: best, miss: null };
}
