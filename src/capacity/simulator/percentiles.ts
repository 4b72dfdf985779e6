/** Exact percentiles by nearest rank, and the mean; `null` when there are no values. One unit, here milliseconds. */
export interface Percentiles {
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
  mean: number | null;
}

/** Sorts `values` in place. */
export function percentilesOf(values: Float64Array): Percentiles {
  if (values.length === 0) return { p50: null, p90: null, p95: null, p99: null, mean: null };
  values.sort();
  const at = (share: number): number => values[Math.max(0, Math.ceil(share * values.length) - 1)] as number;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), mean };
}
