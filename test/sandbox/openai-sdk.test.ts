/** The official SDK straight against the vendor in its own thread. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Vendor } from '../../src/providers/sandbox/vendor/start.ts';
import { startVendor } from '../../src/providers/sandbox/vendor/start.ts';

let vendor: Vendor;
let client: OpenAI;
beforeAll(async () => {
  vendor = await startVendor();
  client = new OpenAI({
    baseURL: `http://${vendor.host}:${vendor.port}/v1`,
    apiKey: 'any',
    maxRetries: 0,
    defaultHeaders: { 'x-sandbox-time-scale': '0' },
  });
});
afterAll(() => vendor.close());

const messages = [{ role: 'user' as const, content: 'My top-up by bank transfer does not show. Why?' }];

test('plain and streamed answers agree', async () => {
  const plain = await client.chat.completions.create({ model: 'large', messages });
  const stream = await client.chat.completions.create({
    model: 'large',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let usage: unknown;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage ?? usage;
  }
  expect(text).toBe(plain.choices[0]?.message.content);
  expect(usage).toEqual(plain.usage);
});

test('tools run in the SDK’s own loop', async () => {
  const asked: unknown[] = [];
  const runner = client.chat.completions.runTools({
    model: 'large',
    messages: [{ role: 'user', content: 'What is the balance of account 48213?' }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_balance',
          description: 'Balance of an account',
          parameters: {
            type: 'object',
            properties: { account_id: { type: 'string' } },
            required: ['account_id'],
          },
          parse: JSON.parse,
          function: (args: unknown) => {
            asked.push(args);
            return '{"balance": "120.50 EUR"}';
          },
        },
      },
    ],
  });
  expect(await runner.finalContent()).toContain('120.50 EUR');
  expect(asked).toEqual([{ account_id: '48213' }]);
});

test('a JSON schema is filled', async () => {
  const answer = await client.chat.completions.parse({
    model: 'small',
    messages,
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'ticket',
        strict: true,
        schema: {
          type: 'object',
          properties: {
            queue: { type: 'string', enum: ['cards', 'top up and transfer', 'identity'] },
            urgent: { type: 'boolean' },
          },
          required: ['queue', 'urgent'],
          additionalProperties: false,
        },
      },
    },
  });
  expect(answer.choices[0]?.message.parsed).toEqual({ queue: 'top up and transfer', urgent: false });
});

describe('embeddings', () => {
  const create = (input: string | string[], dimensions?: number) =>
    client.embeddings.create({ model: 'embed', input, ...(dimensions ? { dimensions } : {}) });
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

  test('are of length 1, as many and as long as asked, and like texts are near', async () => {
    const { data, usage } = await create(
      ['I lost my card in Rome', 'My card was lost while I was in Rome', 'What are your exchange fees?'],
      256,
    );
    const [a = [], b = [], c = []] = data.map((item) => item.embedding);
    expect(a).toHaveLength(256);
    expect(dot(a, a)).toBeCloseTo(1, 5);
    expect(dot(a, b)).toBeGreaterThan(dot(a, c) + 0.2);
    expect(usage.prompt_tokens).toBeGreaterThan(15);
  });

  test('are the same in base64 and as numbers', async () => {
    const base64 = await create('the same text');
    const float = await client.embeddings.create({
      model: 'embed',
      input: 'the same text',
      encoding_format: 'float',
    });
    const [numbers = []] = float.data.map((item) => item.embedding);
    expect(base64.data[0]?.embedding).toHaveLength(512);
    expect(dot(base64.data[0]?.embedding ?? [], numbers)).toBeCloseTo(1, 5);
  });

  test('of nothing are refused', async () => {
    await expect(create([])).rejects.toMatchObject({ status: 400, param: 'input' });
  });
});

test('models and errors read as the vendor’s', async () => {
  const models = await client.models.list();
  expect(models.data.map((model) => model.id)).toContain('large');
  await expect(client.chat.completions.create({ model: 'large!status-429', messages })).rejects.toMatchObject(
    {
      status: 429,
      code: 'sandbox_fault',
    },
  );
});

test('leaving a stream early is noticed: the thread still answers at once', async () => {
  const streams = await Promise.all(
    Array.from({ length: 20 }, () =>
      client.chat.completions.create(
        { model: 'large', messages, stream: true },
        { headers: { 'x-sandbox-time-scale': '1' } },
      ),
    ),
  );
  for (const stream of streams) stream.controller.abort();
  const answer = await client.chat.completions.create({ model: 'small', messages });
  expect(answer.choices).toHaveLength(1);
});
