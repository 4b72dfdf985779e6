import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  CompiledQuery as Compiled,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { TrimtabError } from '../../core/error.ts';
import { createHistogram, encode, mergeEncoded } from '../../core/histogram.ts';
import type { BulkTable, Cell, Row } from '../bulk-table.ts';
import type { Engine } from './engine.ts';

/** Prepared statements kept; the oldest unused one goes first. */
const MAX_STATEMENTS = 200;
const TYPES = {
  serial: 'integer not null primary key autoincrement',
  text: 'text',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  float: 'real',
  json: 'text',
  bytes: 'blob',
};
/** Pages given back per step: about 10 ms of work. */
const VACUUM_PAGES = 500;

/**
 * SQLite by `node:sqlite`, in the thread that opens it. One connection: transactions queue behind each other, and a
 * statement that has begun ends before anything else runs.
 */
export function createSqliteEngine(path: string): Engine {
  const db = openFile(path);
  const prepare = createStatementCache(db);
  const run = <T>(task: () => T): T => {
    try {
      return task();
    } catch (error) {
      throw toStoreError(error);
    }
  };
  const writeAll = (statement: string, rows: readonly Row[]): number[] =>
    run(() => {
      const insert = prepare(statement);
      const changed: number[] = [];
      rows.forEach((row, position) => {
        if (insert.run(...(row as Cell[])).changes) changed.push(position);
      });
      return changed;
    });
  const count = (pragma: string): number =>
    run(() => Object.values(prepare(`pragma ${pragma}`).get() ?? {})[0] as number);

  return {
    name: 'SQLite',
    capabilities: { partitions: false, jsonb: false, notify: false, skipLocked: false },
    dialect: createDialect(db, prepare),
    words: { types: TYPES, partitions: false, clustered: ' without rowid' },
    afterMigration: plannerStatistics,
    async lockSchema() {},
    async lockRollups() {},
    async insertNew(_trx, table, rows) {
      return writeAll(`${insertInto(table)} on conflict do nothing`, rows);
    },
    async addUp(_trx, table, rows) {
      writeAll(addUpStatement(table), rows);
    },
    async prepareDays() {},
    async dropPartitions() {
      return 0;
    },
    async giveBack() {
      // A file made without auto_vacuum gives nothing back: its free pages are used again instead.
      for (let before = Infinity; count('freelist_count') < before; ) {
        before = count('freelist_count');
        run(() => db.exec(`pragma incremental_vacuum(${VACUUM_PAGES})`));
        await new Promise(setImmediate);
      }
      run(() => db.exec('pragma wal_checkpoint(truncate)'));
    },
    async bytes() {
      return (count('page_count') - count('freelist_count')) * count('page_size');
    },
  };
}

function openFile(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(path, { timeout: 5000 });
    chmodSync(path, 0o600);
    // auto_vacuum and page_size only take effect before the first table. 8 KB pages hold about ten calls.
    // The drain deletes a spool segment once its calls are committed, so a commit must survive a power cut: full, not
    // normal, which in WAL mode syncs at checkpoints only. That is a sync per batch, five a second at most, and about
    // 1 us of CPU per call.
    db.exec(`
      pragma page_size = 8192;
      pragma auto_vacuum = incremental;
      pragma journal_mode = wal;
      pragma synchronous = full;
      pragma cache_size = -8000;
      pragma wal_autocheckpoint = 8000;
      pragma temp_store = memory;
      pragma journal_size_limit = 67108864;
    `);
    db.function('merge_histograms', { deterministic: true }, mergeHistograms);
    return db;
  } catch (error) {
    throw toStoreError(error);
  }
}

function mergeHistograms(a: unknown, b: unknown): Uint8Array | null {
  if (!(a instanceof Uint8Array)) return b instanceof Uint8Array ? b : null;
  if (!(b instanceof Uint8Array)) return a;
  const merged = createHistogram();
  mergeEncoded(merged, a);
  mergeEncoded(merged, b);
  return encode(merged);
}

function insertInto(table: BulkTable): string {
  const columns = Object.keys(table.columns);
  return `insert into ${table.name} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`;
}

function addUpStatement(table: BulkTable): string {
  const sums = (table.sums ?? []).map(
    (column) => `${column} = nullif(coalesce(${column}, 0) + coalesce(excluded.${column}, 0), 0)`,
  );
  const histograms = (table.histograms ?? []).map(
    (column) => `${column} = merge_histograms(${column}, excluded.${column})`,
  );
  return `${insertInto(table)} on conflict do update set ${[...sums, ...histograms].join(', ')}`;
}

/**
 * Rows per value that the planner assumes for each index, as `analyze` would find them on ten million calls. Without
 * them it takes every index for equally selective; with `analyze` it would depend on when that last ran.
 */
function plannerStatistics(): readonly string[] {
  const rows = [
    ['calls_task', '10000000 500000 1'],
    ['calls_user', '10000000 1000 1'],
    ['calls_deployment', '10000000 1000000 1'],
    ['calls_key', '10000000 800000 1'],
    ['calls_sandbox', '1000000 1'],
    ['calls_trouble', '200000 70000 1'],
    ['calls_unpriced', '1000000 1'],
    ['calls_slow', '500000 20'],
  ];
  return [
    'analyze schema_version',
    'delete from sqlite_stat1',
    ...rows.map(
      ([index, stat]) => `insert into sqlite_stat1 (tbl, idx, stat) values ('calls', '${index}', '${stat}')`,
    ),
    'analyze sqlite_schema',
  ];
}

function createStatementCache(db: DatabaseSync): (statement: string) => StatementSync {
  const cache = new Map<string, StatementSync>();
  return (statement) => {
    let prepared = cache.get(statement);
    if (prepared) cache.delete(statement);
    else prepared = db.prepare(statement);
    cache.set(statement, prepared);
    if (cache.size > MAX_STATEMENTS) cache.delete(cache.keys().next().value as string);
    return prepared;
  };
}

function createDialect(db: DatabaseSync, prepare: (statement: string) => StatementSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(db, prepare),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function createDriver(db: DatabaseSync, prepare: (statement: string) => StatementSync): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      try {
        const statement = prepare(query.sql);
        const parameters = query.parameters as Cell[];
        if (statement.columns().length > 0) return { rows: statement.all(...parameters) as R[] };
        return { rows: [], numAffectedRows: BigInt(statement.run(...parameters).changes) };
      } catch (error) {
        throw toStoreError(error);
      }
    },
    streamQuery() {
      throw new Error('rows are read whole');
    },
  };
  let turn: Promise<void> = Promise.resolve();
  let finish: () => void = () => {};
  const command = (text: string) => connection.executeQuery(Compiled.raw(text)).then(() => {});
  return {
    async init() {},
    async acquireConnection() {
      const before = turn;
      let done: () => void = () => {};
      turn = new Promise((resolve) => {
        done = resolve;
      });
      await before;
      finish = done;
      return connection;
    },
    beginTransaction: () => command('begin immediate'),
    commitTransaction: () => command('commit'),
    // After FULL or IOERR SQLite has rolled back itself; a second rollback would hide that error behind its own.
    rollbackTransaction: async () => (db.isTransaction ? command('rollback') : undefined),
    async releaseConnection() {
      finish();
    },
    async destroy() {
      if (db.isOpen) db.close();
    },
  };
}

/** What SQLite says when the file, the disk or another process stands in the way; anything else is our bug. */
function toStoreError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TrimtabError) return error;
  // Result codes: https://sqlite.org/rescode.html (read 2026-11-23); the low byte is the primary code.
  const code = (error as Error & { errcode?: number }).errcode;
  // BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
  if (code !== undefined && [5, 6, 8, 10, 11, 13, 14, 26].includes(code & 255))
    return new TrimtabError('store_unavailable', `The database file cannot be used: ${error.message}.`, {
      cause: error,
    });
  return error;
}
