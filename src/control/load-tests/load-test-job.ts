/** Makes a load test: its calls go through the gateway, past the egress check and on the record, as those of a task of their own. */
import type { CallResult } from '../../capacity/load-test/call.ts';
import type { LoadTest } from '../../capacity/load-test/load-test.ts';
import { toChatRequest } from '../../capacity/load-test/prompt.ts';
import { promptRandom, runLoadTest } from '../../capacity/load-test/run-load-test.ts';
import { toUsd } from '../../core/money.ts';
import type { Job } from '../../store/jobs.ts';
import type { ControlDeps } from '../deps.ts';
import type { JobContext, JobKind, JobOutcome } from '../jobs/runner.ts';
import type { LineCalls, LineReply } from '../line-calls.ts';
import { LOAD_TEST_JOB, type LoadTestJobInput } from './create.ts';
import { fromWritten } from './workload.ts';

type TestDeps = Pick<ControlDeps, 'store' | 'clock'>;

/** One at a time: two would measure each other. */
export function createLoadTestKind(deps: TestDeps, calls: Pick<LineCalls, 'run'>): JobKind {
  return {
    kind: LOAD_TEST_JOB,
    maxConcurrent: 1,
    run: (job, context) => run(deps, calls, { job, context }),
    ended: (job) => noteLost(deps, job),
  };
}

async function run(
  { store, clock }: TestDeps,
  calls: Pick<LineCalls, 'run'>,
  { job, context }: { job: Job; context: JobContext },
): Promise<JobOutcome> {
  const { loadTestId: id, question, workload, tokensField, ignoreEos } = job.input as LoadTestJobInput;
  const stored = await store.loadTests.get(id);
  if (!stored) return { state: 'done' };
  const test = stored.body as LoadTest;
  const { deployment } = test;
  const request = { model: deployment, random: promptRandom(test.createdAt), tokensField, ignoreEos };
  const { measured, ended } = await runLoadTest(
    { ...question, workload: fromWritten(workload) },
    {
      clock,
      signal: context.signal,
      async call(size) {
        const body = Buffer.from(JSON.stringify(toChatRequest(size, request)));
        const acting = { loadTestId: id, deployment };
        return toResult(await calls.run({ acting, path: '/v1/chat/completions', body }));
      },
      async onPoint(soFar) {
        await store.loadTests.change(id, { ...test, ...soFar });
      },
      onCall: (made) => context.progress(made, question.maxCalls),
    },
  );
  await store.loadTests.change(id, { ...test, ...measured, ended, endedAt: clock.now() });
  return { state: context.cancelled ? 'cancelled' : 'done' };
}

/** A test whose process died, or that was cancelled before it began. */
async function noteLost({ store, clock }: TestDeps, { input, state }: Job): Promise<void> {
  const stored = await store.loadTests.get((input as LoadTestJobInput).loadTestId);
  const test = stored?.body as LoadTest | undefined;
  if (!test || test.endedAt !== null) return;
  const ended = state === 'failed' ? 'lost' : 'cancelled';
  await store.loadTests.change(test.id, { ...test, ended, endedAt: clock.now() });
}

function toResult({ status, measure }: LineReply): CallResult {
  if (!measure) {
    const error = `status ${status}`;
    return { error, ttftMs: null, durationMs: 0, inputTokens: null, outputTokens: null, costUsd: 0 };
  }
  const { outcome, errorCode, durationMs, ttftMs, usage, costNanoUsd } = measure;
  const isCounted = !usage.estimated;
  return {
    error: outcome === 'ok' ? null : (errorCode ?? outcome),
    ttftMs,
    durationMs,
    inputTokens: isCounted ? (usage.inputTokens ?? null) : null,
    outputTokens: isCounted ? (usage.outputTokens ?? null) : null,
    costUsd: costNanoUsd === null ? null : toUsd(costNanoUsd),
  };
}
