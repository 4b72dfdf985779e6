import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { type Harness, KEY, stackOver, startGateway, TIMEOUTS, type Transport } from './harness.ts';

const START = Date.UTC(2026, 10, 23);

async function setUp(transport: Transport = 'server') {
  const clock = createManualClock(START);
  const upstream = await startUpstream(onTestFinished);
  const harness = await startGateway(onTestFinished, {
    transport,
    clock,
    snapshot: stackOver([upstream.baseUrl], {
      deployment: {
        timeouts: { connectMs: 100, headersMs: 1_000, firstTokenMs: 2_000, idleMs: 300, totalMs: 5_000 },
      },
    }),
  });
  return { clock, upstream, ...harness };
}

function send({ fetch, baseUrl }: Harness, stream: boolean): Promise<Response> {
  return fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'reply', messages: [{ role: 'user', content: 'Hello' }], stream }),
  });
}

/** Resolves when the bytes of the response head are with the gateway. */
async function headersSent(upstream: Upstream): Promise<void> {
  await upstream.nextCall();
}

async function codeOf(response: Promise<Response>): Promise<string> {
  const text = await (await response).text();
  return (JSON.parse(text) as { error: { code: string } }).error.code;
}

describe('the five timeouts on a clock turned by hand', () => {
  test.each([false, true])('headers, stream %s', async (stream) => {
    const harness = await setUp();
    harness.upstream.fault = 'stall-before-headers';
    const arrived = headersSent(harness.upstream);
    const response = send(harness, stream);
    await arrived;
    harness.clock.turn(999);
    expect(harness.records).toHaveLength(0);
    harness.clock.turn(1);
    expect(await codeOf(response)).toBe('timeout_headers');
    expect(harness.records[0]?.attempts[0]?.errorMessage).toBe(
      'Deployment "a" sent no response headers within 1000 ms.',
    );
    expect(await harness.upstream.calls[0]?.closed).toBe(false);
  });

  test('idle, counted from the last bytes', async () => {
    const harness = await setUp();
    const steps: (() => void)[] = [];
    harness.upstream.between = () => new Promise((resolve) => void steps.push(resolve));
    const reader = await readerOf(harness, () => steps.shift()?.());
    await reader.until('The');
    harness.clock.turn(299);
    steps.shift()?.();
    await reader.until(' quick');
    harness.clock.turn(299);
    expect(harness.records).toHaveLength(0);
    harness.clock.turn(1);
    expect(await reader.rest()).toContain('"code":"timeout_idle"');
  });

  test('total ends the call, not the attempt', async () => {
    const harness = await setUp();
    const steps: (() => void)[] = [];
    harness.upstream.words = Array.from({ length: 40 }, (_, index) => `w${index}.`);
    harness.upstream.between = () => new Promise((resolve) => void steps.push(resolve));
    const reader = await readerOf(harness, () => steps.shift()?.());
    await reader.until('w0.');
    for (let index = 1; index <= 18; index++) {
      harness.clock.turn(250);
      steps.shift()?.();
      await reader.until(`w${index}.`);
    }
    harness.clock.turn(250);
    expect(harness.records).toHaveLength(0);
    steps.shift()?.();
    await reader.until('w19.');
    harness.clock.turn(250);
    expect(await reader.rest()).toContain('"code":"timeout_total"');
    expect(harness.records[0]).toMatchObject({
      errorCode: 'timeout_total',
      durationMs: 5_000,
      startedAt: START,
    });
  });
});

describe('timeouts on real sockets', () => {
  const tiny = { ...TIMEOUTS };
  test.each([
    ['stall-before-headers', 'timeout_headers', { headersMs: 30 }],
    ['stall-after-headers', 'timeout_first_token', { firstTokenMs: 30 }],
    ['stall-mid-body', 'timeout_idle', { idleMs: 30 }],
    ['stall-mid-body', 'timeout_total', { totalMs: 50 }],
  ] as const)('%s ends by %s', async (fault, code, changes) => {
    const upstream = await startUpstream(onTestFinished);
    upstream.fault = fault;
    const harness = await startGateway(onTestFinished, {
      snapshot: stackOver([upstream.baseUrl], { deployment: { timeouts: { ...tiny, ...changes } } }),
    });
    const text = await (await send(harness, true)).text();
    expect(text).toContain(`"code":"${code}"`);
    expect(harness.records[0]?.errorCode).toBe(code);
    expect(await upstream.calls[0]?.closed).toBe(false);
  });

  test('connect: a port that never completes the handshake', async () => {
    // A TLS address that accepts the TCP connection and then says nothing is a connection that is never made.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const upstream = await startUpstream(onTestFinished);
    const harness = await startGateway(onTestFinished, {
      snapshot: stackOver([`https://127.0.0.1:${port}/v1`, upstream.baseUrl], {
        deployment: { timeouts: { ...tiny, connectMs: 40 } },
      }),
    });
    expect((await send(harness, false)).status).toBe(200);
    expect(harness.records[0]?.attempts.map(({ errorCode }) => errorCode)).toEqual(['timeout_connect', null]);
    expect(harness.records[0]).toMatchObject({ unpriced: false });
  });
});

interface StreamText {
  until(text: string): Promise<void>;
  rest(): Promise<string>;
}

/** Lets the vendor write its first word, then reads as told. */
async function readerOf(harness: Harness & { upstream: Upstream }, step: () => void): Promise<StreamText> {
  const arrived = harness.upstream.nextCall();
  const pending = send(harness, true);
  await arrived;
  step();
  const { body } = await pending;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  let seen = '';
  const read = async (): Promise<boolean> => {
    const { value, done } = await reader.read();
    if (value) seen += Buffer.from(value).toString();
    return done;
  };
  return {
    async until(text) {
      while (!seen.includes(text))
        if (await read()) throw new Error(`the stream ended before "${text}": ${seen}`);
    },
    async rest() {
      while (!(await read()));
      return seen;
    },
  };
}
