/**
 * A load test from beginning to end: a sweep over calls in flight, a replay of calls at their own pace, and a search for the
 * highest rate within the target. What was measured by the time it ends, for whatever reason, stands.
 */
import type { Clock } from '../../core/clock.ts';
import { createRandom } from '../../core/random.ts';
import type { LatencyTarget } from '../capacity.ts';
import { atRate, drawWorkload, rateOf, repeated, type Workload } from '../simulator/workload.ts';
import { Allowance } from './allowance.ts';
import type { CallResult, MakeCall } from './call.ts';
import { type Generator, runClosed, runOpen } from './generate.ts';
import { type LoadPoint, type LoadTestEnd, meetsTarget } from './load-test.ts';

export const LOAD_PARTS = ['sweep', 'replay', 'search'] as const;
export type LoadPart = (typeof LOAD_PARTS)[number];

export interface LoadTestQuestion {
  parts: readonly LoadPart[];
  /** Sizes of calls, and their pace where it has one. At least one call. */
  workload: Workload;
  target: LatencyTarget;
  /** Levels of the sweep, ascending. */
  concurrency: readonly number[];
  /** Length of a stretch, warm-up included. Milliseconds. */
  stretchMs: number;
  /** Share of a stretch that is warm-up, 0 to 0.9. */
  warmUpShare: number;
  /** Where the search begins, calls per second; `null`: at half of what the sweep found, else at 1. */
  firstRate: number | null;
  maxCalls: number;
  /** `null`: no limit. */
  maxCostUsd: number | null;
  /** `null`: unpriced. */
  expectedCallUsd: number | null;
}

export interface LoadTestTools {
  call: MakeCall;
  clock: Pick<Clock, 'monotonic' | 'after'>;
  /** Aborted: no further call begins, those under way count. */
  signal: AbortSignal;
  /** After each point. */
  onPoint(measured: Measured): Promise<void>;
  /** After each call. */
  onCall(calls: number): void;
}

export interface Measured {
  points: LoadPoint[];
  /** Means of what the endpoint counted; `null`: it reports no usage. */
  meanInputTokens: number | null;
  meanOutputTokens: number | null;
  calls: number;
  costUsd: number | null;
}

/** A point of fewer calls says nothing. */
const LEAST_CALLS = 5;
/** Share of failed calls in a point that ends the test. */
const GIVE_UP_ERRORS = 0.5;
/** A sweep ends when twice the calls in flight bring less than this much more. */
const LEAST_GAIN = 1.03;
/** The search begins at this share of what the sweep sustained. */
const FIRST_SHARE = 0.5;
/** It climbs by this until the target is missed, then halves the interval until it is this narrow. */
const CLIMB = 1.5;
const SEARCH_PRECISION = 1.1;
const MOST_SEARCH_POINTS = 16;
/** A slow stretch lasts until so many calls are due, up to so many times its length. */
const SEARCH_CALLS = 20;
const LONGEST_SEARCH = 4;
/** How far below its beginning the search goes. */
const LOWEST_SHARE = 1 / 64;

export async function runLoadTest(
  question: LoadTestQuestion,
  tools: LoadTestTools,
): Promise<{ measured: Measured; ended: LoadTestEnd }> {
  const test = new Test(question, tools);
  const parts: Readonly<Record<LoadPart, () => Promise<void>>> = {
    sweep: () => test.sweep(),
    replay: () => test.replay(),
    search: () => test.search(),
  };
  for (const part of LOAD_PARTS) if (question.parts.includes(part) && !test.ended) await parts[part]();
  return { measured: test.measured(), ended: test.ended ?? 'done' };
}

class Test {
  /** Why it ended early. */
  ended: LoadTestEnd | null = null;
  readonly #question: LoadTestQuestion;
  readonly #tools: LoadTestTools;
  readonly #allowance: Allowance;
  readonly #generator: Generator;
  readonly #points: LoadPoint[] = [];
  readonly #usage = { input: 0, inputs: 0, output: 0, outputs: 0 };
  #from = 0;

  constructor(question: LoadTestQuestion, tools: LoadTestTools) {
    this.#question = question;
    this.#tools = tools;
    this.#allowance = new Allowance(question);
    this.#generator = {
      clock: tools.clock,
      signal: tools.signal,
      allowance: this.#allowance,
      warmUpShare: question.warmUpShare,
      onCall: () => tools.onCall(this.#allowance.calls),
      call: async (size) => {
        const result = await tools.call(size);
        this.#count(result);
        return result;
      },
    };
  }

  measured(): Measured {
    const { input, inputs, output, outputs } = this.#usage;
    return {
      points: [...this.#points],
      meanInputTokens: inputs > 0 ? input / inputs : null,
      meanOutputTokens: outputs > 0 ? output / outputs : null,
      calls: this.#allowance.calls,
      costUsd: this.#allowance.costUsd,
    };
  }

  /** More calls in flight, until the target is missed or more of them bring no more. */
  async sweep(): Promise<void> {
    const { concurrency, stretchMs, workload, target } = this.#question;
    let before: { level: number; rate: number } | null = null;
    for (const level of concurrency) {
      const load = { concurrency: level, lengthMs: stretchMs, sizes: workload, from: this.#from };
      const point: LoadPoint = await runClosed(this.#generator, load);
      this.#from += point.calls;
      if (!(await this.#take(point)) || !meetsTarget(point, target)) return;
      const rate = point.callsPerSecond;
      if (before && level >= 2 * before.level && rate < before.rate * LEAST_GAIN) return;
      before = { level, rate };
    }
  }

  async replay(): Promise<void> {
    const { workload, stretchMs } = this.#question;
    await this.#take(
      await runOpen(this.#generator, { kind: 'replay', arrivals: workload, lengthMs: stretchMs }),
    );
  }

  async search(): Promise<void> {
    const first = this.#firstRate();
    let low: number | null = null;
    let high: number | null = null;
    let rate = first;
    for (let points = 0; points < MOST_SEARCH_POINTS; points++) {
      const point = await this.#at(rate);
      if (!(await this.#take(point))) return;
      if (meetsTarget(point, this.#question.target)) low = rate;
      else high = rate;
      if (low !== null && high !== null && high / low <= SEARCH_PRECISION) return;
      if (low === null && rate / 2 < first * LOWEST_SHARE) return;
      rate = nextRate(rate, low, high);
    }
  }

  #firstRate(): number {
    const { firstRate, target } = this.#question;
    const met = this.#points.filter((point) => meetsTarget(point, target));
    const best = Math.max(0, ...met.map(({ callsPerSecond }) => callsPerSecond));
    return firstRate ?? (best > 0 ? best * FIRST_SHARE : 1);
  }

  #at(rate: number): Promise<LoadPoint> {
    const { workload, stretchMs } = this.#question;
    const enoughMs = Math.min((SEARCH_CALLS * 1000) / rate, LONGEST_SEARCH * stretchMs);
    const lengthMs = Math.max(stretchMs, enoughMs);
    const calls = Math.max(2, Math.ceil((rate * lengthMs) / 1000) * 2);
    const arrivals =
      rateOf(workload) > 0
        ? atRate(repeated(workload, Math.max(calls, workload.atMs.length)), rate)
        : drawWorkload({
            calls,
            callsPerSecond: rate,
            arrivals: { kind: 'poisson' },
            sizes: { kind: 'empirical', from: workload },
            seed: this.#points.length + 1,
          });
    return runOpen(this.#generator, { kind: 'search', arrivals, lengthMs });
  }

  /** Keeps a point that says something. Returns whether the test goes on. */
  async #take(point: LoadPoint): Promise<boolean> {
    const { signal, onPoint } = this.#tools;
    if (point.calls >= LEAST_CALLS) this.#points.push(point);
    await onPoint(this.measured());
    if (signal.aborted) this.ended = 'cancelled';
    else if (point.errors > GIVE_UP_ERRORS * point.calls) this.ended = 'errors';
    else this.ended = this.#allowance.exhausted();
    return this.ended === null;
  }

  #count({ inputTokens, outputTokens }: CallResult): void {
    if (inputTokens !== null) {
      this.#usage.input += inputTokens;
      this.#usage.inputs++;
    }
    if (outputTokens !== null) {
      this.#usage.output += outputTokens;
      this.#usage.outputs++;
    }
  }
}

function nextRate(rate: number, low: number | null, high: number | null): number {
  if (high === null) return rate * CLIMB;
  if (low === null) return rate / 2;
  return Math.sqrt(low * high);
}

/** The workload without a pace of its own: calls of one size. */
export function fixedWorkload(inputTokens: number, outputTokens: number): Workload {
  return {
    atMs: new Float64Array(1),
    inputTokens: Int32Array.of(inputTokens),
    outputTokens: Int32Array.of(outputTokens),
  };
}

/** Random numbers for prompts: another seed for another test, so that no cache of prefixes helps. */
export function promptRandom(createdAt: number): ReturnType<typeof createRandom> {
  return createRandom(createdAt % 2 ** 31);
}
