import type { ModelName } from './chat-request.ts';

/**
 * Published latency of two hosted endpoints, in milliseconds, from ray-project/llmperf-leaderboard (Apache-2.0,
 * December 2023): `fireworks` serving Llama 2 7B chat (here `small`) and 70B chat (here `large`), 550 prompt and 150
 * output tokens, 5 concurrent requests. `interToken` there is the mean over a whole request, first token included.
 */
const PUBLISHED = {
  small: {
    ttft: [207.1, 315.8, 330.7, 340.8, 358.8, 371.9, 877.4, 1087.1],
    interToken: [11.81, 12.28, 12.53, 12.76, 12.99, 13.17, 16.26, 17.86],
    ttftMean: 329.9,
    endToEndMean: 1987.5,
  },
  large: {
    ttft: [317.5, 391.3, 516.6, 561.8, 636.2, 786.8, 951.5, 957.6],
    interToken: [21.21, 23.23, 24.4, 25.45, 26.57, 27.25, 29.16, 29.57],
    ttftMean: 511.5,
    endToEndMean: 3772.9,
  },
} as const;

/** The quantiles the figures above stand at: minimum, p25, p50, p75, p90, p95, p99, maximum. */
const AT = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1] as const;

/** What an embeddings request takes, milliseconds: our own assumption, no published distribution was found. */
const EMBEDDING_MS = [15, 30, 45, 60, 90, 120, 220, 400] as const;

export interface Latency {
  /** Request -> first token. */
  ttftMs: number;
  /** Between two tokens. */
  interTokenMs: number;
}

/** Draws one request's latency; `random` gives numbers in [0, 1), `timeScale` multiplies every duration. */
export function drawLatency(model: ModelName, random: () => number, timeScale: number): Latency {
  const { ttft, interToken, ttftMean, endToEndMean } = PUBLISHED[model];
  const afterFirst = 1 - ttftMean / endToEndMean;
  return {
    ttftMs: quantile(ttft, random()) * timeScale,
    interTokenMs: quantile(interToken, random()) * afterFirst * timeScale,
  };
}

export function drawEmbeddingMs(random: () => number, timeScale: number): number {
  return quantile(EMBEDDING_MS, random()) * timeScale;
}

/** Inverse of the distribution whose quantiles are known at {@link AT}; straight lines between. */
export function quantile(values: readonly number[], at: number): number {
  const above = Math.max(
    1,
    AT.findIndex((point) => point >= at),
  );
  const [x0 = 0, x1 = 1] = [AT[above - 1], AT[above]];
  const [y0 = 0, y1 = 0] = [values[above - 1], values[above]];
  return y0 + ((at - x0) / (x1 - x0)) * (y1 - y0);
}
