import { type Kysely, type SelectQueryBuilder, sql, type Transaction } from 'kysely';
import type { CallRecord } from '../core/call-record.ts';
import { idTime } from '../core/id.ts';
import { fromCallRow, SUMMARY_COLUMNS, type SummaryRow, text, toCallRow, toSummary } from './call-row.ts';
import { firstIdAt, ID_SLACK_MS } from './call-window.ts';
import type { Engine } from './engines/engine.ts';
import { fromFeedbackRow } from './feedback.ts';
import type { Folder } from './fold.ts';
import { SLOW_MS } from './migrations/0001-calls.ts';
import { addPending, entryOf } from './pending.ts';
import { DAY_MS } from './rollup-grains.ts';
import { CALLS, type Database, PAYLOADS } from './schema.ts';
import type { CallFilter, CallStore, CallSummary } from './store.ts';

/** Up to so many slow calls are sorted; above, slow calls are so common that a plain scan soon finds a page. */
const MANY_SLOW_CALLS = 20_000;

/** Above so many scores in the range of a batch's ids, the ids themselves are looked up. */
const MANY_SCORES = 2000;

type Page = { limit: number; before?: string; after?: string };
type CallQuery = SelectQueryBuilder<Database, 'calls', SummaryRow>;

export function createCallStore(db: Kysely<Database>, engine: Engine, folder: Folder): CallStore {
  return {
    async insert(records) {
      const inserted = await insertCalls(db, engine, records);
      await folder.added(inserted);
      return { inserted };
    },
    async get(id) {
      const row = await db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst();
      if (!row) return undefined;
      const payload = await db
        .selectFrom('payloads')
        .selectAll()
        .where('call_id', '=', id)
        .executeTakeFirst();
      const feedback = await db
        .selectFrom('feedback')
        .selectAll()
        .where('call_id', '=', id)
        .orderBy('id')
        .execute();
      return { ...fromCallRow(row, payload), feedback: feedback.map(fromFeedbackRow) };
    },
    list: (filter, page) => listCalls(db, filter, page),
    async presence() {
      await folder.flush();
      const [real, sandbox] = await Promise.all([0, 1].map((flag) => hasCalls(db, flag)));
      return { real: real === true, sandbox: sandbox === true };
    },
  };
}

async function insertCalls(
  db: Kysely<Database>,
  engine: Engine,
  records: readonly CallRecord[],
): Promise<number> {
  if (records.length === 0) return 0;
  // In the order of ids: two writers that hold the same records then wait for, and never dead-lock, each other.
  const sorted = [...records].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  await engine.prepareDays(db, daysOf(sorted));
  return db.transaction().execute(async (trx: Transaction<Database>) => {
    const positions = await engine.insertNew(trx, CALLS, sorted.map(toCallRow));
    const fresh = positions.map((position) => sorted[position] as CallRecord);
    const payloads = fresh.flatMap(({ id, payload }) =>
      payload ? [[text(id), text(payload.request), text(payload.response)]] : [],
    );
    if (payloads.length > 0) await engine.insertNew(trx, PAYLOADS, payloads);
    if (fresh.length > 0) {
      // After the calls, so that of a call and its feedback arriving at once one sees the other.
      await engine.lockRollups(trx);
      const scores = await earlyScores(trx, fresh);
      await addPending(
        trx,
        fresh.map((call) => entryOf(call, scores.get(call.id))),
      );
    }
    return fresh.length;
  });
}

/** Feedback that came before its call. `calls` are sorted by id. */
async function earlyScores(
  trx: Transaction<Database>,
  calls: readonly CallRecord[],
): Promise<Map<string, { count: number; sum: number }>> {
  const query = trx
    .selectFrom('feedback')
    .select(['call_id', 'score'])
    .where('call_id', '>=', (calls[0] as CallRecord).id)
    .where('call_id', '<=', (calls.at(-1) as CallRecord).id);
  let rows = await query.limit(MANY_SCORES).execute();
  if (rows.length === MANY_SCORES) {
    const ids = calls.map((call) => call.id);
    rows = await query.where('call_id', 'in', ids).execute();
  }
  const scores = new Map<string, { count: number; sum: number }>();
  for (const { call_id, score } of rows) {
    const standing = scores.get(call_id);
    scores.set(call_id, { count: (standing?.count ?? 0) + 1, sum: (standing?.sum ?? 0) + score });
  }
  return scores;
}

function daysOf(records: readonly CallRecord[]): number[] {
  const days = new Set<number>();
  for (const { id } of records) {
    const at = idTime(id);
    if (at !== undefined) days.add(Math.floor(at / DAY_MS) * DAY_MS);
  }
  return [...days];
}

async function listCalls(db: Kysely<Database>, filter: CallFilter, page: Page): Promise<CallSummary[]> {
  const query = byColumns(selectPage(db, page), filter);
  const rows =
    filter.search === undefined ? await runPage(db, query, filter) : await search(query, filter.search, page);
  const scores = await scoresOf(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toSummary(row, scores.get(row.id) ?? null));
}

function selectPage(db: Kysely<Database>, page: Page): CallQuery {
  let query: CallQuery = db
    .selectFrom('calls')
    .select(SUMMARY_COLUMNS)
    .orderBy('id', 'desc')
    .limit(page.limit);
  if (page.before !== undefined) query = query.where('id', '<', page.before);
  if (page.after !== undefined) query = query.where('id', '>', page.after);
  return query;
}

function byColumns(start: CallQuery, filter: CallFilter): CallQuery {
  let query = start;
  if (filter.since !== undefined)
    query = query
      .where('id', '>=', firstIdAt(filter.since - ID_SLACK_MS))
      .where('started_at', '>=', filter.since);
  if (filter.until !== undefined)
    query = query
      .where('id', '<', firstIdAt(filter.until + ID_SLACK_MS))
      .where('started_at', '<', filter.until);
  if (filter.task !== undefined) query = query.where('task', '=', filter.task);
  if (filter.user !== undefined) query = query.where('user_id', '=', filter.user);
  if (filter.deployment !== undefined) query = query.where('deployment', '=', filter.deployment);
  if (filter.key !== undefined) query = query.where('key_id', '=', filter.key);
  if (filter.minDurationMs !== undefined) query = query.where('duration_ms', '>', filter.minDurationMs);
  if (filter.sandbox === false) query = query.where('sandbox', '=', 0);
  // Partial indexes are only used where their own condition stands in the query, as a literal.
  if (filter.sandbox === true) query = query.where(sql`sandbox`, '=', sql`1`);
  if (filter.minDurationMs !== undefined && filter.minDurationMs >= SLOW_MS)
    query = query.where(sql`duration_ms`, '>=', sql.raw(String(SLOW_MS)));
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome);
  if (filter.outcome !== undefined && filter.outcome !== 'ok')
    query = query.where(sql`outcome`, '<>', sql`'ok'`);
  if (filter.unpriced === true) query = query.where(sql`unpriced`, '=', sql`1`);
  if (filter.unpriced === false) query = query.where('unpriced', '=', 0);
  return query;
}

async function runPage(db: Kysely<Database>, query: CallQuery, filter: CallFilter): Promise<SummaryRow[]> {
  if (filter.minDurationMs === undefined || filter.minDurationMs < SLOW_MS) return query.execute();
  const { slow } = await db
    .selectFrom(
      db
        .selectFrom('calls')
        .select('id')
        .where('duration_ms', '>', filter.minDurationMs)
        .where(sql`duration_ms`, '>=', sql.raw(String(SLOW_MS)))
        .limit(MANY_SLOW_CALLS)
        .as('slow'),
    )
    .select((eb) => eb.fn.countAll<number>().as('slow'))
    .executeTakeFirstOrThrow();
  // `|| ''` keeps the planner from walking all calls by id in search of a rare slow one.
  return Number(slow) < MANY_SLOW_CALLS
    ? query.clearOrderBy().orderBy(sql`id || ''`, 'desc').execute()
    : query.execute();
}

/** A prefix of an id, or a whole task, user or deployment: one index range each, merged. */
async function search(query: CallQuery, wanted: string, page: Page): Promise<SummaryRow[]> {
  const found = await Promise.all([
    query.where('id', '>=', wanted).where('id', '<', `${wanted}\uffff`).execute(),
    query.where('task', '=', wanted).execute(),
    query.where('user_id', '=', wanted).execute(),
    query.where('deployment', '=', wanted).execute(),
  ]);
  const byId = new Map(found.flat().map((row) => [row.id, row]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, page.limit);
}

async function scoresOf(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('feedback')
    .select((eb) => ['call_id', eb.fn.avg<number>('score').as('score')])
    .where('call_id', 'in', ids)
    .groupBy('call_id')
    .execute();
  return new Map(rows.map((row) => [row.call_id, Number(row.score)]));
}

/** A refused call went nowhere: it is neither of the sandbox nor real. */
async function hasCalls(db: Kysely<Database>, sandbox: number): Promise<boolean> {
  const row = await db
    .selectFrom('rollups')
    .select('bucket')
    .where('grain', '=', 0)
    .where('tier', '=', DAY_MS)
    .where('sandbox', '=', sandbox)
    .where('calls', '>', sql<number>`coalesce(refused, 0)`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
