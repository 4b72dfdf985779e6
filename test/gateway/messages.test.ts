/** `/v1/messages` translated over chat, with the official client, over real HTTP and in process. */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type RunningVendor, runVendor } from '../sandbox/vendor.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import {
  COST_NANO_USD,
  deployment,
  type Harness,
  KEY,
  provider,
  type SnapshotParts,
  snapshot,
  stackOver,
  startGateway,
  TRANSPORTS,
  task,
} from './harness.ts';
import { answerChat, client } from './messages-vendor.ts';

const HELLO = { model: 'reply', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
const WEATHER = {
  name: 'get_weather',
  description: 'The weather in a city',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
};
type Finished = Parameters<typeof startUpstream>[0];

function overSandbox(vendor: RunningVendor, model: string, parts: SnapshotParts = {}) {
  return snapshot({
    providers: { box: provider(vendor.url, { type: 'sandbox', options: { timeScale: 0 } }) },
    deployments: { a: deployment('box', { model }) },
    tasks: { reply: task(['a']) },
    ...parts,
  });
}

async function start(
  onTestFinished: Finished,
  transport: (typeof TRANSPORTS)[number] = 'server',
): Promise<{ upstream: Upstream; harness: Harness; anthropic: Anthropic }> {
  const upstream = await startUpstream(onTestFinished);
  const harness = await startGateway(onTestFinished, { transport, snapshot: stackOver([upstream.baseUrl]) });
  return { upstream, harness, anthropic: client(harness) };
}

async function refusal(promise: PromiseLike<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Anthropic.APIError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe.each(TRANSPORTS)('messages through %s', (transport) => {
  test('plain: the answer, the record, the request the vendor got', async () => {
    const { upstream, harness, anthropic } = await start(onTestFinished, transport);
    const { data, response } = await anthropic.messages
      .create({ ...HELLO, system: 'Be brief.', metadata: { user_id: 'u-7' }, stop_sequences: ['END'] })
      .withResponse();
    expect(data).toMatchObject({
      id: 'msg_chatcmpl-1',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'The quick brown fox.' }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 200 },
    });
    expect(response.headers.get('x-trimtab-deployment')).toBe('a');
    expect(upstream.calls[0]?.body).toEqual({
      model: 'model-of-vendor-a',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
      ],
      max_tokens: 100,
      stop: ['END'],
      user: 'u-7',
    });
    expect(harness.records).toMatchObject([
      {
        protocol: 'messages',
        task: 'reply',
        user: 'u-7',
        tags: {},
        outcome: 'ok',
        finishReason: 'end_turn',
        costNanoUsd: COST_NANO_USD,
      },
    ]);
  });

  test('a stream has the text, usage and cost of the plain answer', async () => {
    const { harness, anthropic } = await start(onTestFinished, transport);
    const plain = await anthropic.messages.create(HELLO);
    const stream = anthropic.messages.stream(HELLO);
    const seen: string[] = [];
    stream.on('streamEvent', ({ type }) => seen.push(type));
    let text = '';
    stream.on('text', (delta) => {
      text += delta;
    });
    const final = await stream.finalMessage();
    expect(text).toBe('The quick brown fox.');
    expect(final.content).toMatchObject(plain.content);
    expect(final.usage).toMatchObject(plain.usage);
    expect([final.id, final.model, final.stop_reason]).toEqual([plain.id, plain.model, plain.stop_reason]);
    expect(seen).toEqual([
      'message_start',
      'content_block_start',
      ...Array(5).fill('content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    const [first, second] = harness.records;
    expect(second).toMatchObject({
      streamed: true,
      usage: first?.usage,
      costNanoUsd: COST_NANO_USD,
      finishReason: 'end_turn',
    });
    expect(second?.ttftMs).not.toBeNull();
  });
});

describe('messages over the sandbox', () => {
  test.each([false, true])('answer, streamed %s', async (streamed) => {
    await using vendor = await runVendor();
    const harness = await startGateway(onTestFinished, {
      snapshot: overSandbox(vendor, 'small'),
    });
    const anthropic = client(harness, { bearer: true });
    const message = streamed
      ? await anthropic.messages.stream(HELLO).finalMessage()
      : await anthropic.messages.create(HELLO);
    expect(message.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('Hello!') });
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(5);
    expect(harness.records).toMatchObject([{ sandbox: true, protocol: 'messages', streamed }]);
  });

  test.each([false, true])('a tools round trip, streamed %s', async (streamed) => {
    await using vendor = await runVendor();
    const harness = await startGateway(onTestFinished, {
      snapshot: overSandbox(vendor, 'large'),
    });
    const anthropic = client(harness);
    const ask = (messages: Anthropic.MessageParam[], choice: Anthropic.ToolChoice) => {
      const params = { model: 'reply', max_tokens: 200, tools: [WEATHER], tool_choice: choice, messages };
      return streamed
        ? anthropic.messages.stream(params).finalMessage()
        : anthropic.messages.create({ ...params, stream: false });
    };
    const question = { role: 'user' as const, content: 'What is the weather in Oslo?' };
    const called = await ask([question], { type: 'tool', name: 'get_weather' });
    expect(called.stop_reason).toBe('tool_use');
    const use = called.content.find((block) => block.type === 'tool_use');
    expect(use).toMatchObject({ name: 'get_weather', input: { city: expect.any(String) } });
    const result = { type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: 'Snow, -3 degrees' };
    const said = await ask(
      [question, { role: 'assistant', content: called.content }, { role: 'user', content: [result] }],
      { type: 'none' },
    );
    expect(said.stop_reason).toBe('end_turn');
    expect(said.content.some((block) => block.type === 'text' && block.text.length > 0)).toBe(true);
  });

  test('a JSON Schema for the answer', async () => {
    await using vendor = await runVendor();
    const harness = await startGateway(onTestFinished, { snapshot: overSandbox(vendor, 'large') });
    const schema = {
      type: 'object',
      properties: { label: { enum: ['spam', 'ham'] } },
      required: ['label'],
      additionalProperties: false,
    };
    const message = await client(harness).messages.create({
      ...HELLO,
      output_config: { format: { type: 'json_schema', schema } },
    });
    const [block] = message.content;
    expect(['spam', 'ham']).toContain(JSON.parse(block?.type === 'text' ? block.text : '{}').label);
  });

  test.each(['cut', 'reset-mid-stream'])(
    'a stream that breaks by %s ends with an error event',
    async (fault) => {
      await using vendor = await runVendor();
      const harness = await startGateway(onTestFinished, {
        snapshot: overSandbox(vendor, `small!${fault}`),
      });
      const events: string[] = [];
      const stream = client(harness).messages.stream(HELLO);
      stream.on('streamEvent', ({ type }) => events.push(type));
      const error = await refusal(stream.finalMessage());
      expect(error.type).toMatch(/^(api_error|overloaded_error|rate_limit_error)$/);
      expect(error.error).toMatchObject({ error: { code: expect.stringMatching(/^upstream_/) } });
      expect(events).toContain('content_block_delta');
      expect(events).not.toContain('message_stop');
      expect(harness.records).toMatchObject([{ outcome: 'error', status: 200, unpriced: false }]);
      expect(harness.records[0]?.costNanoUsd).toBeGreaterThan(0);
    },
  );
});

/** The members the vendor's own client says a message has; the compiler keeps the lists whole. */
const MESSAGE: Record<keyof Anthropic.Message, true> = {
  id: true,
  container: true,
  content: true,
  diagnostics: true,
  model: true,
  role: true,
  stop_details: true,
  stop_reason: true,
  stop_sequence: true,
  type: true,
  usage: true,
};
const MESSAGE_USAGE: Record<keyof Anthropic.Usage, true> = {
  cache_creation: true,
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  inference_geo: true,
  input_tokens: true,
  output_tokens: true,
  output_tokens_details: true,
  server_tool_use: true,
  service_tier: true,
  speed: true,
};
const DELTA_USAGE: Record<keyof Anthropic.MessageDeltaUsage, true> = {
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  input_tokens: true,
  output_tokens: true,
  output_tokens_details: true,
  server_tool_use: true,
};

describe('messages over chat', () => {
  test('have every member of the protocol and no other', async () => {
    const { anthropic } = await start(onTestFinished);
    const sorted = (value: object) => Object.keys(value).sort();
    const message = await anthropic.messages.create(HELLO);
    expect(sorted(message)).toEqual(sorted(MESSAGE));
    expect(sorted(message.usage)).toEqual(sorted(MESSAGE_USAGE));
    for await (const event of await anthropic.messages.create({ ...HELLO, stream: true })) {
      if (event.type === 'message_start') {
        expect(sorted(event.message)).toEqual(sorted(MESSAGE));
        expect(sorted(event.message.usage)).toEqual(sorted(MESSAGE_USAGE));
      }
      if (event.type === 'message_delta') expect(sorted(event.usage)).toEqual(sorted(DELTA_USAGE));
    }
  });

  const usage = {
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 120,
    prompt_tokens_details: { cached_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 8 },
  };
  const call = (index: number, id: string, json: string) => ({
    index,
    id,
    type: 'function',
    function: { name: 'get_weather', arguments: json },
  });

  test.each([false, true])('thinking, text and parallel tools, streamed %s', async (streamed) => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    answerChat(upstream, {
      message: {
        reasoning_content: 'Two cities.',
        content: 'Let me look.',
        tool_calls: [call(0, 'c1', '{"city":"Oslo"}'), call(1, 'c2', '')],
      },
      deltas: [
        { role: 'assistant', content: '' },
        { reasoning_content: 'Two ' },
        { reasoning_content: 'cities.' },
        { content: 'Let me ' },
        { content: 'look.' },
        { tool_calls: [call(0, 'c1', '')] },
        { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] },
        { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
        { tool_calls: [call(1, 'c2', '')] },
      ],
      finish: 'tool_calls',
      usage,
    });
    const params = {
      ...HELLO,
      max_tokens: 20_000,
      tools: [WEATHER],
      thinking: { type: 'enabled' as const, budget_tokens: 10_000 },
      tool_choice: { type: 'any' as const, disable_parallel_tool_use: true },
    };
    const message = streamed
      ? await anthropic.messages.stream(params).finalMessage()
      : await anthropic.messages.create(params);
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Two cities.', signature: '' },
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 'c1', name: 'get_weather', input: { city: 'Oslo' } },
      { type: 'tool_use', id: 'c2', name: 'get_weather', input: {} },
    ]);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage).toMatchObject({
      input_tokens: 40,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: null,
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 8 },
    });
    expect(upstream.calls[0]?.body).toMatchObject({
      reasoning_effort: 'medium',
      tool_choice: 'required',
      parallel_tool_calls: false,
      tools: [{ type: 'function', function: { name: 'get_weather' } }],
    });
    expect(harness.records[0]).toMatchObject({
      finishReason: 'tool_use',
      usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 60, reasoningTokens: 8 },
    });
  });

  test.each([
    ['length', {}, 'max_tokens'],
    ['content_filter', {}, 'refusal'],
    ['stop', { refusal: 'I will not.' }, 'refusal'],
    ['stop', {}, 'end_turn'],
  ])('finish reason %s with %j is %s', async (finish, extra, reason) => {
    const { upstream, anthropic } = await start(onTestFinished);
    const said = { content: 'Hm.', ...extra };
    answerChat(upstream, { message: said, deltas: [said], finish, usage });
    expect((await anthropic.messages.create(HELLO)).stop_reason).toBe(reason);
    expect((await anthropic.messages.stream(HELLO).finalMessage()).stop_reason).toBe(reason);
  });

  test('parts of tool calls that come interleaved arrive as whole calls', async () => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    const more = (index: number, json: string) => ({
      tool_calls: [{ index, function: { arguments: json } }],
    });
    answerChat(upstream, {
      message: {},
      deltas: [
        { tool_calls: [call(0, 'c1', '{"city":')] },
        { tool_calls: [call(1, 'c2', '{')] },
        more(0, ' "Oslo"}'),
        more(1, ' "city": "Rome"}'),
      ],
      finish: 'tool_calls',
      usage,
    });
    const message = await anthropic.messages.stream({ ...HELLO, tools: [WEATHER] }).finalMessage();
    expect(message.content).toMatchObject([
      { type: 'tool_use', id: 'c1', input: { city: 'Oslo' } },
      { type: 'tool_use', id: 'c2', input: { city: 'Rome' } },
    ]);
    expect(harness.records[0]).toMatchObject({ outcome: 'ok', finishReason: 'tool_use' });
  });

  test('a tool call that goes on after its block was closed is refused, not garbled', async () => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    const late = { tool_calls: [{ index: 0, function: { arguments: '{"city":"Oslo"}' } }] };
    answerChat(upstream, {
      message: {},
      deltas: [{ tool_calls: [call(0, 'c1', '{}')] }, { tool_calls: [call(1, 'c2', '{')] }, late],
      finish: 'tool_calls',
      usage,
    });
    const error = await refusal(anthropic.messages.stream({ ...HELLO, tools: [WEATHER] }).finalMessage());
    expect(error.error).toMatchObject({ error: { code: 'upstream_malformed' } });
    expect(harness.records[0]).toMatchObject({ outcome: 'error', errorCode: 'upstream_malformed' });
  });

  test.each([
    ['malformed', 'data: {"choices": [', 'api_error', 'upstream_malformed'],
    [
      'an error event',
      'data: {"error":{"message":"m","type":"t","code":503}}',
      'overloaded_error',
      'upstream_overloaded',
    ],
  ])('a stream that turns out %s ends with an error event', async (_, bytes, type, code) => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    const seen = Promise.withResolvers<void>();
    upstream.answer = (call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const choices = [{ index: 0, delta: { content: 'Hm.' }, finish_reason: null }];
      response.write(`data: ${JSON.stringify({ id: 'x', model: call.body.model, choices })}\n\n`);
      void seen.promise.then(() => response.end(`${bytes}\n\n`));
    };
    const stream = anthropic.messages.stream(HELLO);
    stream.on('text', () => seen.resolve());
    const error = await refusal(stream.finalMessage());
    expect(error.type).toBe(type);
    expect(error.error).toMatchObject({ type: 'error', error: { code } });
    expect(harness.records).toMatchObject([{ outcome: 'error', status: 200, errorCode: code }]);
  });

  test('a client that leaves stops the vendor and is billed', async () => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    upstream.between = (index) => (index === 3 ? new Promise(() => {}) : undefined);
    const recorded = harness.nextRecord();
    const stream = await anthropic.messages.create({ ...HELLO, stream: true });
    for await (const event of stream) if (event.type === 'content_block_delta') break;
    expect(await recorded).toMatchObject({
      outcome: 'client_left',
      protocol: 'messages',
      usage: { estimated: true },
    });
    expect(await upstream.calls[0]?.closed).toBe(false);
  });

  test('falls back before the first byte', async () => {
    const [bad, good] = [await startUpstream(onTestFinished), await startUpstream(onTestFinished)];
    bad.fault = 'status-503';
    const harness = await startGateway(onTestFinished, {
      snapshot: stackOver([bad.baseUrl, good.baseUrl]),
    });
    const message = await client(harness).messages.stream(HELLO).finalMessage();
    expect(message.content).toMatchObject([{ text: 'The quick brown fox.' }]);
    expect(harness.records[0]).toMatchObject({ deployment: 'b', attempts: [{ outcome: 'error' }, {}] });
  });

  test('count_tokens is an estimate and says so; it is no call', async () => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    const { data, response } = await anthropic.messages
      .countTokens({ model: 'reply', system: 'x'.repeat(400), messages: HELLO.messages })
      .withResponse();
    expect(data.input_tokens).toBeGreaterThan(100);
    expect(data.input_tokens).toBeLessThan(120);
    expect(response.headers.get('x-trimtab-estimated')).toBe('true');
    expect(upstream.calls).toEqual([]);
    expect(harness.records).toEqual([]);
  });
});

describe('errors on the messages paths have its shape', () => {
  const post = (harness: Harness, path: string, init: RequestInit = {}) =>
    harness.fetch(`${harness.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      ...init,
    });

  test.each([
    ['no key', '/messages', { headers: {} }, 401, 'authentication_error', 'missing_key'],
    ['no JSON', '/messages', { body: '{' }, 400, 'invalid_request_error', 'invalid_json'],
    [
      'no messages',
      '/messages',
      { body: '{"model":"reply"}' },
      400,
      'invalid_request_error',
      'invalid_request',
    ],
    [
      'an unknown model',
      '/messages',
      { body: '{"model":"nobody","messages":[{"role":"user","content":"x"}]}' },
      404,
      'not_found_error',
      'unknown_model',
    ],
    [
      'too large',
      '/messages',
      { body: `{"x":"${'y'.repeat(1_100_000)}"}` },
      413,
      'request_too_large',
      'body_too_large',
    ],
    [
      'the wrong method',
      '/messages',
      { method: 'PUT', body: '{}' },
      405,
      'invalid_request_error',
      'method_not_allowed',
    ],
    ['an unknown path', '/messages/none', { body: '{}' }, 404, 'not_found_error', 'not_found'],
    [
      'count without a key',
      '/messages/count_tokens',
      { headers: {} },
      401,
      'authentication_error',
      'missing_key',
    ],
    [
      'count of nothing',
      '/messages/count_tokens',
      { body: '{"model":"reply"}' },
      400,
      'invalid_request_error',
      'invalid_request',
    ],
  ])('%s', async (_, path, init, status, type, code) => {
    const { harness } = await start(onTestFinished);
    const response = await post(harness, path, init as RequestInit);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      type: 'error',
      request_id: null,
      error: {
        type,
        message: expect.any(String),
        code,
        param: code === 'unknown_model' ? 'model' : code === 'invalid_request' ? 'messages' : null,
        advice: expect.any(String),
      },
    });
  });

  test('a parameter that cannot be carried is named', async () => {
    const { upstream, harness, anthropic } = await start(onTestFinished);
    const error = await refusal(anthropic.messages.create({ ...HELLO, top_k: 5 } as never));
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error.error).toMatchObject({ error: { code: 'unsupported_parameter', param: 'top_k' } });
    expect(upstream.calls).toEqual([]);
    expect(harness.records).toMatchObject([{ outcome: 'error', status: 400 }]);
  });

  test("a vendor's rejection arrives in its words and our shape", async () => {
    const { upstream, anthropic } = await start(onTestFinished);
    upstream.fault = 'status-400';
    const error = await refusal(anthropic.messages.create(HELLO));
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' });
    expect(error.error).toEqual({
      type: 'error',
      request_id: null,
      error: {
        type: 'invalid_request_error',
        message: 'the vendor says 400',
        code: 'vendor_code',
        param: null,
      },
    });
  });

  test.each([
    ['status-429', 429, 'rate_limit_error'],
    ['status-503', 503, 'overloaded_error'],
    ['malformed', 502, 'api_error'],
    ['cut', 502, 'api_error'],
  ] as const)('%s', async (fault, status, type) => {
    const { upstream, anthropic } = await start(onTestFinished);
    upstream.fault = fault;
    expect(await refusal(anthropic.messages.create(HELLO))).toMatchObject({ status, type });
  });
});
