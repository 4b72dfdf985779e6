import { type Kysely, sql } from 'kysely';
import type { RetentionConfig } from '../stack/stack.ts';
import { firstIdAt } from './call-window.ts';
import type { Engine, PartitionedTable } from './engines/engine.ts';
import { DAY_MS, GRAINS, USER_GRAIN, USER_TASK_GRAIN } from './rollup-grains.ts';
import type { Database } from './schema.ts';
import { forgetUsers } from './user-write.ts';

type RollupTable = 'rollups' | 'user_sums';

/** Longest one statement should hold the writer. */
const STEP_MS = 50;
const FIRST_STEP_ROWS = 200;

/** See {@link Store.expire}. */
export async function expire(
  db: Kysely<Database>,
  engine: Engine,
  options: { retention: RetentionConfig; now: number; monotonic: () => number },
): Promise<{ calls: number; payloads: number; rollups: number }> {
  const { retention, now, monotonic } = options;
  const remove = (table: PartitionedTable, column: string, days: number) =>
    expireById(db, engine, { table, column, before: now - days * DAY_MS, monotonic });
  // A payload is nothing without its call.
  const payloadsDays = Math.min(retention.payloadsDays, retention.callsDays);
  const payloads = await remove('payloads', 'call_id', payloadsDays);
  const calls = await remove('calls', 'id', retention.callsDays);
  // Feedback says nothing once both its call and the sums it is part of are gone.
  const oldest = now - Math.max(retention.callsDays, retention.rollupsDays) * DAY_MS;
  await inSteps(monotonic, (rows) =>
    deleteRows(
      db,
      sql`delete from feedback where id in (
      select id from feedback where created_at < ${oldest} order by id limit ${rows})`,
    ),
  );
  const rollups = await expireRollups(db, engine, {
    before: now - retention.rollupsDays * DAY_MS,
    monotonic,
  });
  if (calls + payloads + rollups > 0) await engine.giveBack(db);
  return { calls, payloads, rollups };
}

async function expireById(
  db: Kysely<Database>,
  engine: Engine,
  what: { table: PartitionedTable; column: string; before: number; monotonic: () => number },
): Promise<number> {
  const table = sql.table(what.table);
  const column = sql.ref(what.column);
  if (engine.capabilities.partitions) return engine.dropPartitions(db, what.table, what.before);
  return inSteps(what.monotonic, (rows) =>
    deleteRows(
      db,
      sql`delete from ${table} where ${column} in (
      select ${column} from ${table} where ${column} < ${firstIdAt(what.before)} order by ${column} limit ${rows})`,
    ),
  );
}

async function expireRollups(
  db: Kysely<Database>,
  engine: Engine,
  options: { before: number; monotonic: () => number },
): Promise<number> {
  const all: [RollupTable, number, number][] = [
    ...GRAINS.flatMap(({ id, tiers }) =>
      tiers.map((tier): [RollupTable, number, number] => ['rollups', id, tier]),
    ),
    ...[USER_GRAIN, USER_TASK_GRAIN].flatMap(({ id, tiers }) =>
      tiers.map((tier): [RollupTable, number, number] => ['user_sums', id, tier]),
    ),
  ];
  let deleted = 0;
  // Whole days, so that every tier still tells the same story of what is left.
  const before = Math.floor(options.before / DAY_MS) * DAY_MS;
  for (const [table, grain, tier] of all)
    for (const sandbox of [0, 1]) {
      const range = sql`grain = ${grain} and tier = ${tier} and sandbox = ${sandbox} and bucket < ${before}`;
      deleted += await expireRange(db, engine, { table, range, monotonic: options.monotonic });
    }
  if (deleted > 0)
    await db.transaction().execute(async (trx) => {
      await engine.lockRollups(trx);
      await forgetUsers(trx);
    });
  return deleted;
}

/** A bucket at a time: buckets are what the primary key orders by. */
async function expireRange(
  db: Kysely<Database>,
  engine: Engine,
  what: { table: RollupTable; range: ReturnType<typeof sql>; monotonic: () => number },
): Promise<number> {
  const table = sql.table(what.table);
  const key = sql.raw(
    what.table === 'rollups' ? 'grain, tier, sandbox, bucket, task, deployment, key_id' : 'id',
  );
  return inSteps(what.monotonic, (rows) =>
    db.transaction().execute(async (trx) => {
      await engine.lockRollups(trx);
      return deleteRows(
        trx,
        sql`delete from ${table} where (${key}) in (
        select ${key} from ${table} where ${what.range} order by bucket limit ${rows})`,
      );
    }),
  );
}

/** Repeats `step` until it finds less than it may take, with as many rows as fit in {@link STEP_MS}. */
async function inSteps(monotonic: () => number, step: (rows: number) => Promise<number>): Promise<number> {
  let total = 0;
  let rows = FIRST_STEP_ROWS;
  for (;;) {
    const begin = monotonic();
    const done = await step(rows);
    total += done;
    if (done < rows) return total;
    const took = Math.max(0.1, monotonic() - begin);
    rows = Math.max(50, Math.min(rows * 2, Math.floor((rows * STEP_MS) / 2 / took)));
    await new Promise(setImmediate);
  }
}

async function deleteRows(db: Kysely<Database>, statement: ReturnType<typeof sql>): Promise<number> {
  const { numAffectedRows } = await statement.execute(db);
  return Number(numAffectedRows ?? 0n);
}
