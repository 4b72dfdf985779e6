import { HedgeBudget } from '../../routing/hedge-budget.ts';
import type { Call } from '../call.ts';
import type { Attempt } from './attempt.ts';
import { loggedError } from './close.ts';
import { nextAttempt, type OpenAttempt } from './next-attempt.ts';

/**
 * A second attempt beside `attempt` when this is slow for its deployment: at the next of the plan, or at the same when it
 * is the only one of the route. Only before the client has anything, once per call, within the task's budget.
 */
export function hedgeLater(call: Call, attempt: Attempt, open: OpenAttempt<Attempt>): void {
  const { target, state } = call;
  if (!target?.hedge || attempt.record.kind === 'hedge' || call.hedged) return;
  const { afterPercentile, afterMedians, minSamples, maxShare } = target.hedge;
  const budget = budgetOf(call, target.task);
  if (call.attempts.length === 1) budget.earn(maxShare);
  const { name } = attempt.allowed;
  const msOf = (share: number): number | null =>
    state.latencies.percentile(name, call.pace, { share, minSamples });
  const [slowMs, medianMs] = [msOf(afterPercentile / 100), msOf(0.5)];
  if (slowMs === null || medianMs === null) return;
  // Where one answer in twenty is slow, the percentile 95 is a coin toss between the fast and the slow; the median is not.
  const isPercentile = slowMs <= medianMs * afterMedians;
  const afterMs = Math.max(1, Math.ceil(isPercentile ? slowMs : medianMs * afterMedians));
  call.hedgeTimer?.stop();
  call.hedgeTimer = state.options.clock.after(afterMs, () => {
    call.hedgeTimer = null;
    if (!call.running.includes(attempt) || call.headSent || !budget.take()) return;
    const what = call.pace === 'stream' ? 'no token' : 'no answer';
    const measure = isPercentile ? `percentile ${afterPercentile}` : `median x ${afterMedians}`;
    const reason = `hedge: ${name} has ${what} after ${afterMs} ms, its ${measure}`;
    if (hedgeNow(call, open, reason)) call.hedged = true;
    else budget.giveBack();
  });
}

function hedgeNow(call: Call, open: OpenAttempt<Attempt>, reason: string): boolean {
  const [only] = call.allowed;
  if (call.allowed.length === 1 && only) {
    call.plan.push({ deployment: only.name, reason: 'the only one of the route' });
  }
  try {
    const hedge = nextAttempt(call, open, reason);
    hedge?.send();
    return hedge !== null;
  } catch (error) {
    // The first attempt still runs: the call is its.
    loggedError(call, error);
    return false;
  }
}

function budgetOf({ state }: Call, task: string): HedgeBudget {
  let budget = state.hedgeBudgets.get(task);
  if (!budget) {
    budget = new HedgeBudget();
    state.hedgeBudgets.set(task, budget);
  }
  return budget;
}
