import { estimateInput } from '../../providers/estimate.ts';
import type { Place } from '../../routing/gates.ts';
import type { PlannedAttempt } from '../../routing/policy.ts';
import type { AllowedDeployment, Call } from '../call.ts';

/** A place at the deployment for one attempt; `null`: it is at a limit, and skipped with the reason. */
export function takePlace(call: Call, planned: PlannedAttempt, allowed: AllowedDeployment): Place | null {
  const { name, config } = allowed;
  const place = call.heldPlace;
  call.heldPlace = null;
  if (place?.deployment === name) return place;
  place?.undo();
  const found = call.state.gates.enter(name, { limits: config.limits, tokens: promptTokens(call, allowed) });
  if ('leave' in found) return found;
  call.skip(name, found.reason);
  call.limits.push({ ...found, deployment: name });
  if (found.cause === 'full') call.full.push(planned);
  return null;
}

/**
 * For a call whose plan is at its end: waits for a place at the deployments that were full, when their queues have
 * room, then runs `again`. Returns whether it waits. Nobody waits twice for the same refusals.
 */
export function waitForPlace(call: Call, again: (call: Call) => void): boolean {
  const full = call.full.splice(0);
  const { target, state } = call;
  const wishes = full.flatMap(({ deployment }) => {
    const allowed = call.allowed.find(({ name }) => name === deployment);
    if (!allowed) return [];
    const { limits, timeouts } = allowed.config;
    return [{ deployment, limits, tokens: promptTokens(call, allowed), totalMs: timeouts.totalMs }];
  });
  if (wishes.length === 0 || !target) return false;
  const spentMs = state.options.clock.monotonic() - call.begun;
  const longestMs = Math.max(...wishes.map(({ totalMs }) => totalMs)) - spentMs;
  const from = call.elapsed();
  const over = (): void => {
    call.wait = null;
    call.mark('queue');
  };
  call.markAttempts();
  call.wait = state.gates.wait({
    deployments: wishes,
    // A line of a batch, or a call of a load test, lets everybody else pass, whatever its task says.
    latencyClass: call.request.acting ? 'batch' : target.latencyClass,
    longestMs,
    served(place) {
      over();
      call.heldPlace = place;
      const planned = full.find(({ deployment }) => deployment === place.deployment);
      const waited = `waited ${Math.round(call.elapsed() - from)} ms for a place`;
      call.plan.unshift({
        deployment: place.deployment,
        reason: planned ? `${planned.reason}, ${waited}` : waited,
      });
      again(call);
    },
    refused() {
      over();
      again(call);
    },
  });
  call.waitStage = 'queue';
  return call.wait !== null;
}

/** What the limit on tokens reserves for a call before its usage is known; 0 where there is none, as counting costs time. */
function promptTokens(call: Call, { config }: AllowedDeployment): number {
  return config.limits.tokensPerMinute === null ? 0 : estimateInput(call.parsed?.body ?? {});
}
