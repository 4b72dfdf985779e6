import type { ErrorCode } from '../../core/error.ts';
import type { Call } from '../call.ts';

/** What may be over in a moment. A vendor that sent nonsense, or does not accept our credential, will do so again. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'upstream_error',
  'upstream_overloaded',
  'upstream_rate_limited',
  'upstream_cut',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
]);

/**
 * Puts the deployment of the last attempt into the plan once more and runs `again` after the wait, when the task's
 * retries allow it and the wait ends within the call's total deadline; returns whether it does. For a call whose plan
 * is at its end and whose client has nothing yet.
 */
export function retryLater(call: Call, again: (call: Call) => void): boolean {
  const { lastFailure, target, state } = call;
  const before = call.attempts.at(-1);
  const config = call.allowed.find(({ name }) => name === before?.deployment)?.config;
  if (!lastFailure?.fallback || !target || !before || !config) return false;
  const { attempts, backoffMs, maxWaitMs } = target.retries;
  if (call.retries >= attempts || !PASSING.has(lastFailure.error.code)) return false;
  const { clock, random } = state.options;
  const asked = lastFailure.retryAfterMs ?? 0;
  if (asked > maxWaitMs || state.health.refusal(before.deployment)) return false;
  const waitMs = Math.min(maxWaitMs, Math.ceil(asked + random() * backoffMs * 2 ** call.retries));
  if (clock.monotonic() + waitMs >= call.begun + config.timeouts.totalMs) return false;
  call.retries++;
  const why = asked > 0 ? `, ${asked} ms of them asked for by the vendor` : '';
  const reason = `retry ${call.retries} of ${attempts} after ${waitMs} ms${why}`;
  call.plan.push({ deployment: before.deployment, reason });
  call.waitStage = 'attempts';
  call.wait = clock.after(waitMs, () => {
    call.wait = null;
    again(call);
  });
  return true;
}
