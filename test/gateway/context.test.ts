/** Prompts that do not fit: passed over before sending, and what a vendor itself finds too long. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { countWords, leastTokens } from '../../src/routing/least-tokens.ts';
import { startUpstream } from '../support/upstream.ts';
import { deployment, KEY, provider, snapshot, startGateway, task } from './harness.ts';

/** Starts deployments `a`, `b`, ... with these context sizes; `undefined`: nothing is known of it. */
async function setUp(...sizes: (number | undefined)[]) {
  const upstreams = await Promise.all(sizes.map(() => startUpstream(onTestFinished)));
  const names = sizes.map((_, index) => String.fromCharCode(97 + index));
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: Object.fromEntries(names.map((name, at) => [name, provider(upstreams[at]?.baseUrl ?? '')])),
      deployments: Object.fromEntries(
        names.map((name, at) => {
          const contextTokens = sizes[at];
          return [name, deployment(name, contextTokens === undefined ? {} : { contextTokens })];
        }),
      ),
      tasks: { reply: task(names) },
    }),
  });
  const asked = (): number[] => upstreams.map(({ calls }) => calls.length);
  const send = (path: string, members: Record<string, unknown>): Promise<Response> =>
    harness.fetch(`${harness.baseUrl}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'reply', max_tokens: 10, ...members }),
    });
  const chat = (words: number, members = {}) =>
    send('chat/completions', {
      messages: [{ role: 'user', content: 'word '.repeat(words) }],
      ...members,
    });
  return { ...harness, upstreams, asked, send, chat };
}

test('a deployment the prompt surely does not fit is passed over, in the order of the route', async () => {
  const { chat, asked, records } = await setUp(1_000, 8_000, 100_000);
  expect((await chat(2_000)).status).toBe(200);
  expect(asked()).toEqual([0, 1, 0]);
  expect(records[0]?.skipped).toEqual([
    { deployment: 'a', reason: 'its context of 1000 tokens is too small for a prompt of over 2000' },
  ]);
});

test('what may fit is sent: as many words as tokens, a picture, a request that may be cut, an unknown size', async () => {
  const { chat, send, asked } = await setUp(2_000);
  await chat(2_000);
  const image_url = { url: `data:image/png;base64,${'A'.repeat(50_000)}` };
  await send('chat/completions', {
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url }] }],
  });
  await chat(5_000, { truncate_prompt_tokens: 1_000 });
  expect(asked()).toEqual([3]);
  const unknown = await setUp(undefined);
  expect((await unknown.chat(50_000)).status).toBe(200);
});

test.each([
  ['chat/completions', { error: { code: 'context_length_exceeded' } }],
  ['messages', { type: 'error', error: { type: 'invalid_request_error' } }],
])(
  '%s: when nothing fits the answer is 400 in the shape of the protocol, and nothing is sent',
  async (path, shape) => {
    const { send, asked, records } = await setUp(1_000, 1_500);
    const response = await send(path, { messages: [{ role: 'user', content: 'word '.repeat(2_000) }] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject(shape);
    expect(asked()).toEqual([0, 0]);
    expect(records[0]).toMatchObject({ outcome: 'refused', errorCode: 'context_length_exceeded' });
  },
);

test.each([false, true])(
  "stream %s: a vendor's own 'too long' goes on to a larger deployment only",
  async (stream) => {
    const { chat, asked, upstreams, records } = await setUp(8_000, 4_000, undefined, 16_000);
    for (const upstream of upstreams.slice(0, 3)) upstream.fault = 'context-length';
    const response = await chat(10, { stream });
    expect(response.status).toBe(200);
    await response.text();
    expect(asked()).toEqual([1, 0, 0, 1]);
    expect(records[0]?.attempts.map(({ deployment, kind }) => [deployment, kind])).toEqual([
      ['a', 'primary'],
      ['d', 'fallback'],
    ]);
    expect(records[0]?.skipped.map(({ deployment }) => deployment)).toEqual(['b', 'c']);
  },
);

test("without a larger one the client gets the vendor's words", async () => {
  const { chat, asked, upstreams } = await setUp(8_000, 8_000);
  for (const upstream of upstreams) upstream.fault = 'context-length';
  const response = await chat(10);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded' } });
  expect(asked()).toEqual([1, 0]);
});

test('words are a lower bound: never more than half of the characters, none is added by a cut', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(countWords(one)).toBeLessThanOrEqual(Math.ceil(one.length / 2));
      expect(countWords(one + other)).toBeLessThanOrEqual(countWords(one) + countWords(other));
      expect(countWords(one)).toBe(one.split(/[\0-\x20]+/).filter((word) => /^[a-z0-9]/i.test(word)).length);
    }),
  );
});

test('text counts wherever it stands, in each protocol', () => {
  const parts = [
    { type: 'text', text: 'three more words' },
    { type: 'tool_result', content: [{ type: 'text', text: 'one' }] },
  ];
  expect(leastTokens({ system: 'two words', messages: [{ content: parts }] })).toBe(6);
  expect(leastTokens({ instructions: 'a b', input: [{ role: 'user', content: 'c d' }] })).toBe(4);
  expect(leastTokens({ input: 'a b', truncation: 'auto' })).toBe(0);
});
