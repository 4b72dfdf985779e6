import type { Kysely, Transaction } from 'kysely';
import type { BatchesTable, BatchLinesTable } from './batch-tables.ts';
import type { Database } from './schema.ts';

/** As OpenAI names them (https://platform.openai.com/docs/api-reference/batch/object, as known 2026-11-25). */
export const BATCH_STATUSES = [
  'validating',
  'failed',
  'in_progress',
  'finalizing',
  'completed',
  'expired',
  'cancelling',
  'cancelled',
] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** What is wrong with an input file. `line` counts from 1; `null`: the file as a whole. */
export interface BatchProblem {
  code: string;
  message: string;
  param: string | null;
  line: number | null;
}

/** Many calls, asked for at once and answered in a file. Times are epoch milliseconds. */
export interface Batch {
  id: string;
  keyId: string;
  jobId: string;
  status: BatchStatus;
  /** Path of every call: `/v1/chat/completions`. */
  endpoint: string;
  /** As the app wrote it: `24h`. */
  completionWindow: string;
  inputFileId: string;
  outputFileId: string | null;
  errorFileId: string | null;
  metadata: Record<string, string> | null;
  errors: BatchProblem[] | null;
  total: number;
  completed: number;
  failed: number;
  createdAt: number;
  expiresAt: number;
  inProgressAt: number | null;
  finalizingAt: number | null;
  cancellingAt: number | null;
  /** When it was completed, failed, expired or cancelled. */
  endedAt: number | null;
}

export type NewBatch = Pick<
  Batch,
  | 'id'
  | 'keyId'
  | 'jobId'
  | 'endpoint'
  | 'completionWindow'
  | 'inputFileId'
  | 'metadata'
  | 'createdAt'
  | 'expiresAt'
>;

export type BatchChange = Partial<
  Pick<
    Batch,
    | 'status'
    | 'outputFileId'
    | 'errorFileId'
    | 'errors'
    | 'total'
    | 'inProgressAt'
    | 'finalizingAt'
    | 'cancellingAt'
    | 'endedAt'
  >
>;

/** One call of a batch: a line of its input file, counted from 1. */
export interface BatchLine {
  line: number;
  customId: string;
  /** JSON of the request. */
  body: string;
}

export interface LineAnswer {
  line: number;
  /** HTTP status of the answer; `null`: it was not asked for, and the error says why. */
  status: number | null;
  /** JSON. */
  answer: string | null;
  callId: string | null;
  error: { code: string; message: string } | null;
}

/** What `batch_lines.part` says of a line that our queue is to call. */
export const QUEUE = 'queue';

export type AnsweredLine = Omit<BatchLine, 'body'> & LineAnswer;

export interface BatchStore {
  add(batch: NewBatch): Promise<void>;
  get(id: string): Promise<Batch | undefined>;
  /** Newest first; `after` is the last id of the page before. */
  list(filter: { keyId?: string; limit: number; after?: string }): Promise<Batch[]>;
  /** Changes it if its status is one of `from`; returns whether it did. */
  change(id: string, from: readonly BatchStatus[], change: BatchChange): Promise<boolean>;
  addLines(id: string, lines: readonly BatchLine[]): Promise<void>;
  /** Lines of the queue without an answer, in order, from after a line on. */
  pending(id: string, of: { after: number; limit: number }): Promise<BatchLine[]>;
  /** Numbers of lines without an answer. */
  unanswered(id: string, limit: number): Promise<number[]>;
  /** Keeps the answers of lines that have none yet, and counts them. Returns the lines it kept. */
  answer(id: string, answers: readonly LineAnswer[]): Promise<number[]>;
  answered(id: string, of: { after: number; limit: number }): Promise<AnsweredLine[]>;
  dropLines(id: string): Promise<void>;
  /** Deletes batches that ended before, epoch milliseconds. */
  expire(before: number): Promise<void>;
}

export function createBatchStore(db: Kysely<Database>): BatchStore {
  return { ...forBatches(db), ...forLines(db) };
}

type ForBatches = 'add' | 'get' | 'list' | 'change' | 'expire';

function forBatches(db: Kysely<Database>): Pick<BatchStore, ForBatches> {
  return {
    async add(batch) {
      await db
        .insertInto('batches')
        .values({
          id: batch.id,
          key_id: batch.keyId,
          job_id: batch.jobId,
          status: 'validating',
          endpoint: batch.endpoint,
          completion_window: batch.completionWindow,
          input_file_id: batch.inputFileId,
          metadata: batch.metadata && JSON.stringify(batch.metadata),
          created_at: batch.createdAt,
          expires_at: batch.expiresAt,
          total: 0,
          completed: 0,
          failed: 0,
        })
        .execute();
    },
    async get(id) {
      const row = await db.selectFrom('batches').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list({ keyId, limit, after }) {
      let query = db.selectFrom('batches').selectAll().orderBy('id', 'desc').limit(limit);
      if (keyId !== undefined) query = query.where('key_id', '=', keyId);
      if (after !== undefined) query = query.where('id', '<', after);
      return (await query.execute()).map(fromRow);
    },
    async change(id, from, change) {
      const { numUpdatedRows } = await db
        .updateTable('batches')
        .set(toColumns(change))
        .where('id', '=', id)
        .where('status', 'in', from)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async expire(before) {
      const rows = await db.selectFrom('batches').select('id').where('ended_at', '<', before).execute();
      for (const { id } of rows)
        await db.transaction().execute(async (trx) => {
          await dropLines(trx, id);
          await trx.deleteFrom('batch_parts').where('batch_id', '=', id).execute();
          await trx.deleteFrom('batches').where('id', '=', id).execute();
        });
    },
  };
}

function forLines(db: Kysely<Database>): Omit<BatchStore, ForBatches> {
  const ofBatch = (id: string, after: number) =>
    db.selectFrom('batch_lines').where('batch_id', '=', id).where('line', '>', after).orderBy('line');
  return {
    async addLines(id, lines) {
      if (lines.length === 0) return;
      await db
        .insertInto('batch_lines')
        .values(
          lines.map((line) => ({
            batch_id: id,
            line: line.line,
            custom_id: line.customId,
            body: line.body,
            answered: 0,
          })),
        )
        .execute();
    },
    async pending(id, { after, limit }) {
      const rows = await ofBatch(id, after)
        .select(['line', 'custom_id', 'body'])
        .where('answered', '=', 0)
        .where('part', '=', QUEUE)
        .limit(limit)
        .execute();
      return rows.map((row) => ({ line: row.line, customId: row.custom_id, body: row.body }));
    },
    async unanswered(id, limit) {
      const rows = await ofBatch(id, 0).select('line').where('answered', '=', 0).limit(limit).execute();
      return rows.map(({ line }) => line);
    },
    answer: (id, answers) => db.transaction().execute((trx) => answerLines(trx, id, answers)),
    async answered(id, { after, limit }) {
      const rows = await ofBatch(id, after).selectAll().where('answered', '=', 1).limit(limit).execute();
      return rows.map(toAnswered);
    },
    dropLines: (id) => db.transaction().execute((trx) => dropLines(trx, id)),
  };
}

async function answerLines(
  trx: Transaction<Database>,
  id: string,
  answers: readonly LineAnswer[],
): Promise<number[]> {
  const kept: LineAnswer[] = [];
  for (const answer of answers) {
    const { numUpdatedRows } = await trx
      .updateTable('batch_lines')
      .set({
        answered: 1,
        status: answer.status,
        answer: answer.answer,
        call_id: answer.callId,
        error_code: answer.error?.code ?? null,
        error_message: answer.error?.message ?? null,
      })
      .where('batch_id', '=', id)
      .where('line', '=', answer.line)
      .where('answered', '=', 0)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 1n) kept.push(answer);
  }
  const good = kept.filter(({ status }) => status === 200).length;
  await trx
    .updateTable('batches')
    .set(({ eb }) => ({
      completed: eb('completed', '+', good),
      failed: eb('failed', '+', kept.length - good),
    }))
    .where('id', '=', id)
    .execute();
  return kept.map(({ line }) => line);
}

async function dropLines(trx: Transaction<Database>, id: string): Promise<void> {
  await trx.deleteFrom('batch_lines').where('batch_id', '=', id).execute();
}

function toColumns(change: BatchChange): Partial<BatchesTable> {
  const { status, outputFileId, errorFileId, errors, total } = change;
  const { inProgressAt, finalizingAt, cancellingAt, endedAt } = change;
  return Object.fromEntries(
    Object.entries({
      status,
      output_file_id: outputFileId,
      error_file_id: errorFileId,
      errors: errors && JSON.stringify(errors),
      total,
      in_progress_at: inProgressAt,
      finalizing_at: finalizingAt,
      cancelling_at: cancellingAt,
      ended_at: endedAt,
    }).filter(([, value]) => value !== undefined),
  );
}

function fromRow(row: BatchesTable): Batch {
  return {
    id: row.id,
    keyId: row.key_id,
    jobId: row.job_id,
    status: row.status as BatchStatus,
    endpoint: row.endpoint,
    completionWindow: row.completion_window,
    inputFileId: row.input_file_id,
    outputFileId: row.output_file_id,
    errorFileId: row.error_file_id,
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, string>),
    errors: row.errors === null ? null : (JSON.parse(row.errors) as BatchProblem[]),
    total: row.total,
    completed: row.completed,
    failed: row.failed,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    inProgressAt: row.in_progress_at,
    finalizingAt: row.finalizing_at,
    cancellingAt: row.cancelling_at,
    endedAt: row.ended_at,
  };
}

function toAnswered(row: BatchLinesTable): AnsweredLine {
  return {
    line: row.line,
    customId: row.custom_id,
    status: row.status,
    answer: row.answer,
    callId: row.call_id,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  };
}
