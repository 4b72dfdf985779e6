import { TrimtabError } from '../../core/error.ts';
import type { PlannedAttempt } from '../../routing/policy.ts';
import type { Call } from '../call.ts';

/** The attempts of this call in order, by the policy of its route. */
export function makePlan(call: Call): PlannedAttempt[] {
  const { target, allowed, state } = call;
  if (!target) return [];
  const [only] = allowed;
  if (allowed.length === 1 && only) return [{ deployment: only.name, reason: 'the only one of the route' }];
  const policy = state.policies.get(target.route.policy);
  if (!policy)
    throw new TrimtabError('internal', `The routing policy "${target.route.policy}" is not known here.`);
  const weights = new Map(target.route.targets.map(({ deployment, weight }) => [deployment, weight]));
  const candidates = allowed.map(({ name }) => ({
    deployment: name,
    weight: weights.get(name) ?? 1,
    healthy: true,
  }));
  return policy.plan(candidates, target.route, state.options.random);
}
