/**
 * Figures for Prometheus, fed by records as the drain stores them. Counters begin at 0 with the process. Labels are
 * bounded: no user, no key, no call; tasks and deployments beyond the first 200 count as `_other`.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import { type AttemptRecord, type CallRecord, isTimed, type Outcome } from '../core/call-record.ts';
import { toUsd } from '../core/money.ts';
import type { EngineLoad } from '../providers/engine.ts';
import { createHistogramFamily, type Observed } from './histogram-text.ts';

export interface Metrics {
  /** Counts records once they are stored. */
  observe(records: readonly CallRecord[]): void;
  /** Sets what is known of the processes now; figures left out keep their value. */
  setProcess(figures: ProcessFigures): void;
  /** Replaces what is known of self-hosted engines; what is not known has no series. */
  setEngines(engines: readonly EngineFigures[]): void;
  /** The text exposition format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface ProcessFigures {
  rssBytes?: number;
  callsServed?: number;
  openStreams?: number;
  eventLoopDelayP99Ms?: number;
  spool?: 'ok' | 'full';
  spoolPendingBytes?: number;
}

export interface EngineFigures {
  provider: string;
  load: EngineLoad | null;
}

const MAX_LABEL_VALUES = 200;
const OTHER = '_other';
const DURATION_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300];
const TTFT_BUCKETS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30];
const TOKEN_KINDS = [
  ['input', 'inputTokens'],
  ['output', 'outputTokens'],
  ['cache_read', 'cacheReadTokens'],
  ['cache_write', 'cacheWriteTokens'],
  ['reasoning', 'reasoningTokens'],
] as const;

/** @see Metrics */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const processRegistry = new Registry();
  const figures = createCallFigures(registry);
  const setProcess = createProcessFigures(processRegistry);
  const task = createLabelLimit();
  const deployment = createLabelLimit();
  const series = createSeriesTable();
  return {
    observe(records) {
      const batch = new Set<Series>();
      const attempts = createAttemptCounts(deployment);
      for (const record of records) {
        const of = series(task(record.task), deployment(record.deployment ?? 'none'), record.sandbox);
        batch.add(of);
        addCall(of, record);
        observeTimes(figures, of, record);
        for (const attempt of record.attempts) attempts.add(attempt, record.sandbox);
      }
      for (const of of batch) countBatch(figures, of);
      for (const { labels, count } of attempts.all()) figures.attempts.inc(labels, count);
    },
    setProcess,
    setEngines: createEngineFigures(processRegistry),
    text: async () =>
      [
        await registry.metrics(),
        `${figures.duration.text()}\n`,
        `${figures.ttft.text()}\n`,
        await processRegistry.metrics(),
      ].join('\n'),
    contentType: registry.contentType,
  };
}

type CallLabels = Record<'task' | 'deployment' | 'sandbox', string>;

/** What is known of a label set. prom-client hashes labels at every call, so it is told once per batch. */
interface Series {
  readonly labels: CallLabels;
  /** `null` until the first value: a series without values does not show. */
  duration: Observed | null;
  ttft: Observed | null;
  batch: Sums;
}

/** Sums of a batch. */
interface Sums {
  outcomes: Record<Outcome, number>;
  usage: Record<(typeof TOKEN_KINDS)[number][1], number>;
  costNanoUsd: number;
  unpriced: number;
}

const noSums = (): Sums => ({
  outcomes: { ok: 0, error: 0, client_left: 0, refused: 0 },
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
  costNanoUsd: 0,
  unpriced: 0,
});

/** Series by their labels, as bounded as these are. */
function createSeriesTable(): (task: string, deployment: string, sandbox: boolean) => Series {
  const tables = [new Map<string, Map<string, Series>>(), new Map<string, Map<string, Series>>()] as const;
  return (task, deployment, sandbox) => {
    const table = tables[sandbox ? 1 : 0];
    let ofTask = table.get(task);
    if (!ofTask) {
      ofTask = new Map();
      table.set(task, ofTask);
    }
    let series = ofTask.get(deployment);
    if (!series) {
      const labels = { task, deployment, sandbox: String(sandbox) };
      series = { labels, duration: null, ttft: null, batch: noSums() };
      ofTask.set(deployment, series);
    }
    return series;
  };
}

interface AttemptCount {
  labels: { deployment: string; kind: string; outcome: string; error: string; sandbox: string };
  count: number;
}

/** Attempts of a batch by their labels. */
function createAttemptCounts(deploymentLabel: (name: string) => string) {
  const counts = new Map<string, AttemptCount>();
  return {
    add(attempt: AttemptRecord, sandbox: boolean) {
      const { kind, outcome } = attempt;
      const deployment = deploymentLabel(attempt.deployment);
      const error = attempt.errorCode ?? 'none';
      const key = `${deployment}\n${kind}\n${outcome}\n${error}\n${sandbox}`;
      const known = counts.get(key);
      if (known) known.count++;
      else {
        const labels = { deployment, kind, outcome, error, sandbox: String(sandbox) };
        counts.set(key, { labels, count: 1 });
      }
    },
    all: () => counts.values(),
  };
}

type CallFigures = ReturnType<typeof createCallFigures>;

function createCallFigures(registry: Registry) {
  const registers = [registry];
  const base = ['task', 'deployment', 'sandbox'] as const;
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  return {
    calls: counter('trimtab_calls_total', 'Finished calls.', [...base, 'outcome'] as const),
    attempts: counter('trimtab_attempts_total', 'Attempts at deployments.', [
      'deployment',
      'kind',
      'outcome',
      'error',
      'sandbox',
    ] as const),
    tokens: counter(
      'trimtab_tokens_total',
      'Tokens of answering attempts; input includes cache_read and cache_write, output includes reasoning.',
      [...base, 'kind'] as const,
    ),
    spend: counter('trimtab_spend_usd_total', 'Spend of priced calls over all their attempts, USD.', base),
    unpriced: counter(
      'trimtab_unpriced_calls_total',
      'Calls without a price; they are not in the spend.',
      base,
    ),
    duration: createHistogramFamily(
      'trimtab_call_duration_seconds',
      'Call start to end of the answer.',
      DURATION_BUCKETS,
    ),
    ttft: createHistogramFamily(
      'trimtab_time_to_first_token_seconds',
      'Call start to first token; streams only.',
      TTFT_BUCKETS,
    ),
  };
}

function addCall({ batch }: Series, record: CallRecord): void {
  const { usage } = record;
  const sums = batch.usage;
  batch.outcomes[record.outcome]++;
  sums.inputTokens += usage.inputTokens ?? 0;
  sums.outputTokens += usage.outputTokens ?? 0;
  sums.cacheReadTokens += usage.cacheReadTokens ?? 0;
  sums.cacheWriteTokens += usage.cacheWriteTokens ?? 0;
  sums.reasoningTokens += usage.reasoningTokens ?? 0;
  batch.costNanoUsd += record.costNanoUsd ?? 0;
  if (record.unpriced) batch.unpriced++;
}

function observeTimes(figures: CallFigures, series: Series, record: CallRecord): void {
  if (!isTimed(record)) return;
  series.duration ??= figures.duration.series(series.labels);
  series.duration.observe(record.durationMs / 1000);
  if (record.ttftMs === null) return;
  series.ttft ??= figures.ttft.series(series.labels);
  series.ttft.observe(record.ttftMs / 1000);
}

function countBatch(figures: CallFigures, series: Series): void {
  const { labels, batch } = series;
  series.batch = noSums();
  for (const [outcome, count] of Object.entries(batch.outcomes)) {
    if (count > 0) figures.calls.inc({ ...labels, outcome }, count);
  }
  for (const [kind, field] of TOKEN_KINDS) {
    const count = batch.usage[field];
    if (count > 0) figures.tokens.inc({ ...labels, kind }, count);
  }
  if (batch.costNanoUsd > 0) figures.spend.inc({ ...labels }, toUsd(batch.costNanoUsd));
  if (batch.unpriced > 0) figures.unpriced.inc({ ...labels }, batch.unpriced);
}

function createProcessFigures(registry: Registry): Metrics['setProcess'] {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const gauges = {
    rssBytes: gauge('process_resident_memory_bytes', 'Resident memory of the process.'),
    callsServed: gauge('trimtab_gateway_calls_served', 'Calls served since the process started.'),
    openStreams: gauge('trimtab_gateway_open_streams', 'Streams under way.'),
    eventLoopDelayP99Ms: gauge(
      'trimtab_gateway_event_loop_delay_p99_ms',
      'Delay of the gateway thread, p99.',
    ),
    spoolPendingBytes: gauge('trimtab_spool_pending_bytes', 'Bytes of records the store does not have yet.'),
  };
  const full = gauge('trimtab_spool_full', '1 when records cannot be written.');
  return (figures) => {
    for (const name of Object.keys(gauges) as (keyof typeof gauges)[]) {
      const value = figures[name];
      if (value !== undefined) gauges[name].set(value);
    }
    if (figures.spool !== undefined) full.set(figures.spool === 'full' ? 1 : 0);
  };
}

function createEngineFigures(registry: Registry): Metrics['setEngines'] {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['provider'], registers: [registry] });
  const gauges = {
    waiting: gauge(
      'trimtab_engine_waiting',
      'Requests that wait inside a self-hosted engine, of all its clients.',
    ),
    running: gauge(
      'trimtab_engine_running',
      'Requests that run in a self-hosted engine, of all its clients.',
    ),
    kvCacheUse: gauge('trimtab_engine_kv_cache_use', 'Share of the KV cache in use, 0 to 1.'),
  };
  return (engines) => {
    for (const name of Object.keys(gauges) as (keyof EngineLoad)[]) {
      gauges[name].reset();
      for (const { provider, load } of engines) {
        const value = load?.[name] ?? null;
        if (value !== null) gauges[name].set({ provider }, value);
      }
    }
  };
}

/** Lets the first values through and folds the rest into one: implicit deployments are named by clients. */
function createLabelLimit(): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= MAX_LABEL_VALUES) return OTHER;
    seen.add(value);
    return value;
  };
}
