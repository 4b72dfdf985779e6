import type { Candidate, PlannedAttempt, RoutingPolicy } from './policy.ts';

/**
 * Draws without putting back, by weight, so that over many calls each deployment is first in its share and a failed
 * one is followed by the others in theirs. Weight 0 is never first while another has weight; what is not healthy
 * comes last.
 */
export const weighted: RoutingPolicy = {
  name: 'weighted',
  summary: 'A draw by weight; the rest follow in further draws.',
  plan(candidates, _route, random) {
    const healthy = candidates.filter((candidate) => candidate.healthy);
    const ill = candidates.filter((candidate) => !candidate.healthy);
    return [
      ...draw(healthy, random),
      ...draw(ill, random).map(({ deployment, reason }) => ({
        deployment,
        reason: `${reason}, put last: not healthy`,
      })),
    ];
  },
};

function draw(candidates: readonly Candidate[], random: () => number): PlannedAttempt[] {
  const left = [...candidates];
  const plan: PlannedAttempt[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    const index = indexAt(left, random() * total);
    const [drawn] = left.splice(index, 1) as [Candidate];
    plan.push({ deployment: drawn.deployment, reason: `drawn with weight ${drawn.weight} of ${total}` });
  }
  return plan;
}

/** The candidate whose stretch of the line of weights holds `point`; without any weight the first. */
function indexAt(candidates: readonly Candidate[], point: number): number {
  let passed = 0;
  let last = 0;
  for (const [index, { weight }] of candidates.entries()) {
    if (weight <= 0) continue;
    last = index;
    passed += weight;
    if (point < passed) return index;
  }
  // Rounding can leave the point a hair past the last weight.
  return last;
}
