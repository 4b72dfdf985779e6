/**
 * What an option costs a month as a function of volume, one function per draw:
 *
 *     cost(calls) = fixed + perCall x calls + perReplica x (spare + max(minimum, rounding + slope x calls))
 *
 * So the cost of a call never rises with volume. `rounding` is half a replica: capacity comes in whole ones, and on average half
 * of one is bought too much. The line through the steps is what volume costs in the long run; whole numbers stand in the sizing.
 */
import { combine, constant, type Vector } from './ledger.ts';

export interface CostShape {
  fixed: Vector;
  perCall: Vector;
  /** USD a month. */
  perReplica: Vector;
  spare: Vector;
  minimum: Vector;
  /** Replicas per call a month. */
  slope: Vector;
  /** Paid once. */
  once: Vector;
}

export const ROUNDING = 0.5;

export function createShape(like: Vector, parts: Partial<CostShape>): CostShape {
  const zero = constant(like, 0);
  return {
    fixed: zero,
    perCall: zero,
    perReplica: zero,
    spare: zero,
    minimum: zero,
    slope: zero,
    once: zero,
    ...parts,
  };
}

/** By draw, over today's prices: of what is paid by the token, and of machines. */
export interface PriceVectors {
  api: Vector;
  machines: Vector;
}

/**
 * Cost a month in the first draws, as many as `calls` has, at today's prices unless others are given. Most of a
 * recomputation's time is spent here, so `into` may be used again and nothing is looked up within the loop.
 */
export function costs(
  shape: CostShape,
  calls: Vector,
  { prices, into }: { prices?: PriceVectors; into?: Vector } = {},
): Vector {
  const total = into ?? new Float64Array(calls.length);
  const { fixed, perCall, perReplica, spare, minimum, slope } = shape;
  for (let draw = 0; draw < total.length; draw++) {
    const volume = at(calls, draw);
    const steps = ROUNDING + at(slope, draw) * volume;
    const least = at(minimum, draw);
    const machines = at(perReplica, draw) * (at(spare, draw) + (least > steps ? least : steps));
    const tokens = at(perCall, draw) * volume;
    total[draw] = prices
      ? at(fixed, draw) + at(prices.api, draw) * tokens + at(prices.machines, draw) * machines
      : at(fixed, draw) + tokens + machines;
  }
  return total;
}

/**
 * Calls a month above which `other` costs less than `base` in a draw. `base` has no machines. Infinity: never. 0: always.
 * Both sides are straight lines with one bend, so the crossing is solved, not searched.
 */
export function crossing(other: CostShape, base: CostShape, draw: number): number {
  const fixed = at(other.fixed, draw) - at(base.fixed, draw);
  const saved = at(base.perCall, draw) - at(other.perCall, draw);
  const rate = at(other.perReplica, draw);
  const spare = at(other.spare, draw);
  const minimum = Math.max(at(other.minimum, draw), ROUNDING);
  const slope = at(other.slope, draw);
  const floor = fixed + rate * (spare + minimum);
  if (floor <= 0) return 0;
  const bend = slope > 0 ? (minimum - ROUNDING) / slope : Number.POSITIVE_INFINITY;
  if (saved > 0 && floor / saved <= bend) return floor / saved;
  const gain = saved - rate * slope;
  return gain > 0 ? Math.max(bend, (fixed + rate * (spare + ROUNDING)) / gain) : Number.POSITIVE_INFINITY;
}

/** Scales all of a shape's running costs that depend on volume to a share of the calls. */
export function forShare(shape: CostShape, share: Vector): CostShape {
  return {
    ...shape,
    perCall: combine([shape.perCall, share], (cost, part) => cost * part),
    slope: combine([shape.slope, share], (slope, part) => slope * part),
  };
}

function at(vector: Vector, draw: number): number {
  return vector[draw] as number;
}
