import type { Transaction } from 'kysely';
import type { CallRecord } from '../core/call-record.ts';
import { createHistogram, encode, type Histogram, merge, record } from '../core/histogram.ts';
import { text } from './call-row.ts';
import type { BulkTable, Cell, Engine, Row } from './engines/engine.ts';
import { floorTo, GRAINS, type Grain, HOUR_MS, USER_GRAIN, USER_TASK_GRAIN } from './rollup-grains.ts';
import { type Database, FIGURE_COLUMNS, type FigureColumns, ROLLUPS, USER_ROLLUPS } from './schema.ts';
import type { Dimension, Feedback } from './store.ts';

/**
 * Writes of rollups. Each runs in the transaction that inserts what it counts, so rollups are at every moment what
 * one would compute from the calls ever inserted.
 */

type Figures = Record<keyof FigureColumns, number>;

/** What a group of calls adds. */
interface Sum {
  at: number;
  sandbox: number;
  values: Readonly<Record<Dimension, string>>;
  figures: Figures;
  ttft: Histogram;
  total: Histogram;
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
    const sum = sumOf(call);
    const scores = feedback.get(call.id);
    sum.figures.feedback_count = Number(scores?.count ?? 0);
    sum.figures.feedback_sum = Number(scores?.sum ?? 0);
    return sum;
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
    figures: { ...noFigures(), feedback_count: 1, feedback_sum: feedback.score },
    ttft: createHistogram(),
    total: createHistogram(),
  };
  await addSums(trx, engine, [sum]);
}

function sumOf(call: CallRecord): Sum {
  const { usage } = call;
  const ttft = createHistogram();
  const total = createHistogram();
  if (call.ttftMs !== null) record(ttft, call.ttftMs);
  // A refused call reached no deployment: its microseconds would only flatter the latency.
  if (call.outcome !== 'refused') record(total, call.durationMs);
  return {
    at: floorTo(call.startedAt, HOUR_MS),
    sandbox: Number(call.sandbox),
    values: {
      task: text(call.task),
      deployment: text(call.deployment ?? ''),
      key: text(call.keyId),
      user: text(call.user ?? ''),
    },
    figures: {
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
      feedback_count: 0,
      feedback_sum: 0,
    },
    ttft,
    total,
  };
}

async function addSums(trx: Transaction<Database>, engine: Engine, sums: readonly Sum[]): Promise<void> {
  // Each grain is made from the groups of the finest, of which there are far fewer than calls.
  const finest = GRAINS.at(-1) as Grain;
  const groups = groupSums(sums, finest.dimensions, HOUR_MS, true);
  await engine.addUp(trx, ROLLUPS, rowsOf(ROLLUPS, groups, GRAINS));
  const users = groupSums(sums, USER_TASK_GRAIN.dimensions, HOUR_MS, false);
  await engine.addUp(trx, USER_ROLLUPS, rowsOf(USER_ROLLUPS, users, [USER_GRAIN, USER_TASK_GRAIN]));
}

function rowsOf(table: BulkTable, sums: readonly Sum[], grains: readonly Grain[]): Row[] {
  const columns = Object.keys(table.columns);
  const withLatency = table.histograms !== undefined;
  const rows: Row[] = [];
  for (const grain of grains) {
    for (const tier of grain.tiers) {
      for (const sum of groupSums(sums, grain.dimensions, tier, withLatency)) {
        const has = (dimension: Dimension) =>
          grain.dimensions.includes(dimension) ? sum.values[dimension] : '';
        const cells: Record<string, Cell> = {
          grain: grain.id,
          tier,
          sandbox: sum.sandbox,
          bucket: sum.at,
          task: has('task'),
          deployment: has('deployment'),
          key_id: has('key'),
          user_id: has('user'),
          ttft: sum.ttft.count > 0 ? encode(sum.ttft) : null,
          total: sum.total.count > 0 ? encode(sum.total) : null,
        };
        for (const column of FIGURE_COLUMNS) cells[column] = sum.figures[column] || null;
        rows.push(columns.map((column) => cells[column] as Cell));
      }
    }
  }
  return rows;
}

/** Adds up sums that agree in bucket, sandbox and `dimensions`. Leaves its input as it is. */
function groupSums(
  sums: readonly Sum[],
  dimensions: readonly Dimension[],
  tier: number,
  withLatency: boolean,
): Sum[] {
  const groups = new Map<string, Sum>();
  for (const sum of sums) {
    const at = floorTo(sum.at, tier);
    let name = `${at}\0${sum.sandbox}`;
    for (const dimension of dimensions) name += `\0${sum.values[dimension]}`;
    let group = groups.get(name);
    if (!group) {
      group = { ...sum, at, figures: noFigures(), ttft: createHistogram(), total: createHistogram() };
      groups.set(name, group);
    }
    for (const column of FIGURE_COLUMNS) group.figures[column] += sum.figures[column];
    if (withLatency) {
      merge(group.ttft, sum.ttft);
      merge(group.total, sum.total);
    }
  }
  return [...groups.values()];
}

function noFigures(): Figures {
  return {
    calls: 0,
    errors: 0,
    refused: 0,
    client_left: 0,
    unpriced: 0,
    estimated: 0,
    feedback_count: 0,
    cost_nano_usd: 0,
    input_tokens: 0,
    output_tokens: 0,
    cache_read_tokens: 0,
    cache_write_tokens: 0,
    reasoning_tokens: 0,
    feedback_sum: 0,
  };
}

function count(value: number | null | undefined): number {
  return value !== null && value !== undefined && Number.isFinite(value) ? Math.round(value) : 0;
}
