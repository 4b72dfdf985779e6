/**
 * Figures for Prometheus, fed by records as the drain stores them. Counters begin at 0 with the process. Labels are
 * bounded: no user, no key, no call; tasks and deployments beyond the first 200 count as `_other`.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallRecord, Outcome } from '../core/call-record.ts';
import { toUsd } from '../core/money.ts';

export interface Metrics {
  /** Counts records once they are stored. */
  observe(records: readonly CallRecord[]): void;
  /** Sets what is known of the processes now; figures left out keep their value. */
  setProcess(figures: ProcessFigures): void;
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
  const calls = createCallFigures(registry);
  const setProcess = createProcessFigures(registry);
  const task = createLabelLimit();
  const deployment = createLabelLimit();
  return {
    observe(records) {
      const groups = new Map<string, Group>();
      const attempts = new Map<string, { labels: AttemptLabels; count: number }>();
      for (const record of records) {
        const sandbox = String(record.sandbox);
        const labels = {
          task: task(record.task),
          deployment: deployment(record.deployment ?? 'none'),
          sandbox,
        };
        const group = groupOf(groups, labels);
        addCall(group, record);
        observeTimes(calls, record, labels);
        for (const { deployment: name, kind, outcome, errorCode } of record.attempts) {
          const of = { deployment: deployment(name), kind, outcome, error: errorCode ?? 'none', sandbox };
          const key = `${of.deployment}\n${kind}\n${outcome}\n${of.error}\n${sandbox}`;
          const seen = attempts.get(key);
          if (seen) seen.count++;
          else attempts.set(key, { labels: of, count: 1 });
        }
      }
      for (const group of groups.values()) countGroup(calls, group);
      for (const { labels, count } of attempts.values()) calls.attempts.inc(labels, count);
    },
    setProcess,
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

interface CallLabels {
  task: string;
  deployment: string;
  sandbox: string;
}

interface AttemptLabels {
  deployment: string;
  kind: string;
  outcome: string;
  error: string;
  sandbox: string;
}

/** Sums of a batch: a counter is told once per batch and label, which costs a third of once per call. */
interface Group {
  labels: CallLabels;
  outcomes: Map<Outcome, number>;
  /** In the order of {@link TOKEN_KINDS}. */
  tokens: number[];
  costNanoUsd: number;
  unpriced: number;
}

type CallFigures = ReturnType<typeof createCallFigures>;

function createCallFigures(registry: Registry) {
  const registers = [registry];
  const base = ['task', 'deployment', 'sandbox'] as const;
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, labelNames: [...base], buckets, registers });
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
    duration: histogram(
      'trimtab_call_duration_seconds',
      'Call start to end of the answer.',
      DURATION_BUCKETS,
    ),
    ttft: histogram(
      'trimtab_time_to_first_token_seconds',
      'Call start to first token; streams only.',
      TTFT_BUCKETS,
    ),
  };
}

function groupOf(groups: Map<string, Group>, labels: CallLabels): Group {
  const key = `${labels.task}\n${labels.deployment}\n${labels.sandbox}`;
  let group = groups.get(key);
  if (!group) {
    group = { labels, outcomes: new Map(), tokens: TOKEN_KINDS.map(() => 0), costNanoUsd: 0, unpriced: 0 };
    groups.set(key, group);
  }
  return group;
}

function addCall(group: Group, record: CallRecord): void {
  group.outcomes.set(record.outcome, (group.outcomes.get(record.outcome) ?? 0) + 1);
  TOKEN_KINDS.forEach(([, field], at) => {
    group.tokens[at] = (group.tokens[at] as number) + (record.usage[field] ?? 0);
  });
  group.costNanoUsd += record.costNanoUsd ?? 0;
  if (record.unpriced) group.unpriced++;
}

function observeTimes(figures: CallFigures, record: CallRecord, labels: CallLabels): void {
  if (record.outcome === 'refused') return;
  figures.duration.observe({ ...labels }, record.durationMs / 1000);
  if (record.ttftMs !== null) figures.ttft.observe({ ...labels }, record.ttftMs / 1000);
}

function countGroup(figures: CallFigures, { labels, outcomes, tokens, costNanoUsd, unpriced }: Group): void {
  for (const [outcome, count] of outcomes) figures.calls.inc({ ...labels, outcome }, count);
  TOKEN_KINDS.forEach(([kind], at) => {
    const count = tokens[at] as number;
    if (count > 0) figures.tokens.inc({ ...labels, kind }, count);
  });
  if (costNanoUsd > 0) figures.spend.inc({ ...labels }, toUsd(costNanoUsd));
  if (unpriced > 0) figures.unpriced.inc({ ...labels }, unpriced);
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
