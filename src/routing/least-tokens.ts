/**
 * A lower bound of a prompt's tokens that costs no tokenizer: its words. A word here begins with an ASCII letter or a digit
 * after white space. Tokenizers of today cut at such places before they merge (byte-pair encodings with the patterns of GPT
 * and Llama 3, SentencePiece with its default `split_by_whitespace`; from memory, not looked up), so that each word takes a
 * token of its own at least.
 */

/** Members with which a request lets the vendor drop parts of it: then nothing is sure. */
const CUTTING = ['truncation', 'context_management', 'transforms', 'truncate_prompt_tokens'];

/** Of a chat, messages or Responses request; 0 where nothing is sure. Pictures, tools and reasoning do not count. */
export function leastTokens(body: Readonly<Record<string, unknown>>): number {
  if (CUTTING.some((member) => body[member] !== undefined)) return 0;
  const { messages, system, instructions, input } = body;
  return [messages, system, instructions, input].reduce<number>((sum, part) => sum + wordsOf(part), 0);
}

/** Text of messages and their parts, at any depth of `content`. */
function wordsOf(value: unknown): number {
  if (typeof value === 'string') return countWords(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + wordsOf(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const text = 'text' in value && typeof value.text === 'string' ? countWords(value.text) : 0;
  return text + ('content' in value ? wordsOf(value.content) : 0);
}

export function countWords(text: string): number {
  let words = 0;
  let isAfterSpace = true;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 32) {
      isAfterSpace = true;
    } else {
      if (isAfterSpace && startsWord(code)) words++;
      isAfterSpace = false;
    }
  }
  return words;
}

function startsWord(code: number): boolean {
  const isDigit = code >= 48 && code <= 57;
  const letter = code | 32;
  return isDigit || (letter >= 97 && letter <= 122);
}
