import { describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { LatencyClass } from '../../src/core/protocol.ts';
import type { Limits } from '../../src/stack/stack.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { deployment, type Harness, KEY, provider, snapshot, startGateway, task } from './harness.ts';

const NONE: Limits = { maxConcurrent: null, requestsPerMinute: null, tokensPerMinute: null };

interface SetUp {
  limits: Partial<Limits>;
  /** Of the second deployment; absent: there is none. */
  second?: Partial<Limits>;
}

/** Deployment `a`, perhaps `b`, and a task per latency class over them. Streams stop before their first word until released. */
async function setUp({ limits, second }: SetUp) {
  const clock = createManualClock(Date.UTC(2026, 10, 25));
  const upstreams = { a: await startUpstream(onTestFinished), b: await startUpstream(onTestFinished) };
  const names = second ? ['a', 'b'] : ['a'];
  const classes: LatencyClass[] = ['interactive', 'batch'];
  const harness = await startGateway(onTestFinished, {
    clock,
    random: () => 0.5,
    snapshot: snapshot({
      providers: { va: provider(upstreams.a.baseUrl), vb: provider(upstreams.b.baseUrl) },
      deployments: {
        a: deployment('va', { limits: { ...NONE, ...limits } }),
        ...(second && { b: deployment('vb', { limits: { ...NONE, ...second } }) }),
      },
      tasks: Object.fromEntries(classes.map((latencyClass) => [latencyClass, task(names, { latencyClass })])),
    }),
  });
  return { clock, ...upstreams, ...harness };
}

function send(harness: Harness, model = 'interactive', signal?: AbortSignal): Promise<Response> {
  return harness.fetch(`${harness.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], stream: true }),
    ...(signal && { signal }),
  });
}

/** Holds each call of the vendor until told, in the order they came. */
function holdCalls(upstream: Upstream): (() => void)[] {
  const held: (() => void)[] = [];
  upstream.between = (index) => {
    if (index === 0) return new Promise<void>((resolve) => held.push(resolve));
  };
  return held;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const waiting = ({ gateway }: Harness) => gateway.health().deployments[0]?.waiting ?? 0;
const stagesOf = (harness: Harness, index: number) => harness.records[index]?.stages.map(([name]) => name);

describe('a deployment at its limit of concurrent calls', () => {
  test('has calls wait for a place; the record says how long', async () => {
    const harness = await setUp({ limits: { maxConcurrent: 1 } });
    const held = holdCalls(harness.a);
    const first = send(harness);
    await until(() => held.length === 1);
    const second = send(harness);
    await until(() => waiting(harness) === 1);
    expect(harness.a.calls).toHaveLength(1);
    harness.clock.turn(400);
    held[0]?.();
    expect(await (await first).text()).toContain('[DONE]');
    await until(() => held.length === 2);
    held[1]?.();
    expect(await (await second).text()).toContain('[DONE]');
    expect(stagesOf(harness, 0)).toEqual(['authenticate', 'identify', 'plan', 'attempts', 'settle']);
    expect(harness.records[1]?.stages).toMatchObject([
      ['authenticate', 0, 0],
      ['identify', 0, 0],
      ['plan', 0, 0],
      ['queue', 0, 400],
      ['attempts', 400, 400],
      ['settle', 400, 400],
    ]);
    expect(harness.records[1]).toMatchObject({ outcome: 'ok', skipped: [] });
    expect(harness.records[1]?.attempts).toMatchObject([
      { kind: 'primary', reason: 'the only one of the route, waited 400 ms for a place' },
    ]);
  });

  test('serves interactive calls before batch', async () => {
    const harness = await setUp({ limits: { maxConcurrent: 1 } });
    const held = holdCalls(harness.a);
    const calls = [send(harness)];
    await until(() => held.length === 1);
    calls.push(send(harness, 'batch'));
    await until(() => waiting(harness) === 1);
    calls.push(send(harness, 'interactive'));
    await until(() => waiting(harness) === 2);
    for (let index = 0; index < 3; index++) {
      await until(() => held.length > index);
      held[index]?.();
    }
    for (const call of calls) await (await call).text();
    expect(harness.records.map((record) => record.task)).toEqual(['interactive', 'interactive', 'batch']);
  });

  test('is passed over while the route has another; nobody waits then', async () => {
    const harness = await setUp({ limits: { maxConcurrent: 1 }, second: {} });
    const held = holdCalls(harness.a);
    const first = send(harness);
    await until(() => held.length === 1);
    await (await send(harness)).text();
    expect(harness.records[0]).toMatchObject({
      deployment: 'b',
      skipped: [{ deployment: 'a', reason: 'at its limit of 1 concurrent calls' }],
    });
    held[0]?.();
    await (await first).text();
  });

  test('whichever of two has a place first takes the call that waits for both', async () => {
    const harness = await setUp({ limits: { maxConcurrent: 1 }, second: { maxConcurrent: 1 } });
    const held = { a: holdCalls(harness.a), b: holdCalls(harness.b) };
    const calls = [send(harness)];
    await until(() => held.a.length === 1);
    calls.push(send(harness));
    await until(() => held.b.length === 1);
    calls.push(send(harness));
    await until(() => waiting(harness) === 1);
    held.b[0]?.();
    await until(() => held.b.length === 2);
    held.b[1]?.();
    held.a[0]?.();
    for (const call of calls) await (await call).text();
    expect(harness.records.map((record) => record.deployment).sort()).toEqual(['a', 'b', 'b']);
  });

  test.each([
    ['its queue is full', { maxWaiting: 1, maxWaitMs: 60_000 }, 0],
    ['it has waited too long', { maxWaiting: 9, maxWaitMs: 2_000 }, 2_000],
  ])('refuses a call with 429 and when to come again: %s', async (_what, queue, afterMs) => {
    const harness = await setUp({ limits: { maxConcurrent: 1, queue } });
    const held = holdCalls(harness.a);
    const calls = [send(harness)];
    await until(() => held.length === 1);
    calls.push(send(harness));
    await until(() => waiting(harness) === 1);
    const refused = afterMs > 0 ? (calls[1] as Promise<Response>) : send(harness);
    harness.clock.turn(afterMs);
    const response = await refused;
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await response.json()).toMatchObject({
      error: {
        code: 'queue_full',
        message: expect.stringContaining('a: at its limit of 1 concurrent calls'),
      },
    });
    expect(harness.records[0]).toMatchObject({
      outcome: 'error',
      errorCode: 'queue_full',
      attempts: [],
      costNanoUsd: 0,
    });
    expect(harness.a.calls).toHaveLength(1);
    harness.a.between = null;
    held[0]?.();
    for (const call of calls) if (call !== refused) await (await call).text();
  });

  test('forgets a waiting client that leaves, and serves the one behind it', async () => {
    const harness = await setUp({ limits: { maxConcurrent: 1 } });
    const held = holdCalls(harness.a);
    const first = send(harness);
    await until(() => held.length === 1);
    const leaving = new AbortController();
    const recorded = harness.nextRecord();
    const left = send(harness, 'interactive', leaving.signal).catch(() => null);
    await until(() => waiting(harness) === 1);
    const third = send(harness);
    await until(() => waiting(harness) === 2);
    leaving.abort();
    await left;
    expect(await recorded).toMatchObject({ outcome: 'client_left', attempts: [], costNanoUsd: 0 });
    expect(waiting(harness)).toBe(1);
    harness.a.between = null;
    held[0]?.();
    await (await first).text();
    expect(await (await third).text()).toContain('[DONE]');
    expect(harness.a.calls).toHaveLength(2);
  });

  test('a call that waits ends when the server stops', async () => {
    const harness = await setUp({ limits: { maxConcurrent: 1 } });
    const held = holdCalls(harness.a);
    const first = send(harness);
    await until(() => held.length === 1);
    const second = send(harness);
    await until(() => waiting(harness) === 1);
    const drained = harness.gateway.drain({ noticeMs: 0, deadlineMs: 100 });
    harness.clock.turn(100);
    await drained;
    expect((await second).status).toBe(503);
    expect((await first).status).toBe(503);
    expect(harness.a.calls).toHaveLength(1);
  });
});

describe('limits per minute', () => {
  test('pass a deployment over, and alone refuse with 429 and when there is room', async () => {
    const harness = await setUp({ limits: { requestsPerMinute: 1 }, second: { requestsPerMinute: 1 } });
    for (const name of ['a', 'b']) {
      await (await send(harness)).text();
      expect(harness.records.at(-1)?.deployment).toBe(name);
    }
    expect(harness.records[1]?.skipped).toEqual([
      { deployment: 'a', reason: 'at its limit of 1 requests per minute, room again in 61 s' },
    ]);
    const refused = await send(harness);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '61']);
    expect(await refused.json()).toMatchObject({ error: { code: 'deployment_limited' } });
    harness.clock.turn(61_000);
    expect((await send(harness)).status).toBe(200);
  });

  test('count the tokens that were used', async () => {
    const harness = await setUp({ limits: { tokensPerMinute: 1_500 } });
    harness.a.between = null;
    const used = 1_200;
    await (await send(harness)).text();
    expect(harness.records[0]?.usage).toMatchObject({ inputTokens: 1_000, outputTokens: used - 1_000 });
    await (await send(harness)).text();
    expect((await send(harness)).status).toBe(429);
  });
});
