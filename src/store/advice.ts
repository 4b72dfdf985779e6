import { type Kysely, sql } from 'kysely';
import type { Recommendation } from '../core/recommendation.ts';
import { text } from './call-row.ts';
import type { AdvicesTable, Database, ProfilesTable } from './schema.ts';
import type { AdviceStore, StoredAdvice, StoredProfile } from './store.ts';

/** States of which a task has at most one recommendation for a target; the index `recommendations_open` says the same. */
const OPEN = ['proposed', 'accepted', 'proving', 'adopted'];

/** A recommendation is read whole and changes whole: its body is JSON. */
export function createAdviceStore(db: Kysely<Database>): AdviceStore {
  return { ...profiles(db), ...advices(db), ...recommendations(db) };
}

function profiles(db: Kysely<Database>): Pick<AdviceStore, 'profile' | 'profiles' | 'saveProfile'> {
  return {
    async profile(task) {
      const row = await db.selectFrom('profiles').selectAll().where('task', '=', task).executeTakeFirst();
      return row && toProfile(row);
    },
    async profiles() {
      return (await db.selectFrom('profiles').selectAll().orderBy('task').execute()).map(toProfile);
    },
    async saveProfile({ task, profile, at, by }) {
      const values = { profile: text(JSON.stringify(profile)), at, by_whom: text(by) };
      await db
        .insertInto('profiles')
        .values({ task: text(task), ...values })
        .onConflict((conflict) => conflict.column('task').doUpdateSet(values))
        .execute();
    },
  };
}

function toProfile({ task, profile, at, by_whom }: ProfilesTable): StoredProfile {
  return { task, profile: JSON.parse(profile), at, by: by_whom };
}

type Advices = Pick<AdviceStore, 'advices' | 'advice' | 'saveAdvice' | 'removeAdvice'>;

function advices(db: Kysely<Database>): Advices {
  return {
    async advices() {
      const columns = ['task', 'at', 'basis', 'summary'] as const;
      return (await db.selectFrom('advices').select(columns).orderBy('task').execute()).map(toAdvice);
    },
    async advice(task) {
      const row = await db.selectFrom('advices').selectAll().where('task', '=', task).executeTakeFirst();
      return row && { ...toAdvice(row), advice: JSON.parse(row.body) };
    },
    async saveAdvice({ task, at, basis, summary, advice }) {
      const values = {
        at,
        basis: text(JSON.stringify(basis)),
        summary: text(JSON.stringify(summary)),
        body: text(JSON.stringify(advice)),
      };
      await db
        .insertInto('advices')
        .values({ task: text(task), ...values })
        .onConflict((conflict) => conflict.column('task').doUpdateSet(values).where('advices.at', '<=', at))
        .execute();
    },
    async removeAdvice(task) {
      await db.deleteFrom('advices').where('task', '=', task).execute();
    },
  };
}

function toAdvice({ task, at, basis, summary }: Omit<AdvicesTable, 'body'>): StoredAdvice {
  return { task, at, basis: JSON.parse(basis), summary: JSON.parse(summary) };
}

type Recommendations = Pick<AdviceStore, 'recommendations' | 'recommendation' | 'save'>;

function recommendations(db: Kysely<Database>): Recommendations {
  return {
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
      const { id, task, target, createdAt, state, changedAt } = recommendation;
      const values = { state, body: text(JSON.stringify(recommendation)), changed_at: changedAt };
      if (expected === null) {
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('recommendations')
          .values({ id, task: text(task), target, created_at: createdAt, ...values })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return numInsertedOrUpdatedRows === 1n;
      }
      const isOpen = OPEN.includes(state);
      const { numAffectedRows } = await sql`update recommendations
        set state = ${state}, body = ${values.body}, changed_at = ${changedAt}
        where id = ${id} and changed_at = ${expected} and not (${isOpen ? 1 : 0} = 1 and exists (
          select 1 from recommendations other where other.task = recommendations.task
            and other.target = recommendations.target and other.id <> recommendations.id
            and other.state in (${sql.join(OPEN)})))`.execute(db);
      return numAffectedRows === 1n;
    },
  };
}
