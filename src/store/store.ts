import type { CallRecord, Outcome } from '../core/call-record.ts';
import type { HistoryImport, HistoryRow } from '../core/history-row.ts';
import type { NanoUsd } from '../core/money.ts';
import type { DataClass } from '../core/protocol.ts';
import type { Recommendation } from '../core/recommendation.ts';
import type { KeySnapshot, RetentionConfig, Revision } from '../stack/stack.ts';
import type { BatchPartStore } from './batch-parts.ts';
import type { BatchStore } from './batches.ts';
import type { FileStore } from './files.ts';
import type { JobStore } from './jobs.ts';
import type { LoadTestStore } from './load-test-store.ts';

/**
 * Where things are kept. One portable schema on SQLite (embedded) or PostgreSQL; `engines/` hold the differences.
 * The layer inserts as-is: ids and times are made above it. Lives in the control thread, never on the gateway's.
 * Every method throws TrimtabError(store_unavailable) when the database does not answer; nothing is half-written.
 */
export interface Store {
  readonly calls: CallStore;
  readonly rollups: RollupStore;
  readonly feedback: FeedbackStore;
  readonly keys: KeyStore;
  readonly revisions: RevisionStore;
  readonly settings: SettingStore;
  readonly responses: ResponseStore;
  readonly history: HistoryStore;
  readonly taskCalls: TaskCallStore;
  readonly advice: AdviceStore;
  readonly loadTests: LoadTestStore;
  readonly jobs: JobStore;
  readonly files: FileStore;
  readonly batches: BatchStore;
  readonly batchParts: BatchPartStore;
  /**
   * Deletes what is older than `retention` says and gives the space back: whole partitions where the engine has
   * them, bounded batches elsewhere, so that no statement holds the writer longer than about 50 ms. Returns once
   * nothing is left to delete.
   */
  expire(
    retention: RetentionConfig,
    now: number,
  ): Promise<{ calls: number; payloads: number; rollups: number }>;
  stats(): Promise<{
    engine: string;
    calls: number;
    bytes: number;
    bytesPerCall: number | null;
    oldest: number | null;
  }>;
  close(): Promise<void>;
}

export interface CallStore {
  /**
   * Inserts records not yet there (call id is the idempotency key) and adds exactly those to the rollups, in one
   * transaction. Up to 1,000 records.
   */
  insert(records: readonly CallRecord[]): Promise<{ inserted: number }>;
  /** The whole record, payload and feedback included; `undefined` when unknown. */
  get(id: string): Promise<CallDetail | undefined>;
  /** Newest first, by id (ids are time-ordered). Keyset paging: `before` is the last id of the page above. */
  list(filter: CallFilter, page: { limit: number; before?: string; after?: string }): Promise<CallSummary[]>;
  /** Whether records, of the sandbox or real, exist at all. */
  presence(): Promise<{ real: boolean; sandbox: boolean }>;
}

/** Absent fields do not filter. Times are epoch milliseconds, `until` exclusive. */
export interface CallFilter {
  since?: number;
  until?: number;
  task?: string;
  user?: string;
  deployment?: string;
  key?: string;
  outcome?: Outcome;
  sandbox?: boolean;
  /** Slower than, milliseconds. */
  minDurationMs?: number;
  unpriced?: boolean;
  /** Prefix of a call id, or a whole id, task, user or deployment. */
  search?: string;
}

/** A row of the calls page: the record less its attempts, stages and payload. */
export interface CallSummary
  extends Omit<
    CallRecord,
    'attempts' | 'skipped' | 'stages' | 'payload' | 'tags' | 'requestBytes' | 'responseBytes'
  > {
  attemptCount: number;
  feedbackScore: number | null;
}

export interface CallDetail extends CallRecord {
  feedback: Feedback[];
}

export type Dimension = 'task' | 'user' | 'deployment' | 'key';

export interface RollupFilter {
  /** Epoch milliseconds; rounded out to whole hours. */
  since: number;
  until: number;
  /** Real and sandbox figures never mix: one or the other. */
  sandbox: boolean;
  task?: string;
  user?: string;
  deployment?: string;
  key?: string;
}

/** Sums over a group. Percentiles come from merged log-bucket histograms (within 2 %). */
export interface Figures {
  calls: number;
  errors: number;
  refused: number;
  clientLeft: number;
  /** Spend of priced calls. Calls without a price are counted in `unpriced`, never as 0. */
  costNanoUsd: NanoUsd;
  unpriced: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  /** Calls whose usage was estimated. */
  estimated: number;
  feedbackCount: number;
  feedbackSum: number;
}

export interface Latency {
  /** `null` when no call of the group has the figure. Milliseconds. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface SeriesPoint extends Figures {
  /** Start of the bucket, epoch milliseconds. */
  at: number;
  ttft: Latency;
  total: Latency;
}

export interface RollupStore {
  /** Totals by the given dimensions, largest spend first (then calls). No dimension: one row. */
  group(filter: RollupFilter, by: readonly Dimension[], limit: number): Promise<(Figures & GroupKey)[]>;
  /** As {@link group} for one dimension that has latency: task, deployment, key. */
  latency(
    filter: RollupFilter,
    by: Exclude<Dimension, 'user'> | null,
  ): Promise<{ value: string | null; ttft: Latency; total: Latency }[]>;
  /** A time series; `bucketMs` is a multiple of one hour. Buckets without calls are present with zeros. */
  series(filter: RollupFilter, bucketMs: number): Promise<SeriesPoint[]>;
  /** How many distinct users called in the window. */
  users(filter: RollupFilter): Promise<number>;
}

export type GroupKey = Partial<Record<Dimension, string | null>>;

/** A score from a person or a client about one call. */
export interface Feedback {
  id: string;
  callId: string;
  /** What was scored; default `score`. */
  name: string;
  /** 0 to 1; thumbs up is 1, thumbs down 0. */
  score: number;
  comment: string | null;
  /** Corrected answer, when one was given. */
  correction: string | null;
  keyId: string | null;
  createdAt: number;
}

export interface FeedbackStore {
  /** Idempotent by id. A call that has not arrived from the spool yet is fine: it joins when it does. */
  add(feedback: Feedback): Promise<void>;
  list(filter: {
    task?: string;
    since?: number;
    limit: number;
    before?: string;
  }): Promise<(Feedback & { task: string | null })[]>;
}

export interface KeyRow extends KeySnapshot {
  /** First characters, enough to tell keys apart: `tt-ab12`. */
  prefix: string;
  createdAt: number;
  budget: { usd: number; per: 'day' | 'week' | 'month' } | null;
}

export interface KeyStore {
  add(key: KeyRow): Promise<void>;
  list(): Promise<KeyRow[]>;
  /** Returns false when there is no such key. */
  setDisabled(id: string, disabled: boolean): Promise<boolean>;
}

/** A line of the revisions' history: which revision began to serve, when, why. Append-only. */
export interface Activation {
  revision: string;
  at: number;
  /** `applied` a new one, or `rolled back` to an old one. */
  kind: 'applied' | 'rolled back';
  by: string;
}

export interface RevisionStore {
  /** Keeps a revision (idempotent by id) and makes it the active one. */
  activate(revision: Revision, activation: Activation): Promise<void>;
  active(): Promise<{ revision: Revision; activation: Activation } | undefined>;
  get(id: string): Promise<Revision | undefined>;
  /** Newest first. */
  history(limit: number): Promise<(Activation & Pick<Revision, 'source' | 'origin' | 'createdAt'>)[]>;
}

/** Small named values: hash of the admin token, session secret. */
export interface SettingStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  /** Sets it unless it is there; returns the value that stands. */
  setIfAbsent(name: string, value: string): Promise<string>;
  remove(name: string): Promise<void>;
  /** Those whose name begins so, by the rest of their name. The prefix holds no `%` and no `_`. */
  withPrefix(prefix: string): Promise<Map<string, string>>;
}

/** One turn of a conversation that an app may continue by `previous_response_id`. */
export interface KeptResponse {
  /** Whose it is: no other key may continue it. */
  keyId: string;
  id: string;
  previousId: string | null;
  /** JSON: the input items of this turn, then its output items. */
  items: string;
  dataClass: DataClass;
  /** Epoch milliseconds. */
  at: number;
}

export interface Conversation {
  items: string[];
  dataClass: DataClass;
}

export interface ResponseStore {
  /** Idempotent by key and id. */
  keep(response: KeptResponse): Promise<void>;
  /**
   * Items of every turn up to this one, oldest first, and the highest class of data among them; `undefined` when the
   * response, or one before it, is not there. Its turns count as used at `at`.
   */
  conversation(of: { keyId: string; id: string; at: number }): Promise<Conversation | undefined>;
  /** Deletes turns not used since, epoch milliseconds. */
  expire(before: number): Promise<void>;
}

/** Epoch milliseconds, `until` exclusive. */
export interface HistoryFilter {
  task: string;
  since: number;
  until: number;
}

/** Usage that other tools recorded. Never part of the rollups. */
export interface HistoryStore {
  /** Up to 1,000 rows, in one transaction. Idempotent by row id; a sum takes the place of an earlier sum of the same. */
  add(importId: string, rows: readonly HistoryRow[]): Promise<{ added: number; replaced: number }>;
  /** Notes a finished import. */
  finish(of: Omit<HistoryImport, 'since' | 'until'>): Promise<void>;
  /** Newest first. */
  imports(): Promise<HistoryImport[]>;
  /** Deletes an import and its rows. Returns false when there is no such import. */
  remove(importId: string): Promise<boolean>;
  tasks(): Promise<{ task: string; rows: number; since: number; last: number }[]>;
  /** Hours with calls only, ascending. Sums over more than an hour are spread evenly. */
  hourly(filter: HistoryFilter): Promise<{ at: number; calls: number }[]>;
  /** By provider and model, bills apart from usage. `calls` `null`: the export counts none. */
  sums(filter: HistoryFilter): Promise<HistorySum[]>;
  errors(filter: HistoryFilter): Promise<{ code: string; calls: number }[]>;
  /** Single calls with tokens, a random draw that is the same each time. */
  sample(filter: HistoryFilter, limit: number): Promise<HistorySample[]>;
  /** When single calls began, ascending; at most 20,000. */
  times(filter: HistoryFilter): Promise<number[]>;
  users(filter: HistoryFilter): Promise<number>;
  /** Deletes rows from before, epoch milliseconds. */
  expire(before: number): Promise<void>;
}

export interface HistorySum {
  provider: string | null;
  model: string | null;
  bill: boolean;
  rows: number;
  calls: number | null;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  costNanoUsd: NanoUsd | null;
  /** Rows that failed not and have no cost. */
  unpricedRows: number;
}

export interface HistorySample {
  at: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  durationMs: number | null;
  ttftMs: number | null;
  costNanoUsd: NanoUsd | null;
  model: string | null;
}

/** Calls of one task as evidence for advice: real ones that reached a model. */
export interface TaskCallStore {
  /** When the first and the last began; `null`: there are none. */
  range(task: string): Promise<{ since: number; last: number } | null>;
  /** Up to 50 answered calls in a row from each of these times on, epoch milliseconds. */
  sample(filter: HistoryFilter, places: readonly number[]): Promise<HistorySample[]>;
  errors(filter: HistoryFilter): Promise<{ code: string; calls: number }[]>;
  /** When calls began, ascending; at most 20,000. */
  times(filter: HistoryFilter): Promise<number[]>;
  /** What a deployment last asked. */
  modelOf(deployment: string): Promise<{ provider: string; model: string } | null>;
  /** Share of the newest captured requests that equal another of them; `null`: none is kept. */
  repeats(filter: HistoryFilter): Promise<{ share: number; calls: number } | null>;
}

/** What people declared of a task, as they wrote it. Kept until it is replaced. */
export interface StoredProfile {
  task: string;
  /** JSON that the advisor parses. */
  profile: unknown;
  /** Epoch milliseconds. */
  at: number;
  by: string;
}

/** The newest advice of a task, worked out once and read often. JSON that the advisor writes and reads. */
export interface StoredAdvice {
  task: string;
  /** Epoch milliseconds it was worked out at. */
  at: number;
  /** What it was made from, small: when that changes, it is stale. */
  basis: unknown;
  /** What lists and overviews show of it. */
  summary: unknown;
}

/** Profiles and recommendations: few rows, kept for good, since what came of advice is what it is judged by. */
export interface AdviceStore {
  /** By task. */
  advices(): Promise<StoredAdvice[]>;
  advice(task: string): Promise<(StoredAdvice & { advice: unknown }) | undefined>;
  /** Takes the place of an earlier one, unless that is newer. */
  saveAdvice(advice: StoredAdvice & { advice: unknown }): Promise<void>;
  removeAdvice(task: string): Promise<void>;
  profile(task: string): Promise<StoredProfile | undefined>;
  profiles(): Promise<StoredProfile[]>;
  saveProfile(profile: StoredProfile): Promise<void>;
  /** Oldest first; of one task, or all. */
  recommendations(task?: string): Promise<Recommendation[]>;
  recommendation(id: string): Promise<Recommendation | undefined>;
  /**
   * Keeps a new one (`expected: null`), or a changed one when it was last changed at `expected`. Returns false when it
   * was not (somebody else changed it first), or when another of the same task and target is open (neither rejected
   * nor realised): there is at most one.
   */
  save(recommendation: Recommendation, options: { expected: number | null }): Promise<boolean>;
}
