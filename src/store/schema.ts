import type { Generated } from 'kysely';
import type {
  BatchesTable,
  BatchLinesTable,
  BatchPartsTable,
  FileChunksTable,
  FilesTable,
  JobsTable,
} from './batch-tables.ts';
import type { BulkTable, ColumnKind } from './bulk-table.ts';

/**
 * The tables, as Kysely sees them. Times are epoch milliseconds, money is nano-USD, flags are 0 or 1, JSON is text
 * (jsonb where the engine has it). Ids are time-ordered text, so that a range of ids is a range of time.
 */
export interface Database {
  calls: CallsTable;
  payloads: PayloadsTable;
  feedback: FeedbackTable;
  rollups: RollupsTable;
  user_sums: UserSumsTable;
  users: UsersTable;
  rollup_pending: RollupPendingTable;
  keys: KeysTable;
  revisions: RevisionsTable;
  activations: ActivationsTable;
  settings: SettingsTable;
  responses: ResponsesTable;
  jobs: JobsTable;
  history: HistoryTable;
  imports: ImportsTable;
  profiles: ProfilesTable;
  recommendations: RecommendationsTable;
  advices: AdvicesTable;
  load_tests: LoadTestsTable;
  files: FilesTable;
  file_chunks: FileChunksTable;
  batches: BatchesTable;
  batch_lines: BatchLinesTable;
  batch_parts: BatchPartsTable;
  schema_version: { version: number };
}

/**
 * One wide row per call. `null` in a JSON column stands for empty. Attempts, skipped and stages are read whole and
 * never searched, so they are JSON in text: as jsonb they take half as much again.
 */
export interface CallsTable {
  id: string;
  started_at: number;
  duration_ms: number;
  ttft_ms: number | null;
  cost_nano_usd: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  request_bytes: number;
  response_bytes: number;
  status: number;
  streamed: number;
  sandbox: number;
  unpriced: number;
  /** `null`: the usage does not say. */
  estimated: number | null;
  attempt_count: number;
  revision: string;
  protocol: string;
  task: string;
  requested_model: string | null;
  key_id: string;
  user_id: string | null;
  data_class: string;
  outcome: string;
  error_code: string | null;
  error_message: string | null;
  deployment: string | null;
  provider: string | null;
  model: string | null;
  finish_reason: string | null;
  /** Of pass-through calls. */
  operation: string | null;
  tags: unknown;
  attempts: unknown;
  skipped: unknown;
  stages: unknown;
}

export interface PayloadsTable {
  call_id: string;
  request: string;
  response: string;
}

export interface FeedbackTable {
  id: string;
  call_id: string;
  name: string;
  score: number;
  comment: string | null;
  correction: string | null;
  key_id: string | null;
  created_at: number;
}

/** What every rollup sums. `null` stands for zero. */
export interface FigureColumns {
  calls: number | null;
  errors: number | null;
  refused: number | null;
  client_left: number | null;
  cost_nano_usd: number | null;
  unpriced: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  reasoning_tokens: number | null;
  estimated: number | null;
  feedback_count: number | null;
  feedback_sum: number | null;
}

/**
 * Figures and latency per bucket of `tier` milliseconds. `grain` says which of task, deployment and key are told
 * apart ({@link GRAINS}); the others are ''. No deployment (a refused call) is '' too.
 */
export interface RollupsTable extends FigureColumns {
  grain: number;
  tier: number;
  sandbox: number;
  bucket: number;
  task: string;
  deployment: string;
  key_id: string;
  ttft: Uint8Array | null;
  total: Uint8Array | null;
}

/**
 * Figures of many users: part of one bucket of `tier` milliseconds, per task or (`grain`) of all, then ''. A row never
 * changes: a larger one takes its place.
 */
export interface UserSumsTable {
  id: Generated<number>;
  grain: number;
  tier: number;
  sandbox: number;
  bucket: number;
  task: string;
  /** How many. */
  users: number;
  /** user-sums.ts says how. */
  body: Uint8Array;
}

/** The numbers that stand for users in `user_sums`; no user is ''. */
export interface UsersTable {
  id: Generated<number>;
  name: string;
}

/** Calls that are in no rollup yet: pending.ts. */
export interface RollupPendingTable {
  id: Generated<number>;
  names: string;
  figures: Uint8Array;
}

export interface KeysTable {
  id: string;
  sha256: string;
  prefix: string;
  name: string;
  owner: string | null;
  /** JSON list, or `null` for all tasks. */
  tasks: string | null;
  /** JSON. */
  budget: string | null;
  expires_at: number | null;
  disabled: number;
  created_at: number;
}

export interface RevisionsTable {
  id: string;
  /** JSON, byte for byte as it was hashed. */
  stack: string;
  created_at: number;
  source: string;
  origin: string;
}

export interface ActivationsTable {
  seq: number;
  revision: string;
  at: number;
  kind: string;
  by_whom: string;
}

export interface ResponsesTable {
  key_id: string;
  id: string;
  previous_id: string | null;
  items: string;
  /** Its place in DATA_CLASSES. */
  data_class: number;
  used_at: number;
}

/** Usage that other tools recorded; see core/history-row.ts. */
export interface HistoryTable {
  id: string;
  import_id: string;
  at: number;
  span_ms: number;
  calls: number | null;
  task: string;
  provider: string | null;
  model: string | null;
  user_id: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  duration_ms: number | null;
  ttft_ms: number | null;
  failed: number;
  error: string | null;
  cost_nano_usd: number | null;
  cost_source: string | null;
}

export interface ImportsTable {
  id: string;
  at: number;
  file: string;
  format: string;
  rows: number;
  bad_rows: number;
}

export interface ProfilesTable {
  task: string;
  /** JSON. */
  profile: string;
  at: number;
  by_whom: string;
}

export interface RecommendationsTable {
  id: string;
  task: string;
  target: string;
  state: string;
  /** JSON: the whole of it. */
  body: string;
  created_at: number;
  changed_at: number;
}

/** JSON in text: read whole, never searched. */
export interface LoadTestsTable {
  id: string;
  deployment: string;
  job_id: string;
  created_at: number;
  /** JSON. */
  body: string;
}

export interface AdvicesTable {
  task: string;
  at: number;
  basis: string;
  summary: string;
  body: string;
}

export interface SettingsTable {
  name: string;
  value: string;
}

const FIGURES = {
  calls: 'int4',
  errors: 'int4',
  refused: 'int4',
  client_left: 'int4',
  unpriced: 'int4',
  estimated: 'int4',
  feedback_count: 'int4',
  cost_nano_usd: 'int8',
  input_tokens: 'int8',
  output_tokens: 'int8',
  cache_read_tokens: 'int8',
  cache_write_tokens: 'int8',
  reasoning_tokens: 'int8',
  feedback_sum: 'float',
} as const satisfies Record<keyof FigureColumns, ColumnKind>;

export const FIGURE_COLUMNS = Object.keys(FIGURES) as (keyof FigureColumns)[];

/** Widest first, which leaves PostgreSQL no padding. */
export const CALLS = {
  name: 'calls',
  columns: {
    started_at: 'int8',
    duration_ms: 'float',
    ttft_ms: 'float',
    cost_nano_usd: 'int8',
    input_tokens: 'int8',
    output_tokens: 'int8',
    cache_read_tokens: 'int8',
    cache_write_tokens: 'int8',
    reasoning_tokens: 'int8',
    request_bytes: 'int4',
    response_bytes: 'int4',
    status: 'int4',
    attempt_count: 'int4',
    streamed: 'int2',
    sandbox: 'int2',
    unpriced: 'int2',
    estimated: 'int2',
    id: 'text',
    revision: 'text',
    protocol: 'text',
    task: 'text',
    requested_model: 'text',
    key_id: 'text',
    user_id: 'text',
    data_class: 'text',
    outcome: 'text',
    error_code: 'text',
    error_message: 'text',
    deployment: 'text',
    provider: 'text',
    model: 'text',
    finish_reason: 'text',
    operation: 'text',
    tags: 'json',
    attempts: 'text',
    skipped: 'text',
    stages: 'text',
  } satisfies Record<keyof CallsTable, ColumnKind>,
  key: ['id'],
} as const satisfies BulkTable;

export const HISTORY = {
  name: 'history',
  columns: {
    at: 'int8',
    input_tokens: 'int8',
    output_tokens: 'int8',
    cache_read_tokens: 'int8',
    cache_write_tokens: 'int8',
    cost_nano_usd: 'int8',
    calls: 'int8',
    duration_ms: 'float',
    ttft_ms: 'float',
    span_ms: 'int8',
    failed: 'int2',
    id: 'text',
    import_id: 'text',
    task: 'text',
    provider: 'text',
    model: 'text',
    user_id: 'text',
    error: 'text',
    cost_source: 'text',
  } satisfies Record<keyof HistoryTable, ColumnKind>,
  key: ['id'],
} as const satisfies BulkTable;

export const PAYLOADS = {
  name: 'payloads',
  columns: { call_id: 'text', request: 'text', response: 'text' },
  key: ['call_id'],
} as const satisfies BulkTable;

export const ROLLUPS = {
  name: 'rollups',
  columns: {
    bucket: 'int8',
    tier: 'int4',
    grain: 'int2',
    sandbox: 'int2',
    ...FIGURES,
    task: 'text',
    deployment: 'text',
    key_id: 'text',
    ttft: 'bytes',
    total: 'bytes',
  } satisfies Record<keyof RollupsTable, ColumnKind>,
  key: ['grain', 'tier', 'sandbox', 'bucket', 'task', 'deployment', 'key_id'],
  sums: FIGURE_COLUMNS,
  histograms: ['ttft', 'total'],
} as const satisfies BulkTable;
