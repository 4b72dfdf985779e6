import { type Kysely, sql } from 'kysely';
import { TrimtabError } from '../../core/error.ts';
import type { Engine } from '../engines/engine.ts';
import type { Database } from '../schema.ts';
import { calls } from './0001-calls.ts';
import { rollups } from './0002-rollups.ts';
import { control } from './0003-control.ts';
import { responses } from './0004-responses.ts';
import { jobs } from './0005-jobs.ts';
import { history } from './0006-history.ts';
import { advice } from './0007-advice.ts';
import { batches } from './0008-batches.ts';
import { operations } from './0009-operations.ts';
import { keptAdvice } from './0010-kept-advice.ts';
import { batchParts } from './0011-batch-parts.ts';
import { loadTests } from './0012-load-tests.ts';
import type { Migration } from './migration.ts';

/** Every step, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  calls,
  rollups,
  control,
  responses,
  jobs,
  history,
  advice,
  batches,
  operations,
  keptAdvice,
  batchParts,
  loadTests,
];

/**
 * Brings the database to `target` (default: the newest version), in one transaction: all steps or none. Several
 * processes may do this at once; one works, the others find it done. Throws TrimtabError(store_unavailable) when the
 * database was written by a newer Trimtab.
 */
export async function migrate(
  db: Kysely<Database>,
  engine: Engine,
  target: number = MIGRATIONS.length,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await engine.lockSchema(trx);
    await sql`create table if not exists schema_version (version integer not null)`.execute(trx);
    const row = await trx.selectFrom('schema_version').select('version').executeTakeFirst();
    const from = row?.version ?? 0;
    if (from > MIGRATIONS.length)
      throw new TrimtabError(
        'store_unavailable',
        `The database has schema version ${from}; this Trimtab knows versions up to ${MIGRATIONS.length}. Run the newer Trimtab, or restore a backup.`,
      );
    if (from >= target) return;
    for (const migration of MIGRATIONS.slice(from, target)) {
      for (const statement of migration.up(engine.words)) await sql.raw(statement).execute(trx);
      for (const statement of engine.afterMigration(migration.version)) await sql.raw(statement).execute(trx);
    }
    if (row) await trx.updateTable('schema_version').set({ version: target }).execute();
    else await trx.insertInto('schema_version').values({ version: target }).execute();
  });
}
