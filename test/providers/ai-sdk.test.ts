/**
 * Vendors behind packages of the AI SDK, through a gateway over real HTTP: official clients in front, wire bytes behind.
 * The bytes are written by hand after the vendors' published references (2026-11-25), not recorded from live calls.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { describe, expect, type TestContext, test } from 'vitest';
import { deployment, KEY, provider, snapshot, startGateway, task } from '../gateway/harness.ts';

type Finished = TestContext['onTestFinished'];

interface Wire {
  type: string;
  status?: number;
  contentType: string;
  body: Buffer;
}

interface Seen {
  path: string;
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
}

/** Sends each byte of a stream on its own when `size` is 1. */
async function startVendor(
  onTestFinished: Finished,
  wire: Wire,
  size: number,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen.push({
      path: request.url ?? '',
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    response.writeHead(wire.status ?? 200, { 'content-type': wire.contentType });
    for (let at = 0; at < wire.body.length; at += size) response.write(wire.body.subarray(at, at + size));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function over(onTestFinished: Finished, wire: Wire, size = 100_000) {
  const vendor = await startVendor(onTestFinished, wire, size);
  const options =
    { bedrock: { region: 'us-east-1' }, vertex: { project: 'acme', location: 'eu' } }[wire.type] ?? {};
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor: provider(vendor.url, { type: wire.type, options }) },
      deployments: { a: deployment('vendor', { model: 'anthropic.some-model' }) },
      tasks: { reply: task(['a']) },
    }),
  });
  return { ...harness, seen: vendor.seen };
}

const sse = (...events: unknown[]) =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''));

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const binary = (...events: [name: string, payload: unknown][]) =>
  Buffer.concat(
    events.map(([name, payload]) =>
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: 'event' },
          ':event-type': { type: 'string', value: name },
        },
        body: Buffer.from(JSON.stringify(payload)),
      }),
    ),
  );

/** https://ai.google.dev/api/generate-content */
const GEMINI_USAGE = {
  promptTokenCount: 20,
  candidatesTokenCount: 6,
  thoughtsTokenCount: 4,
  totalTokenCount: 30,
};
const geminiPart = (part: unknown, more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [part] }, ...more }],
  usageMetadata: GEMINI_USAGE,
});
const GEMINI_CALL = { functionCall: { name: 'weather', args: { city: 'Bern' } } };

/** https://docs.cohere.com/reference/chat-stream */
const COHERE_USAGE = {
  billed_units: { input_tokens: 20, output_tokens: 10 },
  tokens: { input_tokens: 20, output_tokens: 10 },
};

const STREAMS: Wire[] = [
  ...['google', 'vertex'].map((type) => ({
    type,
    contentType: 'text/event-stream',
    body: sse(
      geminiPart({ text: 'Thinking.', thought: true }),
      geminiPart({ text: 'Hello ' }),
      geminiPart({ text: 'wörld' }),
      geminiPart(GEMINI_CALL, { finishReason: 'STOP' }),
    ),
  })),
  {
    type: 'cohere',
    contentType: 'text/event-stream',
    body: sse(
      { type: 'message-start', id: 'm1' },
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hello ' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'wörld' } } } },
      { type: 'content-end', index: 0 },
      {
        type: 'tool-call-start',
        delta: {
          message: {
            tool_calls: { id: 't1', type: 'function', function: { name: 'weather', arguments: '' } },
          },
        },
      },
      {
        type: 'tool-call-delta',
        delta: { message: { tool_calls: { function: { arguments: '{"city":"Bern"}' } } } },
      },
      { type: 'tool-call-end' },
      { type: 'message-end', delta: { finish_reason: 'TOOL_CALL', usage: COHERE_USAGE } },
    ),
  },
  {
    /** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
    type: 'bedrock',
    contentType: 'application/vnd.amazon.eventstream',
    body: binary(
      ['messageStart', { role: 'assistant' }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hello ' } }],
      ['contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'wörld' } }],
      ['contentBlockStop', { contentBlockIndex: 0 }],
      [
        'contentBlockStart',
        { contentBlockIndex: 1, start: { toolUse: { toolUseId: 't1', name: 'weather' } } },
      ],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"city":' } } }],
      ['contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '"Bern"}' } } }],
      ['contentBlockStop', { contentBlockIndex: 1 }],
      ['messageStop', { stopReason: 'tool_use' }],
      [
        'metadata',
        { usage: { inputTokens: 20, outputTokens: 10, totalTokens: 30 }, metrics: { latencyMs: 1 } },
      ],
    ),
  },
];

const ASKED = {
  model: 'reply',
  messages: [{ role: 'user' as const, content: 'Say hello.' }],
  tools: [
    {
      type: 'function' as const,
      function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
    },
  ],
};

describe.each(STREAMS.map((wire) => [wire.type, wire] as const))('%s', (_, wire) => {
  test.each([1, 7, 100_000])('streams text, a tool call and usage in chunks of %i bytes', async (size) => {
    await withFinish(async (finished) => {
      const { openai, records, seen } = await over(finished, wire, size);
      const final = await openai.chat.completions
        .stream({ ...ASKED, stream_options: { include_usage: true } })
        .finalChatCompletion();
      const [choice] = final.choices;
      expect(choice?.message.content).toBe('Hello wörld');
      expect(choice?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'weather' } });
      const call = choice?.message.tool_calls?.[0];
      expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toEqual({ city: 'Bern' });
      expect(choice?.finish_reason).toBe('tool_calls');
      expect(final.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
      expect(records[0]).toMatchObject({ outcome: 'ok', usage: { inputTokens: 20, outputTokens: 10 } });
      expect(seen).toHaveLength(1);
      expect(JSON.stringify(seen[0]?.headers)).toContain('vendor-key-of-vendor');
      expect(JSON.stringify(seen[0]?.body)).toContain('Say hello.');
    });
  });

  test('reaches the Messages client', async ({ onTestFinished }) => {
    const { baseUrl } = await over(onTestFinished, wire);
    const anthropic = new Anthropic({ baseURL: baseUrl.replace('/v1', ''), apiKey: KEY, maxRetries: 0 });
    const message = await anthropic.messages
      .stream({ model: 'reply', max_tokens: 100, messages: ASKED.messages })
      .finalMessage();
    expect(message.stop_reason).toBe('tool_use');
    expect(message.content).toContainEqual(expect.objectContaining({ type: 'text', text: 'Hello wörld' }));
    expect(message.usage).toMatchObject({ input_tokens: 20, output_tokens: 10 });
  });

  test('a stream that was cut is an error and is billed', async ({ onTestFinished }) => {
    const cut = { ...wire, body: wire.body.subarray(0, wire.body.indexOf('w\u00f6rld')) };
    const { openai, records } = await over(onTestFinished, cut);
    await expect(openai.chat.completions.stream(ASKED).finalChatCompletion()).rejects.toThrow();
    expect(records[0]).toMatchObject({ outcome: 'error', errorCode: 'upstream_cut' });
    expect(records[0]?.attempts[0]?.usage).toMatchObject({ inputTokens: expect.any(Number) });
  });

  test('a parameter it cannot carry is refused by name, and nothing is sent', async ({ onTestFinished }) => {
    const { openai, seen } = await over(onTestFinished, wire);
    const asked = openai.chat.completions.create({ ...ASKED, logprobs: true });
    await expect(asked).rejects.toMatchObject({ code: 'unsupported_parameter', param: 'logprobs' });
    const image = { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' as const };
    const content = [{ type: 'image_url' as const, image_url: image }];
    const looked = openai.chat.completions.create({ ...ASKED, messages: [{ role: 'user', content }] });
    await expect(looked).rejects.toMatchObject({ code: 'unsupported_parameter' });
    expect(seen).toEqual([]);
  });

  test.each([
    [400, 400],
    [401, 502],
    [429, 429],
    [503, 503],
  ])('an answer of status %i reaches the client as %i', async (status, shown) => {
    await withFinish(async (finished) => {
      const body = Buffer.from(
        '{"error":{"code":1,"message":"the vendor says no","status":"NO"},"message":"the vendor says no"}',
      );
      const { openai } = await over(finished, { ...wire, status, contentType: 'application/json', body });
      await expect(openai.chat.completions.create(ASKED)).rejects.toMatchObject({ status: shown });
      await expect(openai.chat.completions.create({ ...ASKED, stream: true })).rejects.toMatchObject({
        status: shown,
      });
    });
  });
});

const PLAIN: Wire[] = [
  {
    type: 'google',
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(geminiPart({ text: 'Hello' }, { finishReason: 'STOP' }))),
  },
  {
    type: 'cohere',
    contentType: 'application/json',
    body: Buffer.from(
      JSON.stringify({
        generation_id: 'g',
        message: { role: 'assistant', content: [{ type: 'text', text: 'Hello' }] },
        finish_reason: 'COMPLETE',
        usage: COHERE_USAGE,
      }),
    ),
  },
  {
    type: 'bedrock',
    contentType: 'application/json',
    body: Buffer.from(
      JSON.stringify({
        output: { message: { role: 'assistant', content: [{ text: 'Hello' }] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 20, outputTokens: 10, totalTokens: 30 },
        metrics: { latencyMs: 1 },
      }),
    ),
  },
];

test.each(PLAIN.map((wire) => [wire.type, wire] as const))('%s answers whole', async (_, wire) => {
  await withFinish(async (finished) => {
    const { openai, seen } = await over(finished, wire);
    const answer = await openai.chat.completions.create({ ...ASKED, temperature: 0.3 });
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello' } });
    expect(answer.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 10 });
    expect(JSON.stringify(seen[0]?.body)).toContain('0.3');
  });
});

/** `test.each` of rows has no context: what was started is stopped here. */
async function withFinish(run: (finished: Finished) => Promise<void>): Promise<void> {
  const stops: (() => unknown)[] = [];
  try {
    await run(((stop: () => unknown) => stops.push(stop)) as unknown as Finished);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
