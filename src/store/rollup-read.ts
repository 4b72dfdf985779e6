import { type Kysely, type RawBuilder, sql } from 'kysely';
import { createHistogram, type Histogram, mergeEncoded, quantile } from '../core/histogram.ts';
import { bucketsOf, type Grain, type Segment } from './rollup-grains.ts';
import { type Database, FIGURE_COLUMNS, type FigureColumns } from './schema.ts';
import type { Dimension, Figures, GroupKey, Latency, RollupFilter } from './store.ts';

/** Pieces of SQL that rollup queries are made of, and what becomes of their rows. */

/** Above this many buckets one range of time is read instead of a look-up each. */
const MAX_LOOKUPS = 1000;

export const DIMENSION_COLUMNS: Readonly<Record<Dimension, string>> = {
  task: 'task',
  deployment: 'deployment',
  key: 'key_id',
  user: 'user_id',
};

/** Where to read: one grain, and the buckets. */
export interface Source {
  grain: Grain;
  segments: readonly Segment[];
}

/** `select <columns> from ... union all ...` over every source and segment; `undefined` when the window is empty. */
export function selectFrom(
  sources: readonly Source[],
  columns: RawBuilder<unknown>,
  filter: RollupFilter,
): RawBuilder<unknown> | undefined {
  const parts = sources.flatMap(({ grain, segments }) =>
    segments.map((segment) => {
      const conditions = [
        sql`grain = ${grain.id}`,
        sql`tier = ${segment.tier}`,
        sql`sandbox = ${Number(filter.sandbox)}`,
        bucketCondition(segment, filter),
      ];
      for (const dimension of grain.dimensions) {
        const wanted = filter[dimension];
        if (wanted !== undefined) conditions.push(sql`${sql.ref(DIMENSION_COLUMNS[dimension])} = ${wanted}`);
      }
      return sql`select ${columns} from rollups where ${sql.join(conditions, sql` and `)}`;
    }),
  );
  return parts.length > 0 ? sql.join(parts, sql` union all `) : undefined;
}

/** With a task the index is entered once per bucket; without, one range holds all that is wanted. */
function bucketCondition(segment: Segment, filter: RollupFilter): RawBuilder<unknown> {
  const buckets = bucketsOf(segment);
  if (filter.task !== undefined && buckets.length <= MAX_LOOKUPS)
    return sql`bucket in (${sql.join(buckets)})`;
  return sql`bucket >= ${segment.from} and bucket < ${segment.to}`;
}

/** Sums as floating point: they neither overflow nor come back as text. */
export const SUMS: RawBuilder<unknown> = sql.join(
  FIGURE_COLUMNS.map(
    (column) => sql`sum(cast(${sql.ref(column)} as double precision)) as ${sql.ref(column)}`,
  ),
);

export const FIGURE_REFS: RawBuilder<unknown> = sql.join(FIGURE_COLUMNS.map((column) => sql.ref(column)));

export type FigureRow = { [Column in keyof FigureColumns]: number | null };

export function toFigures(row: FigureRow | undefined): Figures {
  return {
    calls: row?.calls ?? 0,
    errors: row?.errors ?? 0,
    refused: row?.refused ?? 0,
    clientLeft: row?.client_left ?? 0,
    costNanoUsd: row?.cost_nano_usd ?? 0,
    unpriced: row?.unpriced ?? 0,
    inputTokens: row?.input_tokens ?? 0,
    outputTokens: row?.output_tokens ?? 0,
    cacheReadTokens: row?.cache_read_tokens ?? 0,
    cacheWriteTokens: row?.cache_write_tokens ?? 0,
    reasoningTokens: row?.reasoning_tokens ?? 0,
    estimated: row?.estimated ?? 0,
    feedbackCount: row?.feedback_count ?? 0,
    feedbackSum: row?.feedback_sum ?? 0,
  };
}

export function addFigures(into: Figures, from: Figures): void {
  for (const name of Object.keys(from) as (keyof Figures)[]) into[name] += from[name];
}

/** Names as the store's callers know them: '' is `null`, for the dimensions that may be absent. */
export function toGroupKey(row: Record<string, unknown>, by: readonly Dimension[]): GroupKey {
  return Object.fromEntries(by.map((dimension) => [dimension, toValue(row[DIMENSION_COLUMNS[dimension]])]));
}

export function toValue(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Both histograms of a group. */
export interface LatencyPair {
  ttft: Histogram;
  total: Histogram;
}

export function createLatencyPair(): LatencyPair {
  return { ttft: createHistogram(), total: createHistogram() };
}

export function mergeRow(
  pair: LatencyPair,
  row: { ttft: Uint8Array | null; total: Uint8Array | null },
): void {
  if (row.ttft) mergeEncoded(pair.ttft, row.ttft);
  if (row.total) mergeEncoded(pair.total, row.total);
}

export function toLatency(histogram: Histogram): Latency {
  return { p50: quantile(histogram, 0.5), p95: quantile(histogram, 0.95), p99: quantile(histogram, 0.99) };
}

/** Runs a query made of {@link RawBuilder}s; no query, no rows. */
export async function rowsOf<R>(db: Kysely<Database>, query: RawBuilder<unknown> | undefined): Promise<R[]> {
  if (!query) return [];
  return (await (query as RawBuilder<R>).execute(db)).rows;
}
