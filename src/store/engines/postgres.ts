import { type Kysely, PostgresDialect, type PostgresPoolClient, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { TrimtabError } from '../../core/error.ts';
import { createHistogram, encode, mergeEncoded } from '../../core/histogram.ts';
import { encodeTime } from '../../core/id.ts';
import type { Logger } from '../../core/log.ts';
import type { BulkTable, Cell, ColumnKind, Row } from '../bulk-table.ts';
import type { Database } from '../schema.ts';
import type { Engine, PartitionedTable } from './engine.ts';

const DAY_MS = 86_400_000;
const MAX_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5000;
/** Longest wait for an answer: a server that hangs must not hold the drain for ever. */
const QUERY_TIMEOUT_MS = 60_000;
/** Advisory locks, `pg_advisory_xact_lock(class, object)`: "trim", then which. */
const LOCK_CLASS = 0x7472696d;
const SCHEMA_LOCK = 1;
const ROLLUP_LOCK = 2;

const TYPES: Readonly<Record<ColumnKind | 'serial', string>> = {
  serial: 'bigint not null generated always as identity primary key',
  // Byte order, as SQLite has it: ranges of ids and partition bounds must not depend on a locale.
  text: 'text collate "C"',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float: 'double precision',
  json: 'jsonb',
  bytes: 'bytea',
};
const ARRAY_TYPES: Readonly<Record<ColumnKind, string>> = { ...TYPES, text: 'text' };
const PARTITIONED: Readonly<Record<PartitionedTable, string>> = { calls: 'id', payloads: 'call_id' };

/** PostgreSQL 14 or newer, through a pool. Several processes may write to the same database. */
export function createPostgresEngine(url: string, logger: Logger): Engine {
  const pool = createPool(url, logger);
  const known = new Set<string>();
  return {
    name: 'PostgreSQL',
    capabilities: { partitions: true, jsonb: true, notify: true, skipLocked: true },
    dialect: new PostgresDialect({
      pool: { connect: () => connectTo(pool), end: () => pool.end() },
    }),
    words: { types: TYPES, partitions: true, clustered: '' },
    afterMigration: (version) =>
      version === 1
        ? // Ids without a time of ours; there should be none, and they must not stop the rest.
          Object.keys(PARTITIONED).map((table) => `create table ${table}_other partition of ${table} default`)
        : [],
    lockSchema: (trx) => lock(trx, SCHEMA_LOCK),
    lockRollups: (trx) => lock(trx, ROLLUP_LOCK),
    insertNew,
    addUp,
    prepareDays: (db, days) => prepareDays(db, days, known),
    async dropPartitions(db, table, before) {
      known.clear();
      return dropPartitions(db, table, before);
    },
    // Dropped partitions are files removed; autovacuum reuses the room of the few rows deleted one by one.
    async giveBack() {},
    async bytes(db) {
      const { rows } = await sql<{ bytes: number }>`
        select coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 as bytes from pg_class c
        where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace`.execute(db);
      return rows[0]?.bytes ?? 0;
    },
  };
}

function createPool(url: string, logger: Logger): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    application_name: 'trimtab',
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        parserOf(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  // An idle connection that the server closes; the next query takes another. Unheard, this event ends the process.
  pool.on('error', (error) => logger.warn({ error: error.message }, 'a database connection was lost'));
  return pool;
}

/** int8 and numeric as numbers: our integers stay below 2^53, sums are cast by the queries. */
function parserOf(oid: number, format: 'text' | undefined): unknown {
  const { INT8, NUMERIC } = pg.types.builtins;
  if (oid === INT8 || oid === NUMERIC) return Number;
  return pg.types.getTypeParser(oid, format);
}

async function connectTo(pool: pg.Pool): Promise<PostgresPoolClient> {
  const client = await pool.connect().catch((error) => {
    throw toStoreError(error, true);
  });
  let broken = false;
  const onError = () => {
    broken = true;
  };
  client.on('error', onError);
  return {
    query: ((text: string, parameters: readonly unknown[]) =>
      client.query(text, [...parameters]).catch((error) => {
        const mapped = toStoreError(error, false);
        broken ||= mapped instanceof TrimtabError;
        throw mapped;
      })) as unknown as PostgresPoolClient['query'],
    release() {
      client.off('error', onError);
      client.release(broken);
    },
  };
}

/**
 * Errors of a database that is away, starting, stopping, full or not answering. SQLSTATE classes 08, 53, 57P and 58:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html (read 2026-11-23). Without a five-character
 * SQLSTATE it is the connection that failed.
 */
function toStoreError(error: Error & { code?: string }, connecting: boolean): Error {
  const state = /^[0-9A-Z]{5}$/.test(error.code ?? '') ? (error.code as string) : undefined;
  const away = state === undefined ? !(error instanceof TypeError) : /^(08|53|57P|58|25006)/.test(state);
  if (!away && !connecting) return error;
  return new TrimtabError('store_unavailable', `The database does not answer: ${error.message}.`, {
    cause: error,
  });
}

async function lock(trx: Transaction<Database>, which: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK_CLASS}::int, ${which}::int)`.execute(trx);
}

/** `select * from unnest($1::text[], ...)`: any number of rows with one parameter per column. */
function unnest(columns: readonly [string, ColumnKind][], rows: readonly Row[]) {
  return sql.join(
    columns.map(
      ([, kind], i) => sql`${rows.map((row) => row[i] ?? null)}::${sql.raw(`${ARRAY_TYPES[kind]}[]`)}`,
    ),
  );
}

async function insertNew(
  trx: Transaction<Database>,
  table: BulkTable,
  rows: readonly Row[],
): Promise<number[]> {
  const columns = Object.entries(table.columns);
  const key = table.key[0] as string;
  const keyAt = columns.findIndex(([name]) => name === key);
  const answer = await sql<{ key: string }>`
    insert into ${sql.table(table.name)} (${sql.join(columns.map(([name]) => sql.ref(name)))})
    select * from unnest(${unnest(columns, rows)})
    on conflict do nothing returning ${sql.ref(key)} as key`.execute(trx);
  const fresh = new Set(answer.rows.map((row) => row.key));
  // Of a record given twice in one batch the first counts.
  return rows.flatMap((row, position) => (fresh.delete(row[keyAt] as string) ? [position] : []));
}

async function addUp(trx: Transaction<Database>, table: BulkTable, rows: readonly Row[]): Promise<void> {
  const columns = Object.entries(table.columns);
  const merged = table.histograms ? await mergeHistograms(trx, table, rows) : rows;
  const target = sql.table(table.name);
  const sums = (table.sums ?? []).map((name) => {
    const column = sql.ref(name);
    return sql`${column} = nullif(coalesce(${target}.${column}, 0) + coalesce(excluded.${column}, 0), 0)`;
  });
  const histograms = (table.histograms ?? []).map(
    (name) => sql`${sql.ref(name)} = excluded.${sql.ref(name)}`,
  );
  await sql`
    insert into ${target} (${sql.join(columns.map(([name]) => sql.ref(name)))})
    select * from unnest(${unnest(columns, merged)})
    on conflict (${sql.join(table.key.map((name) => sql.ref(name)))})
    do update set ${sql.join([...sums, ...histograms])}`.execute(trx);
}

/** The rows with their histograms merged with those that stand. The rollup lock keeps these as read. */
async function mergeHistograms(
  trx: Transaction<Database>,
  table: BulkTable,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const columns = Object.entries(table.columns);
  const positions = new Map(columns.map(([name], position) => [name, position]));
  const at = (name: string) => positions.get(name) as number;
  const keys = table.key.map((name) => columns[at(name)] as [string, ColumnKind]);
  const names = table.histograms ?? [];
  const answer = await sql<Record<string, Uint8Array | null> & { position: number }>`
    select wanted.position::int as position, ${sql.join(names.map((name) => sql`stand.${sql.ref(name)}`))}
    from unnest(${unnest(
      keys,
      rows.map((row) => keys.map(([name]) => row[at(name)] as Cell)),
    )})
      with ordinality as wanted (${sql.join([...table.key, 'position'].map((name) => sql.ref(name)))})
    join ${sql.table(table.name)} stand using (${sql.join(table.key.map((name) => sql.ref(name)))})`.execute(
    trx,
  );
  const merged = rows.map((row) => [...row]);
  for (const { position, ...standing } of answer.rows) {
    const row = merged[position - 1] as Cell[];
    for (const name of names) row[at(name)] = mergeTwo(standing[name] as Cell, row[at(name)] as Cell);
  }
  return merged;
}

function mergeTwo(a: Cell, b: Cell): Cell {
  if (!(a instanceof Uint8Array)) return b;
  if (!(b instanceof Uint8Array)) return a;
  const histogram = createHistogram();
  mergeEncoded(histogram, a);
  mergeEncoded(histogram, b);
  return Buffer.from(encode(histogram));
}

async function prepareDays(db: Kysely<Database>, days: readonly number[], known: Set<string>): Promise<void> {
  const missing = days.filter((day) => !known.has(dayName(day)));
  if (missing.length === 0) return;
  for (const day of missing) {
    await createPartitions(db, day).catch((error) => {
      // check_violation: a late record of a day already dropped went to the default partition. It stays there.
      if (error?.code !== '23514') throw error;
    });
    known.add(dayName(day));
  }
}

async function createPartitions(db: Kysely<Database>, day: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lock(trx, SCHEMA_LOCK);
    for (const table of Object.keys(PARTITIONED)) {
      await sql
        .raw(
          `create table if not exists ${table}_${dayName(day)} partition of ${table}
           for values from ('call_${encodeTime(day)}') to ('call_${encodeTime(day + DAY_MS)}')`,
        )
        .execute(trx);
    }
  });
}

async function dropPartitions(
  db: Kysely<Database>,
  table: PartitionedTable,
  before: number,
): Promise<number> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = ${table}::regclass`.execute(db);
  let dropped = 0;
  for (const { name } of rows) {
    const day = dayOf(name.slice(table.length + 1));
    if (day === undefined || day + DAY_MS > before) continue;
    dropped += await db.transaction().execute(async (trx) => {
      // A long query on the parent must not queue every writer behind this; the next run tries again.
      await sql`set local lock_timeout = '5s'`.execute(trx);
      await lock(trx, SCHEMA_LOCK);
      const held = await sql<{
        count: number;
      }>`select count(*)::int as count from ${sql.table(name)}`.execute(trx);
      await sql`drop table ${sql.table(name)}`.execute(trx);
      return held.rows[0]?.count ?? 0;
    });
  }
  return dropped;
}

/** `p20261123` */
function dayName(day: number): string {
  return `p${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function dayOf(name: string): number | undefined {
  const match = /^p(\d{4})(\d\d)(\d\d)$/.exec(name);
  return match ? Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) : undefined;
}
