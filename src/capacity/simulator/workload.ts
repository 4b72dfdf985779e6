/**
 * Calls to simulate, by columns: a million of them take 16 MB. They come from a trace at its own pace or at another, or
 * from a stated process.
 */
import { createRandom, type Random } from '../../core/random.ts';
import type { WorkloadCall } from '../capacity.ts';

export interface Workload {
  /** Milliseconds after the first call; never falling. */
  atMs: Float64Array;
  /** At least 1 each. */
  inputTokens: Int32Array;
  outputTokens: Int32Array;
}

/** How calls arrive. `gamma`: `burstiness` is the squared coefficient of variation of the gaps, 1 is Poisson. */
export type Arrivals = { kind: 'poisson' } | { kind: 'constant' } | { kind: 'gamma'; burstiness: number };

/** Sizes of calls: drawn from calls that were seen, pairs kept together, or lognormal around a median. */
export type Sizes =
  | { kind: 'empirical'; from: Pick<Workload, 'inputTokens' | 'outputTokens'> }
  | { kind: 'lognormal'; input: Lognormal; output: Lognormal };

/** `sigma` is the standard deviation of the logarithm; 0: every value is the median. */
export interface Lognormal {
  medianTokens: number;
  sigma: number;
}

export interface Process {
  calls: number;
  callsPerSecond: number;
  arrivals: Arrivals;
  sizes: Sizes;
  seed: number;
}

/** Longest a drawn call may be, tokens: the tail of a lognormal has no end, contexts do. */
const MOST_TOKENS = 131_072;

export function emptyWorkload(calls: number): Workload {
  return {
    atMs: new Float64Array(calls),
    inputTokens: new Int32Array(calls),
    outputTokens: new Int32Array(calls),
  };
}

/** Sorted by arrival, first at 0. Sizes below 1 count as 1: a prompt has a token, and an answer too. */
export function toWorkload(calls: readonly WorkloadCall[]): Workload {
  const sorted = calls.toSorted((a, b) => a.atMs - b.atMs);
  const first = sorted[0]?.atMs ?? 0;
  const workload = emptyWorkload(sorted.length);
  sorted.forEach((call, i) => {
    workload.atMs[i] = call.atMs - first;
    workload.inputTokens[i] = Math.max(1, Math.round(call.inputTokens));
    workload.outputTokens[i] = Math.max(1, Math.round(call.outputTokens));
  });
  return workload;
}

/** Calls drawn from a process; the same seed gives the same calls. */
export function drawWorkload({ calls, callsPerSecond, arrivals, sizes, seed }: Process): Workload {
  const random = createRandom(seed);
  const workload = emptyWorkload(calls);
  const meanGapMs = 1000 / callsPerSecond;
  let atMs = 0;
  for (let i = 0; i < calls; i++) {
    if (i > 0) atMs += gapOf(arrivals, random) * meanGapMs;
    workload.atMs[i] = atMs;
    if (sizes.kind === 'empirical') {
      const drawn = random.integer(sizes.from.inputTokens.length);
      workload.inputTokens[i] = sizes.from.inputTokens[drawn] ?? 1;
      workload.outputTokens[i] = sizes.from.outputTokens[drawn] ?? 1;
    } else {
      workload.inputTokens[i] = drawTokens(sizes.input, random);
      workload.outputTokens[i] = drawTokens(sizes.output, random);
    }
  }
  return workload;
}

function gapOf(arrivals: Arrivals, random: Random): number {
  if (arrivals.kind === 'constant') return 1;
  if (arrivals.kind === 'poisson') return random.exponential();
  return random.gamma(1 / arrivals.burstiness);
}

function drawTokens({ medianTokens, sigma }: Lognormal, random: Random): number {
  const drawn = Math.round(medianTokens * Math.exp(sigma * random.normal()));
  return Math.min(MOST_TOKENS, Math.max(1, drawn));
}

/** Arrivals a second, between the first call and the last; 0 with fewer than two moments. */
export function rateOf({ atMs }: Workload): number {
  const spanMs = atMs.at(-1) ?? 0;
  return spanMs > 0 ? ((atMs.length - 1) * 1000) / spanMs : 0;
}

/**
 * The same calls in the same order at another rate: every gap is stretched alike, so bursts keep their shape. Throws
 * RangeError when all calls came at once: no pace can be read from that.
 */
export function atRate(workload: Workload, callsPerSecond: number): Workload {
  const rate = rateOf(workload);
  if (!(rate > 0)) throw new RangeError('the calls span no time, so they have no rate to change');
  const stretch = rate / callsPerSecond;
  return { ...workload, atMs: workload.atMs.map((atMs) => atMs * stretch) };
}

/** The calls that `keeps` says yes to, asked once each in order, with their own times; the first at 0. */
export function kept(workload: Workload, keeps: () => boolean): Workload {
  const calls = [...workload.atMs].flatMap((atMs, i) =>
    keeps()
      ? [{ atMs, inputTokens: workload.inputTokens[i] ?? 1, outputTokens: workload.outputTokens[i] ?? 1 }]
      : [],
  );
  return toWorkload(calls);
}

/** The calls over and over until there are `calls`, at the same rate. */
export function repeated(workload: Workload, calls: number): Workload {
  const count = workload.atMs.length;
  const rate = rateOf(workload);
  const periodMs = (workload.atMs.at(-1) ?? 0) + (rate > 0 ? 1000 / rate : 0);
  const result = emptyWorkload(calls);
  for (let i = 0; i < calls; i++) {
    const j = i % count;
    result.atMs[i] = (workload.atMs[j] ?? 0) + Math.floor(i / count) * periodMs;
    result.inputTokens[i] = workload.inputTokens[j] ?? 1;
    result.outputTokens[i] = workload.outputTokens[j] ?? 1;
  }
  return result;
}

export interface WorkloadShape {
  calls: number;
  callsPerSecond: number;
  meanInputTokens: number;
  meanOutputTokens: number;
}

export function shapeOf(workload: Workload): WorkloadShape {
  const calls = workload.atMs.length;
  const mean = (column: Int32Array): number => column.reduce((sum, value) => sum + value, 0) / (calls || 1);
  return {
    calls,
    callsPerSecond: rateOf(workload),
    meanInputTokens: mean(workload.inputTokens),
    meanOutputTokens: mean(workload.outputTokens),
  };
}
