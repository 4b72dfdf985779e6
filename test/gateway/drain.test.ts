/** A deployment that a person took out of service, and a process that is told to stop, while calls run. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { Drain, Snapshot } from '../../src/stack/stack.ts';
import { startUpstream } from '../support/upstream.ts';
import { type Harness, KEY, stackOver, startGateway, task } from './harness.ts';

const START = Date.UTC(2026, 10, 23, 10, 2, 11);
const DRAIN: Drain = { since: START, by: 'ada', reason: 'new drivers' };
const REASON = 'drained since 2026-11-23 10:02 UTC by ada: new drivers';

async function setUp(changes: (urls: string[]) => Snapshot = stackOver) {
  const clock = createManualClock(START);
  const first = await startUpstream(onTestFinished);
  const second = await startUpstream(onTestFinished);
  const draw = { next: 0.5 };
  const snapshot = changes([first.baseUrl, second.baseUrl]);
  const harness = await startGateway(onTestFinished, { clock, random: () => draw.next, snapshot });
  const drain = (...names: string[]): void =>
    harness.gateway.update({
      ...snapshot,
      drained: Object.fromEntries(names.map((name) => [name, DRAIN])),
    });
  return { clock, first, second, draw, drain, ...harness };
}

function send({ fetch, baseUrl }: Harness, stream = false): Promise<Response> {
  return fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'reply', messages: [{ role: 'user', content: 'Hello' }], stream }),
  });
}

describe('a drained deployment', () => {
  test('a stream that runs there finishes, later calls pass it over and say why, the last one out is refused', async () => {
    const harness = await setUp();
    const gates: (() => void)[] = [];
    harness.first.between = (index) =>
      index === 1 ? new Promise((resolve) => void gates.push(resolve)) : undefined;
    const arrived = harness.first.nextCall();
    const running = await send(harness, true);
    await arrived;
    harness.drain('a');
    expect(harness.gateway.health()).toMatchObject({
      drained: ['a'],
      deployments: [{ deployment: 'a', inFlight: 1 }],
    });

    expect((await send(harness)).headers.get('x-trimtab-deployment')).toBe('b');
    expect(harness.records.at(-1)).toMatchObject({
      deployment: 'b',
      skipped: [{ deployment: 'a', reason: REASON }],
    });
    harness.drain('a', 'b');
    const refused = await send(harness);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      error: { code: 'no_deployment', message: expect.stringContaining(`a: ${REASON}; b: ${REASON}`) },
    });

    for (const open of gates) open();
    expect(await running.text()).toMatch(/fox[\s\S]*data: \[DONE\]\n\n$/);
    expect(harness.records.at(-1)).toMatchObject({ deployment: 'a', outcome: 'ok' });
  });

  test('a call that would retry there, or waits for a place there, goes there no more', async () => {
    const harness = await setUp(([url = '']) =>
      stackOver([url], {
        deployment: { limits: { maxConcurrent: 1, requestsPerMinute: null, tokensPerMinute: null } },
        tasks: { reply: task(['a'], { retries: { attempts: 3, backoffMs: 1_000, maxWaitMs: 5_000 } }) },
      }),
    );
    const { clock, first } = harness;
    let answer = (): void => {};
    first.answer = (_call, response) => {
      answer = () => response.writeHead(500).end('{}');
    };
    const arrived = first.nextCall();
    const retrying = send(harness);
    await arrived;
    const waiting = send(harness);
    await expect.poll(() => harness.gateway.health().deployments[0]?.waiting).toBe(1);
    harness.drain('a');
    answer();
    // The place is free, and not taken.
    expect(await (await waiting).json()).toMatchObject({
      error: { code: 'no_deployment', message: expect.stringContaining(REASON) },
    });
    clock.turn(5_000);
    expect((await retrying).status).toBe(502);
    expect(first.calls).toHaveLength(1);
    expect(harness.gateway.health().deployments).toMatchObject([{ inFlight: 0, waiting: 0 }]);
  });

  test('back in service it takes a growing share of calls, as its breaker says', async () => {
    const harness = await setUp();
    await send(harness);
    harness.drain('a');
    harness.drain();
    harness.draw.next = 0.3;
    expect((await send(harness)).headers.get('x-trimtab-deployment')).toBe('b');
    expect(harness.records.at(-1)?.skipped[0]?.reason).toBe('circuit closing: begins 10 % of its calls');
    harness.clock.turn(10_000);
    expect((await send(harness)).headers.get('x-trimtab-deployment')).toBe('a');
    harness.clock.turn(20_000);
    expect(harness.gateway.health().deployments[0]?.circuit).toMatchObject({ state: 'closed', share: 1 });
  });

  test('where nothing is left, what the data policy refuses does not hide the drain', async () => {
    const harness = await setUp(([first = '', second = '']) => {
      const stack = stackOver([first, second]);
      const refusing = stack.stack.providers['vendor-b'];
      if (refusing) refusing.dataPolicy = { ...refusing.dataPolicy, allow: [] };
      return stack;
    });
    harness.drain('a');
    const refused = await send(harness);
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([
      503,
      'no_deployment',
    ]);
  });
});

describe('a process that is told to stop', () => {
  const SHUTDOWN = { noticeMs: 5_000, deadlineMs: 10_000 };

  test('is not ready first, then refuses calls in their own shape, and cuts at the deadline what is left', async () => {
    const upstream = await startUpstream(onTestFinished);
    const clock = createManualClock(START);
    const snapshot = stackOver([upstream.baseUrl]);
    const harness = await startGateway(onTestFinished, { clock, snapshot, limits: { shutdown: SHUTDOWN } });
    const gates: (() => void)[] = [];
    upstream.between = (index) =>
      index === 1 ? new Promise((resolve) => void gates.push(resolve)) : undefined;
    const finishing = await send(harness, true);
    const outlasting = await send(harness, true);
    await expect.poll(() => gates.length).toBe(2);

    const stopped = harness.stop();
    const ready = async () => (await fetch(new URL('/readyz', harness.baseUrl))).status;
    expect(await ready()).toBe(503);
    upstream.between = null;
    const late = await send(harness);
    expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);
    await late.text();

    clock.turn(SHUTDOWN.noticeMs);
    await expect.poll(async () => (await send(harness)).status).toBe(503);
    const refused = await send(harness);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ error: { code: 'shutting_down', type: 'api_error' } });
    const message = await harness.fetch(`${harness.baseUrl}/messages`, {
      method: 'POST',
      headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'reply', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect([message.status, message.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await message.json()).toMatchObject({ type: 'error', error: { code: 'shutting_down' } });
    expect(await ready()).toBe(503);

    gates[0]?.();
    expect(await finishing.text()).toMatch(/data: \[DONE\]\n\n$/);
    clock.turn(SHUTDOWN.deadlineMs);
    const cut = await outlasting.text();
    expect(cut).toMatch(/data: \{"error":\{.*"code":"shutting_down"/);
    expect(cut).not.toContain('[DONE]');
    await stopped;
    await expect(ready()).rejects.toThrow();
    expect(harness.records.at(-1)).toMatchObject({ errorCode: 'shutting_down', usage: { estimated: true } });
  });
});
