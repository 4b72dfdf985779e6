/** Every fault over real HTTP, plain and streamed, asked by body member and by model suffix. */
import type { RequestOptions } from 'node:http';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULTS } from '../../src/providers/sandbox/vendor/fault.ts';
import type { RunningVendor } from './vendor.ts';
import { readEvents, runVendor } from './vendor.ts';

let vendor: RunningVendor;
beforeAll(async () => {
  vendor = await runVendor();
});
afterAll(() => vendor[Symbol.asyncDispose]());

interface Seen {
  status: number | null;
  headers: Record<string, unknown>;
  body: string;
  /** How it ended: complete, closed early, reset, or still open when enough had come. */
  end: 'complete' | 'closed' | 'reset' | 'open';
}

/** Sends a call and says what came over the wire; leaves after `leaveAfter` bytes of body, or at once without headers. */
function call(
  body: Record<string, unknown>,
  { leaveAfter = Infinity, leaveUnanswered = false } = {},
): Promise<Seen> {
  const seen: Seen = { status: null, headers: {}, body: '', end: 'open' };
  const options: RequestOptions = { method: 'POST', headers: { 'content-type': 'application/json' } };
  return new Promise((resolve) => {
    const outgoing = request(`${vendor.url}/chat/completions`, options, (response) => {
      seen.status = response.statusCode ?? null;
      seen.headers = response.headers;
      response.on('data', (chunk: Buffer) => {
        seen.body += chunk.toString();
        if (seen.body.length >= leaveAfter) {
          outgoing.destroy();
          resolve(seen);
        }
      });
      response.on('end', () => resolve({ ...seen, end: 'complete' }));
      response.on('error', () => undefined);
      response.on('close', () => resolve({ ...seen, end: 'closed' }));
    });
    outgoing.on('error', () => resolve({ ...seen, end: 'reset' }));
    outgoing.end(
      JSON.stringify({ messages: [{ role: 'user', content: 'Where is my card?' }], ...body }),
      () => {
        if (leaveUnanswered) {
          setImmediate(() => {
            outgoing.destroy();
            resolve(seen);
          });
        }
      },
    );
  });
}

const plain = (model: string, sandbox: Record<string, unknown> = {}) => ({
  model,
  sandbox: { timeScale: 0, ...sandbox },
});
const streamed = (model: string, sandbox: Record<string, unknown> = {}) => ({
  ...plain(model, sandbox),
  stream: true,
  stream_options: { include_usage: true },
});
const contents = (body: string) => [...body.matchAll(/"content":"[^"]+"/g)].length;

describe('before headers', () => {
  test('status, by member with retryAfter and by suffix', async () => {
    const limited = await call(plain('small', { fault: 'status', status: 429, retryAfter: 7 }));
    expect(limited).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
    expect(JSON.parse(limited.body)).toMatchObject({
      error: { type: 'rate_limit_error', code: 'sandbox_fault' },
    });
    expect((await call(streamed('large!status-500'))).status).toBe(500);
    expect((await call(plain('large!status'))).status).toBe(503);
  });

  test('stall-headers never answers', async () => {
    const seen = await call(plain('small!stall-headers'), { leaveUnanswered: true });
    expect(seen).toMatchObject({ status: null, end: 'open' });
  });

  test('reset closes without an answer', async () => {
    expect(await call(plain('small!reset'))).toMatchObject({ status: null, end: 'reset' });
    expect(await call(streamed('small!reset'))).toMatchObject({ status: null, end: 'reset' });
  });

  test('slow answers well after its wait', async () => {
    const startedAt = performance.now();
    expect(await call(plain('small!slow-60'))).toMatchObject({ status: 200, end: 'complete' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(58);
  });

  test('error-body-200 and wrong-content-type', async () => {
    const error = await call(plain('small!error-body-200'));
    expect(error.status).toBe(200);
    expect(JSON.parse(error.body)).toHaveProperty('error.message');
    const page = await call(streamed('small!wrong-content-type'));
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  });
});

describe('in the middle of a stream', () => {
  test('cut ends after the tokens asked for, without [DONE]', async () => {
    const seen = await call(streamed('small!cut-5'));
    expect(seen.end).not.toBe('complete');
    expect(contents(seen.body)).toBe(5);
    expect(seen.body).not.toContain('[DONE]');
  });

  test('cut still cuts when the answer is shorter', async () => {
    const seen = await call(streamed('small', { fault: 'cut', after: 10_000 }));
    expect(seen.end).not.toBe('complete');
    expect(seen.body).toContain('"usage":{');
    expect(seen.body).not.toContain('[DONE]');
  });

  test('reset-mid-stream resets', async () => {
    const seen = await call(streamed('small!reset-mid-stream-2'));
    expect(seen.end).not.toBe('complete');
    expect(contents(seen.body)).toBe(2);
  });

  test('stall-mid-stream falls silent but stays open', async () => {
    const two = await call(streamed('small!cut-2'));
    const seen = await call(streamed('small!stall-mid-stream-2'), { leaveAfter: two.body.length });
    expect(seen.end).toBe('open');
    expect(contents(seen.body)).toBe(2);
  });

  test('malformed-json, malformed-sse and error-event', async () => {
    const json = await call(streamed('small!malformed-json'));
    expect(json.body).toContain(
      'data: {"id":"chatcmpl-sandbox","choices":[{"index":0,"delta":{"content":"bro\n\n',
    );
    const sse = await call(streamed('small!malformed-sse'));
    expect(sse.body).toContain('<html>');
    expect(sse.body).not.toContain('[DONE]');
    const event = await call(streamed('small!error-event'));
    expect(event.body).toContain('data: {"error":{"message":"Simulated error in a stream."');
  });
});

describe('in the middle of a plain answer', () => {
  test('cut and reset-mid-stream break the body', async () => {
    for (const fault of ['cut', 'reset-mid-stream']) {
      const seen = await call(plain(`small!${fault}`));
      expect(seen.status).toBe(200);
      expect(seen.end).not.toBe('complete');
      expect(seen.body.length).toBeLessThan(Number(seen.headers['content-length']));
    }
  });

  test('stall-mid-stream leaves it half sent and open', async () => {
    const seen = await call(plain('small!stall-mid-stream'), { leaveAfter: 1 });
    expect(seen).toMatchObject({ status: 200, end: 'open' });
  });

  test('malformed-json is a complete body that does not parse', async () => {
    const seen = await call(plain('small!malformed-json'));
    expect(seen).toMatchObject({ status: 200, end: 'complete' });
    expect(() => JSON.parse(seen.body)).toThrow(SyntaxError);
  });
});

test('omit-usage answers without usage, plain and streamed', async () => {
  const whole = JSON.parse((await call(plain('small!omit-usage'))).body) as Record<string, unknown>;
  expect(whole).toHaveProperty('choices');
  expect(whole).not.toHaveProperty('usage');
  const events = await readEvents(
    await vendor.post('/chat/completions', {
      ...streamed('small!omit-usage'),
      messages: [{ role: 'user', content: 'Hello there' }],
    }),
  );
  expect(events.at(-1)).toBe('[DONE]');
  expect(events.join()).not.toContain('usage');
});

test('probability makes a fault happen that often', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => call(plain('small', { fault: 'status', probability: 0.3 }))),
  );
  const failed = answers.filter((seen) => seen.status === 503).length;
  expect(failed).toBeGreaterThan(30);
  expect(failed).toBeLessThan(95);
});

test('embeddings fail on request too', async () => {
  const response = await vendor.post('/embeddings', { model: 'embed!status-429', input: 'hi' });
  expect(response.status).toBe(429);
});

test('the header comment of the server documents every fault', async () => {
  const { readFileSync } = await import('node:fs');
  const source = readFileSync(
    new URL('../../src/providers/sandbox/vendor/server.ts', import.meta.url),
    'utf8',
  );
  for (const fault of FAULTS) expect(source).toContain(`\`${fault}\``);
});
