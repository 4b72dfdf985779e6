import type { Dimension, Figures, GroupKey, Latency, RollupFilter, RollupStore } from '../store/store.ts';
import type { GroupRowWithLatency, LatencyPair } from './api-types.ts';

/** Rows a page shows of one breakdown. */
export const TOP_ROWS = 20;

const NO_LATENCY: Latency = { p50: null, p95: null, p99: null };
export const NO_LATENCIES: LatencyPair = { ttft: NO_LATENCY, total: NO_LATENCY };

export const NO_FIGURES: Figures = {
  calls: 0,
  errors: 0,
  refused: 0,
  clientLeft: 0,
  costNanoUsd: 0,
  unpriced: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  estimated: 0,
  feedbackCount: 0,
  feedbackSum: 0,
};

/** Sums over everything the filter lets through. */
export async function totalFigures(rollups: RollupStore, filter: RollupFilter): Promise<Figures> {
  const [total] = await rollups.group(filter, [], 1);
  return { ...NO_FIGURES, ...total };
}

/** Percentiles over everything the filter lets through. */
export async function totalLatency(rollups: RollupStore, filter: RollupFilter): Promise<LatencyPair> {
  const [total] = await rollups.latency(filter, null);
  return total ? { ttft: total.ttft, total: total.total } : NO_LATENCIES;
}

/** Rows by one dimension, each with its percentiles. */
export async function groupWithLatency(
  rollups: RollupStore,
  filter: RollupFilter,
  options: { by: Exclude<Dimension, 'user'>; limit: number },
): Promise<GroupRowWithLatency[]> {
  const [rows, latencies] = await Promise.all([
    rollups.group(filter, [options.by], options.limit),
    rollups.latency(filter, options.by),
  ]);
  const byValue = new Map(latencies.map(({ value, ttft, total }) => [value, { ttft, total }]));
  return rows.map((row: Figures & GroupKey) => ({
    ...row,
    ...(byValue.get(row[options.by] ?? null) ?? NO_LATENCIES),
  }));
}
