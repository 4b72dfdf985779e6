/**
 * Vendors behind packages of the AI SDK, through a gateway over real HTTP: official clients in front, wire bytes behind.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, type TestContext, test } from 'vitest';
import { deployment, KEY, provider, snapshot, startGateway, task } from '../gateway/harness.ts';
import { PLAIN, STREAMS, type Wire } from './package-wires.ts';

type Finished = TestContext['onTestFinished'];

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
