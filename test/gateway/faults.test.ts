/** What a failing vendor leaves in messages and records. Outcomes: the table in test/conformance/fault-table.ts. */
import { APIError, type OpenAI } from 'openai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { closedPort, type Fault, startUpstream } from '../support/upstream.ts';
import { KEY, stackOver, startGateway } from './harness.ts';

const BODY = { model: 'reply', messages: [{ role: 'user' as const, content: 'Hello' }] };
/** Looks like a credential, and is none of ours. */
const FOREIGN = 'sk-relay-0123456789abcdefghij';
const TEXT = 'The quick brown fox.';
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
  const harness = await startGateway(onTestFinished, { snapshot });
  return { first, second, ...harness };
}

describe('the wire', () => {
  test.each([
    ['http://127.0.0.1:closed', 'Deployment "a" refused the connection.'],
    ['http://no-such-host.invalid/v1', 'Deployment "a" has a host name that does not resolve.'],
  ])('%s: the record says in words what was wrong', async (address, words) => {
    const url = address.endsWith('closed') ? await closedPort() : address;
    const { openai, records } = await startGateway(onTestFinished, { snapshot: stackOver([url]) });
    expect((await call(openai, false)).error).toMatchObject({ status: 502, code: 'upstream_error' });
    expect(records[0]?.attempts[0]?.errorMessage?.replace(' now', '')).toBe(words);
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
