/**
 * What each endpoint answers, as schemas for the OpenAPI document. `api-types.ts` is the contract that handlers, CLI
 * and dashboard compile against; each schema here is held to its type by the compiler, and to real answers by a test.
 */
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../core/error.ts';
import { CALL_PROTOCOLS, DATA_CLASSES } from '../core/protocol.ts';
import type { Revision, Stack, TaskConfig } from '../stack/stack.ts';
import { PART_STATES } from '../store/batch-parts.ts';
import { BATCH_STATUSES } from '../store/batches.ts';
import type * as store from '../store/store.ts';
import type * as api from './api-types.ts';

export const text = z.string();
export const count = z.number().int().min(0);
export const time = z.number().int().describe('Epoch milliseconds.');
export const nanoUsd = z.number().int().describe('1 USD = 1,000,000,000.');
export const nullable = { text: text.nullable(), ms: z.number().nullable(), time: time.nullable() };
/** Parts of a config, as `schema.json` describes them, with every default filled in. */
export const configOf = <T>(what: string) =>
  z.record(text, z.unknown()).describe(`${what}, as a config has it.`) as unknown as z.ZodType<T>;
export const source = z.enum(['file', 'discovered', 'api']);
const outcome = z.enum(['ok', 'error', 'client_left', 'refused']);
const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]).nullable();

export const sessionAnswer: z.ZodType<api.SessionAnswer> = z.strictObject({ signedIn: z.boolean() });

const processHealth = z.strictObject({
  rssBytes: count,
  callsServed: count,
  openStreams: count,
  eventLoopDelayP99Ms: z.number(),
  spool: z.enum(['ok', 'full']),
});

export const statusAnswer: z.ZodType<api.StatusAnswer> = z.strictObject({
  version: text,
  startedAt: time,
  url: nullable.text,
  engine: text,
  revision: text,
  source,
  configFile: nullable.text,
  configProblem: nullable.text,
  configWritable: z.boolean(),
  presence: z.strictObject({ real: z.boolean(), sandbox: z.boolean() }),
  sandboxOnly: z.boolean(),
  spool: z.strictObject({ state: z.enum(['ok', 'full']), pendingBytes: count }),
  storage: z.strictObject({
    calls: count,
    bytes: count,
    bytesPerCall: z.number().nullable(),
    oldest: nullable.time,
  }),
  process: processHealth.nullable(),
  database: z.enum(['ok', 'away']),
});

const figureShape = {
  calls: count,
  errors: count,
  refused: count,
  clientLeft: count,
  costNanoUsd: nanoUsd,
  unpriced: count.describe('Calls without a price; they are not in the cost.'),
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
  estimated: count,
  feedbackCount: count,
  feedbackSum: z.number(),
};
const percentiles = z.strictObject({ p50: nullable.ms, p95: nullable.ms, p99: nullable.ms });
const latencyShape = { ttft: percentiles, total: percentiles };
const keyShape = {
  task: nullable.text.optional(),
  user: nullable.text.optional(),
  deployment: nullable.text.optional(),
  key: nullable.text.optional(),
};
export const figures = z.strictObject(figureShape);
export const latency = z.strictObject(latencyShape);
const series = z.array(z.strictObject({ at: time, ...figureShape, ...latencyShape }));
const rows = z.array(z.strictObject({ ...figureShape, ...keyShape })) as z.ZodType<api.GroupRow[]>;
const rowsWithLatency = z.array(
  z.strictObject({ ...figureShape, ...keyShape, ...latencyShape }),
) as z.ZodType<api.GroupRowWithLatency[]>;
const windowShape = { since: time, until: time };

export const overviewAnswer: z.ZodType<api.OverviewAnswer> = z.strictObject({
  ...windowShape,
  sandbox: z.boolean(),
  bucketMs: count,
  totals: z.strictObject({ ...figureShape, ...latencyShape }),
  previous: figures,
  series,
  tasks: rowsWithLatency,
  users: rows,
  deployments: rowsWithLatency,
  userCount: count,
  untasked: rows,
});

const usage = z.strictObject({
  inputTokens: count.optional(),
  outputTokens: count.optional(),
  cacheReadTokens: count.optional(),
  cacheWriteTokens: count.optional(),
  reasoningTokens: count.optional(),
  estimated: z.boolean().optional(),
});
const summaryShape = {
  id: text,
  startedAt: time,
  durationMs: z.number(),
  ttftMs: nullable.ms,
  revision: text,
  protocol: z.enum(CALL_PROTOCOLS as ['chat', 'embeddings', 'messages', 'responses', 'passthrough']),
  operation: text.optional(),
  streamed: z.boolean(),
  task: text,
  requestedModel: nullable.text,
  keyId: text,
  user: nullable.text,
  dataClass: z.enum(DATA_CLASSES as ['public', 'internal', 'confidential', 'restricted']),
  outcome,
  status: z.number().int(),
  errorCode,
  errorMessage: nullable.text,
  deployment: nullable.text,
  provider: nullable.text,
  model: nullable.text,
  sandbox: z.boolean(),
  finishReason: nullable.text,
  usage,
  costNanoUsd: nanoUsd.nullable(),
  unpriced: z.boolean(),
};
const summary = z.strictObject({ ...summaryShape, attemptCount: count, feedbackScore: nullable.ms });

export const callsAnswer = z.strictObject({
  calls: z.array(summary),
  next: nullable.text,
}) as unknown as z.ZodType<api.CallsAnswer>;

const feedbackShape = {
  id: text,
  callId: text,
  name: text,
  score: z.number().min(0).max(1),
  comment: nullable.text,
  correction: nullable.text,
  keyId: nullable.text,
  createdAt: time,
};
const feedback: z.ZodType<store.Feedback> = z.strictObject(feedbackShape);

const attempt = z.strictObject({
  deployment: text,
  provider: text,
  model: text,
  region: nullable.text,
  kind: z.enum(['primary', 'fallback', 'retry', 'hedge', 'batch']),
  reason: text,
  startMs: z.number(),
  headersMs: nullable.ms,
  firstTokenMs: nullable.ms,
  endMs: z.number(),
  outcome: z.enum(['ok', 'error', 'client_left', 'cancelled']),
  status: z.number().int().nullable(),
  errorCode,
  errorMessage: nullable.text,
  usage,
  costNanoUsd: nanoUsd.nullable(),
  priceSource: nullable.text,
  dropped: z.array(text).optional(),
});

export const callAnswer = z.strictObject({
  ...summaryShape,
  tags: z.record(text, text),
  requestBytes: count,
  responseBytes: count,
  attempts: z.array(attempt),
  skipped: z.array(z.strictObject({ deployment: text, reason: text })),
  stages: z.array(z.tuple([text, z.number(), z.number()])),
  payload: z.strictObject({ request: text, response: text }).optional(),
  feedback: z.array(feedback),
  revisionActive: z.boolean(),
}) as unknown as z.ZodType<api.CallAnswer>;

export const costsAnswer: z.ZodType<api.CostsAnswer> = z.strictObject({
  ...windowShape,
  by: z.array(text),
  sandbox: z.boolean(),
  rows,
  total: figures,
  unpricedDeployments: z.array(text),
});

const taskShape = {
  name: text,
  config: configOf<TaskConfig>('A task').nullable(),
  figures,
  latency,
  users: count,
};

export const tasksAnswer: z.ZodType<api.TasksAnswer> = z.strictObject({
  ...windowShape,
  tasks: z.array(z.strictObject(taskShape)),
});

const activationShape = { revision: text, at: time, kind: z.enum(['applied', 'rolled back']), by: text };

export const taskAnswer: z.ZodType<api.TaskAnswer> = z.strictObject({
  ...taskShape,
  ...windowShape,
  bucketMs: count,
  previous: figures,
  series,
  topUsers: rows,
  deployments: rowsWithLatency,
  feedback: z.array(feedback),
  activations: z.array(z.strictObject(activationShape)),
});

export const revisionsAnswer: z.ZodType<api.RevisionsAnswer> = z.strictObject({
  active: text,
  history: z.array(z.strictObject({ ...activationShape, source, origin: text, createdAt: time })),
});

export const revisionAnswer: z.ZodType<Revision> = z.strictObject({
  id: text,
  stack: configOf<Stack>('The stack'),
  createdAt: time,
  source,
  origin: text,
});

export const revisionDiff: z.ZodType<api.RevisionDiff> = z.strictObject({
  from: text,
  to: text,
  changes: z.array(
    z.strictObject({ path: text, before: z.unknown().optional(), after: z.unknown().optional() }),
  ),
});

export const revisionApplied: z.ZodType<api.RevisionApplied> = z.strictObject({ revision: text });

const rowShape = {
  id: text,
  name: text,
  owner: nullable.text,
  tasks: z.array(text).nullable(),
  expiresAt: nullable.time,
  disabled: z.boolean(),
  prefix: text,
  createdAt: time,
  budget: z.strictObject({ usd: z.number(), per: z.enum(['day', 'week', 'month']) }).nullable(),
};

export const keysAnswer: z.ZodType<api.KeysAnswer> = z.strictObject({
  keys: z.array(z.strictObject(rowShape)),
});

export const keyCreated: z.ZodType<api.KeyCreated> = z.strictObject({
  ...rowShape,
  key: text.describe('The key itself, shown this once.'),
});

const batchShape = {
  id: text,
  keyId: text,
  jobId: text,
  status: z.enum(BATCH_STATUSES),
  endpoint: text,
  completionWindow: text,
  inputFileId: text,
  outputFileId: nullable.text,
  errorFileId: nullable.text,
  metadata: z.record(text, text).nullable(),
  errors: z
    .array(z.strictObject({ code: text, message: text, param: nullable.text, line: count.nullable() }))
    .nullable(),
  total: count,
  completed: count,
  failed: count,
  createdAt: time,
  expiresAt: time,
  inProgressAt: nullable.time,
  finalizingAt: nullable.time,
  cancellingAt: nullable.time,
  endedAt: nullable.time,
  parts: z.array(
    z.strictObject({
      id: text,
      deployment: text,
      state: z.enum(PART_STATES),
      vendorId: nullable.text,
      vendorStatus: nullable.text,
      lines: count,
      completed: count,
      failed: count,
      note: nullable.text,
      sentAt: nullable.time,
      endedAt: nullable.time,
    }),
  ),
};
export const batchAnswer: z.ZodType<api.BatchAnswer> = z.strictObject(batchShape);
export const batchesAnswer: z.ZodType<api.BatchesAnswer> = z.strictObject({
  batches: z.array(z.strictObject(batchShape)),
  next: nullable.text,
});

export const feedbackAnswer: z.ZodType<api.FeedbackAnswer> = z.strictObject({
  feedback: z.array(z.strictObject({ ...feedbackShape, task: nullable.text })),
  next: nullable.text,
});

export const historyAnswer: z.ZodType<api.HistoryAnswer> = z.strictObject({
  imports: z.array(
    z.strictObject({
      id: text,
      at: time,
      file: text,
      format: text,
      rows: count,
      badRows: count,
      since: nullable.time,
      until: nullable.time,
    }),
  ),
  tasks: z.array(z.strictObject({ task: text, rows: count, since: time, last: time })),
});

export const historyAdded: z.ZodType<api.HistoryAdded> = z.strictObject({ added: count, replaced: count });

export const apiError: z.ZodType<api.ApiError> = z.strictObject({
  error: z.strictObject({ code: text, message: text, field: nullable.text, advice: text }),
});
