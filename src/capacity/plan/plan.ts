/**
 * The cheapest configuration that serves a workload within a latency target, over GPUs, tensor parallelism, precision and
 * kind of price. It is planned at the low side of the performance model's error, and checked there by a simulation of
 * all replicas together.
 */
import type { Interval } from '../../core/interval.ts';
import type { LatencyTarget, PerformanceModel, ReplicaCapacity } from '../capacity.ts';
import type { LoadTest } from '../load-test/load-test.ts';
import { createPerformanceModel } from '../performance/performance-model.ts';
import { simulate } from '../simulator/simulate.ts';
import { atRate, shapeOf, type Workload, type WorkloadShape } from '../simulator/workload.ts';
import { type Candidate, type CandidateQuestion, type Excluded, listCandidates } from './candidates.ts';
import { drawn, forSearch, latencyOf, type ReplicaAnswer, sizeReplica } from './size-replica.ts';
import { missOf, saturatedRate, slowed } from './sustained-rate.ts';

/** Calls in the simulation of all replicas together. */
const CHECK_CALLS = 20_000;
/** Replicas added when that simulation misses, as a share of the planned ones, at least one, this many times. */
const GROWTH = 0.05;
const MOST_GROWTHS = 8;
/** Configurations that are sized to the end; the rest lose by their bound. */
const RANKED = 5;
/** Hours of a month, 365.25 x 24 / 12. */
const HOURS_PER_MONTH = 730.5;

export interface PlanQuestion extends CandidateQuestion {
  workload: Workload;
  /** Wanted, over all replicas; the gaps of the workload are stretched to it. Above 0. */
  callsPerSecond: number;
  target: LatencyTarget;
  /** One more replica than the load needs, so that one may fail. */
  failover: boolean;
  /** Load tests that may answer instead of the model. */
  loadTests: readonly LoadTest[];
  /** Configurations done and all that may be looked at. */
  onProgress?: (done: number, all: number) => void;
}

export interface PlanOption extends Candidate {
  /** Of one replica. */
  capacity: ReplicaCapacity;
  /** Replicas, the spare one included. */
  replicas: number;
  gpuCount: number;
  usdPerHour: number;
  usdPerMonth: number;
  /**
   * Per million tokens of prompts and answers together, at the wanted rate: `high` is what the plan pays, `low` and `mid` what fewer
   * replicas would cost if the true capacity is at the high end or in the middle.
   */
  usdPerMillionTokens: Interval;
  /** As above, all cost put on the answers. */
  usdPerMillionOutputTokens: Interval;
  /** Of all needed replicas (the spare one idle) at the wanted rate, at the low side of the error; `null`: a load test answers. */
  latency: ReplicaCapacity['latency'] | null;
  /** Tokens of cache one replica holds. */
  cacheTokens: number;
}

export interface PlanLoser extends Excluded {
  kind: Candidate['price']['kind'] | null;
  /** USD per hour it would cost at least; `null`: it cannot serve at any price. */
  leastUsdPerHour: number | null;
}

export interface Plan {
  /** `null`: nothing meets the target. */
  best: PlanOption | null;
  /** By cost, the next best first. */
  alternatives: PlanOption[];
  losers: PlanLoser[];
  workload: WorkloadShape;
  callsPerSecond: number;
  target: LatencyTarget;
  failover: boolean;
}

interface Bounded extends Candidate {
  performance: PerformanceModel;
  /** USD per hour it costs at least: replicas that are saturated at the low side of the error. */
  leastUsdPerHour: number;
}

/** Deterministic. A second to some tens of them, on one core: run it where nothing waits. */
export function planCapacity(question: PlanQuestion): Plan {
  const { candidates, excluded } = listCandidates(question);
  const calls = forSearch(question.workload);
  const bounded = boundAll(question, candidates, calls);
  const losers: PlanLoser[] = excluded.map((one) => ({ ...one, kind: null, leastUsdPerHour: null }));
  const options: PlanOption[] = [];
  const answers = new Map<PerformanceModel, ReplicaAnswer>();
  bounded.forEach((candidate, done) => {
    question.onProgress?.(done, bounded.length);
    const { performance, leastUsdPerHour } = candidate;
    const worst = options[RANKED - 1]?.usdPerHour ?? Number.POSITIVE_INFINITY;
    if (leastUsdPerHour >= worst) {
      losers.push(loserOf(candidate, `costs at least ${leastUsdPerHour.toFixed(2)} USD an hour`));
      return;
    }
    const answer = answers.get(performance) ?? sizeReplica({ ...question, model: performance });
    answers.set(performance, answer);
    const option = optionOf(question, candidate, answer);
    if (typeof option === 'string') losers.push({ ...loserOf(candidate, option), leastUsdPerHour: null });
    else options.push(option);
    options.sort((a, b) => a.usdPerHour - b.usdPerHour);
  });
  question.onProgress?.(bounded.length, bounded.length);
  for (const option of options.splice(RANKED)) {
    losers.push(
      loserOf(
        { ...option, leastUsdPerHour: option.usdPerHour },
        `costs ${option.usdPerHour.toFixed(2)} USD an hour`,
      ),
    );
  }
  losers.sort((a, b) => nearness(a) - nearness(b));
  const [best = null, ...alternatives] = options;
  const { callsPerSecond, target, failover } = question;
  return {
    best,
    alternatives,
    losers,
    workload: shapeOf(question.workload),
    callsPerSecond,
    target,
    failover,
  };
}

/** Order of what lost: by cost, then what cannot serve, then GPUs of no price. */
function nearness({ leastUsdPerHour, kind, gpusPerReplica }: PlanLoser): number {
  if (leastUsdPerHour !== null) return leastUsdPerHour;
  return kind !== null ? 1e12 : gpusPerReplica !== null ? 1e13 : 1e14;
}

/** Cheapest bound first, so that the search may end early. */
function boundAll(question: PlanQuestion, candidates: readonly Candidate[], calls: Workload): Bounded[] {
  const performances = new Map<Candidate['setup'], { performance: PerformanceModel; most: number }>();
  const bounded = candidates.map((candidate): Bounded => {
    const { setup, price } = candidate;
    const known = performances.get(setup) ?? boundOf(createPerformanceModel(setup), calls);
    performances.set(setup, known);
    const replicas =
      Math.max(1, Math.ceil(question.callsPerSecond / known.most)) + (question.failover ? 1 : 0);
    const leastUsdPerHour = replicas * setup.gpusPerReplica * price.usdPerGpuHour;
    return { ...candidate, performance: known.performance, leastUsdPerHour };
  });
  return bounded.toSorted((a, b) => a.leastUsdPerHour - b.leastUsdPerHour);
}

function boundOf(performance: PerformanceModel, calls: Workload) {
  const slow = slowed(performance, 1 / performance.error.low);
  return { performance, most: saturatedRate(slow, calls) };
}

function loserOf(
  { setup, price, leastUsdPerHour }: Candidate & { leastUsdPerHour: number },
  reason: string,
): PlanLoser {
  const { gpu, gpusPerReplica, weights } = setup;
  return { gpu: gpu.id, gpusPerReplica, weights, kind: price.kind, leastUsdPerHour, reason };
}

/** The option, or why it is none. */
function optionOf(question: PlanQuestion, candidate: Bounded, answer: ReplicaAnswer): PlanOption | string {
  const { setup, price, performance } = candidate;
  if (answer.capacity === null) return answer.miss;
  const { capacity } = answer;
  const { low, mid, high } = capacity.callsPerSecond;
  if (low === 0) return 'misses the target at the low side of the model’s error, even nearly idle';
  const needed = Math.ceil(question.callsPerSecond / low);
  const checked =
    capacity.source === 'load test'
      ? { replicas: needed, latency: null }
      : check(question, performance, needed);
  if (checked === null)
    return 'misses the target when all replicas are simulated at the low side of the model’s error';
  const spare = question.failover ? 1 : 0;
  const replicas = checked.replicas + spare;
  const usdPerReplica = setup.gpusPerReplica * price.usdPerGpuHour;
  const usdAt = (rate: number): number =>
    Math.min(replicas, Math.ceil(question.callsPerSecond / rate) + spare) * usdPerReplica;
  const usd: Interval = { low: usdAt(high), mid: usdAt(mid), high: replicas * usdPerReplica };
  const { meanInputTokens, meanOutputTokens } = shapeOf(question.workload);
  const perMillion = (tokens: number): Interval => {
    const millionsPerHour = (question.callsPerSecond * tokens * 3600) / 1e6;
    return {
      low: usd.low / millionsPerHour,
      mid: usd.mid / millionsPerHour,
      high: usd.high / millionsPerHour,
    };
  };
  return {
    setup,
    price,
    capacity,
    replicas,
    gpuCount: replicas * setup.gpusPerReplica,
    usdPerHour: usd.high,
    usdPerMonth: usd.high * HOURS_PER_MONTH,
    usdPerMillionTokens: perMillion(meanInputTokens + meanOutputTokens),
    usdPerMillionOutputTokens: perMillion(meanOutputTokens),
    latency: checked.latency,
    cacheTokens: performance.cacheTokens,
  };
}

/** All replicas together at the wanted rate and at the low side: more of them until the target is met. */
function check(
  { workload, callsPerSecond, target }: PlanQuestion,
  performance: PerformanceModel,
  needed: number,
): { replicas: number; latency: ReplicaCapacity['latency'] } | null {
  const model = slowed(performance, 1 / performance.error.low);
  const calls = atRate(drawn(workload, CHECK_CALLS), callsPerSecond);
  let replicas = needed;
  for (let growths = 0; growths <= MOST_GROWTHS; growths++) {
    const result = simulate({ model, workload: calls, replicas });
    if (missOf(result, target) === null) return { replicas, latency: latencyOf(result) };
    replicas += Math.max(1, Math.ceil(needed * GROWTH));
  }
  return null;
}
