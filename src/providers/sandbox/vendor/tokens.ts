import type { ChatMessage, ChatRequest } from './chat-request.ts';

/**
 * The sandbox's tokenizer, stated so that every figure can be checked by hand: a token is up to six letters, up to
 * three digits, one Chinese or Japanese character, or one other sign, each with the one space before it if there is
 * one; or a run of line breaks; or one other white space. English comes to about 1.3 tokens per word.
 */
const TOKEN =
  / ?[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]| ?(?:[^\P{L}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]\p{M}*){1,6}| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]|[\r\n]+|\s/gu;

/** The tokens of a text, in order; joined they are the text. */
export function tokenize(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

export function countTokens(text: string): number {
  return text.match(TOKEN)?.length ?? 0;
}

const PER_REQUEST = 3;
const PER_MESSAGE = 4;
const PER_IMAGE = 85;

/**
 * Prompt tokens: 3 for the request, 4 for each message with its text, name and tool calls, 85 for each image, and
 * the JSON of `tools` and of a response schema.
 */
export function countPromptTokens(request: ChatRequest): number {
  let count = PER_REQUEST;
  for (const message of request.messages) count += countMessage(message);
  if (request.tools.length > 0) count += countTokens(JSON.stringify(request.tools));
  if (request.format.kind === 'schema') count += countTokens(JSON.stringify(request.format.schema));
  return count;
}

function countMessage(message: ChatMessage): number {
  let count = PER_MESSAGE + countTokens(message.text) + PER_IMAGE * message.images;
  if (message.name !== null) count += countTokens(message.name);
  for (const call of message.toolCalls) count += countTokens(call.name) + countTokens(call.arguments);
  return count;
}
