import type { BreakerConfig, HedgeConfig, Limits, QueueConfig } from './stack.ts';

/** Of deployments that state a `maxConcurrent` and no queue, also in revisions stored before there were queues. */
export const DEFAULT_QUEUE: QueueConfig = { maxWaiting: 100, maxWaitMs: 10_000 };

/** Of deployments that state nothing, and of models nobody declared. */
export const NO_LIMITS: Limits = { maxConcurrent: null, requestsPerMinute: null, tokensPerMinute: null };

export const DEFAULT_BREAKER: BreakerConfig = {
  consecutive: 5,
  share: 0.5,
  minCalls: 20,
  pauseMs: 5_000,
  longestPauseMs: 60_000,
  firstShare: 0.1,
  rampAnswers: 20,
  rampMs: 30_000,
};

/** What a task that writes `hedge: {}` gets. Without `hedge` no call is hedged. */
export const DEFAULT_HEDGE: HedgeConfig = {
  afterPercentile: 95,
  afterMedians: 2.5,
  minSamples: 50,
  maxShare: 0.1,
};
