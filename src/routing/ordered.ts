import type { PlannedAttempt, RoutingPolicy } from './policy.ts';

/** First to last as the route lists them; what is not healthy comes after everything that is. */
export const ordered: RoutingPolicy = {
  name: 'ordered',
  summary: 'The first deployment of the route; each further one after a failure.',
  plan(candidates) {
    const plan: PlannedAttempt[] = [];
    candidates.forEach(({ deployment, healthy }, index) => {
      if (healthy)
        plan.push({
          deployment,
          reason: index === 0 ? 'first of the route' : `number ${index + 1} of the route`,
        });
    });
    candidates.forEach(({ deployment, healthy }, index) => {
      if (!healthy)
        plan.push({ deployment, reason: `number ${index + 1} of the route, put last: not healthy` });
    });
    return plan;
  },
};
