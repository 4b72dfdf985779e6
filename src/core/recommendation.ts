import type { Interval } from './interval.ts';

/** One that is reopened is proposed again: what it rested on has changed. */
export type RecommendationState = 'proposed' | 'accepted' | 'proving' | 'adopted' | 'rejected' | 'realised';

export const RECOMMENDATION_STATES: readonly RecommendationState[] = [
  'proposed',
  'accepted',
  'proving',
  'adopted',
  'rejected',
  'realised',
];

/** What the advisor proposed, as it is followed from the proposal to what came of it. */
export interface Recommendation {
  id: string;
  task: string;
  /** Base or layer it is for: `hybrid`, `caching`. */
  target: string;
  title: string;
  why: string;
  /** What must be proved before it is adopted. */
  proof: string;
  command: string | null;
  state: RecommendationState;
  /** What was known when it was proposed: fact, value in words, source in words. */
  evidence: { fact: string; value: string; source: string }[];
  /** Change of cost, USD a month, 80 % interval; negative saves. `null`: not an effect on cost. */
  predictedUsdPerMonth: Interval | null;
  realised: RealisedEffect | null;
  /** What has changed since it was accepted and speaks against it, in words; `null`: nothing. */
  doubt: string | null;
  /** Epoch milliseconds. */
  createdAt: number;
  changedAt: number;
  adoptedAt: number | null;
  history: RecommendationChange[];
}

export interface RecommendationChange {
  at: number;
  from: RecommendationState | null;
  /** The same as `from`: it stayed, and something about it was noted. */
  to: RecommendationState;
  by: string;
  note: string | null;
}

/** What was measured after it was adopted. */
export interface RealisedEffect {
  /** Change of cost per call x calls a month since, USD, 80 % interval. */
  usdPerMonth: Interval;
  callsBefore: number;
  callsAfter: number;
  /** Calls were looked at from here, epoch milliseconds; those before the adoption are held against those since. */
  from: number;
  measuredAt: number;
  /** Whether the middle lies within the prediction; `null`: none was made. */
  inside: boolean | null;
}
