/** What `/api/v1/*` answers, shared by the handlers, the CLI and the dashboard. All times epoch milliseconds. */

import type { HistoryImport } from '../core/history-row.ts';
import type { NanoUsd } from '../core/money.ts';
import type { DeploymentHealthView } from '../gateway/gateway.ts';
import type { Adapter, Adapters } from '../providers/engine.ts';
import type { DeploymentConfig, Drain, ProviderConfig, Revision, Stack, TaskConfig } from '../stack/stack.ts';
import type { BatchPart } from '../store/batch-parts.ts';
import type { Batch } from '../store/batches.ts';
import type {
  Activation,
  CallDetail,
  CallSummary,
  Feedback,
  Figures,
  GroupKey,
  KeyRow,
  Latency,
  SeriesPoint,
} from '../store/store.ts';
import type { EngineView } from './engines/watch.ts';
import type { ProcessHealth } from './link.ts';

/** Any error: the catalogue's code, what is wrong, the field, what to do. */
export interface ApiError {
  error: { code: string; message: string; field: string | null; advice: string };
}

/** GET /api/v1/session */
export interface SessionAnswer {
  signedIn: boolean;
}

/** GET /api/v1/status */
export interface StatusAnswer {
  version: string;
  startedAt: number;
  url: string | null;
  engine: string;
  revision: string;
  source: Revision['source'];
  /** File path when the stack comes from a file. */
  configFile: string | null;
  /** Why the file on disk is not what runs (bad file, rolled back); `null` when it is. */
  configProblem: string | null;
  /** Whether the API may change the stack (no config file). */
  configWritable: boolean;
  /** Which kinds of calls exist: decides what a page shows first. */
  presence: { real: boolean; sandbox: boolean };
  /** No provider but the sandbox is configured. */
  sandboxOnly: boolean;
  spool: { state: 'ok' | 'full'; pendingBytes: number };
  storage: { calls: number; bytes: number; bytesPerCall: number | null; oldest: number | null };
  process: ProcessHealth | null;
  database: 'ok' | 'away';
}

export interface LatencyPair {
  ttft: Latency;
  total: Latency;
}

export type GroupRow = Figures & GroupKey;
export type GroupRowWithLatency = GroupRow & LatencyPair;

/** GET /api/v1/overview?since&until&sandbox */
export interface OverviewAnswer {
  since: number;
  until: number;
  sandbox: boolean;
  bucketMs: number;
  totals: Figures & LatencyPair;
  /** The window of equal length before. */
  previous: Figures;
  series: SeriesPoint[];
  tasks: GroupRowWithLatency[];
  users: GroupRow[];
  deployments: GroupRowWithLatency[];
  userCount: number;
  /** Calls that named a model: deployments they went to, most calls first. */
  untasked: GroupRow[];
}

/** GET /api/v1/calls?...filter&limit&before&after */
export interface CallsAnswer {
  calls: CallSummary[];
  /** Pass as `before` for the next page; `null` at the end. */
  next: string | null;
}

/** GET /api/v1/calls/:id */
export type CallAnswer = CallDetail & { revisionActive: boolean };

/** GET /api/v1/costs?by=task,user&since=7d&until&sandbox&limit */
export interface CostsAnswer {
  since: number;
  until: number;
  by: string[];
  sandbox: boolean;
  rows: GroupRow[];
  total: Figures;
  /** Deployments with calls that have no price: loud, never $0. */
  unpricedDeployments: string[];
}

export interface TaskRow {
  name: string;
  /** `null` for `untasked` and for tasks no longer in the stack. */
  config: TaskConfig | null;
  figures: Figures;
  latency: LatencyPair;
  users: number;
}

/** GET /api/v1/tasks?since&until&sandbox */
export interface TasksAnswer {
  since: number;
  until: number;
  tasks: TaskRow[];
}

/** GET /api/v1/tasks/:name?since&until&sandbox */
export interface TaskAnswer extends TaskRow {
  since: number;
  until: number;
  bucketMs: number;
  previous: Figures;
  series: SeriesPoint[];
  topUsers: GroupRow[];
  deployments: GroupRowWithLatency[];
  feedback: Feedback[];
  /** Revisions activated in the window, to mark on the axis. */
  activations: Activation[];
}

export interface DeploymentRow {
  name: string;
  /** Made from a `provider/model` name rather than declared. */
  implicit: boolean;
  config: DeploymentConfig;
  provider: Pick<ProviderConfig, 'type' | 'baseUrl' | 'dataPolicy'>;
  sandbox: boolean;
  /** USD per million tokens now, and where it comes from; `null`: unpriced. */
  price: { inputPerMillion: number; outputPerMillion: number; source: string } | null;
  health: DeploymentHealthView | null;
  /** `null`: in service. */
  drain: DrainView | null;
  /** What the engine behind it tells; `null`: a vendor's API, or an engine that tells nothing. */
  engine: EngineState | null;
  /** Last 24 hours. */
  figures: Figures;
  latency: LatencyPair;
}

/** `served`: whether the engine takes the deployment's model name by what it last listed; `null`: not known. */
export type EngineState = Pick<EngineView, 'load' | 'loadAt' | 'trouble'> & { served: boolean | null };

/** `idle`: no call runs or waits there any more, in this process. */
export type DrainView = Drain & { idle: boolean };

/** GET /api/v1/deployments */
export interface DeploymentsAnswer {
  deployments: DeploymentRow[];
}

/** GET /api/v1/engines/:provider. `adapters`: `null` where it has no LoRA adapters that can be managed. */
export type EngineRow = EngineView & { adapters: Adapters['kind'] | null };

/** GET /api/v1/engines */
export interface EnginesAnswer {
  engines: EngineRow[];
}

/** GET, POST /api/v1/engines/:provider/adapters, DELETE /api/v1/engines/:provider/adapters/:name */
export interface AdaptersAnswer {
  provider: string;
  kind: Adapters['kind'];
  adapters: Adapter[];
}

/** GET /api/v1/stack */
export interface StackAnswer {
  revision: string;
  source: Revision['source'];
  origin: string;
  stack: Stack;
  deployments: DeploymentRow[];
  /** Calls of the last 24 hours by task and deployment, for the picture of where calls flow. */
  flows: { task: string; deployment: string | null; calls: number; costNanoUsd: NanoUsd }[];
}

/** GET /api/v1/revisions */
export interface RevisionsAnswer {
  active: string;
  history: (Activation & Pick<Revision, 'source' | 'origin' | 'createdAt'>)[];
}

/** GET /api/v1/revisions/:a/diff/:b */
export interface RevisionDiff {
  from: string;
  to: string;
  /** Leaf by leaf, in path order; `before` / `after` absent: not there. */
  changes: { path: string; before?: unknown; after?: unknown }[];
}

/** GET /api/v1/keys */
export interface KeysAnswer {
  keys: Omit<KeyRow, 'sha256'>[];
}

/** POST /api/v1/keys {name, owner?, tasks?, expiresAt?}: the key itself, shown this once. */
export interface KeyCreated extends Omit<KeyRow, 'sha256'> {
  key: string;
}

/**
 * GET /api/v1/batches/:id, POST /api/v1/batches, POST /api/v1/batches/:id/cancel. `completed` and `failed` count what
 * vendors have done of its parts, too, before it is read.
 */
export interface BatchAnswer extends Batch {
  /** What goes through vendors' own batch APIs; the other lines are the queue's. Oldest first. */
  parts: BatchPartView[];
}

/** Lines of a batch at one vendor, together. */
export type BatchPartView = Pick<
  BatchPart,
  | 'id'
  | 'deployment'
  | 'state'
  | 'vendorId'
  | 'vendorStatus'
  | 'lines'
  | 'completed'
  | 'failed'
  | 'note'
  | 'sentAt'
  | 'endedAt'
>;

/** GET /api/v1/batches?key&limit&before */
export interface BatchesAnswer {
  batches: BatchAnswer[];
  next: string | null;
}

/** POST /api/v1/tasks {name, ...}, POST /api/v1/revisions/:id/rollback */
export interface RevisionApplied {
  revision: string;
}

/** GET /api/v1/feedback?task&since&limit&before */
export interface FeedbackAnswer {
  feedback: (Feedback & { task: string | null })[];
  next: string | null;
}

export interface HistoryAnswer {
  imports: HistoryImport[];
  /** Tasks with imported rows. Epoch milliseconds. */
  tasks: { task: string; rows: number; since: number; last: number }[];
}
export type HistoryAdded = { added: number; replaced: number };

export type * from './advice-types.ts';
export type * from './load-test-types.ts';
