import type { RecommendationState } from '../../../src/core/recommendation.ts';

export const STATE_WORDS: Readonly<Record<RecommendationState, string>> = {
  proposed: 'proposed',
  accepted: 'accepted',
  proving: 'being proved',
  adopted: 'adopted',
  rejected: 'rejected',
  realised: 'realised',
};

/** What a person does to bring it there. */
export const ACT_WORDS: Readonly<Record<RecommendationState, string>> = {
  proposed: 'Propose again',
  accepted: 'Accept',
  proving: 'Start the proof',
  adopted: 'Adopt',
  rejected: 'Reject',
  realised: '',
};

/** Bases in as few words as a column has. */
export const BASE_WORDS: Readonly<Record<string, string>> = {
  'hosted-api': 'Hosted API',
  'private-deployment': 'Private deployment',
  'self-hosted': 'Self-hosted',
  hybrid: 'Hybrid',
};

export const PHASE_WORDS: Readonly<Record<string, string>> = {
  learn: 'Learn',
  optimise: 'Optimise',
  own: 'Own',
};
