import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TrimtabError } from '../../src/core/error.ts';
import { startUpstream } from '../support/upstream.ts';
import { stackOver, startGateway, TRANSPORTS } from './harness.ts';
import { type BadRequest, badRequest, CORPUS } from './malformed-requests.ts';

async function setUp(transport: (typeof TRANSPORTS)[number]) {
  const upstream = await startUpstream(onTestFinished);
  const harness = await startGateway(onTestFinished, {
    transport,
    snapshot: stackOver([upstream.baseUrl]),
    feedback: async () => {
      throw new TrimtabError('invalid_request', 'Feedback is checked elsewhere.');
    },
  });
  const origin = new URL(harness.baseUrl).origin;
  return { ...harness, upstream, send: (bad: BadRequest) => send(harness.fetch, origin, bad) };
}

async function send(
  fetch: typeof globalThis.fetch,
  origin: string,
  bad: BadRequest,
): Promise<[number, string]> {
  const hasBody = bad.method !== 'GET' && bad.body.length > 0;
  const body = typeof bad.body === 'string' ? Buffer.from(bad.body) : Buffer.from(bad.body);
  const response = await fetch(origin + bad.path, {
    method: bad.method,
    headers: bad.headers,
    ...(hasBody && { body: new Uint8Array(body) }),
  });
  return [response.status, await response.text()];
}

function expectRefusal([status, text]: [number, string]): void {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(JSON.parse(text)).toEqual({
    error: {
      message: expect.any(String),
      type: expect.any(String),
      param: expect.toSatisfy((param) => param === null || typeof param === 'string'),
      code: expect.any(String),
      advice: expect.any(String),
    },
  });
  // The message names what is wrong; it never carries the request back.
  expect(text.length).toBeLessThan(1_000);
}

describe.each(TRANSPORTS)(
  'a malformed request through %s is told so in the shape its app reads',
  (transport) => {
    test('corpus', async () => {
      const { send, upstream, logs } = await setUp(transport);
      for (const bad of CORPUS) expectRefusal(await send(bad));
      expect(upstream.calls).toHaveLength(0);
      expect(logs).toEqual([]);
    });

    test('anything', async () => {
      const { send, upstream, logs, openai } = await setUp(transport);
      await fc.assert(
        fc.asyncProperty(badRequest, async (bad) => expectRefusal(await send(bad))),
        { numRuns: 1_500 },
      );
      expect(upstream.calls).toHaveLength(0);
      expect(logs).toEqual([]);
      await openai.chat.completions.create({
        model: 'reply',
        messages: [{ role: 'user', content: 'still there?' }],
      });
    });
  },
);

describe('what is wrong is named', () => {
  test.each([
    ['{"messages":[{"role":"user"}]}', 'model'],
    ['{"model":"reply","messages":[{"role":"user"},{"role":4}]}', 'messages[1].role'],
    ['{"model":"reply","messages":[{"role":"user"}],"stream":"yes"}', 'stream'],
    [
      '{"model":"reply","messages":[{"role":"user"}],"stream":true,"stream_options":{"include_usage":1}}',
      'stream_options.include_usage',
    ],
    ['{"model":"a","messages":[{"role":"user"}],"model":"reply"}', 'model'],
  ])('%s', async (body, param) => {
    const { send } = await setUp('in-process');
    const [status, text] = await send({ ...(CORPUS[0] as BadRequest), body });
    expect(status).toBe(400);
    expect((JSON.parse(text) as { error: { param: string } }).error.param).toBe(param);
  });
});
