/** `/v1/messages` to a vendor that speaks it: bytes pass through. The vendor is faked over real HTTP. */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readFixture } from '../providers/support.ts';
import { startUpstream } from '../support/upstream.ts';
import { deployment, type Harness, KEY, provider, snapshot, startGateway, task } from './harness.ts';
import { client, sendEvents, sendJson } from './messages-vendor.ts';

const plain = readFixture('anthropic', 'plain.txt');
const stream = readFixture('anthropic', 'stream.sse');
const tools = readFixture('anthropic', 'tools.sse');
const HELLO = { model: 'reply', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };

async function start() {
  const upstream = await startUpstream(onTestFinished);
  upstream.answer = (call, response) => {
    if (call.path.endsWith('/count_tokens')) return sendJson(response, { input_tokens: 14 });
    if (call.body.stream === true) return sendEvents(response, stream);
    sendJson(response, JSON.parse(plain.toString()));
  };
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: {
        claude: provider(upstream.baseUrl.replace(/\/v1$/, ''), { type: 'anthropic' }),
      },
      deployments: { a: deployment('claude') },
      tasks: { reply: task(['a']) },
    }),
  });
  return { upstream, harness, anthropic: client(harness) };
}

const post = (harness: Harness, body: string) =>
  fetch(`${harness.baseUrl}/messages`, {
    method: 'POST',
    headers: {
      'x-api-key': KEY,
      'content-type': 'application/json',
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'one,two',
    },
    body,
  });

describe('a vendor that speaks messages', () => {
  test('gets the bytes of the app with its own model, key, version and betas', async () => {
    const { upstream, harness } = await start();
    const body =
      '{ "top_k":5,\n"model" : "reply", "max_tokens":9, "made_up":{"a": 1.0}, "messages":[{"role":"user","content":"é"}]}';
    const response = await post(harness, body);
    expect(response.status).toBe(200);
    const [call] = upstream.calls;
    expect(call?.bytes.toString()).toBe(body.replace('"reply"', '"model-of-claude"'));
    expect(call?.path).toBe('/v1/messages');
    expect(call?.headers).toMatchObject({
      'x-api-key': 'vendor-key-of-claude',
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'one,two',
    });
    expect(call?.headers.authorization).toBeUndefined();
    expect(response.headers.get('request-id')).toBe('req_native');
  });

  test('plain and streamed: same message, usage and cost', async () => {
    const { harness, anthropic } = await start();
    const whole = await anthropic.messages.create(HELLO);
    const streamed = await anthropic.messages.stream(HELLO).finalMessage();
    const expected = {
      input_tokens: 12,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
      output_tokens: 9,
    };
    expect(whole.usage).toMatchObject(expected);
    expect(streamed.usage).toMatchObject(expected);
    expect(streamed.content).toMatchObject([{ type: 'text', text: 'Hello! 🌍 How can I help?' }]);
    const [first, second] = harness.records;
    expect(first).toMatchObject({
      protocol: 'messages',
      finishReason: 'end_turn',
      usage: { inputTokens: 132, outputTokens: 9, cacheReadTokens: 100, cacheWriteTokens: 20 },
    });
    expect(first?.costNanoUsd).toBeGreaterThan(0);
    expect(second).toMatchObject({
      usage: first?.usage,
      costNanoUsd: first?.costNanoUsd,
      finishReason: 'end_turn',
    });
  });

  test('a stream arrives byte for byte', async () => {
    const { upstream, harness } = await start();
    upstream.answer = (_, response) => sendEvents(response, tools);
    const response = await post(harness, JSON.stringify({ ...HELLO, stream: true }));
    expect(Buffer.from(await response.arrayBuffer()).toString()).toBe(tools.toString());
  });

  test('thinking and tool calls decode as straight from the vendor', async () => {
    const { upstream, harness, anthropic } = await start();
    upstream.answer = (_, response) => sendEvents(response, tools);
    const direct = new Anthropic({
      baseURL: upstream.baseUrl.replace(/\/v1$/, ''),
      apiKey: 'x',
      maxRetries: 0,
    });
    const expected = await direct.messages.stream(HELLO).finalMessage();
    const message = await anthropic.messages.stream(HELLO).finalMessage();
    expect(JSON.parse(JSON.stringify(message))).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(message.content.map(({ type }) => type)).toContain('tool_use');
    expect(harness.records[0]?.finishReason).toBe('tool_use');
  });

  test('counts tokens itself', async () => {
    const { upstream, harness, anthropic } = await start();
    const { data, response } = await anthropic.messages
      .countTokens({ model: 'reply', messages: HELLO.messages })
      .withResponse();
    expect(data.input_tokens).toBe(14);
    expect(response.headers.get('x-trimtab-estimated')).toBeNull();
    expect(upstream.calls[0]).toMatchObject({
      path: '/v1/messages/count_tokens',
      body: { model: 'model-of-claude' },
    });
    expect(harness.records).toEqual([]);
    expect(harness.gateway.health().deployments).toMatchObject([{ inFlight: 0, failures: 0 }]);
  });

  test('a count that the vendor refuses', async () => {
    const { upstream, harness, anthropic } = await start();
    const error = { type: 'error', error: { type: 'invalid_request_error', message: 'messages: bad' } };
    upstream.answer = (_, response) => sendJson(response, error, 400);
    await expect(
      anthropic.messages.countTokens({ model: 'reply', messages: HELLO.messages }),
    ).rejects.toMatchObject({ status: 400, error });
    expect(harness.gateway.health().deployments).toMatchObject([{ inFlight: 0 }]);
  });

  test('its rejection arrives as it is, its outage as ours', async () => {
    const { upstream, anthropic } = await start();
    const error = {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'max_tokens: too many' },
      request_id: 'req_1',
    };
    upstream.answer = (_, response) => sendJson(response, error, 400);
    await expect(anthropic.messages.create(HELLO)).rejects.toMatchObject({ status: 400, error });
    upstream.answer = (_, response) =>
      sendJson(response, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 529);
    await expect(anthropic.messages.create(HELLO)).rejects.toMatchObject({
      status: 503,
      type: 'overloaded_error',
      error: { error: { code: 'upstream_overloaded' } },
    });
  });

  test.each([
    ['cut', '', 'upstream_cut', 'api_error'],
    [
      'broken by an error event',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
      'upstream_overloaded',
      'overloaded_error',
    ],
    ['malformed', 'event: content_block_delta\ndata: {"type":"con\n\n', 'upstream_malformed', 'api_error'],
  ])('a stream %s ends with an error event and is billed', async (_, last, code, type) => {
    const { upstream, harness, anthropic } = await start();
    const seen = Promise.withResolvers<void>();
    const half = stream.indexOf('event: content_block_stop');
    upstream.answer = (_call, response) => {
      sendEvents(response, stream.subarray(0, half), false);
      void seen.promise.then(() => response.end(last));
    };
    const broken = anthropic.messages.stream(HELLO);
    broken.on('text', () => seen.resolve());
    await expect(broken.finalMessage()).rejects.toMatchObject({ type, error: { error: { code } } });
    expect(harness.records).toMatchObject([
      { outcome: 'error', status: 200, errorCode: code, usage: { inputTokens: 132, estimated: true } },
    ]);
    expect(harness.records[0]?.usage.outputTokens).toBeGreaterThan(4);
    expect(harness.records[0]?.costNanoUsd).toBeGreaterThan(0);
  });

  test('thoughts of another vendor in the conversation stay out, its own go back as they came', async () => {
    const { upstream, anthropic } = await start();
    upstream.answer = (_, response) => sendJson(response, JSON.parse(plain.toString()));
    const thought = (signature: string) => ({ type: 'thinking' as const, thinking: 'Hm.', signature });
    const text = { type: 'text' as const, text: 'Hello.' };
    const ask = async (...content: (typeof text | ReturnType<typeof thought>)[]) => {
      const again = { role: 'user' as const, content: 'Again.' };
      const messages = [...HELLO.messages, { role: 'assistant' as const, content }, again];
      await anthropic.messages.create({ ...HELLO, messages });
      const sent = upstream.calls.at(-1)?.body as { messages: { content: unknown }[] };
      return sent.messages.map((turn) => turn.content);
    };
    const [first] = HELLO.messages.map(({ content }) => content);
    expect(await ask(thought(''), text)).toEqual([first, [text], 'Again.']);
    expect(await ask(thought(''))).toEqual([first, 'Again.']);
    expect(await ask(thought('sig'), text)).toEqual([first, [thought('sig'), text], 'Again.']);
  });

  test('on a route with a chat vendor: each in its own protocol, the app in one', async () => {
    const claude = await startUpstream(onTestFinished);
    const other = await startUpstream(onTestFinished);
    const down = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    claude.answer = (_, response) => sendJson(response, down, 529);
    const harness = await startGateway(onTestFinished, {
      snapshot: snapshot({
        providers: {
          claude: provider(claude.baseUrl.replace(/\/v1$/, ''), { type: 'anthropic' }),
          other: provider(other.baseUrl),
        },
        deployments: { a: deployment('claude'), b: deployment('other') },
        tasks: { reply: task(['a', 'b']), reverse: task(['b', 'a']) },
      }),
    });
    const anthropic = client(harness);
    const message = await anthropic.messages.stream(HELLO).finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: 'The quick brown fox.' }]);
    expect(claude.calls[0]?.path).toBe('/v1/messages');
    expect(other.calls[0]?.path).toBe('/v1/chat/completions');
    expect(harness.records[0]).toMatchObject({
      deployment: 'b',
      finishReason: 'end_turn',
      attempts: [{ errorCode: 'upstream_overloaded' }, { outcome: 'ok' }],
    });
    // `top_k` is the vendor's own: the chat deployment is passed over with its reason.
    claude.answer = (_, response) => sendJson(response, JSON.parse(plain.toString()));
    await anthropic.messages.create({ ...HELLO, model: 'reverse', top_k: 5 } as never);
    expect(harness.records[1]).toMatchObject({
      deployment: 'a',
      skipped: [{ deployment: 'b', reason: expect.stringContaining('top_k') }],
    });
    // The deployment that would answer decides how tokens are counted.
    claude.answer = (_, response) => sendJson(response, { input_tokens: 14 });
    const count = (model: string) => anthropic.messages.countTokens({ model, messages: HELLO.messages });
    expect([(await count('reply')).input_tokens, (await count('reverse')).input_tokens]).toEqual([14, 5]);
  });

  test('a client that leaves stops it', async () => {
    const { upstream, harness, anthropic } = await start();
    upstream.answer = (_call, response) =>
      sendEvents(response, stream.subarray(0, stream.indexOf('event: content_block_stop')), false);
    const recorded = harness.nextRecord();
    const events = await anthropic.messages.create({ ...HELLO, stream: true });
    for await (const event of events) if (event.type === 'content_block_delta') break;
    expect(await recorded).toMatchObject({ outcome: 'client_left', usage: { inputTokens: 132 } });
    expect(await upstream.calls[0]?.closed).toBe(false);
  });
});
