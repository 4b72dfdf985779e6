import type { RunningAttempt } from '../call.ts';

/** From here on the client's answer is this attempt's. */
export function choose(attempt: RunningAttempt): void {
  attempt.call.attempt = attempt;
  attempt.call.answering = attempt.record;
}
