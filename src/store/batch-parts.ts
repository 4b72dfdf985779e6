import type { Kysely } from 'kysely';
import type { DataClass } from '../core/protocol.ts';
import type { BatchPartsTable } from './batch-tables.ts';
import { type BatchLine, QUEUE } from './batches.ts';
import type { Database } from './schema.ts';

/**
 * `new`: its lines are chosen, nothing was sent. `sending`: the vendor may have it, or not. `working`: the vendor has it,
 * under `vendorId`. `ended`: its lines are answered, or left to the queue or to the end of the batch.
 */
export const PART_STATES = ['new', 'sending', 'working', 'ended'] as const;
export type PartState = (typeof PART_STATES)[number];

/** Lines of a batch that go through one deployment's batch API together. Times are epoch milliseconds. */
export interface BatchPart {
  id: string;
  batchId: string;
  deployment: string;
  dataClass: DataClass;
  /** What the vendor's batch calls. */
  endpoint: string;
  state: PartState;
  /** The vendor's id of its batch; `null` until it is known. */
  vendorId: string | null;
  /** The vendor's word for how its batch is. */
  vendorStatus: string | null;
  lines: number;
  /** As the vendor counts them; while its results are read, those that are not read yet. */
  completed: number;
  failed: number;
  /** Requests for it that failed in a row. */
  tries: number;
  /** When something is to be done for it again. */
  dueAt: number;
  /** Before it was first sent. */
  sentAt: number | null;
  /** In words, what became of it that is out of the ordinary. */
  note: string | null;
  /** Batches of the account that were taken for it and were not. */
  passedOver: readonly string[];
  createdAt: number;
  endedAt: number | null;
}

export type NewPart = Pick<
  BatchPart,
  'id' | 'batchId' | 'deployment' | 'dataClass' | 'endpoint' | 'createdAt'
>;

export type PartChange = Partial<
  Pick<
    BatchPart,
    | 'state'
    | 'vendorId'
    | 'vendorStatus'
    | 'lines'
    | 'completed'
    | 'failed'
    | 'tries'
    | 'dueAt'
    | 'sentAt'
    | 'note'
    | 'passedOver'
    | 'endedAt'
  >
>;

/** A line that stands in a part, with the id its call will have. */
export type PartLine = BatchLine & { callId: string };

export interface BatchPartStore {
  /** Lines nobody has chosen a way for, in order, from after a line on. */
  unplaced(batchId: string, of: { after: number; limit: number }): Promise<BatchLine[]>;
  /** Leaves lines to the queue; absent: all that have no way yet. */
  queue(batchId: string, lines?: readonly number[]): Promise<void>;
  /** Adds a part with its lines, all or none. */
  add(part: NewPart, lines: readonly { line: number; callId: string }[]): Promise<void>;
  /** Of these batches, oldest first. */
  list(batchIds: readonly string[]): Promise<BatchPart[]>;
  change(id: string, change: PartChange): Promise<void>;
  /** Lines of a part without an answer, in order, from after a line on. */
  lines(part: BatchPart, of: { after: number; limit: number }): Promise<PartLine[]>;
  /** Of these lines those that stand in the part and have no answer. */
  find(part: BatchPart, lines: readonly number[]): Promise<PartLine[]>;
  /** Leaves what has no answer to the queue; returns how many lines. */
  release(part: BatchPart): Promise<number>;
  /** Of these ids of vendors' batches those that belong to a part. */
  claimed(vendorIds: readonly string[]): Promise<string[]>;
}

export function createBatchPartStore(db: Kysely<Database>): BatchPartStore {
  return { ...forParts(db), ...forLines(db) };
}

type ForParts = 'add' | 'list' | 'change' | 'claimed';

function forParts(db: Kysely<Database>): Pick<BatchPartStore, ForParts> {
  return {
    async add(part, lines) {
      await db.transaction().execute(async (trx) => {
        await trx.insertInto('batch_parts').values(toRow(part, lines.length)).execute();
        for (const { line, callId } of lines) {
          await trx
            .updateTable('batch_lines')
            .set({ part: part.id, call_id: callId })
            .where('batch_id', '=', part.batchId)
            .where('line', '=', line)
            .execute();
        }
      });
    },
    async list(batchIds) {
      if (batchIds.length === 0) return [];
      const rows = await db
        .selectFrom('batch_parts')
        .selectAll()
        .where('batch_id', 'in', batchIds)
        .orderBy('id')
        .execute();
      return rows.map(fromRow);
    },
    async change(id, change) {
      await db.updateTable('batch_parts').set(toColumns(change)).where('id', '=', id).execute();
    },
    async claimed(vendorIds) {
      if (vendorIds.length === 0) return [];
      const rows = await db
        .selectFrom('batch_parts')
        .select('vendor_id')
        .where('vendor_id', 'in', vendorIds)
        .execute();
      return rows.flatMap(({ vendor_id: id }) => (id === null ? [] : [id]));
    },
  };
}

function forLines(db: Kysely<Database>): Omit<BatchPartStore, ForParts> {
  const open = (batchId: string) =>
    db.selectFrom('batch_lines').where('batch_id', '=', batchId).where('answered', '=', 0);
  const ofPart = ({ batchId, id }: BatchPart) =>
    open(batchId).where('part', '=', id).select(['line', 'custom_id', 'body', 'call_id']).orderBy('line');
  return {
    async unplaced(batchId, { after, limit }) {
      const rows = await open(batchId)
        .select(['line', 'custom_id', 'body'])
        .where('part', 'is', null)
        .where('line', '>', after)
        .orderBy('line')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ line: row.line, customId: row.custom_id, body: row.body }));
    },
    async queue(batchId, lines) {
      if (lines?.length === 0) return;
      let query = db
        .updateTable('batch_lines')
        .set({ part: QUEUE, call_id: null })
        .where('batch_id', '=', batchId)
        .where('answered', '=', 0);
      query = lines ? query.where('line', 'in', lines) : query.where('part', 'is', null);
      await query.execute();
    },
    async lines(part, { after, limit }) {
      const rows = await ofPart(part).where('line', '>', after).limit(limit).execute();
      return rows.map(toPartLine);
    },
    async find(part, lines) {
      if (lines.length === 0) return [];
      return (await ofPart(part).where('line', 'in', lines).execute()).map(toPartLine);
    },
    async release({ batchId, id }) {
      const { numUpdatedRows } = await db
        .updateTable('batch_lines')
        .set({ part: QUEUE, call_id: null })
        .where('batch_id', '=', batchId)
        .where('part', '=', id)
        .where('answered', '=', 0)
        .executeTakeFirstOrThrow();
      return Number(numUpdatedRows);
    },
  };
}

function toPartLine(row: {
  line: number;
  custom_id: string;
  body: string;
  call_id: string | null;
}): PartLine {
  return { line: row.line, customId: row.custom_id, body: row.body, callId: row.call_id ?? '' };
}

function toRow(part: NewPart, lines: number): BatchPartsTable {
  return {
    id: part.id,
    batch_id: part.batchId,
    deployment: part.deployment,
    data_class: part.dataClass,
    endpoint: part.endpoint,
    state: 'new',
    vendor_id: null,
    vendor_status: null,
    lines,
    completed: 0,
    failed: 0,
    tries: 0,
    due_at: part.createdAt,
    sent_at: null,
    note: null,
    passed_over: '[]',
    created_at: part.createdAt,
    ended_at: null,
  };
}

function toColumns(change: PartChange): Partial<BatchPartsTable> {
  const { state, lines, completed, failed, tries, note } = change;
  return Object.fromEntries(
    Object.entries({
      state,
      lines,
      completed,
      failed,
      tries,
      note,
      vendor_id: change.vendorId,
      vendor_status: change.vendorStatus,
      due_at: change.dueAt,
      sent_at: change.sentAt,
      ended_at: change.endedAt,
      passed_over: change.passedOver && JSON.stringify(change.passedOver),
    }).filter(([, value]) => value !== undefined),
  );
}

function fromRow(row: BatchPartsTable): BatchPart {
  return {
    id: row.id,
    batchId: row.batch_id,
    deployment: row.deployment,
    dataClass: row.data_class as DataClass,
    endpoint: row.endpoint,
    state: row.state as PartState,
    vendorId: row.vendor_id,
    vendorStatus: row.vendor_status,
    lines: row.lines,
    completed: row.completed,
    failed: row.failed,
    tries: row.tries,
    dueAt: row.due_at,
    sentAt: row.sent_at,
    note: row.note,
    passedOver: JSON.parse(row.passed_over) as string[],
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
