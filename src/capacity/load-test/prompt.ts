/** Made-up text of about so many tokens. Every prompt begins differently, so that no cache of prefixes answers for the model. */
import type { Random } from '../../core/random.ts';
import type { CallSize } from './call.ts';

/** Frequent words, each one token with its space in the vocabularies of GPT, Llama and Qwen, as far as known: the endpoint's own count is what results are read by. */
const WORDS =
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name president team minute idea body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education'.split(
    ' ',
  );
/** Instruction, roles and framing take about this many tokens. */
const FRAME_TOKENS = 24;

export interface ChatRequest {
  model: string;
  stream: true;
  messages: { role: 'user'; content: string }[];
  max_tokens?: number;
  max_completion_tokens?: number;
  ignore_eos?: true;
}

export interface RequestOptions {
  model: string;
  random: Random;
  /** Member that bounds the answer: newer OpenAI models take `max_completion_tokens` only. */
  tokensField: 'max_tokens' | 'max_completion_tokens';
  /** Ask the engine to answer to that bound (vLLM, SGLang; others may refuse the member). */
  ignoreEos: boolean;
}

export function toChatRequest(size: CallSize, options: RequestOptions): ChatRequest {
  const { model, random, tokensField, ignoreEos } = options;
  const words = Array.from(
    { length: Math.max(1, size.inputTokens - FRAME_TOKENS) },
    () => WORDS[random.integer(WORDS.length)],
  );
  const content = `${words.join(' ')}\nContinue this list of words, without end and without comment.`;
  return {
    model,
    stream: true,
    messages: [{ role: 'user', content }],
    [tokensField]: size.outputTokens,
    ...(ignoreEos && { ignore_eos: true }),
  };
}
