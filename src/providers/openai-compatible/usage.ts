import type { Usage } from '../../core/usage.ts';
import { asCount, asObject, type JsonObject } from '../json.ts';

/**
 * Usage of an answer or a stream event, `undefined` when it reports none. Knows the variants of this API:
 * `prompt_cache_hit_tokens` beside the totals, `x_groq.usage` in streams, and usage without details.
 */
export function readUsage(message: JsonObject): Usage | undefined {
  const found = asObject(message.usage) ?? asObject(asObject(message.x_groq)?.usage);
  if (!found) return undefined;
  const usage: Usage = {};
  const input = asCount(found.prompt_tokens);
  // Embeddings report no output because they have none.
  const output = asCount(found.completion_tokens) ?? (message.object === 'list' ? 0 : undefined);
  if (input === undefined && output === undefined) return undefined;
  if (input !== undefined) usage.inputTokens = input;
  if (output !== undefined) usage.outputTokens = output;
  const prompt = asObject(found.prompt_tokens_details);
  const cacheRead = asCount(prompt?.cached_tokens) ?? asCount(found.prompt_cache_hit_tokens);
  if (cacheRead !== undefined) usage.cacheReadTokens = cacheRead;
  const cacheWrite = asCount(prompt?.cache_write_tokens);
  if (cacheWrite !== undefined) usage.cacheWriteTokens = cacheWrite;
  const reasoning = asCount(asObject(found.completion_tokens_details)?.reasoning_tokens);
  if (reasoning !== undefined) usage.reasoningTokens = reasoning;
  return usage;
}
