/** Puts a load test down as a job: what is asked, checked against the stack, its calls, its price. */
import { z } from 'zod';
import type { LatencyTarget } from '../../capacity/capacity.ts';
import { findGpu, findModel } from '../../capacity/facts/index.ts';
import type { LoadTest } from '../../capacity/load-test/load-test.ts';
import { LOAD_PARTS, type LoadTestQuestion } from '../../capacity/load-test/run-load-test.ts';
import { rateOf, shapeOf } from '../../capacity/simulator/workload.ts';
import { TrimtabError } from '../../core/error.ts';
import { findProvider } from '../../providers/index.ts';
import { named } from '../../routing/target.ts';
import type { LoadTestExpected } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { readPrice } from '../price-now.ts';
import { readWorkload, type WrittenWorkload, workloadBody } from './workload.ts';

export const LOAD_TEST_JOB = 'load-test';

/** What the job reads: the question, its workload as it was written. */
export interface LoadTestJobInput {
  loadTestId: string;
  question: Omit<LoadTestQuestion, 'workload'>;
  workload: WrittenWorkload;
  tokensField: 'max_tokens' | 'max_completion_tokens';
  ignoreEos: boolean;
}

const ms = z.number().positive().max(3_600_000).nullable();

export const loadTestBody = z.strictObject({
  deployment: z.string().min(1).max(200).describe('A declared deployment, or `provider/model`.'),
  workload: workloadBody,
  parts: z.array(z.enum(LOAD_PARTS)).min(1).default(['sweep', 'search']),
  target: z
    .strictObject({
      ttftP95Ms: ms.default(2_000),
      tpotP95Ms: ms.default(null),
      endToEndP95Ms: ms.default(null),
    })
    .prefault({}),
  concurrency: z.array(z.number().int().min(1).max(1_000)).min(1).max(20).default([1, 2, 4, 8, 16, 32]),
  stretchSeconds: z.number().min(1).max(3_600).default(30).describe('Length of each stretch of load.'),
  warmUpShare: z.number().min(0).max(0.9).default(0.2).describe('Of each stretch; it does not count.'),
  firstRate: z.number().positive().max(10_000).nullable().default(null),
  maxCalls: z.number().int().min(1).max(1_000_000).default(2_000),
  maxUsd: z.number().positive().default(5).describe('No further call begins once it would be passed.'),
  unpriced: z
    .boolean()
    .default(false)
    .describe('Test a deployment of somebody else that has no price: `maxUsd` cannot hold there.'),
  setup: z
    .strictObject({
      engine: z.enum(['vLLM', 'TensorRT-LLM']).default('vLLM'),
      model: z.string().max(200),
      gpu: z.string().max(100),
      gpusPerReplica: z.number().int().min(1).max(64).default(1),
      weights: z.enum(['bf16', 'fp8', 'int4', 'fp4']).default('bf16'),
      replicas: z.number().int().min(1).max(1_000).default(1),
    })
    .nullable()
    .default(null)
    .describe('What serves the endpoint: plans and advice of the same setup prefer the test to the model.'),
  tokensField: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
  ignoreEos: z.boolean().default(false).describe('Send `ignore_eos`, which vLLM and SGLang take.'),
});

export type LoadTestBody = z.output<typeof loadTestBody>;

type CreateDeps = Pick<ControlDeps, 'store' | 'revisions' | 'clock' | 'makeId' | 'jobs' | 'state'>;

interface Checked {
  expected: LoadTestExpected;
  workload: WrittenWorkload;
  target: LatencyTarget;
  setup: LoadTest['setup'];
}

/** What a test would send and cost. Throws invalid_request, unknown_model. */
export async function expectLoadTest(deps: CreateDeps, body: LoadTestBody): Promise<LoadTestExpected> {
  return (await check(deps, body)).expected;
}

/** Throws as {@link expectLoadTest}, and where nothing could hold its limit of money. */
export async function createLoadTest(deps: CreateDeps, body: LoadTestBody): Promise<LoadTest> {
  const { store, makeId, clock, jobs } = deps;
  const { expected, workload, target, setup } = await check(deps, body);
  const isBilled = !expected.sandbox && partyOf(deps, expected.deployment) !== 'own';
  if (expected.callUsd === null && isBilled && !body.unpriced) {
    throw invalid('unpriced', 'this deployment has no price, so `maxUsd` cannot hold: say `unpriced`');
  }
  const createdAt = clock.now();
  const test: LoadTest = {
    id: makeId('load'),
    createdAt,
    endedAt: null,
    deployment: expected.deployment,
    sandbox: expected.sandbox,
    setup,
    target,
    workload: expected.workload,
    meanInputTokens: null,
    meanOutputTokens: null,
    points: [],
    calls: 0,
    costUsd: 0,
    ended: null,
  };
  const input: LoadTestJobInput = {
    loadTestId: test.id,
    question: {
      parts: body.parts,
      target,
      concurrency: [...new Set(body.concurrency)].sort((a, b) => a - b),
      stretchMs: body.stretchSeconds * 1000,
      warmUpShare: body.warmUpShare,
      firstRate: body.firstRate,
      maxCalls: body.maxCalls,
      maxCostUsd: body.maxUsd,
      expectedCallUsd: expected.callUsd,
    },
    workload,
    tokensField: body.tokensField,
    ignoreEos: body.ignoreEos,
  };
  const jobId = makeId('job');
  await store.loadTests.add({ id: test.id, deployment: test.deployment, jobId, createdAt, body: test });
  // It is not made a second time: that would cost again.
  await jobs.add({ id: jobId, kind: LOAD_TEST_JOB, input, maxAttempts: 1, runAt: createdAt, createdAt });
  return test;
}

async function check(deps: CreateDeps, body: LoadTestBody): Promise<Checked> {
  const { revisions, clock, state } = deps;
  const snapshot = revisions.snapshot();
  const { name, config } = named(snapshot.stack, body.deployment);
  const { workload, title } = await readWorkload(deps.store, body.workload);
  if (body.parts.includes('replay') && !(rateOf(workload) > 0)) {
    throw invalid('workload', 'a replay needs calls with moments: a trace, or a task with calls');
  }
  const measuredTokensPerSecond =
    state.deployments.find(({ deployment }) => deployment === name)?.measuredTokensPerSecond ?? null;
  const price = readPrice(config, snapshot, { at: clock.now(), measuredTokensPerSecond });
  const { meanInputTokens, meanOutputTokens } = shapeOf(workload);
  const callUsd =
    price && (meanInputTokens * price.inputPerMillion + meanOutputTokens * price.outputPerMillion) / 1e6;
  const type = snapshot.stack.providers[config.provider]?.type;
  return {
    expected: {
      deployment: name,
      sandbox: type !== undefined && findProvider(type)?.sandbox === true,
      workload: title,
      maxCalls: body.maxCalls,
      meanInputTokens,
      meanOutputTokens,
      callUsd,
      mostUsd: callUsd === null ? null : Math.min(body.maxUsd, callUsd * body.maxCalls),
      priceSource: price?.source ?? null,
    },
    workload: {
      atMs: [...workload.atMs],
      inputTokens: [...workload.inputTokens],
      outputTokens: [...workload.outputTokens],
    },
    target: body.target,
    setup: body.setup && checkSetup(body.setup),
  };
}

function checkSetup(setup: NonNullable<LoadTestBody['setup']>): LoadTest['setup'] {
  const model = findModel(setup.model);
  if (!model) throw invalid('setup.model', `there are no facts of the model \`${setup.model}\``);
  if (!findGpu(setup.gpu)) throw invalid('setup.gpu', `there are no facts of the GPU \`${setup.gpu}\``);
  return { ...setup, model: model.id };
}

function partyOf({ revisions }: CreateDeps, deployment: string): string | null {
  const { stack } = revisions.snapshot();
  const { config } = named(stack, deployment);
  return stack.providers[config.provider]?.dataPolicy.party ?? null;
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('invalid_request', `${field}: ${message}`, { field });
}
