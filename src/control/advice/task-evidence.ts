/**
 * What is measured of a task, for the advisor: call records and imported history of a window, put together. Sums come
 * from the rollups and a few index ranges, so that a million calls are no slower than a thousand.
 */
import type { CallSample, ModelUse, TaskEvidence } from '../../advisor/evidence.ts';
import type { LoadTest } from '../../capacity/load-test/load-test.ts';
import type { Stack } from '../../stack/stack.ts';
import { HOUR_MS } from '../../store/rollup-grains.ts';
import type { HistoryFilter, HistorySum, RollupFilter, Store } from '../../store/store.ts';
import { apiPricesOf } from './api-prices.ts';

/** Longest window looked at, back from the last call. */
const MAX_WINDOW_MS = 366 * 24 * HOUR_MS;
const MAX_SAMPLE = 5_000;
/** Places of the window a sample of calls is taken from, 50 calls each. */
const PLACES = 100;
const MAX_FEEDBACK = 1_000;
const MAX_LOAD_TESTS = 200;
/** Fewer times than this make no percentile. */
const MIN_TIMES = 20;

/** `stack`: whose own prices stand before listed ones. `null`: no real call of this task is on record, and none was imported. */
export async function readTaskEvidence(
  store: Store,
  task: string,
  stack: Stack | null = null,
): Promise<TaskEvidence | null> {
  const window = await windowOf(store, task);
  if (!window) return null;
  const filter = { task, since: window.from, until: window.to };
  const rollup: RollupFilter = { ...filter, sandbox: false };
  const [series, historyHours, historySums, byModel, latency] = await Promise.all([
    store.rollups.series(rollup, HOUR_MS),
    store.history.hourly(filter),
    store.history.sums(filter),
    modelUses(store, rollup),
    store.rollups.latency(rollup, 'task'),
  ]);
  const served = series.map(({ at, calls, refused }) => ({ at, calls: calls - refused }));
  const hourly = addHours(served, historyHours);
  const importedCalls = Math.round(historyHours.reduce((sum, { calls }) => sum + calls, 0));
  const sample = await drawSample(store, filter, served);
  const [own] = latency;
  const used = addHistory(byModel, historySums);
  const imported = { durations: valuesOf(sample, 'durationMs'), ttfts: valuesOf(sample, 'ttftMs') };
  return {
    task,
    ...window,
    calls: Math.round(hourly.reduce((sum, { calls }) => sum + calls, 0)),
    importedCalls,
    hourly,
    sample,
    byModel: used,
    prices: apiPricesOf(used, stack),
    errors: addErrors(await store.taskCalls.errors(filter), await store.history.errors(filter)),
    latency: endToEnd(own?.total, imported.durations),
    ttft: ttftOf(own?.ttft, imported.ttfts),
    busiestHour: await busiestHour(store, task, hourly),
    repeated: await store.taskCalls.repeats(filter),
    personalData: null,
    feedback: await feedbackOf(store, filter),
    loadTests: await loadTestsOf(store),
    users: (await store.rollups.users(rollup)) + (await store.history.users(filter)) || null,
  };
}

async function windowOf(store: Store, task: string): Promise<{ from: number; to: number } | null> {
  const [own, tasks] = await Promise.all([store.taskCalls.range(task), store.history.tasks()]);
  const imported = tasks.find((each) => each.task === task);
  const ranges = [...(own ? [own] : []), ...(imported ? [imported] : [])];
  if (ranges.length === 0) return null;
  const to = Math.floor(Math.max(...ranges.map(({ last }) => last)) / HOUR_MS + 1) * HOUR_MS;
  const first = Math.floor(Math.min(...ranges.map(({ since }) => since)) / HOUR_MS) * HOUR_MS;
  return { from: Math.max(first, to - MAX_WINDOW_MS), to };
}

async function loadTestsOf(store: Store): Promise<LoadTest[]> {
  const tests = await store.loadTests.list({ limit: MAX_LOAD_TESTS });
  return tests
    .map(({ body }) => body as LoadTest)
    .filter(({ sandbox, setup, endedAt }) => !sandbox && setup !== null && endedAt !== null);
}

type Hour = { at: number; calls: number };

function addHours(served: readonly Hour[], imported: readonly Hour[]): Hour[] {
  const extra = new Map(imported.map(({ at, calls }) => [at, calls]));
  return served.map(({ at, calls }) => ({ at, calls: calls + (extra.get(at) ?? 0) }));
}

async function drawSample(
  store: Store,
  filter: HistoryFilter,
  served: readonly Hour[],
): Promise<CallSample[]> {
  const total = served.reduce((sum, { calls }) => sum + calls, 0);
  const imported = await store.history.sample(filter, MAX_SAMPLE);
  if (total === 0) return imported;
  const own = await store.taskCalls.sample(filter, placesOf(served, PLACES));
  if (imported.length === 0) return own.slice(0, MAX_SAMPLE);
  // Each source in the share it has of the calls.
  const importedTotal = (await store.history.hourly(filter)).reduce((sum, { calls }) => sum + calls, 0);
  const share = importedTotal / (importedTotal + total);
  const size = Math.min(imported.length / share, own.length / (1 - share), MAX_SAMPLE);
  return [...imported.slice(0, Math.round(size * share)), ...spread(own, Math.round(size * (1 - share)))];
}

/** Times to sample calls from: equal shares of the calls lie between them, so that a busy hour weighs what it should. */
export function placesOf(hours: readonly Hour[], count: number): number[] {
  const total = hours.reduce((sum, { calls }) => sum + calls, 0);
  const places: number[] = [];
  let passed = 0;
  for (const { at, calls } of hours) {
    for (; places.length < count && passed + calls > (places.length * total) / count; ) {
      const within = (places.length * total) / count - passed;
      places.push(at + Math.floor((within / calls) * HOUR_MS));
    }
    passed += calls;
  }
  return places;
}

function spread<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as T);
}

async function modelUses(store: Store, rollup: RollupFilter): Promise<ModelUse[]> {
  const rows = await store.rollups.group(rollup, ['deployment'], MAX_FEEDBACK);
  const uses = await Promise.all(
    rows.map(async (row): Promise<ModelUse | null> => {
      const model = row.deployment ? await store.taskCalls.modelOf(row.deployment) : null;
      if (!model) return null;
      return {
        ...model,
        calls: row.calls - row.refused,
        inputTokens: row.inputTokens,
        outputTokens: row.outputTokens,
        cacheReadTokens: row.cacheReadTokens,
        costNanoUsd: row.unpriced > 0 ? null : row.costNanoUsd,
        unpricedCalls: row.unpriced,
      };
    }),
  );
  return uses.filter((use) => use !== null);
}

/** Usage of each model; of a vendor that also sent a bill, the bill says what it cost. */
function addHistory(own: readonly ModelUse[], sums: readonly HistorySum[]): ModelUse[] {
  const all = [...own];
  for (const sum of sums) {
    if (
      sum.bill &&
      sums.some((other) => !other.bill && other.provider === sum.provider && other.costNanoUsd !== null)
    )
      continue;
    all.push({
      provider: sum.provider ?? 'unknown',
      model: sum.model ?? (sum.bill ? 'bill' : 'unknown'),
      calls: sum.calls ?? 0,
      inputTokens: sum.inputTokens,
      outputTokens: sum.outputTokens,
      cacheReadTokens: sum.cacheReadTokens,
      costNanoUsd: sum.unpricedRows > 0 ? null : sum.costNanoUsd,
      unpricedCalls: sum.unpricedRows,
    });
  }
  return all.sort((a, b) => (b.costNanoUsd ?? 0) - (a.costNanoUsd ?? 0) || b.calls - a.calls);
}

function addErrors(...lists: { code: string; calls: number }[][]): { code: string; calls: number }[] {
  const sums = new Map<string, number>();
  for (const { code, calls } of lists.flat()) sums.set(code, (sums.get(code) ?? 0) + calls);
  return [...sums].map(([code, calls]) => ({ code, calls })).sort((a, b) => b.calls - a.calls);
}

type Percentiles = { p50: number | null; p95: number | null } | undefined;

function endToEnd(own: Percentiles, imported: readonly number[]): TaskEvidence['latency'] {
  const found = percentiles(own, imported);
  return found && { endToEndP50Ms: found.p50, endToEndP95Ms: found.p95 };
}

function ttftOf(own: Percentiles, imported: readonly number[]): TaskEvidence['ttft'] {
  const found = percentiles(own, imported);
  return found && { p50Ms: found.p50, p95Ms: found.p95 };
}

/** Those of our own calls where there are any, else those of the sample. */
function percentiles(own: Percentiles, times: readonly number[]): { p50: number; p95: number } | null {
  if (own?.p50 != null && own.p95 != null) return { p50: own.p50, p95: own.p95 };
  if (times.length < MIN_TIMES) return null;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] as number;
  return { p50: at(0.5), p95: at(0.95) };
}

function valuesOf(sample: readonly CallSample[], name: 'durationMs' | 'ttftMs'): number[] {
  return sample.flatMap((call) => call[name] ?? []);
}

async function busiestHour(store: Store, task: string, hourly: readonly Hour[]): Promise<number[]> {
  const busiest = hourly.reduce<Hour | null>(
    (most, hour) => (most && most.calls >= hour.calls ? most : hour),
    null,
  );
  if (!busiest || busiest.calls === 0) return [];
  const filter = { task, since: busiest.at, until: busiest.at + HOUR_MS };
  const [own, imported] = await Promise.all([store.taskCalls.times(filter), store.history.times(filter)]);
  return [...own, ...imported].sort((a, b) => a - b).map((at) => at - busiest.at);
}

async function feedbackOf(store: Store, { task, since }: HistoryFilter): Promise<TaskEvidence['feedback']> {
  const list = await store.feedback.list({ task, since, limit: MAX_FEEDBACK });
  const scores = new Map<string, number[]>();
  for (const { name, score } of list) scores.set(name, [...(scores.get(name) ?? []), score]);
  return [...scores].map(([name, all]) => ({
    name,
    mean: all.reduce((sum, score) => sum + score, 0) / all.length,
    scores: all.length,
  }));
}
