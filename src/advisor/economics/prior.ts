/** What stands for a number when nobody knows it: wide on purpose, with the reason, shown wherever a figure rests on it. */
import type { Interval } from '../../core/interval.ts';
import type { Unit } from './unit.ts';

export interface Prior {
  label: string;
  unit: Unit;
  /** 80 %. */
  value: Interval;
  why: string;
  /** Bounds within which a flip point is looked for. */
  range: readonly [min: number, max: number];
}

/** 10th percentile, median, 90th percentile. */
export function between(low: number, mid: number, high: number): Interval {
  return { low, mid, high };
}
