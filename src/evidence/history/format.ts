import type { HistoryRow } from '../../core/history-row.ts';

/** A record of a file: a row of CSV by column, or an object of JSON. */
export type FileRecord = Readonly<Record<string, unknown>>;

/** What a format reads of one record. The rest (id, default task, price by table) is added by `read.ts`. */
export interface ReadRow extends Omit<HistoryRow, 'id' | 'task'> {
  /** `null`: the format has no such notion, or the record does not say. */
  task: string | null;
  /** The other tool's own id of the call; `null`: it has none, and the content stands for it. */
  naturalId: string | null;
  /** Of a sum: what it is a sum of, besides time, task, provider, model and user. */
  sumOf: string;
}

export interface ReadOptions {
  /** Member or column that holds the task, by its path: `metadata.feature`. `null`: the format's own. */
  taskFrom: string | null;
  /** Columns of plain CSV by the field they hold: `{ at: 'TIMESTAMP' }`. */
  columns: Readonly<Record<string, string>>;
}

/** One kind of export. Adding one: a file here and a line in `index.ts`. */
export interface HistoryFormat {
  readonly name: string;
  /** In words, where such a file comes from. */
  readonly summary: string;
  /** Whether this record looks like one of its own. */
  matches(record: FileRecord): boolean;
  /** Rows of one record; none when it holds no model call. Throws {@link BadRecord}. */
  read(record: FileRecord, options: ReadOptions): ReadRow[];
}

/** A record that cannot be read, and why: names the member. */
export class BadRecord extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadRecord';
  }
}

/** A call of which nothing is known yet. */
export function emptyRow(at: number): ReadRow {
  return {
    at,
    spanMs: 0,
    calls: 1,
    task: null,
    provider: null,
    model: null,
    user: null,
    inputTokens: null,
    outputTokens: null,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    durationMs: null,
    ttftMs: null,
    failed: false,
    error: null,
    costNanoUsd: null,
    costSource: null,
    naturalId: null,
    sumOf: '',
  };
}
