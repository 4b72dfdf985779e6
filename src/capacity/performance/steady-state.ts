/** A replica kept busy with calls of one size: throughput and time per token without simulating every call. */
import type { PerformanceModel } from '../capacity.ts';

export interface SteadyWorkload {
  inputTokens: number;
  outputTokens: number;
  /** Calls in flight at one replica; `null`: as many as it holds. */
  concurrency: number | null;
}

export interface SteadyState {
  /** Sequences that decode in an average step. */
  decodes: number;
  outputTokensPerSecond: number;
  /** Mean time per output token. */
  tpotMs: number;
}

/** `null`: not even one call fits. Sequences hold their full length in the cache, as engines that never evict reserve it. */
export function steadyState(model: PerformanceModel, workload: SteadyWorkload): SteadyState | null {
  const { inputTokens, outputTokens, concurrency } = workload;
  const { maxSequences, maxBatchedTokens } = model.setup;
  const fit = Math.floor(model.cacheTokens / (inputTokens + outputTokens));
  if (fit < 1) return null;
  const inFlight = Math.min(concurrency ?? Number.POSITIVE_INFINITY, fit, maxSequences);
  const promptPerDecode = inputTokens / outputTokens;
  const budget = maxBatchedTokens / (1 + promptPerDecode);
  const decodes = Math.min((inFlight * outputTokens) / (outputTokens + 1), budget);
  const prompt = decodes * promptPerDecode;
  const chunk = Math.min(
    Math.max(prompt, Math.min(inputTokens, maxBatchedTokens - decodes)),
    maxBatchedTokens,
  );
  const withPrompt = Math.min(1, prompt / chunk);
  const step = { decodes, contextTokens: decodes * (inputTokens + outputTokens / 2) };
  const busy = model.stepMs({ ...step, prefillTokens: chunk, prefillContext: inputTokens / 2 });
  const calm = model.stepMs({ ...step, prefillTokens: 0, prefillContext: 0 });
  const tpotMs = withPrompt * busy + (1 - withPrompt) * calm;
  return { decodes, outputTokensPerSecond: (decodes * 1_000) / tpotMs, tpotMs };
}
