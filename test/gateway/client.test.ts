import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startUpstream } from '../support/upstream.ts';
import { KEY, snapshot, stackOver, startGateway, TRANSPORTS } from './harness.ts';

const HEADERS = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
const bodyOf = (stream: boolean): string =>
  JSON.stringify({ model: 'reply', messages: [{ role: 'user', content: 'Hello' }], stream });

describe.each(TRANSPORTS)('a client through %s', (transport) => {
  test('that leaves a stream: the vendor is stopped and the attempt billed', async () => {
    const upstream = await startUpstream(onTestFinished);
    upstream.between = (index) => (index === 3 ? new Promise(() => {}) : undefined);
    const harness = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const leave = new AbortController();
    const response = await harness.fetch(`${harness.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: HEADERS,
      body: bodyOf(true),
      signal: leave.signal,
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let seen = '';
    while (!seen.includes('brown')) seen += Buffer.from((await reader.read()).value ?? []).toString();
    const recorded = harness.nextRecord();
    leave.abort();
    const record = await recorded;
    expect(record).toMatchObject({
      outcome: 'client_left',
      status: 200,
      errorCode: 'client_left',
      deployment: 'a',
      usage: { estimated: true },
      unpriced: false,
    });
    expect(record.costNanoUsd).toBeGreaterThan(0);
    expect(record.attempts).toMatchObject([{ outcome: 'client_left' }]);
    expect(await upstream.calls[0]?.closed).toBe(false);
    expect(harness.gateway.health()).toMatchObject({
      openStreams: 0,
      deployments: [{ inFlight: 0, failures: 0 }],
    });
    await expect(reader.read()).rejects.toThrow();
  });

  test('that leaves before the answer', async () => {
    const upstream = await startUpstream(onTestFinished);
    upstream.fault = 'stall-before-headers';
    const harness = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const leave = new AbortController();
    const arrived = upstream.nextCall();
    const response = harness.fetch(`${harness.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: HEADERS,
      body: bodyOf(false),
      signal: leave.signal,
    });
    const call = await arrived;
    const recorded = harness.nextRecord();
    leave.abort();
    await expect(response).rejects.toThrow();
    expect(await recorded).toMatchObject({
      outcome: 'client_left',
      status: 499,
      deployment: null,
      costNanoUsd: null,
      unpriced: true,
    });
    expect(await call.closed).toBe(false);
  });

  test('that reads slowly holds the vendor back, and loses nothing', async () => {
    const upstream = await startUpstream(onTestFinished);
    const word = 'x'.repeat(16_000);
    let written = 0;
    upstream.words = Array.from({ length: 2_000 }, () => word);
    upstream.between = () => {
      written++;
    };
    const harness = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const response = await harness.fetch(`${harness.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: HEADERS,
      body: bodyOf(true),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await untilStill(() => written);
    // 32 MB are on offer; what is under way is bounded by socket buffers and ours.
    expect(written * word.length).toBeLessThan(24e6);
    let bytes = 0;
    let tail = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      tail = Buffer.from(part.value).toString().slice(-100);
    }
    expect(written).toBe(2_000);
    expect(bytes).toBeGreaterThan(2_000 * word.length - 1e6);
    expect(tail.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(harness.records[0]).toMatchObject({ outcome: 'ok', finishReason: 'stop' });
  });
});

/** Turns the event loop until a figure stays the same for 30 turns. */
async function untilStill(figure: () => number): Promise<void> {
  let last = -1;
  for (let same = 0; same < 30; same++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (figure() !== last) same = 0;
    last = figure();
  }
}

describe('bare sockets', () => {
  async function talk(text: string, limits = {}): Promise<string> {
    const { baseUrl } = await startGateway(onTestFinished, {
      snapshot: snapshot({ gateway: { maxBodyBytes: 1_000 } }),
      limits,
    });
    const { hostname, port } = new URL(baseUrl);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let seen = '';
      socket.on('data', (bytes) => {
        seen += bytes.toString();
      });
      socket.on('close', () => resolve(seen));
      socket.on('error', reject);
    });
  }
  const post = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n';

  test.each([
    ['not HTTP', 'GOBBLEDYGOOK\r\n\r\n', 400, 'invalid_request'],
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n', 400, 'invalid_request'],
    ['no host, a probe', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'invalid_request'],
    ['no host, not ours', 'POST /api/v1/keys HTTP/1.1\r\ncontent-length: 1\r\n\r\n{', 400, 'invalid_request'],
    ['what is not met', `${post}expect: 200-ok\r\n\r\n`, 417, 'unsupported_expectation'],
    ['headers too large', `${post}x-big: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['a body announced too large', `${post}content-length: 1001\r\n\r\n`, 413, 'body_too_large'],
    [
      'a body that grows too large',
      `${post}transfer-encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2_000)}\r\n0\r\n\r\n`,
      413,
      'body_too_large',
    ],
  ])('%s', async (_name, text, status, code) => {
    const answer = await talk(text);
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(answer).toContain(`"code":"${code}"`);
  });

  test('HTTP/1.0 needs no host, and a body that waits to be asked for is asked for', async () => {
    expect(await talk('GET /healthz HTTP/1.0\r\n\r\n')).toContain('HTTP/1.1 200 ');
    const answer = await talk(`${post}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{}`);
    expect(answer.startsWith('HTTP/1.1 100 ')).toBe(true);
    expect(answer).toContain('HTTP/1.1 401 ');
  });

  test('a body that never comes', async () => {
    const answer = await talk(`${post}content-length: 10\r\n\r\n{`, { bodyMs: 40 });
    expect(answer).toContain('HTTP/1.1 408 ');
    expect(answer).toContain('"code":"body_timeout"');
  });

  test('the probes, and what is not ours', async () => {
    const { baseUrl, recorder, gateway } = await startGateway(onTestFinished, { snapshot: snapshot({}) });
    const origin = new URL(baseUrl).origin;
    expect(await (await fetch(`${origin}/healthz`)).text()).toBe('ok\n');
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${origin}/api/v1/calls?x=1`)).text()).toBe('forwarded');
    // A server that refuses calls because it cannot record them is alive, and not ready.
    recorder.state = 'full';
    expect((await fetch(`${origin}/readyz`)).status).toBe(503);
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
    gateway.update(snapshot({ whenFull: 'unrecorded' }));
    expect((await fetch(`${origin}/readyz`)).status).toBe(200);
  });
});
