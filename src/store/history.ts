import { type Kysely, sql, type Transaction } from 'kysely';
import type { HistoryImport, HistoryRow } from '../core/history-row.ts';
import type { Row } from './bulk-table.ts';
import { text, textOrNull } from './call-row.ts';
import { SAMPLE_COLUMNS, toSample } from './call-sample.ts';
import type { Engine } from './engines/engine.ts';
import { HOUR_MS } from './rollup-grains.ts';
import { type Database, HISTORY, type HistoryTable, type ImportsTable } from './schema.ts';
import type { HistoryFilter, HistoryStore } from './store.ts';

const DELETE_ROWS = 2_000;
/** Calls of the busiest hour that are told one by one. */
const MAX_BUSIEST = 20_000;

export function createHistoryStore(db: Kysely<Database>, engine: Engine): HistoryStore {
  return {
    add: (importId, rows) => addRows(db, engine, { importId, rows }),
    async finish(of) {
      const row = { id: of.id, at: of.at, file: text(of.file), format: text(of.format), rows: of.rows };
      await db
        .insertInto('imports')
        .values({ ...row, bad_rows: of.badRows })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    imports: () => listImports(db),
    async remove(importId) {
      const rows = await deleteRows(db, sql`import_id = ${importId}`);
      const { numDeletedRows } = await db.deleteFrom('imports').where('id', '=', importId).executeTakeFirst();
      return rows > 0 || numDeletedRows > 0n;
    },
    tasks: () => listTasks(db),
    hourly: (filter) => hourly(db, filter),
    sums: (filter) => sums(db, filter),
    errors: (filter) => errors(db, filter),
    sample: (filter, limit) => sample(db, filter, limit),
    times: (filter) => times(db, filter),
    async users(filter) {
      const row = await within(db.selectFrom('history'), filter)
        .select((eb) => eb.fn.count<number>('user_id').distinct().as('users'))
        .executeTakeFirst();
      return Number(row?.users ?? 0);
    },
    async expire(before) {
      await deleteRows(db, sql`at < ${before}`);
      await sql`delete from imports where at < ${before} and not exists (
        select 1 from history where history.import_id = imports.id)`.execute(db);
    },
  };
}

/** A bounded number at a time, so that no statement holds the writer for long. */
async function deleteRows(db: Kysely<Database>, which: ReturnType<typeof sql>): Promise<number> {
  let deleted = 0;
  for (;;) {
    const { numAffectedRows } = await sql`delete from history where id in (
      select id from history where ${which} limit ${DELETE_ROWS})`.execute(db);
    deleted += Number(numAffectedRows ?? 0n);
    if (Number(numAffectedRows ?? 0n) < DELETE_ROWS) return deleted;
    await new Promise(setImmediate);
  }
}

async function listTasks(db: Kysely<Database>): ReturnType<HistoryStore['tasks']> {
  const rows = await db
    .selectFrom('history')
    .select((eb) => [
      'task',
      eb.fn.countAll<number>().as('rows'),
      eb.fn.min('at').as('since'),
      eb.fn.max('at').as('last'),
    ])
    .groupBy('task')
    .orderBy('task')
    .execute();
  return rows.map(({ task, rows: count, since, last }) => ({
    task,
    rows: Number(count),
    since: Number(since),
    last: Number(last),
  }));
}

/** Calls that are there stay as they are; sums take the place of earlier sums of the same. */
async function addRows(
  db: Kysely<Database>,
  engine: Engine,
  { importId, rows }: { importId: string; rows: readonly HistoryRow[] },
): Promise<{ added: number; replaced: number }> {
  if (rows.length === 0) return { added: 0, replaced: 0 };
  // The last of equal ids counts, and the order of ids keeps two writers from waiting for each other.
  const byId = new Map(rows.map((row) => [row.id, row]));
  const sorted = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const sumIds = sorted.filter(({ spanMs }) => spanMs > 0).map(({ id }) => text(id));
  return db.transaction().execute(async (trx: Transaction<Database>) => {
    const { numDeletedRows } =
      sumIds.length === 0
        ? { numDeletedRows: 0n }
        : await trx.deleteFrom('history').where('id', 'in', sumIds).executeTakeFirstOrThrow();
    const fresh = await engine.insertNew(
      trx,
      HISTORY,
      sorted.map((row) => toRow(row, importId)),
    );
    const replaced = Number(numDeletedRows);
    return { added: fresh.length - replaced, replaced };
  });
}

/** In the order of {@link HISTORY}'s columns. */
function toRow(row: HistoryRow, importId: string): Row {
  const cells: HistoryTable = {
    at: row.at,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cache_read_tokens: row.cacheReadTokens,
    cache_write_tokens: row.cacheWriteTokens,
    cost_nano_usd: row.costNanoUsd,
    calls: row.calls,
    duration_ms: row.durationMs,
    ttft_ms: row.ttftMs,
    span_ms: row.spanMs,
    failed: Number(row.failed),
    id: text(row.id),
    import_id: importId,
    task: text(row.task),
    provider: textOrNull(row.provider),
    model: textOrNull(row.model),
    user_id: textOrNull(row.user),
    error: textOrNull(row.error),
    cost_source: row.costSource,
  };
  return (Object.keys(HISTORY.columns) as (keyof HistoryTable)[]).map((name) => cells[name]);
}

async function listImports(db: Kysely<Database>): Promise<HistoryImport[]> {
  const rows = await db
    .selectFrom('imports')
    .leftJoin('history', 'history.import_id', 'imports.id')
    .selectAll('imports')
    .select((eb) => [eb.fn.min('history.at').as('since'), eb.fn.max('history.at').as('until')])
    .groupBy([
      'imports.id',
      'imports.at',
      'imports.file',
      'imports.format',
      'imports.rows',
      'imports.bad_rows',
    ])
    .orderBy('imports.at', 'desc')
    .execute();
  return rows.map((row: ImportsTable & { since: number | null; until: number | null }) => ({
    id: row.id,
    at: row.at,
    file: row.file,
    format: row.format,
    rows: row.rows,
    badRows: row.bad_rows,
    since: row.since,
    until: row.until,
  }));
}

type HistoryQuery = ReturnType<typeof fromHistory>;

function fromHistory(db: Kysely<Database>) {
  return db.selectFrom('history');
}

function within(query: HistoryQuery, { task, since, until }: HistoryFilter): HistoryQuery {
  return query.where('task', '=', task).where('at', '>=', since).where('at', '<', until);
}

/** Sums that span several hours are spread evenly over them. */
async function hourly(db: Kysely<Database>, filter: HistoryFilter): ReturnType<HistoryStore['hourly']> {
  const hour = sql<number>`at - at % ${sql.lit(HOUR_MS)}`;
  const rows = await within(db.selectFrom('history'), filter)
    .select((eb) => [hour.as('hour'), 'span_ms', eb.fn.sum<number>('calls').as('calls')])
    .where('calls', 'is not', null)
    .groupBy([hour, 'span_ms'])
    .execute();
  const calls = new Map<number, number>();
  for (const row of rows) {
    const hours = Math.max(1, Math.round(Number(row.span_ms) / HOUR_MS));
    for (let index = 0; index < hours; index++) {
      const at = Number(row.hour) + index * HOUR_MS;
      calls.set(at, (calls.get(at) ?? 0) + Number(row.calls) / hours);
    }
  }
  return [...calls].map(([at, count]) => ({ at, calls: count })).sort((a, b) => a.at - b.at);
}

/** A vendor's bill and the usage it bills would count one cost twice: they are told apart. */
async function sums(db: Kysely<Database>, filter: HistoryFilter): ReturnType<HistoryStore['sums']> {
  const isBill = sql<number>`case when cost_source = 'bill' then 1 else 0 end`;
  const rows = await within(db.selectFrom('history'), filter)
    .select((eb) => [
      'provider',
      'model',
      isBill.as('bill'),
      eb.fn.sum<number | null>('calls').as('calls'),
      eb.fn.countAll<number>().as('rows'),
      eb.fn.sum<number | null>('input_tokens').as('input'),
      eb.fn.sum<number | null>('output_tokens').as('output'),
      eb.fn.sum<number | null>('cache_read_tokens').as('cacheRead'),
      eb.fn.sum<number | null>('cost_nano_usd').as('cost'),
      sql<number>`sum(case when cost_nano_usd is null and failed = 0 then 1 else 0 end)`.as('unpriced'),
    ])
    .groupBy(['provider', 'model', isBill])
    .execute();
  return rows.map((row) => ({
    provider: row.provider,
    model: row.model,
    bill: Number(row.bill) === 1,
    rows: Number(row.rows),
    calls: numberOrNull(row.calls),
    inputTokens: Number(row.input ?? 0),
    outputTokens: Number(row.output ?? 0),
    cacheReadTokens: Number(row.cacheRead ?? 0),
    costNanoUsd: numberOrNull(row.cost),
    unpricedRows: Number(row.unpriced),
  }));
}

async function errors(db: Kysely<Database>, filter: HistoryFilter): ReturnType<HistoryStore['errors']> {
  const rows = await within(db.selectFrom('history'), filter)
    .select((eb) => ['error', eb.fn.countAll<number>().as('calls')])
    .where('failed', '=', 1)
    .groupBy('error')
    .execute();
  return rows.map(({ error, calls }) => ({ code: error ?? 'unknown', calls: Number(calls) }));
}

/** Ids are hashes, so that the first by id are a random draw, and the same one each time. */
async function sample(
  db: Kysely<Database>,
  filter: HistoryFilter,
  limit: number,
): ReturnType<HistoryStore['sample']> {
  const rows = await within(db.selectFrom('history'), filter)
    .select(['at', ...SAMPLE_COLUMNS])
    .where('span_ms', '=', 0)
    .where('input_tokens', 'is not', null)
    .where('output_tokens', 'is not', null)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => toSample(row, row.at));
}

async function times(db: Kysely<Database>, filter: HistoryFilter): Promise<number[]> {
  const rows = await within(db.selectFrom('history'), filter)
    .select('at')
    .where('span_ms', '=', 0)
    .orderBy('at')
    .limit(MAX_BUSIEST)
    .execute();
  return rows.map(({ at }) => at);
}

function numberOrNull(value: number | null): number | null {
  return value === null ? null : Number(value);
}
