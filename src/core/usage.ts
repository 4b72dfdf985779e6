/**
 * What a model consumed, in tokens. A field a vendor omits is `undefined`: unknown is not zero.
 * `inputTokens` is the total prompt, cache reads and writes included (OpenAI's sense; Anthropic's
 * `input_tokens` excludes both, so its folder adds them). `outputTokens` includes `reasoningTokens`.
 */
export interface Usage {
  inputTokens?: number;
  outputTokens?: number;
  /** Part of `inputTokens` read from the vendor's prompt cache. */
  cacheReadTokens?: number;
  /** Part of `inputTokens` written to the vendor's prompt cache. */
  cacheWriteTokens?: number;
  /** Part of `outputTokens` spent on reasoning that is not shown. */
  reasoningTokens?: number;
  /** True when any figure was counted by us rather than reported by the vendor. */
  estimated?: boolean;
}

/** True when the vendor reported, or we estimated, at least the two figures a price needs. */
export function isComplete(usage: Usage): boolean {
  return usage.inputTokens !== undefined && usage.outputTokens !== undefined;
}
