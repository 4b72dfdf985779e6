import type { Usage } from '../../core/usage.ts';
import type { RunningAttempt } from '../call.ts';
import { settleAttempt } from './settle.ts';

/**
 * From here on the client's answer is this attempt's. The others are cancelled, and billed for what they used as far as
 * it shows; a plain one shows nothing, so it is billed as the answer that came (`usage`), marked estimated.
 */
export function choose(attempt: RunningAttempt, usage?: Usage): void {
  const { call } = attempt;
  call.hedgeTimer?.stop();
  for (const rival of call.running) {
    if (rival === attempt) continue;
    rival.abandon();
    const used = usage && rival.mayHaveUsedTokens ? { ...usage, estimated: true } : rival.usage();
    settleAttempt(rival, { outcome: 'cancelled', failure: null, usage: used });
  }
  call.attempt = attempt;
  call.answering = attempt.record;
}
