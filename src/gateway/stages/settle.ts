import type { AttemptRecord } from '../../core/call-record.ts';
import type { Usage } from '../../core/usage.ts';
import { priceUsage } from '../../evidence/pricing.ts';
import type { Failure, PricedCost } from '../../providers/provider.ts';
import type { AllowedDeployment, Call, RunningAttempt } from '../call.ts';

/** Price source of an operation that no model works for: a list, a cancellation. */
const NO_MODEL = 'no model used';

export interface AttemptEnd {
  outcome: AttemptRecord['outcome'];
  failure: Failure | null;
  usage: Usage;
  /** What they cost, of tokens that are not those a price per token is for, as of images and audio. Absent: of text. */
  priced?: PricedCost | null;
}

/** Closes an attempt: what it used, what that costs, what it says of the deployment. */
export function settleAttempt(attempt: RunningAttempt, end: AttemptEnd): void {
  const { call, record, allowed } = attempt;
  call.running = call.running.filter((running) => running !== attempt);
  if (call.attempt === attempt) call.attempt = call.running.at(-1) ?? null;
  record.endMs = call.elapsed();
  record.outcome = end.outcome;
  record.errorCode = end.failure?.error.code ?? null;
  record.errorMessage = end.failure && call.serving.redact(end.failure.error.message);
  record.usage = end.usage;
  const { operation } = call;
  if (operation && !operation.usesModel) {
    record.costNanoUsd = 0;
    record.priceSource = NO_MODEL;
  } else if (end.outcome === 'ok' || attempt.mayHaveUsedTokens) {
    const priced = end.priced === undefined ? priceAttempt(attempt) : end.priced;
    record.costNanoUsd = priced?.costNanoUsd ?? null;
    record.priceSource = priced?.source ?? null;
    if (!priced) call.unpriced = true;
  } else {
    record.costNanoUsd = 0;
  }
  observeLatency(attempt, end.outcome);
  // A vendor that rejects a bad request is well.
  const isRequestFault = end.failure?.error.code === 'upstream_rejected' && !end.failure.fallback;
  // An attempt that was cancelled says as little of its deployment as one whose client left.
  const verdict = end.outcome === 'cancelled' ? 'client_left' : record.errorCode;
  call.state.health.ended(allowed.name, isRequestFault ? null : verdict, attempt.round);
  attempt.place.leave(totalTokens(attempt, end));
}

function priceAttempt({ call, allowed, record }: RunningAttempt): PricedCost | null {
  const { config: deployment, connection } = allowed;
  const measuredTokensPerSecond = measureThroughput(call, allowed, record);
  return priceUsage({
    deployment,
    connection,
    usage: record.usage,
    at: call.startedAt,
    measuredTokensPerSecond,
  });
}

function observeLatency({ call, allowed, record }: RunningAttempt, outcome: AttemptEnd['outcome']): void {
  const isTold = outcome === 'ok' || outcome === 'cancelled';
  const toMs = record.firstTokenMs ?? (isTold ? record.endMs : null);
  if (toMs !== null) call.state.latencies.observe(allowed.name, call.pace, toMs - record.startMs);
}

/** What counts against the deployment's tokens per minute; `null`: not known, so the estimate stands. */
function totalTokens({ mayHaveUsedTokens }: RunningAttempt, { outcome, usage }: AttemptEnd): number | null {
  if (outcome !== 'ok' && !mayHaveUsedTokens) return 0;
  const { inputTokens, outputTokens } = usage;
  return inputTokens === undefined ? null : inputTokens + (outputTokens ?? 0);
}

/** Ends every attempt under way from outside. What each used is still billed. */
export function stopAttempts(call: Call, end: Omit<AttemptEnd, 'usage'>): void {
  for (const attempt of call.running) {
    attempt.abandon();
    settleAttempt(attempt, { ...end, usage: attempt.usage() });
  }
}

/** What a deployment priced by `measured` throughput sustains, this attempt included; `null` for any other. */
function measureThroughput(call: Call, allowed: AllowedDeployment, record: AttemptRecord): number | null {
  const { price } = allowed.config;
  if (!price || !('usdPerHour' in price) || price.outputTokensPerSecond !== 'measured') return null;
  const { throughput } = call.state;
  const to = call.startedAt + record.endMs;
  const { outputTokens } = record.usage;
  if (record.outcome === 'ok' && outputTokens !== undefined) {
    throughput.add(allowed.name, { from: call.startedAt + record.startMs, to, outputTokens });
  }
  return throughput.tokensPerSecond(allowed.name, to);
}
