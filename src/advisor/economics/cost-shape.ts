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

export function costAt(shape: CostShape, draw: number, calls: number): number {
  return costWith(shape, { draw, calls }, TODAY);
}

/** The part of the cost that is machines. */
function machinesAt(shape: CostShape, draw: number, calls: number): number {
  const rate = at(shape.perReplica, draw);
  if (rate === 0) return 0;
  const needed = Math.max(at(shape.minimum, draw), ROUNDING + at(shape.slope, draw) * calls);
  return rate * (at(shape.spare, draw) + needed);
}

export function costs(shape: CostShape, calls: Vector): Vector {
  return calls.map((volume, draw) => costAt(shape, draw, volume));
}

/** Price changes: of what is paid by the token, and of machines. */
export interface PriceFactors {
  api: number;
  machines: number;
}

export const TODAY: PriceFactors = { api: 1, machines: 1 };

export function costWith(
  shape: CostShape,
  { draw, calls }: { draw: number; calls: number },
  { api, machines }: PriceFactors,
): number {
  return (
    at(shape.fixed, draw) + api * at(shape.perCall, draw) * calls + machines * machinesAt(shape, draw, calls)
  );
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
