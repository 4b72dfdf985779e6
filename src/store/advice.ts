import { type Kysely, sql } from 'kysely';
import type { Recommendation } from '../core/recommendation.ts';
import { text } from './call-row.ts';
import type { Database } from './schema.ts';
import type { AdviceStore } from './store.ts';

/** A recommendation is read whole and changes whole: its body is JSON. */
export function createAdviceStore(db: Kysely<Database>): AdviceStore {
  return {
    async profile(task) {
      const row = await db.selectFrom('profiles').selectAll().where('task', '=', task).executeTakeFirst();
      return row && { task: row.task, profile: JSON.parse(row.profile), at: row.at, by: row.by_whom };
    },
    async profiles() {
      const rows = await db.selectFrom('profiles').selectAll().orderBy('task').execute();
      return rows.map((row) => ({
        task: row.task,
        profile: JSON.parse(row.profile),
        at: row.at,
        by: row.by_whom,
      }));
    },
    async saveProfile({ task, profile, at, by }) {
      const values = { profile: text(JSON.stringify(profile)), at, by_whom: text(by) };
      await db
        .insertInto('profiles')
        .values({ task: text(task), ...values })
        .onConflict((conflict) => conflict.column('task').doUpdateSet(values))
        .execute();
    },
    async recommendations(task) {
      let query = db.selectFrom('recommendations').select('body').orderBy('id');
      if (task !== undefined) query = query.where('task', '=', task);
      return (await query.execute()).map(({ body }) => JSON.parse(body) as Recommendation);
    },
    async recommendation(id) {
      const row = await db
        .selectFrom('recommendations')
        .select('body')
        .where('id', '=', id)
        .executeTakeFirst();
      return row && (JSON.parse(row.body) as Recommendation);
    },
    async save(recommendation, { expected }) {
      const values = {
        state: recommendation.state,
        body: text(JSON.stringify(recommendation)),
        changed_at: recommendation.changedAt,
      };
      if (expected === null) {
        const { id, task, target, createdAt } = recommendation;
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('recommendations')
          .values({ id, task: text(task), target, created_at: createdAt, ...values })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return numInsertedOrUpdatedRows === 1n;
      }
      const { numAffectedRows } = await sql`update recommendations
        set state = ${values.state}, body = ${values.body}, changed_at = ${values.changed_at}
        where id = ${recommendation.id} and changed_at = ${expected}`.execute(db);
      return numAffectedRows === 1n;
    },
  };
}
