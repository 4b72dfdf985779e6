import type { Transaction } from 'kysely';
import { type CallRecord, isTimed } from '../core/call-record.ts';
import { text } from './call-row.ts';
import { type Database, FIGURE_COLUMNS } from './schema.ts';
import type { Dimension } from './store.ts';

/**
 * What has not been added to the rollups yet. A batch of calls leaves one row here, in its own transaction; a fold
 * adds many such rows to the rollups and deletes them, in one transaction. So each call is counted exactly once,
 * whatever dies when, and rollups are written once per thousands of calls instead of once per batch.
 *
 * `names` is a JSON list of names; `figures` is float64, {@link STRIDE} numbers per entry: start time, sandbox, the
 * positions in `names` of task, deployment, key and user, ttft and total milliseconds (NaN: none), and the figures in
 * the order of {@link FIGURE_COLUMNS}.
 */
export interface PendingEntry {
  at: number;
  sandbox: number;
  values: Readonly<Record<Dimension, string>>;
  ttftMs: number | null;
  totalMs: number | null;
  figures: readonly number[];
}

export const STRIDE = 8 + FIGURE_COLUMNS.length;

/** What a call adds, with the feedback that came before it. */
export function entryOf(call: CallRecord, scores: { count: number; sum: number } | undefined): PendingEntry {
  const { usage } = call;
  return {
    at: call.startedAt,
    sandbox: Number(call.sandbox),
    values: {
      task: text(call.task),
      deployment: text(call.deployment ?? ''),
      key: text(call.keyId),
      user: text(call.user ?? ''),
    },
    ttftMs: call.ttftMs,
    totalMs: isTimed(call) ? call.durationMs : null,
    figures: [
      1,
      Number(call.outcome === 'error'),
      Number(call.outcome === 'refused'),
      Number(call.outcome === 'client_left'),
      Number(call.unpriced),
      Number(usage.estimated === true),
      scores?.count ?? 0,
      count(call.costNanoUsd),
      count(usage.inputTokens),
      count(usage.outputTokens),
      count(usage.cacheReadTokens),
      count(usage.cacheWriteTokens),
      count(usage.reasoningTokens),
      scores?.sum ?? 0,
    ],
  };
}

/** What one piece of feedback adds to the call it is about. */
export function feedbackFigures(score: number): number[] {
  return FIGURE_COLUMNS.map((column) =>
    column === 'feedback_count' ? 1 : column === 'feedback_sum' ? score : 0,
  );
}

export async function addPending(
  trx: Transaction<Database>,
  entries: readonly PendingEntry[],
): Promise<void> {
  const names: string[] = [];
  const positions = new Map<string, number>();
  const position = (name: string): number => {
    let at = positions.get(name);
    if (at === undefined) {
      at = names.push(name) - 1;
      positions.set(name, at);
    }
    return at;
  };
  const figures = new Float64Array(entries.length * STRIDE);
  let at = 0;
  for (const { values, ...entry } of entries) {
    figures[at] = entry.at;
    figures[at + 1] = entry.sandbox;
    figures[at + 2] = position(values.task);
    figures[at + 3] = position(values.deployment);
    figures[at + 4] = position(values.key);
    figures[at + 5] = position(values.user);
    figures[at + 6] = entry.ttftMs ?? Number.NaN;
    figures[at + 7] = entry.totalMs ?? Number.NaN;
    figures.set(entry.figures, at + 8);
    at += STRIDE;
  }
  await trx
    .insertInto('rollup_pending')
    .values({ names: JSON.stringify(names), figures: Buffer.from(figures.buffer) })
    .execute();
}

function count(value: number | null | undefined): number {
  return value !== null && value !== undefined && Number.isFinite(value) ? Math.round(value) : 0;
}
