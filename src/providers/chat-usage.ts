import type { Usage } from '../core/usage.ts';
import type { JsonObject } from './json.ts';

/** The `usage` of the chat protocol, whose counts of the prompt and the completion are not optional. Details only where they are known. */
export function toChatUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...((cacheReadTokens !== undefined || cacheWriteTokens !== undefined) && {
      prompt_tokens_details: {
        ...(cacheReadTokens !== undefined && { cached_tokens: cacheReadTokens }),
        ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
      },
    }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  };
}
