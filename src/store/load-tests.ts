import type { Kysely } from 'kysely';
import { text } from './call-row.ts';
import type { LoadTestStore, StoredLoadTest } from './load-test-store.ts';
import type { Database, LoadTestsTable } from './schema.ts';

export function createLoadTestStore(db: Kysely<Database>): LoadTestStore {
  return {
    async add({ id, deployment, jobId, createdAt, body }) {
      const row = { id, deployment: text(deployment), job_id: jobId, created_at: createdAt };
      await db
        .insertInto('load_tests')
        .values({ ...row, body: text(JSON.stringify(body)) })
        .execute();
    },
    async change(id, body) {
      const { numUpdatedRows } = await db
        .updateTable('load_tests')
        .set({ body: text(JSON.stringify(body)) })
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async get(id) {
      const row = await db.selectFrom('load_tests').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list({ deployment, limit, before }) {
      let query = db.selectFrom('load_tests').selectAll().orderBy('id', 'desc').limit(limit);
      if (deployment !== undefined) query = query.where('deployment', '=', deployment);
      if (before !== undefined) query = query.where('id', '<', before);
      return (await query.execute()).map(fromRow);
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('load_tests').where('id', '=', id).executeTakeFirst();
      return numDeletedRows === 1n;
    },
    async expire(before) {
      await db.deleteFrom('load_tests').where('created_at', '<', before).execute();
    },
  };
}

function fromRow({ id, deployment, job_id, created_at, body }: LoadTestsTable): StoredLoadTest {
  return { id, deployment, jobId: job_id, createdAt: created_at, body: JSON.parse(body) };
}
