/**
 * What a call takes and costs, from real calls: means by bootstrap over the sample (Efron 1979), each call priced by
 * its own tier, cache reads and writes. Every price is asked of the same resamples, so options stay comparable.
 */
import type { Interval } from '../../core/interval.ts';
import type { CallSample } from '../evidence.ts';
import { createRandom, intervalOf, Z90 } from './draws.ts';
import type { ApiPrice, ApiPriceTier } from './economics.ts';

export interface TokenMix {
  calls: number;
  inputTokens: Interval;
  outputTokens: Interval;
  /** Share of input tokens read from the vendor's cache; `null`: no call says. */
  cacheReadShare: Interval | null;
  /** USD a call at each price asked, in their order; `null`: the price has no row for that time. */
  usdPerCall: (Interval | null)[];
}

export interface MixQuestion {
  sample: readonly CallSample[];
  prices: readonly ApiPrice[];
  /** Epoch milliseconds the prices are taken at: today's for what calls will cost. */
  at: number;
  seed: number;
  /** Default 1,000. */
  resamples?: number;
}

/** `null` without a call. */
export function measureMix({ sample, prices, at, seed, resamples = 1000 }: MixQuestion): TokenMix | null {
  if (sample.length === 0) return null;
  const tiers = prices.map((price) => tiersAt(price, at));
  const costColumns = tiers.map((row) => row && column(sample, (call) => usdOf(call, row)));
  const read = sample.filter(({ cacheReadTokens }) => cacheReadTokens !== null);
  const means = bootstrap(
    [
      column(sample, ({ inputTokens }) => inputTokens),
      column(sample, ({ outputTokens }) => outputTokens),
      ...costColumns.filter((values) => values !== null),
    ],
    { seed, resamples },
  );
  let next = 2;
  return {
    calls: sample.length,
    inputTokens: means[0] as Interval,
    outputTokens: means[1] as Interval,
    cacheReadShare: read.length === 0 ? null : cacheShare(read),
    usdPerCall: costColumns.map((values) => (values === null ? null : (means[next++] as Interval))),
  };
}

/** 80 % interval of the mean of calls' costs, by the same bootstrap. At least one call. */
export function meanCost(usd: readonly number[], how: { seed: number; resamples: number }): Interval {
  return bootstrap([Float64Array.from(usd)], how)[0] as Interval;
}

/** USD of one call. Tokens of cache that the call does not report cost as input. */
export function usdOf(call: CallSample, tiers: readonly ApiPriceTier[]): number {
  const tier = tiers.findLast(({ above }) => call.inputTokens > above) ?? (tiers[0] as ApiPriceTier);
  const read = call.cacheReadTokens ?? 0;
  const written = call.cacheWriteTokens ?? 0;
  const fresh = Math.max(0, call.inputTokens - read - written);
  const micro =
    fresh * tier.input + read * tier.cacheRead + written * tier.cacheWrite + call.outputTokens * tier.output;
  return micro / 1e6;
}

/** Tiers of the row that holds at a time; `null`: none yet. */
export function tiersAt(price: ApiPrice, at: number): readonly ApiPriceTier[] | null {
  return price.rows.findLast(({ from }) => from === null || from <= at)?.tiers ?? null;
}

function column(sample: readonly CallSample[], pick: (call: CallSample) => number): Float64Array {
  return Float64Array.from(sample, pick);
}

/** 80 % intervals of the columns' means, all from the same resamples. Few calls widen them as Student's t does. */
function bootstrap(
  columns: readonly Float64Array[],
  { seed, resamples }: { seed: number; resamples: number },
): Interval[] {
  const random = createRandom(seed);
  const size = columns[0]?.length ?? 0;
  const means = columns.map(() => new Float64Array(resamples));
  const sums = new Float64Array(columns.length);
  for (let round = 0; round < resamples; round++) {
    sums.fill(0);
    for (let pick = 0; pick < size; pick++) {
      const index = Math.floor(random() * size);
      for (let place = 0; place < columns.length; place++) {
        sums[place] = (sums[place] as number) + (columns[place]?.[index] as number);
      }
    }
    for (let place = 0; place < columns.length; place++) {
      (means[place] as Float64Array)[round] = (sums[place] as number) / size;
    }
  }
  return means.map((values) => widened(intervalOf(values), size));
}

/**
 * The bootstrap of n values is too narrow by sqrt((n - 1) / n) and knows no t distribution; under 30 calls it hardly knows
 * its own spread, and one call has none: a factor of 3 either way stands for it.
 */
function widened({ low, mid, high }: Interval, calls: number): Interval {
  if (calls < 2) return { low: mid / 3, mid, high: mid * 3 };
  const factor = Math.sqrt(calls / (calls - 1)) * (studentT90(calls - 1) / Z90);
  return { low: Math.max(0, mid - (mid - low) * factor), mid, high: mid + (high - mid) * factor };
}

/** 90th percentile of Student's t by the Cornish-Fisher expansion about the normal (Abramowitz & Stegun 26.7.5); 3.078 for one degree. */
function studentT90(degrees: number): number {
  if (degrees === 1) return 3.078;
  const z = Z90;
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
}

function cacheShare(sample: readonly CallSample[]): Interval {
  const input = sample.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const share =
    input === 0 ? 0 : sample.reduce((sum, { cacheReadTokens }) => sum + (cacheReadTokens ?? 0), 0) / input;
  const error = Z90 * Math.sqrt((share * (1 - share)) / sample.length);
  return { low: Math.max(0, share - error), mid: share, high: Math.min(1, share + error) };
}
