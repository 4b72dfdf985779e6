/** The article the advisor stands on: Arctura AI, "Choosing the right LLM stack", 26 November 2024. */
import type { RuleSource } from './advice.ts';

const DATE = '2024-11-26';

/** A rule that stands on a sentence of the article. */
export function article(section: string, sentence: string): RuleSource {
  return { by: `article ${section}`, sentence, url: null, date: DATE };
}

/** A rule that is this project's own judgement, and says so. */
export function judgement(sentence: string): RuleSource {
  return { by: 'judgement', sentence, url: null, date: '2026-11-25' };
}
