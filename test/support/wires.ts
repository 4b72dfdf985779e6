/**
 * One answer in each wire protocol that vendors speak, plain and as the parts of its stream, after the published
 * references (platform.openai.com/docs/api-reference, platform.claude.com/docs/en/api/messages, read 2026-11-23).
 */

export const USAGE = { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 };

export interface Said {
  words: readonly string[];
  model: unknown;
}

export interface Wire {
  plain(said: Said): Record<string, unknown>;
  /** Events before the first token. */
  opening(said: Said): string;
  word(said: Said, index: number): string;
  /** Whether the request asks for a stream, where its body does not say. */
  streams?: (path: string) => boolean;
  /** Events after the last token; the terminator is the last of them. */
  closing(said: Said, withUsage: boolean): string;
  /** An error of the vendor, as a body and as an event. */
  errorBody(message: string, code: string): Record<string, unknown>;
  errorEvent(message: string, code: string): string;
}

const CREATED = 1_790_000_000;

function dataEvent(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

function namedEvent(data: { type: string } & Record<string, unknown>): string {
  return `event: ${data.type}\n${dataEvent(data)}`;
}

function chunk({ model }: Said, members: object): string {
  return dataEvent({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: CREATED,
    model,
    ...members,
  });
}

function choice(said: Said, delta: object, finish: string | null = null): string {
  return chunk(said, { choices: [{ index: 0, delta, finish_reason: finish }] });
}

const chat: Wire = {
  plain: ({ words, model }) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }],
    usage: USAGE,
  }),
  opening: (said) => choice(said, { role: 'assistant', content: '' }),
  word: (said, index) => choice(said, { content: said.words[index] }),
  closing: (said, withUsage) =>
    choice(said, {}, 'stop') +
    (withUsage ? chunk(said, { choices: [], usage: USAGE }) : '') +
    dataEvent('[DONE]'),
  errorBody: (message, code) => ({ error: { message, type: 'vendor_type', param: null, code } }),
  errorEvent: (message, code) => dataEvent(chat.errorBody(message, code)),
};

const MESSAGE_USAGE = {
  input_tokens: USAGE.prompt_tokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

function messageOf(model: unknown, members: object): Record<string, unknown> {
  return { id: 'msg_1', type: 'message', role: 'assistant', model, ...members };
}

const messages: Wire = {
  plain: ({ words, model }) =>
    messageOf(model, {
      content: [{ type: 'text', text: words.join('') }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { ...MESSAGE_USAGE, output_tokens: USAGE.completion_tokens },
    }),
  opening: ({ model }) =>
    namedEvent({
      type: 'message_start',
      message: messageOf(model, {
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...MESSAGE_USAGE, output_tokens: 1 },
      }),
    }) + namedEvent({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  word: ({ words }, index) =>
    namedEvent({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: words[index] },
    }),
  closing: () =>
    namedEvent({ type: 'content_block_stop', index: 0 }) +
    namedEvent({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: USAGE.completion_tokens },
    }) +
    namedEvent({ type: 'message_stop' }),
  errorBody: (message) => ({ type: 'error', error: { type: 'api_error', message }, request_id: 'req_1' }),
  errorEvent: (message) => namedEvent({ type: 'error', error: { type: 'api_error', message } }),
};

const PLACE = { item_id: 'msg_1', output_index: 0, content_index: 0 };

function itemOf(status: 'in_progress' | 'completed', text: string | null): Record<string, unknown> {
  const content = text === null ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }];
  return { id: 'msg_1', type: 'message', role: 'assistant', status, content };
}

function responseOf({ words, model }: Said, status: 'in_progress' | 'completed'): Record<string, unknown> {
  const isOver = status === 'completed';
  return {
    id: 'resp_1',
    object: 'response',
    created_at: CREATED,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model,
    output: isOver ? [itemOf(status, words.join(''))] : [],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    ...(isOver && {
      usage: {
        input_tokens: USAGE.prompt_tokens,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: USAGE.completion_tokens,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: USAGE.total_tokens,
      },
    }),
  };
}

/** Events before the first word: created, in_progress, the item and its part. */
const OPENING_EVENTS = 4;

const responses: Wire = {
  plain: (said) => responseOf(said, 'completed'),
  opening: (said) =>
    [
      { type: 'response.created', response: responseOf(said, 'in_progress') },
      { type: 'response.in_progress', response: responseOf(said, 'in_progress') },
      { type: 'response.output_item.added', output_index: 0, item: itemOf('in_progress', null) },
      {
        type: 'response.content_part.added',
        ...PLACE,
        part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
      },
    ]
      .map((event, sequence_number) => namedEvent({ ...event, sequence_number }))
      .join(''),
  word: ({ words }, index) =>
    namedEvent({
      type: 'response.output_text.delta',
      ...PLACE,
      delta: words[index],
      logprobs: [],
      sequence_number: OPENING_EVENTS + index,
    }),
  closing: (said) => {
    const text = said.words.join('');
    const part = { type: 'output_text', text, annotations: [], logprobs: [] };
    return [
      { type: 'response.output_text.done', ...PLACE, text, logprobs: [] },
      { type: 'response.content_part.done', ...PLACE, part },
      { type: 'response.output_item.done', output_index: 0, item: itemOf('completed', text) },
      { type: 'response.completed', response: responseOf(said, 'completed') },
    ]
      .map((event, i) => namedEvent({ ...event, sequence_number: OPENING_EVENTS + said.words.length + i }))
      .join('');
  },
  errorBody: (message, code) => chat.errorBody(message, code),
  errorEvent: (message, code) =>
    namedEvent({ type: 'error', code, message, param: null, sequence_number: OPENING_EVENTS }),
};

/** https://ai.google.dev/api/generate-content (from memory, 2026-11-25). */
const gemini: Wire = {
  plain: ({ words }) => candidate({ text: words.join('') }, 'STOP'),
  opening: ({ model }) =>
    dataEvent({ modelVersion: model, usageMetadata: { promptTokenCount: USAGE.prompt_tokens } }),
  word: ({ words }, index) => dataEvent(candidate({ text: words[index] ?? '' }, null)),
  closing: () => dataEvent(candidate({ text: '' }, 'STOP')),
  streams: (path) => path.includes(':streamGenerateContent'),
  errorBody: (message, code) => ({ error: { code: 500, message, status: code.toUpperCase() } }),
  errorEvent: (message, code) => dataEvent(gemini.errorBody(message, code)),
};

function candidate(part: { text: string }, finishReason: string | null): Record<string, unknown> {
  const content = { role: 'model', parts: [part] };
  const usageMetadata = {
    promptTokenCount: USAGE.prompt_tokens,
    candidatesTokenCount: USAGE.completion_tokens,
    totalTokenCount: USAGE.total_tokens,
  };
  return finishReason === null
    ? { candidates: [{ content, index: 0 }] }
    : { candidates: [{ content, finishReason, index: 0 }], usageMetadata };
}

/** The wire protocol of a vendor's path. */
export function wireAt(path: string): Wire {
  if (path.includes('/messages')) return messages;
  if (/:(stream)?[gG]enerateContent/.test(path)) return gemini;
  return path.includes('/responses') ? responses : chat;
}
