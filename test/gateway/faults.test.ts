import { APIError, type OpenAI } from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallRecord } from '../../src/core/call-record.ts';
import type { Timeouts } from '../../src/stack/stack.ts';
import { closedPort, type Fault, startUpstream } from '../support/upstream.ts';
import { COST_NANO_USD, KEY, stackOver, startGateway, TIMEOUTS } from './harness.ts';

const BODY = { model: 'reply', messages: [{ role: 'user' as const, content: 'Hello' }] };
/** Looks like a credential, and is none of ours. */
const FOREIGN = 'sk-relay-0123456789abcdefghij';
const TEXT = 'The quick brown fox.';
/** The timeout a stall ends by; every other one, and those of the second deployment, are far away. */
const STALLS: Partial<Record<Fault, Partial<Timeouts>>> = {
  'stall-before-headers': { headersMs: 60 },
  'stall-after-headers': { firstTokenMs: 60 },
  'stall-mid-body': { firstTokenMs: 500, idleMs: 60 },
};

interface Expected {
  code: string;
  status: number;
  /** Another deployment is asked. Default true. */
  fallback?: boolean;
}

/** What a fault means for a plain call, and for a stream when it strikes before the first token. */
const BEFORE: [Fault, Expected, Expected | null][] = [
  ['status-400', { code: 'vendor_code', status: 400, fallback: false }, null],
  ['status-401', { code: 'upstream_auth', status: 502 }, null],
  ['status-429', { code: 'upstream_rate_limited', status: 429 }, null],
  ['status-500', { code: 'upstream_error', status: 502 }, null],
  ['status-503', { code: 'upstream_overloaded', status: 503 }, null],
  ['stall-before-headers', { code: 'timeout_headers', status: 504 }, null],
  ['stall-after-headers', { code: 'timeout_first_token', status: 504 }, null],
  ['reset-before-headers', { code: 'upstream_error', status: 502 }, null],
  ['error-body', { code: 'upstream_error', status: 502 }, null],
  ['wrong-type', { code: 'upstream_malformed', status: 502 }, null],
  ['empty', { code: 'upstream_malformed', status: 502 }, { code: 'upstream_cut', status: 502 }],
];
const PLAIN_ONLY: [Fault, Expected][] = [
  ['stall-mid-body', { code: 'timeout_first_token', status: 504 }],
  ['reset-mid-body', { code: 'upstream_cut', status: 502 }],
  ['cut', { code: 'upstream_cut', status: 502 }],
  ['malformed', { code: 'upstream_malformed', status: 502 }],
  ['oversized', { code: 'upstream_too_large', status: 502, fallback: false }],
];
/** Faults that strike when part of the stream is with the client. */
const MID_STREAM: [Fault, string][] = [
  ['stall-mid-body', 'timeout_idle'],
  ['reset-mid-body', 'upstream_cut'],
  ['cut', 'upstream_cut'],
  ['malformed', 'upstream_malformed'],
];

const cases = [
  ...BEFORE.flatMap(([fault, plain, streamed]) => [
    { fault, stream: false, ...plain },
    { fault, stream: true, ...(streamed ?? plain) },
  ]),
  ...PLAIN_ONLY.map(([fault, plain]) => ({ fault, stream: false, ...plain })),
];

interface Result {
  text: string;
  error: APIError | null;
  /** Whether the SDK got an answer it could begin to read. */
  began: boolean;
}

async function call(openai: OpenAI, stream: boolean): Promise<Result> {
  const result: Result = { text: '', error: null, began: false };
  try {
    if (stream) {
      const chunks = await openai.chat.completions.create({ ...BODY, stream: true });
      result.began = true;
      for await (const chunk of chunks) result.text += chunk.choices[0]?.delta.content ?? '';
    } else {
      const answer = await openai.chat.completions.create(BODY);
      result.began = true;
      result.text = answer.choices[0]?.message.content ?? '';
    }
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    result.error = error;
  }
  return result;
}

async function setUp(fault: Fault | null, deployments: 1 | 2) {
  const first = await startUpstream(onTestFinished);
  const second = await startUpstream(onTestFinished);
  first.fault = fault;
  const urls = [first.baseUrl, second.baseUrl].slice(0, deployments);
  const snapshot = stackOver(urls);
  const { a } = snapshot.stack.deployments;
  if (a && fault) a.timeouts = { ...TIMEOUTS, ...STALLS[fault] };
  const harness = await startGateway(onTestFinished, { snapshot });
  return { first, second, ...harness };
}

describe('a vendor that fails before the first byte', () => {
  test.each(cases)(
    '$fault, stream $stream, alone: the client gets $code',
    async ({ fault, stream, code, status }) => {
      const { openai, records } = await setUp(fault, 1);
      const { error, began } = await call(openai, stream);
      expect(began).toBe(false);
      expect(error).toMatchObject({ status, code });
      expect(error?.headers?.get('x-trimtab-call-id')).toBe(records[0]?.id);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({
        outcome: 'error',
        status,
        streamed: stream,
        deployment: null,
        usage: {},
      });
      expect(records[0]?.attempts).toMatchObject([{ outcome: 'error', errorCode: records[0]?.errorCode }]);
    },
  );

  test.each(cases)(
    '$fault, stream $stream, then another: it answers',
    async ({ fault, stream, code, fallback }) => {
      const { openai, records, second } = await setUp(fault, 2);
      const { error, text } = await call(openai, stream);
      const [record] = records as [CallRecord];
      expect(records).toHaveLength(1);
      if (fallback === false) {
        expect(error?.code).toBe(code);
        expect(second.calls).toHaveLength(0);
        return;
      }
      expect(error).toBeNull();
      expect(text).toBe(TEXT);
      expect(record).toMatchObject({
        outcome: 'ok',
        status: 200,
        deployment: 'b',
        errorCode: null,
        finishReason: 'stop',
      });
      expect(record.attempts).toMatchObject([
        { deployment: 'a', kind: 'primary', outcome: 'error', errorCode: code },
        {
          deployment: 'b',
          kind: 'fallback',
          outcome: 'ok',
          reason: expect.stringContaining(`after a: ${code}`),
        },
      ]);
      expect(record.usage).toEqual({ inputTokens: 1000, outputTokens: 200 });
      const failed = record.attempts[0];
      if (failed?.status !== null && (failed?.status ?? 0) >= 400) {
        // Vendors do not bill an error.
        expect(record.costNanoUsd).toBe(COST_NANO_USD);
      } else if (stream) {
        expect(failed?.usage).toMatchObject({ estimated: true });
        expect(record.costNanoUsd).toBe(COST_NANO_USD + (failed?.costNanoUsd ?? 0));
      } else {
        // What the first one used is not known, so the sum is not known either.
        expect(record).toMatchObject({ costNanoUsd: null, unpriced: true });
      }
    },
  );
});

describe('a stream that breaks after its first bytes', () => {
  test.each(MID_STREAM)('%s: an explicit error, no clean end, no second model', async (fault, code) => {
    const { records, first, second, fetch, baseUrl } = await setUp(fault, 2);
    // The fault waits until the client has the words before it.
    let strike = (): void => {};
    const struck = new Promise<void>((resolve) => {
      strike = resolve;
    });
    first.between = (index) => (index === 2 ? struck : undefined);
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...BODY, stream: true }),
    });
    let raw = '';
    for await (const part of response.body as ReadableStream<Uint8Array>) {
      raw += Buffer.from(part).toString();
      if (raw.includes(' quick')) strike();
    }
    expect(raw).not.toContain('brown');
    expect(raw).not.toContain('[DONE]');
    const last = raw.trimEnd().split('\n\n').at(-1) ?? '';
    expect(JSON.parse(last.slice('data: '.length))).toMatchObject({
      error: { code, message: expect.any(String) },
    });
    expect(second.calls).toHaveLength(0);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      outcome: 'error',
      status: 200,
      errorCode: code,
      deployment: 'a',
      unpriced: false,
      usage: { estimated: true },
    });
    expect(records[0]?.costNanoUsd).toBeGreaterThan(0);
  });
});

describe('the wire', () => {
  test('connection refused falls back, and costs nothing', async () => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      snapshot: stackOver([await closedPort(), upstream.baseUrl]),
    });
    expect((await call(openai, false)).text).toBe(TEXT);
    expect(records[0]?.attempts[0]).toMatchObject({
      errorCode: 'upstream_error',
      errorMessage: 'Deployment "a" refused the connection.',
      status: null,
      costNanoUsd: 0,
    });
    expect(records[0]).toMatchObject({ costNanoUsd: COST_NANO_USD, unpriced: false });
  });

  test('a host that does not resolve', async () => {
    const { openai, records } = await startGateway(onTestFinished, {
      snapshot: stackOver(['http://no-such-host.invalid/v1']),
    });
    expect((await call(openai, true)).error).toMatchObject({ status: 502, code: 'upstream_error' });
    expect(records[0]?.errorMessage).toContain('does not resolve');
  });

  test('something that is not HTTP', async () => {
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { openai } = await startGateway(onTestFinished, {
      snapshot: stackOver([`http://127.0.0.1:${port}/v1`]),
    });
    expect((await call(openai, false)).error).toMatchObject({ code: 'upstream_malformed' });
  });

  test('a vendor that ends its stream but not its connection does not hold the call', async () => {
    const { openai, records, first } = await setUp('endless', 1);
    expect(await call(openai, true)).toMatchObject({ text: TEXT, error: null });
    expect(records[0]).toMatchObject({ outcome: 'ok', usage: { inputTokens: 1000 } });
    expect(await first.calls[0]?.closed).toBe(false);
  });

  test('all deployments down: the last failure is told, every attempt is recorded', async () => {
    const { openai, records, first, second } = await setUp('status-500', 2);
    second.fault = 'status-429';
    const { error } = await call(openai, false);
    expect(error).toMatchObject({ status: 429, code: 'upstream_rate_limited' });
    expect(error?.headers?.get('retry-after')).toBe('7');
    expect(records[0]?.attempts.map(({ errorCode }) => errorCode)).toEqual([
      'upstream_error',
      'upstream_rate_limited',
    ]);
    // Both providers have one type: the message says which of them it was.
    expect(records[0]?.attempts.map(({ errorMessage }) => errorMessage)).toEqual([
      expect.stringMatching(/^Deployment "a": openai-compatible failed \(status 500/),
      expect.stringMatching(/^Deployment "b": openai-compatible limits our rate \(status 429/),
    ]);
    expect(error?.message).toContain('Deployment "b"');
    expect([first.calls.length, second.calls.length]).toEqual([1, 1]);
  });

  test('a vendor error never carries our credential to the client', async () => {
    const { first, fetch, baseUrl } = await setUp(null, 1);
    first.answer = (seen, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ error: { message: `bad key ${String(seen.headers.authorization)}`, type: 'x' } }),
      );
    };
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(BODY),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('vendor-key');
  });

  test.each([
    ['in the words of a rejection', 400, { message: `the relay key ${FOREIGN} has no access`, type: 'x' }],
    ['as the code of an outage', 500, { message: 'no', code: FOREIGN }],
  ])("nor anybody else's: %s", async (_where, status, error) => {
    const { first, fetch, baseUrl } = await setUp(null, 1);
    first.answer = (_seen, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error, more: 'kept' }));
    };
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(BODY),
    });
    const text = await response.text();
    expect(response.status).toBe(status === 400 ? 400 : 502);
    expect(text).not.toContain(FOREIGN);
    expect(text).toContain('[redacted]');
    if (status === 400) expect(text).toContain('"more":"kept"');
  });
});
