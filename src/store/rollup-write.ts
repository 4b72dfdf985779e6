import type { Transaction } from 'kysely';
import type { CallRecord } from '../core/call-record.ts';
import { createHistogram, encode, type Histogram, merge, record } from '../core/histogram.ts';
import type { Cell, Row } from './bulk-table.ts';
import { text } from './call-row.ts';
import type { Engine } from './engines/engine.ts';
import { floorTo, GRAINS, type Grain, HOUR_MS, USER_GRAIN, USER_TASK_GRAIN } from './rollup-grains.ts';
import { type Database, FIGURE_COLUMNS, type FigureColumns, ROLLUPS, USER_ROLLUPS } from './schema.ts';
import type { Dimension, Feedback } from './store.ts';

/**
 * Writes of rollups. Each runs in the transaction that inserts what it counts, so rollups are at every moment what
 * one would compute from the calls ever inserted.
 */

/** What a group of calls adds. */
interface Sum {
  at: number;
  sandbox: number;
  values: Readonly<Record<Dimension, string>>;
  /** In the order of {@link FIGURE_COLUMNS}. */
  figures: number[];
  /** `null`: no call of the group has the figure, or latency is not asked for. */
  ttft: Histogram | null;
  total: Histogram | null;
}

/** Adds calls that were just inserted, with the feedback that came before them. */
export async function addCallsToRollups(
  trx: Transaction<Database>,
  engine: Engine,
  calls: readonly CallRecord[],
): Promise<void> {
  await engine.lockRollups(trx);
  const early = await trx
    .selectFrom('feedback')
    .select((eb) => ['call_id', eb.fn.countAll<number>().as('count'), eb.fn.sum<number>('score').as('sum')])
    .where(
      'call_id',
      'in',
      calls.map((call) => call.id),
    )
    .groupBy('call_id')
    .execute();
  const feedback = new Map(early.map((row) => [row.call_id, row]));
  const sums = calls.map((call) => {
    const scores = feedback.get(call.id);
    return sumOf(call, { count: Number(scores?.count ?? 0), sum: Number(scores?.sum ?? 0) });
  });
  await addSums(trx, engine, sums);
}

/** Adds one piece of feedback, when its call is there; else {@link addCallsToRollups} will. */
export async function addFeedbackToRollups(
  trx: Transaction<Database>,
  engine: Engine,
  feedback: Feedback,
): Promise<void> {
  const call = await trx
    .selectFrom('calls')
    .select(['started_at', 'sandbox', 'task', 'deployment', 'key_id', 'user_id'])
    .where('id', '=', feedback.callId)
    .executeTakeFirst();
  if (!call) return;
  const sum: Sum = {
    at: floorTo(call.started_at, HOUR_MS),
    sandbox: call.sandbox,
    values: {
      task: call.task,
      deployment: call.deployment ?? '',
      key: call.key_id,
      user: call.user_id ?? '',
    },
    figures: toFigures({ feedback_count: 1, feedback_sum: feedback.score }),
    ttft: null,
    total: null,
  };
  await addSums(trx, engine, [sum]);
}

function sumOf(call: CallRecord, scores: { count: number; sum: number }): Sum {
  const { usage } = call;
  return {
    at: floorTo(call.startedAt, HOUR_MS),
    sandbox: Number(call.sandbox),
    values: {
      task: text(call.task),
      deployment: text(call.deployment ?? ''),
      key: text(call.keyId),
      user: text(call.user ?? ''),
    },
    figures: toFigures({
      calls: 1,
      errors: Number(call.outcome === 'error'),
      refused: Number(call.outcome === 'refused'),
      client_left: Number(call.outcome === 'client_left'),
      unpriced: Number(call.unpriced),
      estimated: Number(usage.estimated === true),
      cost_nano_usd: count(call.costNanoUsd),
      input_tokens: count(usage.inputTokens),
      output_tokens: count(usage.outputTokens),
      cache_read_tokens: count(usage.cacheReadTokens),
      cache_write_tokens: count(usage.cacheWriteTokens),
      reasoning_tokens: count(usage.reasoningTokens),
      feedback_count: scores.count,
      feedback_sum: scores.sum,
    }),
    ttft: call.ttftMs === null ? null : histogramOf(call.ttftMs),
    // A refused call reached no deployment: its microseconds would only flatter the latency.
    total: call.outcome === 'refused' ? null : histogramOf(call.durationMs),
  };
}

async function addSums(trx: Transaction<Database>, engine: Engine, sums: readonly Sum[]): Promise<void> {
  // Each grain is made from the groups of the finest, of which there are fewer than calls.
  const finest = GRAINS.at(-1) as Grain;
  const groups = groupSums(sums, finest.dimensions, { tier: HOUR_MS, latency: true });
  const rows = rowsOf(groups, GRAINS, ({ values: v, ttft, total }, has) => [
    has.task ? v.task : '',
    has.deployment ? v.deployment : '',
    has.key ? v.key : '',
    ttft && encode(ttft),
    total && encode(total),
  ]);
  await engine.addUp(trx, ROLLUPS, rows);
  const users = groupSums(sums, USER_TASK_GRAIN.dimensions, { tier: HOUR_MS, latency: false });
  const userRows = rowsOf(users, [USER_GRAIN, USER_TASK_GRAIN], ({ values: v }, has) => [
    has.task ? v.task : '',
    v.user,
  ]);
  await engine.addUp(trx, USER_ROLLUPS, userRows);
}

/** Rows in the order of the tables' columns: bucket, tier, grain, sandbox, figures, and what `restOf` says. */
function rowsOf(
  sums: readonly Sum[],
  grains: readonly Grain[],
  restOf: (sum: Sum, has: Record<Dimension, boolean>) => Cell[],
): Row[] {
  const rows: Row[] = [];
  for (const { id, dimensions, tiers, latency } of grains) {
    const has = {
      task: dimensions.includes('task'),
      deployment: dimensions.includes('deployment'),
      key: dimensions.includes('key'),
      user: dimensions.includes('user'),
    };
    for (const tier of tiers) {
      for (const sum of groupSums(sums, dimensions, { tier, latency })) {
        const row: Cell[] = [sum.at, tier, id, sum.sandbox];
        for (const figure of sum.figures) row.push(figure === 0 ? null : figure);
        row.push(...restOf(sum, has));
        rows.push(row);
      }
    }
  }
  return rows;
}

/** Adds up sums that agree in bucket, sandbox and `dimensions`, in order of these. Leaves its input as it is. */
function groupSums(
  sums: readonly Sum[],
  dimensions: readonly Dimension[],
  want: { tier: number; latency: boolean },
): Sum[] {
  const groups = new Map<string, Sum>();
  for (const sum of sums) {
    const at = floorTo(sum.at, want.tier);
    let name = `${at}\0${sum.sandbox}`;
    for (const dimension of dimensions) name += `\0${sum.values[dimension]}`;
    const group = groups.get(name);
    if (group) addSum(group, sum, want.latency);
    else groups.set(name, copySum(sum, at, want.latency));
  }
  // In key order, as the tables are kept: neighbours share a page.
  return [...groups].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, group]) => group);
}

function addSum(into: Sum, from: Sum, latency: boolean): void {
  for (let i = 0; i < into.figures.length; i++)
    into.figures[i] = (into.figures[i] ?? 0) + (from.figures[i] ?? 0);
  if (!latency) return;
  into.ttft = mergedInto(into.ttft, from.ttft);
  into.total = mergedInto(into.total, from.total);
}

function copySum(sum: Sum, at: number, latency: boolean): Sum {
  const copy: Sum = { ...sum, at, figures: [...sum.figures], ttft: null, total: null };
  if (latency) {
    copy.ttft = mergedInto(null, sum.ttft);
    copy.total = mergedInto(null, sum.total);
  }
  return copy;
}

function mergedInto(into: Histogram | null, from: Histogram | null): Histogram | null {
  if (!from) return into;
  const merged = into ?? createHistogram();
  merge(merged, from);
  return merged;
}

function histogramOf(value: number): Histogram {
  const histogram = createHistogram();
  record(histogram, value);
  return histogram;
}

/** In the order of {@link FIGURE_COLUMNS}. */
function toFigures(some: Partial<Record<keyof FigureColumns, number>>): number[] {
  return FIGURE_COLUMNS.map((column) => some[column] ?? 0);
}

function count(value: number | null | undefined): number {
  return value !== null && value !== undefined && Number.isFinite(value) ? Math.round(value) : 0;
}
