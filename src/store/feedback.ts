import type { Kysely } from 'kysely';
import { text, textOrNull } from './call-row.ts';
import type { Engine } from './engines/engine.ts';
import { addFeedbackToRollups } from './rollup-write.ts';
import type { Database, FeedbackTable } from './schema.ts';
import type { Feedback, FeedbackStore } from './store.ts';

export function createFeedbackStore(db: Kysely<Database>, engine: Engine): FeedbackStore {
  return {
    async add(feedback) {
      await db.transaction().execute(async (trx) => {
        // The lock comes first, so that of a call and its feedback arriving at once one sees the other.
        await engine.lockRollups(trx);
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('feedback')
          .values(toFeedbackRow(feedback))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (numInsertedOrUpdatedRows === 1n) await addFeedbackToRollups(trx, engine, feedback);
      });
    },
    async list(filter) {
      let query = db
        .selectFrom('feedback')
        .leftJoin('calls', 'calls.id', 'feedback.call_id')
        .selectAll('feedback')
        .select('calls.task')
        .orderBy('feedback.id', 'desc')
        .limit(filter.limit);
      if (filter.task !== undefined) query = query.where('calls.task', '=', filter.task);
      if (filter.since !== undefined) query = query.where('feedback.created_at', '>=', filter.since);
      if (filter.before !== undefined) query = query.where('feedback.id', '<', filter.before);
      const rows = await query.execute();
      return rows.map((row) => ({ ...fromFeedbackRow(row), task: row.task }));
    },
  };
}

function toFeedbackRow(feedback: Feedback): FeedbackTable {
  return {
    id: text(feedback.id),
    call_id: text(feedback.callId),
    name: text(feedback.name),
    score: feedback.score,
    comment: textOrNull(feedback.comment),
    correction: textOrNull(feedback.correction),
    key_id: textOrNull(feedback.keyId),
    created_at: feedback.createdAt,
  };
}

export function fromFeedbackRow(row: FeedbackTable): Feedback {
  return {
    id: row.id,
    callId: row.call_id,
    name: row.name,
    score: row.score,
    comment: row.comment,
    correction: row.correction,
    keyId: row.key_id,
    createdAt: row.created_at,
  };
}
