import type { Kysely, Transaction } from 'kysely';
import { text, textOrNull } from './call-row.ts';
import type { Engine } from './engines/engine.ts';
import type { Folder } from './fold.ts';
import { addPending, feedbackFigures } from './pending.ts';
import type { Database, FeedbackTable } from './schema.ts';
import type { Feedback, FeedbackStore } from './store.ts';

export function createFeedbackStore(db: Kysely<Database>, engine: Engine, folder: Folder): FeedbackStore {
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
        if (numInsertedOrUpdatedRows === 1n) await countFeedback(trx, feedback);
      });
      await folder.added(1);
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

/** Counts one piece of feedback, when its call is there; else the call's insert will. */
async function countFeedback(trx: Transaction<Database>, feedback: Feedback): Promise<void> {
  const call = await trx
    .selectFrom('calls')
    .select(['started_at', 'sandbox', 'task', 'deployment', 'key_id', 'user_id'])
    .where('id', '=', feedback.callId)
    .executeTakeFirst();
  if (!call) return;
  const values = {
    task: call.task,
    deployment: call.deployment ?? '',
    key: call.key_id,
    user: call.user_id ?? '',
  };
  const figures = feedbackFigures(feedback.score);
  const { started_at: at, sandbox } = call;
  await addPending(trx, [{ at, sandbox, values, ttftMs: null, totalMs: null, figures }]);
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
