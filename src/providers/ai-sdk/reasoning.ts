/**
 * Reasoning efforts of the chat protocol in the vendors' own settings. Budgets are those Google publishes for its
 * OpenAI-compatible API (https://ai.google.dev/gemini-api/docs/openai#thinking, as known 2026-11-25).
 */
const BUDGET_TOKENS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
};

/** Gemini 2.5 takes a budget of tokens, later ones a level. Thoughts come back, as `reasoning_content`. */
export function toThinkingConfig(effort: string, model: string): Record<string, unknown> | null {
  const budget = BUDGET_TOKENS[effort];
  if (budget === undefined) return null;
  if (/gemini-2\.5/.test(model)) {
    return { thinkingConfig: { thinkingBudget: budget, includeThoughts: budget > 0 } };
  }
  // Later models cannot stop thinking: the least they take is `minimal`.
  if (effort === 'none') return null;
  return { thinkingConfig: { thinkingLevel: effort, includeThoughts: true } };
}

/** Claude takes a budget of tokens, other models the effort by name. */
export function toEffortBudget(effort: string, model: string): Record<string, unknown> | null {
  const budget = BUDGET_TOKENS[effort];
  if (budget === undefined) return null;
  if (effort === 'none') return { reasoningConfig: { type: 'disabled' } };
  if (model.includes('anthropic.')) return { reasoningConfig: { type: 'enabled', budgetTokens: budget } };
  return { reasoningConfig: { type: 'enabled', maxReasoningEffort: effort === 'minimal' ? 'low' : effort } };
}
