import { join } from 'node:path';
import { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { Logger } from '../core/log.ts';
import { createAdviceStore } from './advice.ts';
import { createBatchPartStore } from './batch-parts.ts';
import { createBatchStore } from './batches.ts';
import { createCallStore } from './calls.ts';
import type { Engine } from './engines/engine.ts';
import { createSqliteEngine } from './engines/sqlite.ts';
import { expire } from './expire.ts';
import { createFeedbackStore } from './feedback.ts';
import { createFileStore } from './files.ts';
import { createFolder } from './fold.ts';
import { createHistoryStore } from './history.ts';
import { createJobStore } from './jobs.ts';
import { createKeyStore } from './keys.ts';
import { createLoadTestStore } from './load-tests.ts';
import { migrate } from './migrations/index.ts';
import { createResponseStore } from './responses.ts';
import { createRevisionStore } from './revisions.ts';
import { DAY_MS, floorTo, HOUR_MS } from './rollup-grains.ts';
import { createRollupStore } from './rollups.ts';
import type { Database } from './schema.ts';
import { createSettingStore } from './settings.ts';
import type { Store } from './store.ts';
import { createTaskCallStore } from './task-calls.ts';

/** Calls wait at most this long to be added to the rollups; a read of rollups does not wait. */
const FOLD_EVERY_MS = 5000;

export interface StoreOptions {
  /** Folder of the embedded database, made when missing. Unused with `databaseUrl`. */
  dataDir: string;
  /** `postgres://...`, or `null` for the embedded database. */
  databaseUrl: string | null;
  logger: Logger;
  clock: Clock;
}

/**
 * Opens the store and brings its schema up to date. Throws TrimtabError(store_unavailable) when the database does
 * not answer or the file cannot be used, config_invalid when the URL is of another kind of database; once open, methods throw it during an outage and recover by themselves.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const engine = await createEngine(options);
  const db = new Kysely<Database>({ dialect: engine.dialect });
  try {
    await migrate(db, engine);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return createStore(db, engine, options);
}

/** A driver is loaded only when it is used. */
async function createEngine({ dataDir, databaseUrl, logger }: StoreOptions): Promise<Engine> {
  if (databaseUrl === null) return createSqliteEngine(join(dataDir, 'trimtab.db'));
  checkScheme(databaseUrl);
  const { createPostgresEngine } = await import('./engines/postgres.ts');
  return createPostgresEngine(databaseUrl, logger);
}

/** Only the scheme is told: what follows may hold a password. */
function checkScheme(databaseUrl: string): void {
  if (/^postgres(ql)?:\/\//i.test(databaseUrl)) return;
  const scheme = /^[a-z][a-z0-9+.-]{0,30}:\/\//i.exec(databaseUrl)?.[0] ?? 'no scheme';
  const text = `DATABASE_URL: begins with ${scheme}; what is taken is postgres:// or postgresql://`;
  throw new TrimtabError('config_invalid', text, { field: 'DATABASE_URL' });
}

function createStore(db: Kysely<Database>, engine: Engine, { clock, logger }: StoreOptions): Store {
  const folder = createFolder(db, engine);
  const timer = clock.every(FOLD_EVERY_MS, () => {
    folder
      .tick()
      .catch((error) => logger.warn({ error: String(error) }, 'rollups are behind; reads catch up'));
  });
  const responses = createResponseStore(db);
  const history = createHistoryStore(db, engine);
  const jobs = createJobStore(db, engine);
  const files = createFileStore(db);
  const batches = createBatchStore(db);
  const loadTests = createLoadTestStore(db);
  return {
    calls: createCallStore(db, engine, folder),
    rollups: createRollupStore(db, folder),
    feedback: createFeedbackStore(db, engine, folder),
    keys: createKeyStore(db),
    revisions: createRevisionStore(db, engine),
    settings: createSettingStore(db),
    responses,
    history,
    taskCalls: createTaskCallStore(db),
    advice: createAdviceStore(db),
    loadTests,
    jobs,
    files,
    batches,
    batchParts: createBatchPartStore(db),
    async expire(retention, now) {
      await folder.flush();
      await responses.expire(now - retention.payloadsDays * DAY_MS);
      await history.expire(now - retention.rollupsDays * DAY_MS);
      await jobs.expire(now - retention.callsDays * DAY_MS);
      await files.expire(now, now - DAY_MS);
      await batches.expire(now - retention.filesDays * DAY_MS);
      await loadTests.expire(now - retention.rollupsDays * DAY_MS);
      return expire(db, engine, { retention, now, monotonic: clock.monotonic });
    },
    async stats() {
      await folder.flush();
      return statsOf(db, engine);
    },
    async close() {
      timer.stop();
      await folder.idle();
      await db.destroy();
    },
  };
}

/**
 * Calls are counted in the rollups, not one by one, which takes a second at ten million: of the hour that retention
 * last cut into, the whole.
 */
async function statsOf(db: Kysely<Database>, engine: Engine): ReturnType<Store['stats']> {
  const first = await db.selectFrom('calls').select('started_at').orderBy('id').limit(1).executeTakeFirst();
  const oldest = first?.started_at ?? null;
  const bytes = await engine.bytes(db);
  const row = await db
    .selectFrom('rollups')
    .select((eb) => eb.fn.sum<number | null>('calls').as('calls'))
    .where('grain', '=', 0)
    .where('tier', '=', HOUR_MS)
    .where('sandbox', 'in', [0, 1])
    .where('bucket', '>=', floorTo(oldest ?? Number.MAX_SAFE_INTEGER, HOUR_MS))
    .executeTakeFirst();
  const calls = Number(row?.calls ?? 0);
  return {
    engine: engine.name,
    calls,
    bytes,
    bytesPerCall: calls > 0 ? Math.round(bytes / calls) : null,
    oldest,
  };
}
