/** What the endpoints of load tests answer. @see answers.ts */
import { z } from 'zod';
import { count, nullable, text, time } from './answers.ts';
import type * as api from './api-types.ts';

const rate = z.number().min(0);
const mean = rate.nullable();
const percentiles = z.strictObject({
  p50: nullable.ms,
  p90: nullable.ms,
  p95: nullable.ms,
  p99: nullable.ms,
  mean: nullable.ms,
});

const point = z.strictObject({
  kind: z.enum(['concurrency', 'replay', 'search']),
  concurrency: count.nullable(),
  offeredCallsPerSecond: rate.nullable(),
  callsPerSecond: rate,
  outputTokensPerSecond: rate,
  durationMs: z.number(),
  calls: count,
  errors: count,
  errorCodes: z.array(z.strictObject({ code: text, calls: count })),
  ttftMs: percentiles,
  tpotMs: percentiles,
  endToEndMs: percentiles,
});

const testShape = {
  id: text,
  createdAt: time,
  endedAt: nullable.time,
  deployment: text,
  sandbox: z.boolean(),
  setup: z
    .strictObject({
      engine: z.enum(['vLLM', 'TensorRT-LLM']),
      model: text,
      gpu: text,
      gpusPerReplica: count,
      weights: z.enum(['bf16', 'fp8', 'int4', 'fp4']),
      replicas: count,
    })
    .nullable(),
  target: z.strictObject({ ttftP95Ms: nullable.ms, tpotP95Ms: nullable.ms, endToEndP95Ms: nullable.ms }),
  workload: text,
  meanInputTokens: mean,
  meanOutputTokens: mean,
  points: z.array(point),
  calls: count,
  costUsd: mean,
  ended: z.enum(['done', 'cancelled', 'max-usd', 'max-calls', 'errors', 'lost']).nullable(),
};

export const loadTestAnswer: z.ZodType<api.LoadTestAnswer> = z.strictObject({
  ...testShape,
  progress: z.strictObject({ done: count, total: count }).nullable(),
});

export const loadTestsAnswer: z.ZodType<api.LoadTestsAnswer> = z.strictObject({
  loadTests: z.array(z.strictObject(testShape)),
  next: nullable.text,
});

export const loadTestExpected: z.ZodType<api.LoadTestExpected> = z.strictObject({
  deployment: text,
  sandbox: z.boolean(),
  workload: text,
  maxCalls: count,
  meanInputTokens: rate,
  meanOutputTokens: rate,
  callUsd: mean,
  mostUsd: mean,
  priceSource: nullable.text,
});
