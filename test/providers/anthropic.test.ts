/** The Messages API under the chat protocol: what is carried, what is refused by name, what comes back. */
import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../../src/core/error.ts';
import { anthropic } from '../../src/providers/anthropic/index.ts';
import type { AppRequest } from '../../src/providers/provider.ts';
import {
  CHAT_STREAM,
  CHAT_STREAM_USAGE,
  connectTo,
  eventsOf,
  noHeaders,
  readAll,
  readFixture,
  toRequest,
} from './support.ts';

const MODEL = 'claude-haiku-4-5';
const connection = connectTo(anthropic);

function toBody(body: object): AppRequest {
  return toRequest(
    JSON.stringify({ model: 'task', messages: [{ role: 'user', content: 'Hi' }], ...body }),
    MODEL,
  );
}

function translate(body: object): Record<string, unknown> {
  return JSON.parse(String(connection.open(toBody(body)).request.body));
}

function refusal(body: object): TrimtabError {
  try {
    connection.open(toBody(body));
  } catch (error) {
    if (error instanceof TrimtabError) return error;
  }
  throw new Error('expected a refusal');
}

describe('a request', () => {
  test('needs little', () => {
    expect(translate({})).toEqual({
      model: MODEL,
      max_tokens: 4096,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
  });

  test('goes to the Messages API with its version and key', () => {
    const { request } = connection.open(toBody({}));
    expect(request.origin + request.path).toBe('https://api.anthropic.com/v1/messages');
    expect(request.headers.slice(0, 6)).toEqual([
      'content-type',
      'application/json',
      'x-api-key',
      'sk-test-3f9a1c77d2e84b60',
      'anthropic-version',
      '2023-06-01',
    ]);
  });

  test('carries parameters', () => {
    const carried = translate({
      max_completion_tokens: 50,
      temperature: 0,
      top_p: 0.9,
      stop: 'END',
      stream: true,
      safety_identifier: 'u-1',
      reasoning_effort: 'low',
    });
    expect(carried).toMatchObject({
      max_tokens: 50,
      temperature: 0,
      top_p: 0.9,
      stop_sequences: ['END'],
      stream: true,
      metadata: { user_id: 'u-1' },
      output_config: { effort: 'low' },
    });
    expect(translate({ stop: ['a', 'b'], max_tokens: 7 })).toMatchObject({
      stop_sequences: ['a', 'b'],
      max_tokens: 7,
    });
  });

  test('carries the default of max_tokens from the options', () => {
    const own = connectTo(anthropic, { options: { maxTokens: 9 } });
    expect(JSON.parse(String(own.open(toBody({})).request.body)).max_tokens).toBe(9);
    expect(() => anthropic.parseOptions({ maxTokens: 0 })).toThrow(/maxTokens/);
  });

  test('moves system and developer messages to the top', () => {
    const { system, messages } = translate({
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: 'Hi' },
      ],
    });
    expect(system).toEqual([
      { type: 'text', text: 'Be kind.' },
      { type: 'text', text: 'Be brief.' },
    ]);
    expect(messages).toHaveLength(1);
  });

  test('carries images, inline and by address', () => {
    const image = (url: string) => ({ type: 'image_url', image_url: { url, detail: 'high' } });
    const content = [
      { type: 'text', text: 'What is this?' },
      image('data:image/png;base64,iVBORw0KGgo='),
      image('https://example.com/cat.jpg'),
    ];
    expect(translate({ messages: [{ role: 'user', content }] }).messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/cat.jpg' } },
        ],
      },
    ]);
  });

  test('carries tools, calls and their results', () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const call = (id: string, args: string) => ({
      id,
      type: 'function',
      function: { name: 'weather', arguments: args },
    });
    const body = translate({
      tools: [
        { type: 'function', function: { name: 'weather', description: 'd', parameters, strict: true } },
      ],
      tool_choice: 'required',
      parallel_tool_calls: false,
      messages: [
        { role: 'user', content: 'Rome and Oslo?' },
        { role: 'assistant', content: null, tool_calls: [call('a', '{"city":"Rome"}'), call('b', '')] },
        { role: 'tool', tool_call_id: 'a', content: 'sun' },
        { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'snow' }] },
        { role: 'user', content: 'So?' },
      ],
    });
    expect(body.tools).toEqual([
      { name: 'weather', description: 'd', input_schema: parameters, strict: true },
    ]);
    expect(body.tool_choice).toEqual({ type: 'any', disable_parallel_tool_use: true });
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Rome and Oslo?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Rome' } },
          { type: 'tool_use', id: 'b', name: 'weather', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'sun' }] },
          { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'snow' }] },
          { type: 'text', text: 'So?' },
        ],
      },
    ]);
  });

  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
  ])('carries the tool choice %j', (choice, expected) => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(translate({ tools, tool_choice: choice }).tool_choice).toEqual(expected);
  });

  test('carries a PDF', () => {
    const file = { filename: 'terms.pdf', file_data: 'data:application/pdf;base64,JVBERi0x' };
    const [turn] = translate({ messages: [{ role: 'user', content: [{ type: 'file', file }] }] })
      .messages as { content: unknown[] }[];
    const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' };
    expect(turn?.content).toEqual([{ type: 'document', source, title: 'terms.pdf' }]);
  });

  test('carries the tier everybody has', () => {
    expect(translate({ service_tier: 'default' }).service_tier).toBe('standard_only');
    expect(refusal({ service_tier: 'flex' })).toMatchObject({ field: 'service_tier' });
  });

  test('carries what is said of a schema', () => {
    const schema = { type: 'object', properties: {} };
    const asked = (given: object) => ({
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'x', description: 'A ship', schema: given },
      },
    });
    const description = (given: object) =>
      (translate(asked(given)).output_config as { format: { schema: object } }).format.schema;
    expect(description(schema)).toEqual({ description: 'A ship', ...schema });
    expect(description({ ...schema, description: 'Mine' })).toEqual({ ...schema, description: 'Mine' });
  });

  test('carries a JSON Schema for the answer', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } };
    expect(translate({ response_format }).output_config).toEqual({ format: { type: 'json_schema', schema } });
    expect(translate({ response_format: { type: 'text' } }).output_config).toBeUndefined();
  });

  test.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['seed', { seed: 7 }],
    ['logit_bias', { logit_bias: { 5: 1 } }],
    ['presence_penalty', { presence_penalty: 0.5 }],
    ['frequency_penalty', { frequency_penalty: 0.5 }],
    ['audio', { audio: { voice: 'x' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['reasoning_effort', { reasoning_effort: 'minimal' }],
    ['temperature', { temperature: 1.5 }],
    ['made_up', { made_up: 1 }],
    [
      'tool_choice',
      { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: { type: 'allowed_tools' } },
    ],
    ['tools[0].type', { tools: [{ type: 'custom' }] }],
    ['messages[0].name', { messages: [{ role: 'user', name: 'Ann', content: 'Hi' }] }],
    ['messages[0].role', { messages: [{ role: 'function', content: 'Hi' }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
    [
      'messages[0].content[0].image_url.detail',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'https://x/y.png', detail: 'low' } }],
          },
        ],
      },
    ],
    [
      'messages[0].content[0].file.file_id',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file_1' } }] }] },
    ],
    [
      'messages[0].content[0].file.file_data',
      {
        messages: [
          { role: 'user', content: [{ type: 'file', file: { file_data: 'data:text/plain;base64,SGk=' } }] },
        ],
      },
    ],
    [
      'messages[0].content[0].image_url.url',
      {
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x/y.png' } }] }],
      },
    ],
  ])('refuses %s by name', (field, body) => {
    expect(refusal(body)).toMatchObject({ code: 'unsupported_parameter', field });
  });

  test.each([
    { n: 1 },
    { seed: null },
    { logprobs: false },
    { presence_penalty: 0 },
    { logit_bias: {} },
    { modalities: ['text'] },
    { store: false },
    { metadata: { team: 'a' } },
    { prompt_cache_key: 'k' },
  ])('takes %j, which asks for nothing', (body) => {
    expect(translate(body)).toEqual(translate({}));
  });

  test.each([
    ['messages[0]', { messages: ['hi'] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    [
      'messages[0].tool_calls[0].function.arguments',
      {
        messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{' } }] }],
      },
    ],
  ])('calls %s invalid by name', (field, body) => {
    expect(refusal(body)).toMatchObject({ code: 'invalid_request', field });
  });

  test('for embeddings does not fit', () => {
    const request = toRequest('{"model":"t","input":"x"}', MODEL, { protocol: 'embeddings' });
    expect(() => connection.open(request)).toThrow(expect.objectContaining({ code: 'protocol_mismatch' }));
  });
});

describe('an answer', () => {
  const read = (message: object) => {
    const answer = connection
      .open(toBody({}))
      .readAnswer(200, '', Buffer.from(JSON.stringify(message)), noHeaders);
    if (answer.kind !== 'answer') throw answer.error;
    return { ...answer, completion: JSON.parse(String(answer.body)) };
  };
  const message = (content: object[], rest: object = {}) => ({
    id: 'msg_1',
    type: 'message',
    model: MODEL,
    content,
    stop_reason: 'end_turn',
    usage: { input_tokens: 5, output_tokens: 3 },
    ...rest,
  });

  test('is a chat completion', () => {
    const { completion } = read(
      message([
        { type: 'text', text: 'Hel' },
        { type: 'text', text: 'lo' },
      ]),
    );
    expect(completion).toMatchObject({
      id: 'msg_1',
      object: 'chat.completion',
      model: MODEL,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    });
    expect(Number.isInteger(completion.created)).toBe(true);
  });

  test('carries tool calls and thinking', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 's' },
      { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Rome' } },
    ];
    const { completion } = read(message(content, { stop_reason: 'tool_use' }));
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        reasoning_content: 'Hm.',
        tool_calls: [
          { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
        ],
      },
    });
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['a_new_one', 'stop'],
  ])('that stops by %s finishes by %s', (stop_reason, finishReason) => {
    expect(read(message([], { stop_reason })).finishReason).toBe(finishReason);
  });

  test.each([
    ['overloaded_error', 529, 'upstream_overloaded', true],
    ['rate_limit_error', 429, 'upstream_rate_limited', true],
    ['billing_error', 402, 'upstream_auth', true],
    ['request_too_large', 413, 'upstream_rejected', false],
    ['not_found_error', 404, 'upstream_rejected', true],
  ])('of %s (%i) is %s', (type, status, code, fallback) => {
    const body = Buffer.from(JSON.stringify({ type: 'error', error: { type, message: 'Said so.' } }));
    const failure = connection.open(toBody({})).readAnswer(status, '', body, noHeaders);
    expect(failure).toMatchObject({ kind: 'failure', fallback, error: { code } });
  });
});

describe('a stream', () => {
  test('carries text, thinking and tool calls', () => {
    const bytes = readFixture('anthropic', 'tools.sse');
    const result = readAll(connection.open(toRequest(CHAT_STREAM, MODEL)).readStream(), [bytes]);
    expect(result).toMatchObject({
      done: true,
      finishReason: 'tool_calls',
      usage: { inputTokens: 472, outputTokens: 89 },
    });
    const deltas = eventsOf(result.bytes).map(({ choices }) => (choices as { delta: object }[])[0]?.delta);
    const call = (index: number, json: string) => ({
      tool_calls: [{ index, function: { arguments: json } }],
    });
    const begin = (index: number, id: string, name: string) => ({
      tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
    });
    expect(deltas).toEqual([
      { role: 'assistant', content: '' },
      { reasoning_content: 'Two calls.' },
      { content: 'Okay' },
      begin(0, 'toolu_01T1x1fJ34qAmk2tNTrN7Up6', 'get_weather'),
      call(0, '{"location":'),
      call(0, ' "San Francisco"}'),
      begin(1, 'toolu_02', 'get_time'),
      call(1, '{}'),
      {},
    ]);
  });

  test('carries usage in an event of its own, only when asked', () => {
    const bytes = readFixture('anthropic', 'stream.sse');
    const asked = eventsOf(
      readAll(connection.open(toRequest(CHAT_STREAM_USAGE, MODEL)).readStream(), [bytes]).bytes,
    );
    expect(asked.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 132,
        completion_tokens: 9,
        total_tokens: 141,
        prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 20 },
      },
    });
    expect(asked.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    const plain = eventsOf(
      readAll(connection.open(toRequest(CHAT_STREAM, MODEL)).readStream(), [bytes]).bytes,
    );
    expect(plain.some((event) => 'usage' in event)).toBe(false);
  });

  test('passes over events nobody knew', () => {
    const bytes = readFixture('anthropic', 'stream.sse');
    const exchange = connection.open(toRequest(CHAT_STREAM, MODEL));
    const more = Buffer.concat([Buffer.from('event: new\ndata: {"type":"new_event"}\n\n'), bytes]);
    expect(readAll(exchange.readStream(), [more])).toEqual(readAll(exchange.readStream(), [bytes]));
  });
});
