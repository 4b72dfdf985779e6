import type { NanoUsd } from './money.ts';

/**
 * Usage that another tool recorded before Trimtab did: one call, or a sum over a span of time. Advice reads it beside
 * call records; it is never part of the figures of what ran through this gateway. `null`: not known.
 */
export interface HistoryRow {
  /** Made of what the row says ({@link HistoryRow.spanMs} of a sum: of what it is a sum of), so that it is taken once. */
  id: string;
  /** Epoch milliseconds; of a sum, the start of its span. */
  at: number;
  /** 0: one call. Else the length of the span that is summed. */
  spanMs: number;
  /** 1 for a call. */
  calls: number | null;
  task: string;
  provider: string | null;
  model: string | null;
  user: string | null;
  /** Cache reads and writes included. */
  inputTokens: number | null;
  outputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  durationMs: number | null;
  ttftMs: number | null;
  failed: boolean;
  /** As the other tool says; `null`: it says nothing and failed is false, or it names no error. */
  error: string | null;
  costNanoUsd: NanoUsd | null;
  /** `export`: the other tool's figure; `bill`: a vendor's bill without usage; `table`: our price table at that time. */
  costSource: 'export' | 'bill' | 'table' | null;
}

/** One file that was imported. */
export interface HistoryImport {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  file: string;
  format: string;
  rows: number;
  badRows: number;
  /** Of the rows. `null`: there is none. */
  since: number | null;
  until: number | null;
}
