import type { AttemptRecord } from '../../core/call-record.ts';
import type { Usage } from '../../core/usage.ts';
import { priceUsage } from '../../evidence/pricing.ts';
import type { Failure } from '../../providers/provider.ts';
import type { Call } from '../call.ts';

export interface AttemptEnd {
  outcome: AttemptRecord['outcome'];
  failure: Failure | null;
  usage: Usage;
}

/** Closes the attempt under way: what it used, what that costs, what it says of the deployment. */
export function settleAttempt(call: Call, end: AttemptEnd): void {
  const { attempt } = call;
  if (!attempt) return;
  call.attempt = null;
  const { record, allowed } = attempt;
  record.endMs = call.elapsed();
  record.outcome = end.outcome;
  record.errorCode = end.failure?.error.code ?? null;
  record.errorMessage = end.failure?.error.message ?? null;
  record.usage = end.usage;
  if (end.outcome === 'ok' || attempt.mayHaveUsedTokens) {
    const { config: deployment, connection } = allowed;
    const priced = priceUsage({ deployment, connection, usage: end.usage, at: call.startedAt });
    record.costNanoUsd = priced?.costNanoUsd ?? null;
    record.priceSource = priced?.source ?? null;
    if (!priced) call.unpriced = true;
  } else {
    record.costNanoUsd = 0;
  }
  // A vendor that rejects a bad request is well.
  const isRequestFault = end.failure?.error.code === 'upstream_rejected' && !end.failure.fallback;
  call.state.health.ended(allowed.name, isRequestFault ? null : record.errorCode);
}
