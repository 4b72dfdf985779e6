import { type Kysely, sql } from 'kysely';
import { bucketCalls, callLatency, groupCalls } from './call-sums.ts';
import type { Folder } from './fold.ts';
import { cutWindow, floorTo, type Grain, grainFor, HOUR_MS } from './rollup-grains.ts';
import {
  createLatencyPair,
  DIMENSION_COLUMNS,
  FIGURE_REFS,
  type FigureRow,
  type LatencyPair,
  mergeRow,
  rowsOf,
  type Source,
  SUMS,
  selectFrom,
  toFigures,
  toGroupKey,
  toLatency,
  toValue,
} from './rollup-read.ts';
import type { Database } from './schema.ts';
import type { Dimension, Figures, GroupKey, RollupFilter, RollupStore, SeriesPoint } from './store.ts';
import { countUsers, createUserReader, groupUsers, type UserReader } from './user-read.ts';

type Group = Figures & GroupKey;
type HistogramRow = Record<string, unknown> & { ttft: Uint8Array | null; total: Uint8Array | null };

export function createRollupStore(db: Kysely<Database>, folder: Folder): RollupStore {
  const reader = createUserReader(db);
  return {
    async group(filter, by, limit) {
      await folder.flush();
      return group(db, reader, { filter: wholeHours(filter), by, limit });
    },
    async latency(filter, by) {
      await folder.flush();
      return latency(db, wholeHours(filter), by);
    },
    async series(filter, bucketMs) {
      await folder.flush();
      return series(db, wholeHours(filter), bucketMs);
    },
    async users(filter) {
      await folder.flush();
      return users(db, reader, wholeHours(filter));
    },
  };
}

function wholeHours(filter: RollupFilter): RollupFilter {
  const until = Math.ceil(filter.until / HOUR_MS) * HOUR_MS;
  return { ...filter, since: floorTo(filter.since, HOUR_MS), until };
}

async function group(
  db: Kysely<Database>,
  reader: UserReader,
  query: { filter: RollupFilter; by: readonly Dimension[]; limit: number },
): Promise<Group[]> {
  const { filter, by, limit } = query;
  const needed = neededBy(filter, by);
  const grain = grainFor(needed, { latency: false });
  if (grain) return sumGroups(db, { sources: sourcesOf(grain, filter), filter, by, limit });
  const groups = inUserSums(needed, filter)
    ? await groupUsers(db, reader, { filter, by, limit })
    : await groupCalls(db, filter, by);
  if (by.length === 0 && groups.length === 0) return [toFigures(undefined)];
  return groups.sort(bySpend).slice(0, limit);
}

const SPEND_ORDER = sql`coalesce(sum(cost_nano_usd), 0) desc, sum(calls) desc`;

async function sumGroups(
  db: Kysely<Database>,
  query: { sources: Source[]; filter: RollupFilter; by: readonly Dimension[]; limit: number },
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

function sourcesOf(grain: Grain, filter: RollupFilter): Source[] {
  return [{ grain, segments: cutWindow(filter.since, filter.until, grain.tiers) }];
}

/** Whether the sums by user, and by user and task, hold an answer; else ask the calls. */
function inUserSums(needed: ReadonlySet<Dimension>, filter: RollupFilter): boolean {
  if (needed.has('deployment') || needed.has('key')) return false;
  // One user's tasks: the calls' index on users finds them faster than all tasks' sums.
  return !(needed.has('task') && filter.user !== undefined && filter.task === undefined);
}

function neededBy(filter: RollupFilter, by: readonly Dimension[]): Set<Dimension> {
  const needed = new Set(by);
  for (const dimension of Object.keys(DIMENSION_COLUMNS) as Dimension[])
    if (filter[dimension] !== undefined) needed.add(dimension);
  return needed;
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
    const columns = sql.raw(`${column === null ? '' : `${column}, `}ttft, total`);
    const query = selectFrom(sourcesOf(grain, filter), columns, filter);
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
  const sources: Source[] = [{ grain, segments: cutWindow(filter.since, filter.until, tiers) }];
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

async function users(db: Kysely<Database>, reader: UserReader, filter: RollupFilter): Promise<number> {
  if (inUserSums(neededBy(filter, ['user']), filter)) return countUsers(db, reader, filter);
  return (await groupCalls(db, filter, ['user'])).filter((row) => row.user !== null).length;
}
