import type { RouteConfig } from '../stack/stack.ts';

/** A deployment as a policy sees it. */
export interface Candidate {
  deployment: string;
  weight: number;
  /** `false`: its circuit is open or it is draining; a policy puts it last or leaves it out, and says why. */
  healthy: boolean;
}

export interface PlannedAttempt {
  deployment: string;
  /** In words, for the call record: `first of the route`, `drawn with weight 3 of 10`. */
  reason: string;
}

/** A routing policy: one function from candidates to an ordered plan. Pure, but for the injected random number. */
export interface RoutingPolicy {
  readonly name: string;
  readonly summary: string;
  plan(candidates: readonly Candidate[], route: RouteConfig, random: () => number): PlannedAttempt[];
}
