import { type Kysely, type RawBuilder, sql } from 'kysely';
import { record } from '../core/histogram.ts';
import { firstIdAt, ID_SLACK_MS } from './call-window.ts';
import { cutWindow, DAY_MS } from './rollup-grains.ts';
import {
  addFigures,
  createLatencyPair,
  DIMENSION_COLUMNS,
  type FigureRow,
  type LatencyPair,
  toFigures,
  toGroupKey,
} from './rollup-read.ts';
import type { Database } from './schema.ts';
import type { Dimension, Figures, GroupKey, RollupFilter } from './store.ts';

/**
 * The same figures straight from the calls, for what no rollup holds: a user's deployments, keys and latency. Read a
 * day at a time, so that other work gets its turn between.
 */

/** Figures of a call, named as rollups name their columns. */
const CALL_SUMS = sql`
  min(c.started_at) as first_at,
  cast(count(*) as double precision) as calls,
  cast(sum(case when c.outcome = 'error' then 1 else 0 end) as double precision) as errors,
  cast(sum(case when c.outcome = 'refused' then 1 else 0 end) as double precision) as refused,
  cast(sum(case when c.outcome = 'client_left' then 1 else 0 end) as double precision) as client_left,
  cast(sum(c.unpriced) as double precision) as unpriced,
  cast(sum(c.estimated) as double precision) as estimated,
  sum(cast(c.cost_nano_usd as double precision)) as cost_nano_usd,
  sum(cast(c.input_tokens as double precision)) as input_tokens,
  sum(cast(c.output_tokens as double precision)) as output_tokens,
  sum(cast(c.cache_read_tokens as double precision)) as cache_read_tokens,
  sum(cast(c.cache_write_tokens as double precision)) as cache_write_tokens,
  sum(cast(c.reasoning_tokens as double precision)) as reasoning_tokens,
  cast(sum(f.score_count) as double precision) as feedback_count,
  sum(f.score_sum) as feedback_sum`;

/** Groups in no particular order. */
export async function groupCalls(
  db: Kysely<Database>,
  filter: RollupFilter,
  by: readonly Dimension[],
): Promise<(Figures & GroupKey)[]> {
  const columns = by.map((dimension) => sql`c.${sql.ref(DIMENSION_COLUMNS[dimension])}`);
  const groups = new Map<string, Figures & GroupKey>();
  await eachSum(db, { filter, columns }, (row) => {
    const key = toGroupKey(row, by);
    const name = by.map((dimension) => key[dimension] ?? '').join('\0');
    const figures = toFigures(row);
    const group = groups.get(name);
    if (group) addFigures(group, figures);
    else groups.set(name, { ...figures, ...key });
  });
  return [...groups.values()];
}

/** Figures per bucket of `bucketMs`, by the bucket's start. */
export async function bucketCalls(
  db: Kysely<Database>,
  filter: RollupFilter,
  bucketMs: number,
): Promise<Map<number, Figures>> {
  // Written out, not a parameter: the same expression must stand in the selection and in the grouping.
  const at = sql`c.started_at - c.started_at % ${sql.raw(String(Math.trunc(bucketMs)))}`;
  const buckets = new Map<number, Figures>();
  await eachSum(db, { filter, columns: [at] }, (row) => {
    const start = Math.floor(row.first_at / bucketMs) * bucketMs;
    const figures = toFigures(row);
    const bucket = buckets.get(start);
    if (bucket) addFigures(bucket, figures);
    else buckets.set(start, figures);
  });
  return buckets;
}

type SumRow = FigureRow & Record<string, unknown> & { first_at: number };

async function eachSum(
  db: Kysely<Database>,
  query: { filter: RollupFilter; columns: readonly RawBuilder<unknown>[] },
  take: (row: SumRow) => void,
): Promise<void> {
  const { filter, columns } = query;
  const grouping = columns.length > 0 ? sql`group by ${sql.join(columns)}` : sql``;
  for (const [since, until] of daysOf(filter)) {
    const { rows } = await sql<SumRow>`
      select ${sql.join([...columns, CALL_SUMS])} from calls c
      left join (
        select call_id, count(*) as score_count, sum(score) as score_sum from feedback
        where call_id >= ${firstIdAt(since - ID_SLACK_MS)} and call_id < ${firstIdAt(until + ID_SLACK_MS)}
        group by call_id
      ) f on f.call_id = c.id
      where ${conditionsOf(filter, since, until)} ${grouping}`.execute(db);
    for (const row of rows) take(row);
    await new Promise(setImmediate);
  }
}

/** How the attempts of a line of a vendor's batch begin: `call-row.ts` writes the kind first. */
const BATCHED = '[{"kind":"batch"%';

/** Latency histograms of calls, by what `nameOf` says of each row. */
export async function callLatency<Name>(
  db: Kysely<Database>,
  filter: RollupFilter,
  nameOf: (row: { started_at: number; task: string; deployment: string | null; key_id: string }) => Name,
): Promise<Map<Name, LatencyPair>> {
  const pairs = new Map<Name, LatencyPair>();
  for (const [since, until] of daysOf(filter)) {
    const { rows } = await sql<LatencyRow>`
      select started_at, task, deployment, key_id, outcome, ttft_ms, duration_ms,
        case when attempts like ${BATCHED} then 1 else 0 end as batched from calls c
      where ${conditionsOf(filter, since, until)}`.execute(db);
    for (const row of rows) {
      const name = nameOf(row);
      let pair = pairs.get(name);
      if (!pair) {
        pair = createLatencyPair();
        pairs.set(name, pair);
      }
      if (row.ttft_ms !== null) record(pair.ttft, row.ttft_ms);
      // As `isTimed` says of a record.
      if (row.outcome !== 'refused' && row.batched !== 1) record(pair.total, row.duration_ms);
    }
    await new Promise(setImmediate);
  }
  return pairs;
}

interface LatencyRow {
  started_at: number;
  task: string;
  deployment: string | null;
  key_id: string;
  outcome: string;
  ttft_ms: number | null;
  duration_ms: number;
  batched: number;
}

/** One window when a user is named: the index on users makes it short. Else one per day. */
function daysOf(filter: RollupFilter): [number, number][] {
  if (filter.user !== undefined) return [[filter.since, filter.until]];
  return cutWindow(filter.since, filter.until, [DAY_MS]).flatMap(({ tier, from, to }) =>
    tier === DAY_MS
      ? Array.from({ length: (to - from) / DAY_MS }, (_, i): [number, number] => [
          from + i * DAY_MS,
          from + (i + 1) * DAY_MS,
        ])
      : [[from, to] as [number, number]],
  );
}

function conditionsOf(filter: RollupFilter, since: number, until: number): RawBuilder<unknown> {
  const conditions = [
    sql`c.started_at >= ${since}`,
    sql`c.started_at < ${until}`,
    sql`c.id >= ${firstIdAt(since - ID_SLACK_MS)}`,
    sql`c.id < ${firstIdAt(until + ID_SLACK_MS)}`,
    sql`c.sandbox = ${Number(filter.sandbox)}`,
  ];
  for (const dimension of Object.keys(DIMENSION_COLUMNS) as Dimension[]) {
    const wanted = filter[dimension];
    if (wanted !== undefined) conditions.push(sql`c.${sql.ref(DIMENSION_COLUMNS[dimension])} = ${wanted}`);
  }
  return sql.join(conditions, sql` and `);
}
