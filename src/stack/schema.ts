/**
 * The shape of a config as people write it. `parse.ts` turns it into a {@link Stack}; `json-schema.ts` publishes it
 * for editors. Descriptions and defaults here are what an editor shows. Unknown keys are errors.
 */
import { z } from 'zod';
import { CAPTURES, LATENCY_CLASSES } from '../core/protocol.ts';
import { DEFAULT_BREAKER, DEFAULT_HEDGE, DEFAULT_QUEUE } from './limits.ts';
import { DEFAULT_RETRIES } from './retries.ts';
import { batchThroughSchema } from './schema-batch.ts';
import { dataClassSchema as dataClass, providerSchema } from './schema-provider.ts';
import { DEFAULT_SHUTDOWN, shutdownSchema } from './shutdown.ts';
import type { GatewayConfig, RetentionConfig, SpoolConfig, Timeouts } from './stack.ts';

const MEBIBYTE = 1024 * 1024;
const DAY_LIMIT = 36_500;
/** One day: longer than any answer, and within what a timer can hold. */
const MAX_TIMEOUT_MS = 86_400_000;

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 5_000,
  headersMs: 60_000,
  firstTokenMs: 60_000,
  idleMs: 60_000,
  totalMs: 600_000,
};

export const DEFAULT_GATEWAY: GatewayConfig = {
  maxBodyBytes: 20 * MEBIBYTE,
  maxAnswerBytes: 20 * MEBIBYTE,
  maxHeaderBytes: 16 * 1024,
  maxFileBytes: 200 * MEBIBYTE,
  maxBatchCalls: 4,
  shutdown: DEFAULT_SHUTDOWN,
  untasked: { dataClass: 'internal', capture: 'metadata' },
  timeouts: DEFAULT_TIMEOUTS,
};

export const DEFAULT_SPOOL: SpoolConfig = { whenFull: 'refuse', maxBytes: 2048 * MEBIBYTE };

export const DEFAULT_RETENTION: RetentionConfig = {
  callsDays: 90,
  payloadsDays: 14,
  rollupsDays: 730,
  filesDays: 30,
};

const capture = z
  .enum(CAPTURES as ['none', 'metadata', 'full'])
  .describe('What is kept of a call: figures only, also tags and user, or the content too.');
const latencyClass = z
  .enum(LATENCY_CLASSES as ['interactive', 'standard', 'batch'])
  .describe('How soon the caller needs the answer.');

const positive = z.number().positive();
const price = z.number().min(0);
const bytes = z.int().min(1024);
const days = z.int().min(1).max(DAY_LIMIT);
const timeout = z.int().min(1).max(MAX_TIMEOUT_MS);

export const tokenPriceSchema = z
  .strictObject({
    inputPerMillion: price.describe('USD per million input tokens.'),
    outputPerMillion: price.describe('USD per million output tokens.'),
    cacheReadPerMillion: price.optional().describe('Default: the input price.'),
    cacheWritePerMillion: price.optional().describe('Default: the input price.'),
  })
  .describe('USD per million tokens.');

export const hostedPriceSchema = z
  .strictObject({
    usdPerHour: positive.describe('USD per hour of everything the deployment runs on.'),
    outputTokensPerSecond: z
      .union([positive, z.literal('measured')])
      .default('measured')
      .describe('Output tokens per second over all concurrent calls; `measured`: from the calls themselves.'),
    inputShare: z
      .number()
      .min(0)
      .max(10)
      .default(0.1)
      .describe('An input token costs this share of an output token.'),
  })
  .describe('A self-hosted deployment.');

export const timeoutsSchema = z
  .strictObject({
    connectMs: timeout.optional().describe('Default 5,000.'),
    headersMs: timeout.optional().describe('Request sent to response headers. Default 60,000.'),
    firstTokenMs: timeout.optional().describe('Response headers to first token. Default 60,000.'),
    idleMs: timeout.optional().describe('Longest silence between two chunks of a stream. Default 60,000.'),
    totalMs: timeout.optional().describe('The whole call, all attempts. Default 600,000.'),
  })
  .describe('Milliseconds.');

export const limitsSchema = z.strictObject({
  maxConcurrent: z
    .int()
    .min(1)
    .nullable()
    .optional()
    .describe('Calls at once, per gateway; above it the next target is tried, then calls wait in the queue.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .nullable()
    .optional()
    .describe('Attempts within any 60 seconds, per gateway; above it the next target is tried.'),
  tokensPerMinute: z
    .int()
    .min(1)
    .nullable()
    .optional()
    .describe('Tokens within any 60 seconds, per gateway: the estimated prompt, then what was used.'),
  queue: z
    .strictObject({
      maxWaiting: z
        .int()
        .min(1)
        .max(100_000)
        .default(DEFAULT_QUEUE.maxWaiting)
        .describe('Calls that may wait; the next one gets 429 queue_full.'),
      maxWaitMs: z
        .int()
        .min(1)
        .max(MAX_TIMEOUT_MS)
        .default(DEFAULT_QUEUE.maxWaitMs)
        .describe('Milliseconds after which a waiting call gets 429 queue_full.'),
    })
    .nullable()
    .optional()
    .describe('Where calls wait at `maxConcurrent`. Default: 100 calls, 10,000 ms. `null`: none waits.'),
});

const share = z.number().gt(0).max(1);

export const breakerSchema = z
  .strictObject({
    consecutive: z
      .int()
      .min(1)
      .default(DEFAULT_BREAKER.consecutive)
      .describe('Outages in a row that open it.'),
    share: share.default(DEFAULT_BREAKER.share).describe('Or this share of outages in the last minute.'),
    minCalls: z.int().min(1).default(DEFAULT_BREAKER.minCalls).describe('Calls that share must rest on.'),
    pauseMs: timeout
      .default(DEFAULT_BREAKER.pauseMs)
      .describe('Milliseconds until one call tries it again; doubles with each failure.'),
    longestPauseMs: timeout.default(DEFAULT_BREAKER.longestPauseMs).describe('Milliseconds, at most.'),
    firstShare: share.default(DEFAULT_BREAKER.firstShare).describe('Of calls, once it answered again.'),
    rampAnswers: z.int().min(1).default(DEFAULT_BREAKER.rampAnswers).describe('Answers until it gets all.'),
    rampMs: timeout.default(DEFAULT_BREAKER.rampMs).describe('Or milliseconds without an outage.'),
  })
  .describe('When a failing deployment is left alone, and how it comes back.');

export const deploymentSchema = z.strictObject({
  provider: z.string().min(1).describe('A provider of this stack.'),
  model: z.string().min(1).describe("The vendor's model name."),
  region: z.string().min(1).nullable().optional().describe('Where it runs; recorded with each attempt.'),
  price: z
    .union([tokenPriceSchema, hostedPriceSchema])
    .nullable()
    .optional()
    .describe("Overrides the provider's dated price table."),
  limits: limitsSchema.optional(),
  timeouts: timeoutsSchema.optional(),
  contextTokens: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Tokens its model takes at most; calls that cannot fit pass it over. Default: the provider's table.",
    ),
  breaker: breakerSchema.optional(),
  batch: batchThroughSchema,
});

const weight = positive.optional().describe('Share of calls under the policy `weighted`. Default 1.');

export const targetSchema = z.union([
  z.string().min(1).describe('A deployment, `provider/model`, or another task.'),
  z.strictObject({ deployment: z.string().min(1), weight }),
  z.strictObject({ task: z.string().min(1).describe('Its targets are put in this place.'), weight }),
]);

export const routeSchema = z.union([
  z.string().min(1).describe('One target.'),
  z.array(targetSchema).min(1).describe('Targets in order: the next is tried when one fails.'),
  z.strictObject({
    policy: z
      .string()
      .min(1)
      .optional()
      .describe('Default `ordered`; `weighted` when a target has a weight.'),
    targets: z.array(targetSchema).min(1).describe('Deployments, `provider/model` or other tasks.'),
  }),
]);

export const retriesSchema = z
  .strictObject({
    attempts: z
      .int()
      .min(0)
      .max(5)
      .default(DEFAULT_RETRIES.attempts)
      .describe('Further attempts at the last deployment of the route.'),
    backoffMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(DEFAULT_RETRIES.backoffMs)
      .describe('Most milliseconds before the first; doubles with each. Drawn at random below that.'),
    maxWaitMs: z
      .int()
      .min(0)
      .max(600_000)
      .default(DEFAULT_RETRIES.maxWaitMs)
      .describe('Longest wait in milliseconds. A vendor that asks for more is not asked again.'),
  })
  .describe('The same deployment again, when no other of the route is left.');

export const hedgeSchema = z
  .strictObject({
    afterPercentile: z
      .number()
      .min(50)
      .max(99.9)
      .default(DEFAULT_HEDGE.afterPercentile)
      .describe("Of the deployment's own time to the first token (plain: to the answer)."),
    afterMedians: z
      .number()
      .min(1)
      .max(1000)
      .default(DEFAULT_HEDGE.afterMedians)
      .describe('So many times the median of the same, where that is sooner than the percentile.'),
    minSamples: z
      .int()
      .min(1)
      .default(DEFAULT_HEDGE.minSamples)
      .describe('Recent answers the percentile must rest on.'),
    maxShare: share
      .default(DEFAULT_HEDGE.maxShare)
      .describe('Hedged calls among all of the task, at most; ten unused ones are saved up.'),
  })
  .describe('A second attempt beside one that is slow; the first token wins, both are billed.');

export const taskSchema = z.strictObject({
  description: z.string().nullable().optional().describe('For people.'),
  dataClass: dataClass.default('internal'),
  latencyClass: latencyClass.default('standard'),
  capture: capture.default('metadata'),
  route: routeSchema.describe('Which deployments serve the task, and how one is chosen.'),
  retries: retriesSchema.prefault({}),
  hedge: hedgeSchema.nullable().optional(),
  lenient: z
    .boolean()
    .optional()
    .describe(
      'A parameter that a deployment cannot carry is left out and recorded, where the answer keeps its meaning. Default false: the call is refused.',
    ),
  batch: batchThroughSchema,
  budget: z
    .strictObject({
      usd: positive.describe('USD.'),
      per: z.enum(['day', 'week', 'month']).describe('The period.'),
    })
    .nullable()
    .optional()
    .describe('USD per period. Stored and shown; not enforced yet.'),
  quality: z
    .strictObject({
      measure: z.string().min(1).describe('Its name.'),
      target: z.number().nullable().optional().describe('The value to reach.'),
    })
    .nullable()
    .optional()
    .describe('The quality measure and the value to reach.'),
});

export const gatewaySchema = z.strictObject({
  maxBodyBytes: bytes.default(DEFAULT_GATEWAY.maxBodyBytes).describe('Largest request body.'),
  maxAnswerBytes: bytes.default(DEFAULT_GATEWAY.maxAnswerBytes).describe('Largest plain answer.'),
  maxHeaderBytes: bytes
    .default(DEFAULT_GATEWAY.maxHeaderBytes)
    .describe('Largest request head. Read at start.'),
  maxFileBytes: bytes.default(DEFAULT_GATEWAY.maxFileBytes).describe('Largest file kept for batches.'),
  maxBatchCalls: z
    .int()
    .min(1)
    .max(1_000)
    .default(DEFAULT_GATEWAY.maxBatchCalls)
    .describe('Calls of batches that one process runs at once.'),
  shutdown: shutdownSchema.prefault({}),
  untasked: z
    .strictObject({ dataClass: dataClass.default('internal'), capture: capture.default('metadata') })
    .prefault({})
    .describe('Calls that name a model instead of a task.'),
  timeouts: timeoutsSchema.optional().describe('Milliseconds, for deployments that set none.'),
});

export const spoolSchema = z.strictObject({
  whenFull: z
    .enum(['refuse', 'unrecorded'])
    .default(DEFAULT_SPOOL.whenFull)
    .describe('What a call meets when its record cannot be written.'),
  maxBytes: bytes
    .default(DEFAULT_SPOOL.maxBytes)
    .describe('Most bytes of records waiting for the store. Read at start.'),
});

export const retentionSchema = z
  .strictObject({
    callsDays: days.default(DEFAULT_RETENTION.callsDays).describe('Call records.'),
    payloadsDays: days.default(DEFAULT_RETENTION.payloadsDays).describe('Captured requests and answers.'),
    rollupsDays: days.default(DEFAULT_RETENTION.rollupsDays).describe('Hourly sums, which the pages read.'),
    filesDays: days
      .default(DEFAULT_RETENTION.filesDays)
      .describe('Files of `/v1/files`, and batches that ended.'),
  })
  .describe('Days each kind of row is kept.');

export const stackSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where an editor finds this schema.'),
    providers: z
      .record(z.string(), providerSchema.nullable())
      .nullable()
      .optional()
      .describe('Vendor APIs with their credentials and data policies, by name. `sandbox` is always there.'),
    deployments: z
      .record(z.string(), deploymentSchema)
      .nullable()
      .optional()
      .describe('Callable models by name.'),
    tasks: z
      .record(z.string(), taskSchema)
      .nullable()
      .optional()
      .describe('Use cases by name; apps name these as `model`.'),
    gateway: gatewaySchema.nullable().optional().describe('Sizes, times and what holds for untasked calls.'),
    spool: spoolSchema.nullable().optional().describe('Records waiting on disk for the store.'),
    retention: retentionSchema.nullable().optional(),
  })
  .describe('A Trimtab stack: providers, deployments, tasks.');

/** A stack as people write it. */
export type StackInput = z.input<typeof stackSchema>;
export type DeploymentInput = z.output<typeof deploymentSchema>;
export type TaskInput = z.output<typeof taskSchema>;
export type TargetInput = z.output<typeof targetSchema>;
