import { type Kysely, type RawBuilder, sql } from 'kysely';
import { bucketCalls, callLatency, groupCalls } from './call-sums.ts';
import {
  cutWindow,
  floorTo,
  type Grain,
  grainFor,
  HOUR_MS,
  type Segment,
  USER_GRAIN,
  USER_TASK_GRAIN,
} from './rollup-grains.ts';
import {
  createLatencyPair,
  DIMENSION_COLUMNS,
  FIGURE_REFS,
  type FigureRow,
  type LatencyPair,
  mergeRow,
  rowsOf,
  type Source,
  type SourceFilter,
  SUMS,
  selectFrom,
  toFigures,
  toGroupKey,
  toLatency,
  toValue,
} from './rollup-read.ts';
import type { Database } from './schema.ts';
import type { Dimension, Figures, GroupKey, RollupFilter, RollupStore, SeriesPoint } from './store.ts';

type Group = Figures & GroupKey;
type HistogramRow = Record<string, unknown> & { ttft: Uint8Array | null; total: Uint8Array | null };

export function createRollupStore(db: Kysely<Database>): RollupStore {
  return {
    group: (filter, by, limit) => group(db, { filter: wholeHours(filter), by, limit }),
    latency: (filter, by) => latency(db, wholeHours(filter), by),
    series: (filter, bucketMs) => series(db, wholeHours(filter), bucketMs),
    users: (filter) => users(db, wholeHours(filter)),
  };
}

function wholeHours(filter: RollupFilter): RollupFilter {
  const until = Math.ceil(filter.until / HOUR_MS) * HOUR_MS;
  return { ...filter, since: floorTo(filter.since, HOUR_MS), until };
}

async function group(
  db: Kysely<Database>,
  query: { filter: RollupFilter; by: readonly Dimension[]; limit: number },
): Promise<Group[]> {
  const { filter, by, limit } = query;
  const sources = sourcesFor(filter, by);
  if (!sources) {
    const groups = await groupCalls(db, filter, by);
    if (by.length === 0 && groups.length === 0) return [toFigures(undefined)];
    return groups.sort(bySpend).slice(0, limit);
  }
  if (by.length === 1 && by[0] === 'user' && filter.user === undefined) {
    const top = await topUsers(db, { sources, filter, limit });
    return top.length > 0 ? sumGroups(db, { sources, filter: { ...filter, users: top }, by, limit }) : [];
  }
  return sumGroups(db, { sources, filter, by, limit });
}

/**
 * The users that spent most, by two sums instead of fourteen: users are many, and only the first few are shown. Their
 * other sums are then looked up.
 */
async function topUsers(
  db: Kysely<Database>,
  query: { sources: Source[]; filter: RollupFilter; limit: number },
): Promise<string[]> {
  const inner = selectFrom(query.sources, sql.raw('user_id, cost_nano_usd, calls'), query.filter);
  const rows = await rowsOf<{ user_id: string }>(
    db,
    inner &&
      sql`select user_id from (${inner}) parts group by user_id order by ${SPEND_ORDER}, user_id limit ${query.limit}`,
  );
  return rows.map((row) => row.user_id);
}

const SPEND_ORDER = sql`coalesce(sum(cost_nano_usd), 0) desc, sum(calls) desc`;

async function sumGroups(
  db: Kysely<Database>,
  query: { sources: Source[]; filter: SourceFilter; by: readonly Dimension[]; limit: number },
): Promise<Group[]> {
  const { sources, filter, by, limit } = query;
  const columns = by.map((dimension) => sql.ref(DIMENSION_COLUMNS[dimension]));
  const inner = selectFrom(sources, sql.join([...columns, FIGURE_REFS]), filter);
  if (!inner) return by.length === 0 ? [toFigures(undefined)] : [];
  const grouping = by.length > 0 ? sql`group by ${sql.join(columns)}` : sql``;
  // Names last, so that equals come in the same order on every engine.
  const order = sql.join([SPEND_ORDER, ...columns]);
  const rows = await rowsOf<FigureRow & Record<string, unknown>>(
    db,
    sql`select ${sql.join([...columns, SUMS])} from (${inner}) parts ${grouping} order by ${order} limit ${limit}`,
  );
  return rows.map((row) => ({ ...toFigures(row), ...toGroupKey(row, by) }));
}

function bySpend(a: Group, b: Group): number {
  return b.costNanoUsd - a.costNanoUsd || b.calls - a.calls;
}

/** Where the rollups hold an answer; `undefined`: nowhere, ask the calls. */
function sourcesFor(filter: RollupFilter, by: readonly Dimension[]): Source[] | undefined {
  const needed = neededBy(filter, by);
  if (!needed.has('user')) {
    const grain = grainFor(needed, { latency: false });
    return (
      grain && [{ table: 'rollups', grain, segments: cutWindow(filter.since, filter.until, grain.tiers) }]
    );
  }
  if (needed.has('deployment') || needed.has('key')) return undefined;
  if (needed.has('task')) {
    // One user's tasks: an index by task, then user, is no help without the task; the calls' own index is.
    if (filter.user !== undefined && filter.task === undefined) return undefined;
    const segments = cutWindow(filter.since, filter.until, USER_TASK_GRAIN.tiers);
    return [{ table: 'user_rollups', grain: USER_TASK_GRAIN, segments }];
  }
  const segments = cutWindow(filter.since, filter.until, USER_GRAIN.tiers);
  const [hours, longer] = splitBy(segments, ({ tier }) => tier === HOUR_MS);
  return [
    { table: 'user_rollups', grain: USER_GRAIN, segments: longer },
    { table: 'user_rollups', grain: USER_TASK_GRAIN, segments: hours },
  ];
}

function neededBy(filter: RollupFilter, by: readonly Dimension[]): Set<Dimension> {
  const needed = new Set(by);
  for (const dimension of Object.keys(DIMENSION_COLUMNS) as Dimension[])
    if (filter[dimension] !== undefined) needed.add(dimension);
  return needed;
}

function splitBy(segments: Segment[], test: (segment: Segment) => boolean): [Segment[], Segment[]] {
  return [segments.filter(test), segments.filter((segment) => !test(segment))];
}

async function latency(
  db: Kysely<Database>,
  filter: RollupFilter,
  by: Exclude<Dimension, 'user'> | null,
): ReturnType<RollupStore['latency']> {
  const pairs = await latencyPairs(db, filter, by);
  return [...pairs].map(([value, pair]) => ({
    value,
    ttft: toLatency(pair.ttft),
    total: toLatency(pair.total),
  }));
}

async function latencyPairs(
  db: Kysely<Database>,
  filter: RollupFilter,
  by: Exclude<Dimension, 'user'> | null,
): Promise<Map<string | null, LatencyPair>> {
  const column = by === null ? null : DIMENSION_COLUMNS[by];
  const grain = grainFor(neededBy(filter, by === null ? [] : [by]), { latency: true });
  const pairs = grain
    ? new Map<string | null, LatencyPair>()
    : await callLatency(db, filter, (row) => {
        return column === null ? null : toValue((row as Record<string, unknown>)[column]);
      });
  if (grain) {
    const segments = cutWindow(filter.since, filter.until, grain.tiers);
    const columns = sql.raw(`${column === null ? '' : `${column}, `}ttft, total`);
    const query = selectFrom([{ table: 'rollups', grain, segments }], columns, filter);
    for (const row of await rowsOf<HistogramRow>(db, query))
      mergeRow(pairOf(pairs, column === null ? null : toValue(row[column])), row);
  }
  if (by === null) pairOf(pairs, null);
  return pairs;
}

function pairOf<Name>(pairs: Map<Name, LatencyPair>, name: Name): LatencyPair {
  let pair = pairs.get(name);
  if (!pair) {
    pair = createLatencyPair();
    pairs.set(name, pair);
  }
  return pair;
}

async function series(db: Kysely<Database>, filter: RollupFilter, bucketMs: number): Promise<SeriesPoint[]> {
  if (!(bucketMs > 0) || bucketMs % HOUR_MS !== 0)
    throw new RangeError('bucketMs must be a multiple of an hour');
  const grain = grainFor(neededBy(filter, []), { latency: true });
  const points = grain
    ? await seriesOfRollups(db, { filter, grain, bucketMs })
    : await seriesOfCalls(db, filter, bucketMs);
  const answer: SeriesPoint[] = [];
  for (let at = floorTo(filter.since, bucketMs); at < filter.until; at += bucketMs) {
    const point = points.get(at);
    const pair = point?.latency ?? createLatencyPair();
    const figures = point?.figures ?? toFigures(undefined);
    answer.push({ at, ...figures, ttft: toLatency(pair.ttft), total: toLatency(pair.total) });
  }
  return answer;
}

interface Point {
  figures: Figures;
  latency: LatencyPair;
}

async function seriesOfRollups(
  db: Kysely<Database>,
  query: { filter: RollupFilter; grain: Grain; bucketMs: number },
): Promise<Map<number, Point>> {
  const { filter, grain, bucketMs } = query;
  const tiers = grain.tiers.filter((tier) => bucketMs % tier === 0);
  const sources: Source[] = [
    { table: 'rollups', grain, segments: cutWindow(filter.since, filter.until, tiers) },
  ];
  const points = new Map<number, Point>();
  const inner = selectFrom(sources, sql`bucket, ${FIGURE_REFS}, ttft, total`, filter);
  for (const row of await rowsOf<FigureRow & HistogramRow & { bucket: number }>(db, inner)) {
    const at = floorTo(row.bucket, bucketMs);
    const figures = toFigures(row);
    const point = points.get(at) ?? { figures: toFigures(undefined), latency: createLatencyPair() };
    points.set(at, point);
    for (const name of Object.keys(figures) as (keyof Figures)[]) point.figures[name] += figures[name];
    mergeRow(point.latency, row);
  }
  return points;
}

/** A user's series: one user's calls are few, and an index finds them. */
async function seriesOfCalls(
  db: Kysely<Database>,
  filter: RollupFilter,
  bucketMs: number,
): Promise<Map<number, Point>> {
  const points = new Map<number, Point>();
  const figures = await bucketCalls(db, filter, bucketMs);
  const latencies = await callLatency(db, filter, (row) => floorTo(row.started_at, bucketMs));
  for (const [at, sums] of figures)
    points.set(at, { figures: sums, latency: latencies.get(at) ?? createLatencyPair() });
  return points;
}

async function users(db: Kysely<Database>, filter: RollupFilter): Promise<number> {
  const sources = sourcesFor(filter, ['user']);
  if (!sources) return (await groupCalls(db, filter, ['user'])).filter((row) => row.user !== null).length;
  const inner: RawBuilder<unknown> | undefined = selectFrom(sources, sql.ref('user_id'), filter);
  const rows = await rowsOf<{ count: number }>(
    db,
    inner &&
      sql`select count(*) as count from (select distinct user_id from (${inner}) parts where user_id <> '') named`,
  );
  return Number(rows[0]?.count ?? 0);
}
