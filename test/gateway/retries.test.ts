import { describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { RetryConfig } from '../../src/stack/stack.ts';
import { closedPort, type Fault, startUpstream } from '../support/upstream.ts';
import { COST_NANO_USD, type Harness, KEY, stackOver, startGateway, TIMEOUTS, task } from './harness.ts';

const TEXT = 'The quick brown fox.';
const AT_ONCE: RetryConfig = { attempts: 1, backoffMs: 0, maxWaitMs: 10_000 };

interface SetUp {
  retries?: Partial<RetryConfig>;
  deployments?: 1 | 2;
  timeouts?: Partial<typeof TIMEOUTS>;
}

async function setUp({ retries, deployments = 1, timeouts }: SetUp = {}) {
  const clock = createManualClock(Date.UTC(2026, 10, 23));
  const upstreams = [await startUpstream(onTestFinished), await startUpstream(onTestFinished)];
  const used = upstreams.slice(0, deployments);
  const harness = await startGateway(onTestFinished, {
    clock,
    random: () => 0.5,
    snapshot: stackOver(
      used.map(({ baseUrl }) => baseUrl),
      {
        deployment: { timeouts: { ...TIMEOUTS, ...timeouts } },
        tasks: { reply: task(['a', 'b'].slice(0, deployments), { retries: { ...AT_ONCE, ...retries } }) },
      },
    ),
  });
  const [first, second] = upstreams as [(typeof upstreams)[0], (typeof upstreams)[0]];
  return { clock, first, second, ...harness };
}

function send({ fetch, baseUrl }: Harness, stream = false, signal?: AbortSignal): Promise<Response> {
  return fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'reply', messages: [{ role: 'user', content: 'Hello' }], stream }),
    ...(signal && { signal }),
  });
}

/** Turns the clock by a millisecond per turn of the event loop until `promise` is settled. */
async function turnUntil<T>(clock: { turn(ms: number): void }, promise: Promise<T>): Promise<T> {
  let over = false;
  const done = promise.finally(() => {
    over = true;
  });
  while (!over) {
    clock.turn(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return done;
}

/** The vendor has answered with its fault, and the gateway has seen it. */
async function untilFailed(harness: Harness): Promise<void> {
  const failures = (): number => harness.gateway.health().deployments[0]?.failures ?? 0;
  while (failures() === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('the same deployment again', () => {
  test.each(
    (['status-429', 'status-500', 'status-503', 'reset-before-headers'] as Fault[]).flatMap((fault) => [
      { fault, stream: false },
      { fault, stream: true },
    ]),
  )('after $fault, stream $stream: the client sees no error', async ({ fault, stream }) => {
    const harness = await setUp();
    harness.first.fault = fault;
    const response = send(harness, stream);
    await untilFailed(harness);
    harness.first.fault = null;
    harness.clock.turn(fault === 'status-429' ? 7_000 : 1);
    const text = await (await response).text();
    expect(text).toContain('fox');
    const [record] = harness.records;
    expect(record).toMatchObject({ outcome: 'ok', status: 200, deployment: 'a' });
    expect(record?.attempts).toMatchObject([
      { deployment: 'a', kind: 'primary', outcome: 'error' },
      { deployment: 'a', kind: 'retry', outcome: 'ok', reason: expect.stringMatching(/^retry 1 of 1 after/) },
    ]);
    expect(harness.first.calls).toHaveLength(2);
  });

  test.each(['status-400', 'status-401', 'wrong-type'] as const)('not after %s', async (fault) => {
    const harness = await setUp({ retries: { attempts: 5 } });
    harness.first.fault = fault;
    expect((await send(harness)).ok).toBe(false);
    expect(harness.records[0]?.attempts).toHaveLength(1);
  });

  test('not once bytes are with the client', async () => {
    const harness = await setUp({ retries: { attempts: 5 } });
    harness.first.fault = 'reset-mid-body';
    expect(await (await send(harness, true)).text()).toContain('upstream_cut');
    expect(harness.first.calls).toHaveLength(1);
  });

  test('as often as told, each wait drawn below twice the one before; the last failure is told', async () => {
    const harness = await setUp({ retries: { attempts: 3, backoffMs: 100 } });
    harness.first.fault = 'status-500';
    const response = await turnUntil(harness.clock, send(harness));
    expect(response.status).toBe(502);
    expect(response.headers.get('x-trimtab-deployment')).toBe('a');
    expect(harness.records[0]?.attempts.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
      'primary: the only one of the route',
      'retry: retry 1 of 3 after 50 ms, after a: upstream_error',
      'retry: retry 2 of 3 after 100 ms, after a: upstream_error',
      'retry: retry 3 of 3 after 200 ms, after a: upstream_error',
    ]);
  });

  test('a connection refused is tried again', async () => {
    const harness = await startGateway(onTestFinished, {
      snapshot: stackOver([await closedPort()], { tasks: { reply: task(['a'], { retries: AT_ONCE }) } }),
    });
    expect((await send(harness)).status).toBe(502);
    expect(harness.records[0]?.attempts.map(({ kind }) => kind)).toEqual(['primary', 'retry']);
  });

  test('an attempt that may have used tokens is billed too', async () => {
    const harness = await setUp({ timeouts: { headersMs: 30 } });
    harness.first.fault = 'stall-before-headers';
    const arrived = harness.first.nextCall();
    const response = send(harness, true);
    await arrived;
    harness.first.fault = null;
    harness.clock.turn(30);
    harness.clock.turn(1);
    expect((await (await response).text()).endsWith('[DONE]\n\n')).toBe(true);
    const [record] = harness.records;
    expect(record?.attempts.map(({ errorCode }) => errorCode)).toEqual(['timeout_headers', null]);
    expect(record?.attempts[0]?.costNanoUsd).toBeGreaterThan(0);
    expect(record?.costNanoUsd).toBe(COST_NANO_USD + (record?.attempts[0]?.costNanoUsd ?? 0));
  });
});

describe('the wait', () => {
  test('is what the vendor asks for', async () => {
    const harness = await setUp();
    harness.first.fault = 'status-429';
    const response = send(harness);
    await untilFailed(harness);
    harness.first.fault = null;
    harness.clock.turn(6_999);
    expect(harness.first.calls).toHaveLength(1);
    harness.clock.turn(1);
    expect((await response).status).toBe(200);
    expect(harness.records[0]?.attempts[1]?.reason).toBe(
      'retry 1 of 1 after 7000 ms, 7000 ms of them asked for by the vendor, after a: upstream_rate_limited',
    );
    expect(harness.records[0]?.durationMs).toBe(7_000);
  });

  test.each([
    ['than the task allows', { retries: { maxWaitMs: 6_999 } }],
    ['than the call has left', { timeouts: { totalMs: 7_000 } }],
  ])('is not begun when it is longer %s: the client hears of it', async (_what, parts) => {
    const harness = await setUp(parts);
    harness.first.fault = 'status-429';
    const response = await send(harness);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(harness.records[0]?.attempts).toHaveLength(1);
  });

  test('is not for a call that another deployment can take', async () => {
    const harness = await setUp({ deployments: 2, retries: { attempts: 3 } });
    harness.first.fault = 'status-429';
    expect(((await (await send(harness)).json()) as { choices: unknown[] }).choices).toMatchObject([
      { message: { content: TEXT } },
    ]);
    expect(harness.records[0]?.attempts.map(({ kind }) => kind)).toEqual(['primary', 'fallback']);
    expect(harness.records[0]?.durationMs).toBe(0);
  });

  test('ends when the client leaves, and nothing more is sent', async () => {
    const harness = await setUp();
    harness.first.fault = 'status-429';
    const leaving = new AbortController();
    const recorded = harness.nextRecord();
    const response = send(harness, false, leaving.signal).catch(() => null);
    await untilFailed(harness);
    leaving.abort();
    await response;
    expect(await recorded).toMatchObject({ outcome: 'client_left', costNanoUsd: 0 });
    harness.clock.turn(60_000);
    expect(harness.first.calls).toHaveLength(1);
  });

  test('ends when the server stops', async () => {
    const harness = await setUp();
    harness.first.fault = 'status-429';
    const response = send(harness);
    await untilFailed(harness);
    const drained = harness.gateway.drain({ noticeMs: 0, deadlineMs: 100 });
    harness.clock.turn(100);
    await drained;
    expect((await response).status).toBe(503);
    expect(harness.records[0]).toMatchObject({ errorCode: 'shutting_down' });
    expect(harness.first.calls).toHaveLength(1);
  });
});
