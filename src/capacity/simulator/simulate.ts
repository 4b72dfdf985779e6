/**
 * A discrete-event simulation of one or more replicas behind a balancer that sends each call where the fewest are
 * unfinished. Same model, workload and replicas: same answer. Two to five microseconds a call: run large
 * ones in a worker thread.
 */
import type { PerformanceModel } from '../capacity.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { type CallTimes, Replica, type Scratch } from './replica.ts';
import type { Workload } from './workload.ts';

export interface SimulationQuestion {
  model: PerformanceModel;
  workload: Workload;
  /** At least 1. */
  replicas: number;
  /** Called about every 10,000 calls with the share of arrivals done, 0 to 1. */
  onProgress?: (share: number) => void;
}

export interface SimulationResult {
  replicas: number;
  calls: number;
  finished: number;
  /** Calls whose prompt and answer do not fit into one replica's cache. */
  refused: number;
  inputTokens: number;
  outputTokens: number;
  /** From the first arrival to the last token. */
  makespanMs: number;
  /** Arrival to admission. */
  queueMs: Percentiles;
  ttftMs: Percentiles;
  /** Of calls with at least two output tokens. */
  tpotMs: Percentiles;
  endToEndMs: Percentiles;
  /** Share of the makespan in which a step was under way, mean of the replicas. */
  utilisation: number;
  /** Sequences running at once in one replica, mean over its busy time. */
  meanBatch: number;
  /** Waiting calls: mean over the makespan, and most at once in one replica. */
  meanWaiting: number;
  mostWaiting: number;
  /** Waiting when the last call arrived. */
  waitingAtLastArrival: number;
  /** Largest share of a replica's cache in use; `null`: it has none. */
  cachePeakShare: number | null;
  preemptions: number;
  /** Over the makespan. */
  outputTokensPerSecond: number;
  inputTokensPerSecond: number;
}

const PROGRESS_EVERY = 8192;

/** Throws RangeError when there are no replicas. */
export function simulate({ model, workload, replicas, onProgress }: SimulationQuestion): SimulationResult {
  return simulateCalls({ model, workload, replicas, ...(onProgress && { onProgress }) }).result;
}

/** As {@link simulate}, with the times of every call. */
export function simulateCalls(question: SimulationQuestion): { result: SimulationResult; times: CallTimes } {
  const { model, workload, replicas: count, onProgress } = question;
  if (!(count >= 1)) throw new RangeError('a simulation needs at least one replica');
  const calls = workload.atMs.length;
  const times: CallTimes = {
    admittedMs: new Float64Array(calls).fill(Number.NaN),
    firstTokenMs: new Float64Array(calls).fill(Number.NaN),
    finishedMs: new Float64Array(calls).fill(Number.NaN),
  };
  const scratch: Scratch = { made: new Int32Array(calls), finishStep: new Int32Array(calls).fill(-1) };
  const replicas = Array.from({ length: count }, () => new Replica(model, { workload, times, scratch }));
  let refused = 0;
  for (let call = 0; call < calls; call++) {
    if (onProgress && call % PROGRESS_EVERY === 0) onProgress(call / calls);
    const nowMs = workload.atMs[call] as number;
    for (const replica of replicas) if (replica.endMs <= nowMs) replica.advance(nowMs);
    if (!fits(workload, call, model)) refused++;
    else leastLoaded(replicas, call).arrive(call, nowMs);
  }
  const waitingAtLastArrival = replicas.reduce((sum, { waiting }) => sum + waiting, 0);
  // An idle replica ends at infinity: this stops short of it.
  for (const replica of replicas) replica.advance(Number.MAX_VALUE);
  onProgress?.(1);
  return { times, result: summarise(question, { replicas, times, refused, waitingAtLastArrival }) };
}

function fits(
  { inputTokens, outputTokens }: Workload,
  call: number,
  { cacheTokens }: PerformanceModel,
): boolean {
  return (inputTokens[call] as number) + (outputTokens[call] as number) - 1 <= cacheTokens;
}

/** Ties go round, so that idle replicas share what comes. */
function leastLoaded(replicas: readonly Replica[], turn: number): Replica {
  let best = replicas[turn % replicas.length] as Replica;
  let least = best.outstanding;
  for (let i = 1; i < replicas.length && least > 0; i++) {
    const replica = replicas[(turn + i) % replicas.length] as Replica;
    const { outstanding } = replica;
    if (outstanding < least) {
      best = replica;
      least = outstanding;
    }
  }
  return best;
}

interface Run {
  replicas: readonly Replica[];
  times: CallTimes;
  refused: number;
  waitingAtLastArrival: number;
}

/** Times by kind, of the calls that finished, in one pass. */
interface Collected {
  queue: Float64Array;
  ttft: Float64Array;
  endToEnd: Float64Array;
  tpot: Float64Array;
  /** Sum of the times between admission and finish. */
  runningMs: number;
  inputTokens: number;
  makespanMs: number;
}

function collect(workload: Workload, times: CallTimes, finished: number): Collected {
  const { atMs, outputTokens } = workload;
  const queue = new Float64Array(finished);
  const ttft = new Float64Array(finished);
  const endToEnd = new Float64Array(finished);
  const tpot = new Float64Array(finished);
  let at = 0;
  let decoded = 0;
  let makespanMs = atMs.at(-1) ?? 0;
  let runningMs = 0;
  let inputTokens = 0;
  for (let call = 0; call < atMs.length; call++) {
    const end = times.finishedMs[call] as number;
    if (Number.isNaN(end)) continue;
    const arrived = atMs[call] as number;
    const admitted = times.admittedMs[call] as number;
    const first = times.firstTokenMs[call] as number;
    const tokens = outputTokens[call] as number;
    queue[at] = admitted - arrived;
    ttft[at] = first - arrived;
    endToEnd[at++] = end - arrived;
    if (tokens > 1) tpot[decoded++] = (end - first) / (tokens - 1);
    runningMs += end - admitted;
    inputTokens += workload.inputTokens[call] as number;
    makespanMs = Math.max(makespanMs, end);
  }
  return { queue, ttft, endToEnd, tpot: tpot.subarray(0, decoded), runningMs, inputTokens, makespanMs };
}

function summarise({ model, workload }: SimulationQuestion, run: Run): SimulationResult {
  const { replicas } = run;
  const sum = (of: (replica: Replica) => number): number =>
    replicas.reduce((total, replica) => total + of(replica), 0);
  const most = (of: (replica: Replica) => number): number => Math.max(...replicas.map(of));
  const finished = sum((replica) => replica.finished);
  const { makespanMs, inputTokens, ...collected } = collect(workload, run.times, finished);
  const busyMs = sum((replica) => replica.busyMs);
  const queueMs = percentilesOf(collected.queue);
  const perSecond = (tokens: number): number => (makespanMs > 0 ? (tokens * 1000) / makespanMs : 0);
  const outputTokens = sum((replica) => replica.outputTokens);
  return {
    replicas: replicas.length,
    calls: workload.atMs.length,
    finished,
    refused: run.refused,
    inputTokens,
    outputTokens,
    makespanMs,
    queueMs,
    ttftMs: percentilesOf(collected.ttft),
    tpotMs: percentilesOf(collected.tpot),
    endToEndMs: percentilesOf(collected.endToEnd),
    utilisation: makespanMs > 0 ? busyMs / (makespanMs * replicas.length) : 0,
    meanBatch: busyMs > 0 ? collected.runningMs / busyMs : 0,
    meanWaiting: makespanMs > 0 ? ((queueMs.mean ?? 0) * finished) / makespanMs : 0,
    mostWaiting: most((replica) => replica.mostWaiting),
    waitingAtLastArrival: run.waitingAtLastArrival,
    cachePeakShare:
      model.cacheTokens > 0 ? most((replica) => replica.mostCacheTokens) / model.cacheTokens : null,
    preemptions: sum((replica) => replica.preempted),
    outputTokensPerSecond: perSecond(outputTokens),
    inputTokensPerSecond: perSecond(inputTokens),
  };
}
