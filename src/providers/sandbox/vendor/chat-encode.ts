/** The answer in OpenAI's shapes: one body, or the events of a stream. */
import { randomBytes } from 'node:crypto';
import type { ChatAnswer, Choice } from './chat-answer.ts';

export interface ReplyHead {
  id: string;
  created: number;
  model: string;
  withUsage: boolean;
}

/** `created`: epoch milliseconds. */
export function toReplyHead(
  model: string,
  { withUsage, created }: { withUsage: boolean; created: number },
): ReplyHead {
  const id = `chatcmpl-${randomBytes(12).toString('hex')}`;
  return { id, created: Math.floor(created / 1000), model, withUsage };
}

export function completionBody(answer: ChatAnswer, head: ReplyHead): string {
  return JSON.stringify({
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    choices: answer.choices.map((choice, index) => ({
      index,
      message: {
        role: 'assistant',
        content: choice.toolCalls.length > 0 ? null : choice.text.join(''),
        refusal: null,
        ...(choice.toolCalls.length > 0 ? { tool_calls: choice.toolCalls.map(toToolCall) } : {}),
      },
      logprobs: null,
      finish_reason: choice.finishReason,
    })),
    ...(head.withUsage ? { usage: toUsage(answer) } : {}),
    system_fingerprint: 'fp_sandbox',
  });
}

function toToolCall(call: Choice['toolCalls'][number]) {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments.join('') } };
}

function toUsage({ promptTokens, completionTokens }: ChatAnswer) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
}

/** One event of a stream; `token`: whether it carries a token, which takes time. */
export interface StreamEvent {
  data: string;
  token: boolean;
}

export function* streamEvents(
  answer: ChatAnswer,
  head: ReplyHead,
  includeUsage: boolean,
): Generator<StreamEvent> {
  const usageMember = includeUsage && head.withUsage ? ',"usage":null' : '';
  const start = JSON.stringify({
    id: head.id,
    object: 'chat.completion.chunk',
    created: head.created,
    model: head.model,
    system_fingerprint: 'fp_sandbox',
  }).slice(0, -1);
  const event = (index: number, delta: unknown, finish: string | null = null): string =>
    `${start},"choices":[{"index":${index},"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":${JSON.stringify(finish)}}]${usageMember}}`;
  for (const [index, choice] of answer.choices.entries()) {
    const content = choice.toolCalls.length > 0 ? null : '';
    yield { data: event(index, { role: 'assistant', content, refusal: null }), token: false };
    for (const text of choice.text) yield { data: event(index, { content: text }), token: true };
    for (const [at, call] of choice.toolCalls.entries()) {
      const opened = {
        index: at,
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: '' },
      };
      yield { data: event(index, { tool_calls: [opened] }), token: true };
      for (const piece of call.arguments) {
        yield {
          data: event(index, { tool_calls: [{ index: at, function: { arguments: piece } }] }),
          token: true,
        };
      }
    }
    yield { data: event(index, {}, choice.finishReason), token: false };
  }
  if (usageMember !== '') {
    yield { data: `${start},"choices":[],"usage":${JSON.stringify(toUsage(answer))}}`, token: false };
  }
  yield { data: '[DONE]', token: false };
}
