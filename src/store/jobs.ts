import { type Kysely, sql } from 'kysely';
import type { JobsTable } from './batch-tables.ts';
import type { Engine } from './engines/engine.ts';
import type { Database } from './schema.ts';

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** One piece of work in the background: who asked for it, who does it, how far it is. Times are epoch milliseconds. */
export interface Job {
  id: string;
  /** What to do; a worker claims the kinds it knows. */
  kind: string;
  state: JobState;
  /** JSON, for the kind alone to read. */
  input: unknown;
  /** JSON; `null` until it is done, and where there is none. */
  result: unknown;
  /** `null`: not told yet. */
  progress: { done: number; total: number } | null;
  /** Why the last attempt failed, in words. */
  error: string | null;
  /** Attempts that failed, or whose worker vanished. */
  attempts: number;
  /** `null`: as often as it takes. */
  maxAttempts: number | null;
  worker: string | null;
  cancelRequested: boolean;
  /** Not before. */
  runAt: number;
  heartbeatAt: number | null;
  createdAt: number;
  endedAt: number | null;
}

export type NewJob = Pick<Job, 'id' | 'kind' | 'input' | 'maxAttempts' | 'runAt' | 'createdAt'>;

/** A job as its worker holds it. What a worker does after it lost the job changes nothing. */
export interface Held {
  id: string;
  worker: string;
  now: number;
}

export interface JobStore {
  /** Idempotent by id. */
  add(job: NewJob): Promise<void>;
  get(id: string): Promise<Job | undefined>;
  /** Newest first. */
  list(filter: { kind?: string; state?: JobState; limit: number; before?: string }): Promise<Job[]>;
  /**
   * Gives one due job of these kinds to `worker` and to nobody else: one that waits, or one whose worker has sent no
   * heartbeat for `staleMs`, which counts as a failed attempt.
   */
  claim(by: {
    kinds: readonly string[];
    worker: string;
    now: number;
    staleMs: number;
  }): Promise<Job | undefined>;
  /** `lost`: another worker has it, or it has ended. */
  heartbeat(held: Held & { progress?: { done: number; total: number } }): Promise<'held' | 'cancel' | 'lost'>;
  /** Puts it back. With an `error` that was a failed attempt; without, it only waits. False: it was lost. */
  release(held: Held & { runAt: number; error: string | null }): Promise<boolean>;
  /** False: it was lost. */
  end(
    held: Held & { state: 'done' | 'failed' | 'cancelled'; error?: string | null; result?: unknown },
  ): Promise<boolean>;
  /**
   * One that waits is cancelled at once, or with `finishing` made due now, so that it runs once more and ends its own
   * way; one that runs is told by its next heartbeat. `undefined`: there is none.
   */
  cancel(id: string, now: number, how?: { finishing: boolean }): Promise<Job | undefined>;
  /** Makes a waiting job due now; a running one is not touched. */
  hurry(id: string, now: number): Promise<void>;
  /** Takes every running job from its worker. Only where no other process can hold one. */
  free(now: number): Promise<void>;
  /** Deletes jobs that ended before, epoch milliseconds. */
  expire(before: number): Promise<void>;
}

const EXPIRE_ROWS = 500;

export function createJobStore(db: Kysely<Database>, engine: Engine): JobStore {
  return { ...forOwners(db), ...forWorkers(db, engine) };
}

type ForWorkers = 'claim' | 'heartbeat' | 'release' | 'end';

function forWorkers(db: Kysely<Database>, engine: Engine): Pick<JobStore, ForWorkers> {
  const skipLocked = engine.capabilities.skipLocked ? sql`for update skip locked` : sql``;
  const mine = ({ id, worker }: Held) =>
    db.updateTable('jobs').where('id', '=', id).where('worker', '=', worker).where('state', '=', 'running');

  return {
    async claim({ kinds, worker, now, staleMs }) {
      if (kinds.length === 0) return undefined;
      const { rows } = await sql<JobsTable>`
        update jobs set state = 'running', worker = ${worker}, heartbeat_at = ${now},
          attempts = attempts + case when state = 'running' then 1 else 0 end
        where id = (
          select id from jobs where kind in (${sql.join(kinds)})
            and ((state = 'queued' and run_at <= ${now}) or (state = 'running' and heartbeat_at < ${now - staleMs}))
          order by run_at, id limit 1 ${skipLocked})
        returning *`.execute(db);
      return rows[0] && fromRow(rows[0]);
    },
    async heartbeat({ progress, ...held }) {
      const row = await mine(held)
        .set({ heartbeat_at: held.now, ...progress })
        .returning('cancel_requested')
        .executeTakeFirst();
      if (!row) return 'lost';
      return row.cancel_requested ? 'cancel' : 'held';
    },
    async release({ runAt, error, ...held }) {
      const row = await mine(held)
        .set(({ eb }) => ({
          state: 'queued',
          worker: null,
          run_at: runAt,
          ...(error !== null && { error, attempts: eb('attempts', '+', 1) }),
        }))
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },
    async end({ state, error = null, result, ...held }) {
      const kept = result === undefined ? null : JSON.stringify(result);
      const row = await mine(held)
        .set({ state, error, result: kept, ended_at: held.now })
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

function forOwners(db: Kysely<Database>): Omit<JobStore, ForWorkers> {
  return {
    async add({ id, kind, input, maxAttempts, runAt, createdAt }) {
      const row: JobsTable = {
        ...EMPTY,
        id,
        kind,
        input: JSON.stringify(input),
        max_attempts: maxAttempts,
        run_at: runAt,
        created_at: createdAt,
      };
      await db
        .insertInto('jobs')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    get: (id) => find(db, id),
    async list({ kind, state, limit, before }) {
      let query = db.selectFrom('jobs').selectAll().orderBy('id', 'desc').limit(limit);
      if (kind !== undefined) query = query.where('kind', '=', kind);
      if (state !== undefined) query = query.where('state', '=', state);
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.execute()).map(fromRow);
    },
    cancel: (id, now, how) => cancel(db, { id, now, finishing: how?.finishing ?? false }),
    async hurry(id, now) {
      await db
        .updateTable('jobs')
        .set({ run_at: now })
        .where('id', '=', id)
        .where('state', '=', 'queued')
        .where('run_at', '>', now)
        .execute();
    },
    async free(now) {
      await db
        .updateTable('jobs')
        .set({ state: 'queued', worker: null, run_at: now })
        .where('state', '=', 'running')
        .execute();
    },
    async expire(before) {
      for (;;) {
        const { numAffectedRows } = await sql`delete from jobs where id in (
          select id from jobs where ended_at < ${before} order by id limit ${EXPIRE_ROWS})`.execute(db);
        if (Number(numAffectedRows ?? 0n) < EXPIRE_ROWS) return;
      }
    },
  };
}

async function cancel(
  db: Kysely<Database>,
  { id, now, finishing }: { id: string; now: number; finishing: boolean },
): Promise<Job | undefined> {
  const waiting = finishing
    ? sql`run_at = case when state = 'queued' then ${now} else run_at end`
    : sql`ended_at = case when state = 'queued' then ${now} else ended_at end,
        state = case when state = 'queued' then 'cancelled' else state end`;
  await sql`update jobs set cancel_requested = 1, ${waiting}
    where id = ${id} and state in ('queued', 'running')`.execute(db);
  return find(db, id);
}

const EMPTY = {
  state: 'queued',
  done: null,
  total: null,
  result: null,
  error: null,
  attempts: 0,
  worker: null,
  cancel_requested: 0,
  heartbeat_at: null,
  ended_at: null,
} as const;

async function find(db: Kysely<Database>, id: string): Promise<Job | undefined> {
  const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
  return row && fromRow(row);
}

function fromRow(row: JobsTable): Job {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state as JobState,
    input: JSON.parse(row.input),
    result: row.result === null ? null : JSON.parse(row.result),
    progress: row.done === null || row.total === null ? null : { done: row.done, total: row.total },
    error: row.error,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    worker: row.worker,
    cancelRequested: row.cancel_requested === 1,
    runAt: row.run_at,
    heartbeatAt: row.heartbeat_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
