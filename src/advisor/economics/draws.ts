/**
 * Random draws that are the same for everybody who asks for the same name: each quantity has its own 2,000 draws, so
 * all options share them (common random numbers), and moving one quantity moves nothing else. The draws are
 * stratified: every quantity's marginal distribution is exact to the draw, only the pairing is random.
 */
import type { Interval } from '../../core/interval.ts';
import type { Unit } from './unit.ts';

/** 90th percentile of the standard normal distribution. */
export const Z90 = 1.2815515655446004;

export interface Draws {
  readonly count: number;
  /** Standard normal draws of that name. Do not change them. */
  normal(name: string): Float64Array;
}

/** A stream of numbers in [0, 1) from a seed: xorshift32 (Marsaglia 2003). */
export function createRandom(seed: number): () => number {
  let state = (Math.imul(seed | 0, 2654435761) ^ 0x9e3779b9) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** The last draws that were made: a recomputation with other quantities asks for the same again. */
let last: { seed: number; draws: Draws } | null = null;

export function createDraws(seed: number, count: number): Draws {
  if (last?.seed === seed && last.draws.count === count) return last.draws;
  const draws = makeDraws(seed, count);
  last = { seed, draws };
  return draws;
}

function makeDraws(seed: number, count: number): Draws {
  const strata = Float64Array.from({ length: count }, (_, index) => normalQuantile((index + 0.5) / count));
  const known = new Map<string, Float64Array>();
  return {
    count,
    normal(name) {
      const found = known.get(name);
      if (found) return found;
      const made = shuffle(strata.slice(), createRandom(seed ^ hash(name)));
      known.set(name, made);
      return made;
    },
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value;
}

function shuffle(values: Float64Array, random: () => number): Float64Array {
  for (let index = values.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const value = values[index] as number;
    values[index] = values[other] as number;
    values[other] = value;
  }
  return values;
}

/** Inverse of the standard normal distribution, within 1.2e-9 (P. J. Acklam's rational approximation). */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(TAIL_TOP, q) / polynomial(TAIL_BOTTOM, q);
  }
  const q = p - 0.5;
  const r = q * q;
  return (polynomial(CENTRE_TOP, r) * q) / polynomial(CENTRE_BOTTOM, r);
}

/** Highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

const CENTRE_TOP = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_BOTTOM = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
  1,
];
const TAIL_TOP = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BOTTOM = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];

/**
 * Draws of a number known by its interval: normal on either side of the median, in the logarithm where the low end is
 * above 0. Monotone in all three ends, so a higher price is higher in every draw. Never below 0 but for
 * changes, never above 1 for shares.
 */
export function spread(interval: Interval, unit: Unit, normals: Float64Array): Float64Array {
  const { low, mid, high } = interval;
  if (low === high) return new Float64Array(normals.length).fill(mid);
  const value =
    low > 0 && unit !== 'share/month' && unit !== 'share/year'
      ? inLogarithm(low, mid, high)
      : (z: number) => mid + ((z < 0 ? mid - low : high - mid) * z) / Z90;
  const [least, most] = boundsOf(unit);
  const values = new Float64Array(normals.length);
  for (let draw = 0; draw < values.length; draw++)
    values[draw] = Math.min(most, Math.max(least, value(normals[draw] as number)));
  return values;
}

function inLogarithm(low: number, mid: number, high: number): (z: number) => number {
  const down = Math.log(mid / low) / Z90;
  const up = Math.log(high / mid) / Z90;
  return (z) => mid * Math.exp(z < 0 ? z * down : z * up);
}

function boundsOf(unit: Unit): readonly [number, number] {
  if (unit === 'share') return [0, 1];
  if (unit === 'share/month' || unit === 'share/year') return [-0.95, Number.POSITIVE_INFINITY];
  return [0, Number.POSITIVE_INFINITY];
}

/** 10th, 50th and 90th percentile of draws. */
export function intervalOf(values: Float64Array): Interval {
  const [low, mid, high] = tenths(values);
  return { low, mid, high };
}

/** Used again by every call: memory of its own for each would cost more than the selection. */
let scratch = new Float64Array();

/**
 * 10th, 50th and 90th percentile, between neighbours along the line; infinite neighbours give infinity, not NaN. The few
 * values that matter are selected (Hoare 1961), not sorted: of 2,000 draws that takes a quarter of the time.
 */
export function tenths(values: Float64Array): [low: number, mid: number, high: number] {
  if (scratch.length !== values.length) scratch = new Float64Array(values.length);
  const work = scratch;
  work.set(values);
  const last = work.length - 1;
  const middle = percentile(work, 0.5, { from: 0, to: last });
  // What lies below the median stands below it now.
  const low = percentile(work, 0.1, { from: 0, to: Math.floor(last / 2) });
  const high = percentile(work, 0.9, { from: Math.floor(last / 2), to: last });
  return [low, middle, high];
}

function percentile(values: Float64Array, share: number, range: { from: number; to: number }): number {
  const place = share * (values.length - 1);
  const index = Math.floor(place);
  select(values, index, range);
  const below = values[index] as number;
  if (place === index) return below;
  let above = Number.POSITIVE_INFINITY;
  const end = Math.max(range.to, index + 1);
  for (let next = index + 1; next <= end; next++) above = Math.min(above, values[next] as number);
  return below === above ? below : below + (above - below) * (place - index);
}

/** Moves values within a range until the one at `index` is where sorting would put it, smaller ones before it. */
function select(values: Float64Array, index: number, range: { from: number; to: number }): void {
  let { from, to } = range;
  while (from < to) {
    const pivot = values[index] as number;
    let left = from;
    let right = to;
    while (left <= right) {
      while ((values[left] as number) < pivot) left++;
      while ((values[right] as number) > pivot) right--;
      if (left > right) break;
      const moved = values[left] as number;
      values[left++] = values[right] as number;
      values[right--] = moved;
    }
    if (right < index) from = left;
    if (left > index) to = right;
  }
}
