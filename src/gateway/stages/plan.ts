import { TrimtabError } from '../../core/error.ts';
import { loadOf } from '../../routing/engine-loads.ts';
import type { PlannedAttempt } from '../../routing/policy.ts';
import type { Call } from '../call.ts';

/** The attempts of this call in order, by the policy of its route. */
export function makePlan(call: Call): PlannedAttempt[] {
  const { target, allowed, state } = call;
  if (!target) return [];
  const open = new Set(allowed.flatMap(({ name }) => (call.skipOpen(name) ? [name] : [])));
  const [only] = allowed;
  if (open.size === allowed.length) return [];
  if (allowed.length === 1 && only) return [{ deployment: only.name, reason: 'the only one of the route' }];
  const policy = state.policies.get(target.route.policy);
  if (!policy)
    throw new TrimtabError('internal', `The routing policy "${target.route.policy}" is not known here.`);
  const weights = new Map(target.route.targets.map(({ deployment, weight }) => [deployment, weight]));
  const now = state.options.clock.now();
  const candidates = allowed.map(({ name, config }) => {
    const engine = loadOf(state.engines, config.provider, now);
    return {
      deployment: name,
      weight: weights.get(name) ?? 1,
      healthy: !open.has(name) && isDrawn(call, name),
      load: {
        inFlight: state.health.inFlight(name),
        latencyMs: state.latencies.peakMs(name, call.pace),
        engineWaiting: engine.waiting,
        kvCacheUse: engine.kvCacheUse,
      },
    };
  });
  const plan = policy.plan(candidates, target.route, state.options.random);
  return plan.filter(({ deployment }) => !open.has(deployment));
}

/** While a circuit closes, a growing share of calls begins there; for the others it comes last. */
function isDrawn(call: Call, deployment: string): boolean {
  const { health, options } = call.state;
  const share = health.share(deployment);
  if (share >= 1 || options.random() < share) return true;
  call.skip(deployment, `circuit closing: begins ${Math.round(share * 100)} % of its calls`);
  return false;
}
