import type { Usage } from '../core/usage.ts';
import { asArray, asObject } from './json.ts';
import type { AppRequest } from './provider.ts';

/**
 * Token estimates for answers that came without usage: a served answer must still be billed. Four characters of
 * English text are about one token (https://help.openai.com/en/articles/4936856, as known 2026-11-23); code and other
 * languages take more tokens, so these figures are low for them. Always marked `estimated`.
 */
const CHARS_PER_TOKEN = 4;

/** Tokens around each message: role and separators (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken). */
const TOKENS_PER_MESSAGE = 3;

/** One 1024 x 1024 image in high detail (https://platform.openai.com/docs/guides/images-vision, as known 2026-11-23). */
const TOKENS_PER_IMAGE = 765;

export function estimateTokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/** One page of a document; how many pages a file has cannot be told from its bytes. */
const TOKENS_PER_PAGE = 2_000;

/** Input tokens of a chat, embeddings or messages request in the app's protocol. */
export function estimateInput(body: Readonly<Record<string, unknown>>): number {
  if (body.input !== undefined) return estimateTokens(countChars(body.input));
  let tokens = estimateTokens(countChars(body.tools)) + estimateTokens(countChars(body.system));
  for (const message of asArray(body.messages)) {
    const { content, tool_calls: calls } = asObject(message) ?? {};
    tokens += TOKENS_PER_MESSAGE + estimateTokens(countChars(calls));
    if (typeof content === 'string') tokens += estimateTokens(content.length);
    else for (const part of asArray(content)) tokens += estimatePart(part);
  }
  return tokens;
}

/** Output tokens of a complete chat answer in the app's protocol. */
export function estimateOutput(answer: Readonly<Record<string, unknown>>): number {
  let chars = 0;
  for (const choice of asArray(answer.choices)) {
    const { role: _, ...said } = asObject(asObject(choice)?.message) ?? {};
    chars += countChars(said);
  }
  return estimateTokens(chars);
}

/** What the vendor left out, estimated and so marked. */
export function completeUsage(
  { body }: Pick<AppRequest, 'body'>,
  usage: Usage,
  estimateOut: () => number,
): Usage {
  if (usage.inputTokens !== undefined && usage.outputTokens !== undefined) return usage;
  return {
    ...usage,
    inputTokens: usage.inputTokens ?? estimateInput(body),
    outputTokens: usage.outputTokens ?? estimateOut(),
    estimated: true,
  };
}

function estimatePart(part: unknown): number {
  const { type, text, thinking, input, content, source } = asObject(part) ?? {};
  if (type === 'image_url' || type === 'image') return TOKENS_PER_IMAGE;
  if (type === 'file' || (type === 'document' && asObject(source)?.type !== 'text')) return TOKENS_PER_PAGE;
  let tokens = estimateTokens(
    countChars(text) + countChars(thinking) + countChars(input) + countChars(asObject(source)?.data),
  );
  if (typeof content === 'string') return tokens + estimateTokens(content.length);
  for (const inner of asArray(content)) tokens += estimatePart(inner);
  return tokens;
}

/** Characters of all strings and keys within a value. */
function countChars(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number') return 4;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countChars(item), 0);
  const object = asObject(value);
  if (!object) return 0;
  return Object.entries(object).reduce((sum, [key, item]) => sum + key.length + countChars(item), 0);
}
