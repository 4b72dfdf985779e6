/**
 * A number together with what is not known about it: an 80 % interval (10th to 90th percentile) and the median.
 * `low <= mid <= high`; equal when the number is exact.
 */
export interface Interval {
  low: number;
  mid: number;
  high: number;
}

/** An exact number. */
export function exactly(value: number): Interval {
  return { low: value, mid: value, high: value };
}
