/** The formats of history: an explicit list, the most particular first. */
import type { HistoryFormat } from './format.ts';
import { anthropicUsage } from './formats/anthropic-usage.ts';
import { langfuse } from './formats/langfuse.ts';
import { liteLlm } from './formats/litellm.ts';
import { openAiUsage } from './formats/openai-usage.ts';
import { otlp } from './formats/otlp.ts';
import { plain } from './formats/plain.ts';

export const historyFormats: readonly HistoryFormat[] = [
  otlp,
  liteLlm,
  openAiUsage,
  anthropicUsage,
  langfuse,
  plain,
];
