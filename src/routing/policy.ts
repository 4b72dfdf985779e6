import type { RouteConfig } from '../stack/stack.ts';

/** A deployment as a policy sees it. */
export interface Candidate {
  deployment: string;
  weight: number;
  /** `false`: its circuit is open, or closing and not drawn; a policy puts it last or leaves it out, and says why. */
  healthy: boolean;
  load: Load;
}

/** How busy a deployment is, as this process knows. `null`: not known. */
export interface Load {
  /** Attempts of ours under way. */
  inFlight: number;
  /** Peak-sensitive average of the kind of answer the call wants. @see Latencies.peakMs */
  latencyMs: number | null;
  /** Requests that wait inside the engine, from all its clients. */
  engineWaiting: number | null;
  /** Share of the engine's KV cache in use, 0 to 1. */
  kvCacheUse: number | null;
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
