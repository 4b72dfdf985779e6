/** Results of the AI SDK in the chat protocol: content, finish reasons, usage. */
import type {
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3GenerateResult,
  LanguageModelV3Usage,
  SharedV3ProviderMetadata,
} from '@ai-sdk/provider';
import type { Usage } from '../../core/usage.ts';
import { toChatUsage } from '../chat-usage.ts';
import { completeUsage, estimateOutput } from '../estimate.ts';
import type { JsonObject } from '../json.ts';
import type { Answer, AppRequest } from '../provider.ts';
import { isBlocked } from './errors.ts';

/** Labels of an answer that decide nothing. */
export interface Labels {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
}

const FINISH_REASONS: Readonly<Record<LanguageModelV3FinishReason['unified'], string>> = {
  stop: 'stop',
  length: 'length',
  'content-filter': 'content_filter',
  'tool-calls': 'tool_calls',
  error: 'stop',
  other: 'stop',
};

export function toFinishReason(reason: LanguageModelV3FinishReason): string {
  return FINISH_REASONS[reason.unified];
}

/** A reason that is the vendor's: a package makes one up for an answer that broke off. */
export function isFinished(reason: LanguageModelV3FinishReason): boolean {
  return reason.raw !== undefined;
}

/** What the vendor left out stays `undefined`. */
export function toUsage({ inputTokens, outputTokens }: LanguageModelV3Usage): Usage {
  const usage: Usage = {};
  if (inputTokens.total !== undefined) usage.inputTokens = inputTokens.total;
  if (inputTokens.cacheRead !== undefined) usage.cacheReadTokens = inputTokens.cacheRead;
  if (inputTokens.cacheWrite !== undefined) usage.cacheWriteTokens = inputTokens.cacheWrite;
  if (outputTokens.total !== undefined) usage.outputTokens = outputTokens.total;
  if (outputTokens.reasoning !== undefined) usage.reasoningTokens = outputTokens.reasoning;
  return usage;
}

/** Throws when it is no whole answer. */
export function toChatAnswer(
  result: LanguageModelV3GenerateResult,
  request: AppRequest,
  { id, created, model }: Labels,
): Answer {
  const blocked = isBlocked(result.response?.body);
  if (!blocked && !isFinished(result.finishReason)) throw new Error('it has no reason to have finished');
  const finishReason = blocked ? 'content_filter' : toFinishReason(result.finishReason);
  const message = toMessage(result.content);
  const completion: JsonObject = {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
  };
  const usage = completeUsage(request, toUsage(result.usage), () => estimateOutput(completion));
  completion.usage = toChatUsage(usage);
  return { kind: 'answer', body: Buffer.from(JSON.stringify(completion)), usage, finishReason };
}

function toMessage(content: readonly LanguageModelV3Content[]): JsonObject {
  const textOf = (type: 'text' | 'reasoning') =>
    content.map((part) => (part.type === type ? part.text : '')).join('');
  const calls = content.flatMap((part) =>
    part.type === 'tool-call' && !part.providerExecuted ? [toToolCall(part)] : [],
  );
  const images = content.flatMap((part) => (part.type === 'file' ? [toImage(part)] : []));
  const annotations = content.flatMap((part) => toAnnotations(part));
  const [text, thought] = [textOf('text'), textOf('reasoning')];
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(thought !== '' && { reasoning_content: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(images.length > 0 && { images }),
    ...(annotations.length > 0 && { annotations }),
  };
}

function toToolCall(part: Extract<LanguageModelV3Content, { type: 'tool-call' }>): JsonObject {
  return {
    id: part.toolCallId,
    type: 'function',
    function: { name: part.toolName, arguments: part.input },
    ...extraOf(part.providerMetadata),
  };
}

/** What the vendor wants back with the call in the next turn; apps that keep the message keep it too. */
export function extraOf(metadata: SharedV3ProviderMetadata | undefined): JsonObject {
  return metadata === undefined ? {} : { extra_content: metadata };
}

export function toImage({
  data,
  mediaType,
}: Pick<Extract<LanguageModelV3Content, { type: 'file' }>, 'data' | 'mediaType'>): JsonObject {
  const base64 = typeof data === 'string' ? data : Buffer.from(data).toString('base64');
  return { type: 'image_url', image_url: { url: `data:${mediaType};base64,${base64}` } };
}

export function toAnnotations(part: LanguageModelV3Content): JsonObject[] {
  if (part.type !== 'source' || part.sourceType !== 'url') return [];
  return [{ type: 'url_citation', url_citation: { url: part.url, title: part.title ?? part.url } }];
}
