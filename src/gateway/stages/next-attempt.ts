import type { AttemptKind, AttemptRecord } from '../../core/call-record.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Place } from '../../routing/gates.ts';
import type { AllowedDeployment, Call, RunningAttempt } from '../call.ts';
import { toFailure } from '../upstream/trouble.ts';
import { takePlace } from './place.ts';

/** Makes an attempt that is not sent yet. Throws what says that this deployment cannot take the request. */
export type OpenAttempt<A extends RunningAttempt> = (
  call: Call,
  allowed: AllowedDeployment,
  start: { place: Place; record: AttemptRecord },
) => A;

/**
 * Opens the next attempt of the plan that can be made; `null` when none is left. A deployment at its limit, or one
 * that cannot express the request, is passed over with its reason. `hedge`: why it runs beside another.
 */
export function nextAttempt<A extends RunningAttempt>(
  call: Call,
  open: OpenAttempt<A>,
  hedge?: string,
): A | null {
  for (let planned = call.plan.shift(); planned; planned = call.plan.shift()) {
    const name = planned.deployment;
    const allowed = call.allowed.find((candidate) => candidate.name === name);
    if (!allowed || call.skipDrained(name) || call.skipOpen(name)) continue;
    const place = takePlace(call, planned, allowed);
    if (!place) continue;
    try {
      const record = openRecord(call, allowed, {
        kind: hedge ? 'hedge' : kindOf(call.attempts.at(-1), name),
        reason: `${planned.reason}${hedge ? `, ${hedge}` : afterFailure(call)}`,
      });
      const attempt = open(call, allowed, { place, record });
      call.attempt = attempt;
      call.running.push(attempt);
      call.attempts.push(attempt.record);
      call.sandbox ||= allowed.sandbox;
      attempt.round = call.state.health.began(name, allowed.config.breaker);
      // One that was put last for its closing circuit is tried after all.
      call.skipped = call.skipped.filter(({ deployment }) => deployment !== name);
      return attempt;
    } catch (error) {
      place.undo();
      if (!(error instanceof TrimtabError)) throw error;
      call.skip(name, error.message);
      call.lastFailure ??= toFailure(error);
    }
  }
  return null;
}

function kindOf(before: AttemptRecord | undefined, deployment: string): AttemptKind {
  if (!before) return 'primary';
  return before.deployment === deployment ? 'retry' : 'fallback';
}

function afterFailure({ attempts }: Call): string {
  const before = attempts.findLast(({ errorCode }) => errorCode !== null);
  return before ? `, after ${before.deployment}: ${before.errorCode}` : '';
}

interface Why {
  kind: AttemptKind;
  reason: string;
}

/** The record of an attempt that begins now. */
export function openRecord(
  call: Call,
  { name, config }: Pick<AllowedDeployment, 'name' | 'config'>,
  { kind, reason }: Why,
): AttemptRecord {
  const startMs = call.elapsed();
  return {
    deployment: name,
    provider: config.provider,
    model: config.model || null,
    region: config.region,
    kind,
    reason,
    startMs,
    headersMs: null,
    firstTokenMs: null,
    endMs: startMs,
    outcome: 'error',
    status: null,
    errorCode: null,
    errorMessage: null,
    usage: {},
    costNanoUsd: null,
    priceSource: null,
  };
}
