import { describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { DEFAULT_BREAKER } from '../../src/stack/limits.ts';
import type { BreakerConfig } from '../../src/stack/stack.ts';
import { startUpstream } from '../support/upstream.ts';
import { type Harness, KEY, stackOver, startGateway } from './harness.ts';

const START = Date.UTC(2026, 10, 23, 10, 2, 11);

async function setUp(deployments: 1 | 2, breaker?: BreakerConfig) {
  const clock = createManualClock(START);
  const first = await startUpstream(onTestFinished);
  const second = await startUpstream(onTestFinished);
  const urls = [first.baseUrl, second.baseUrl].slice(0, deployments);
  const draw = { next: 0.5 };
  const harness = await startGateway(onTestFinished, {
    clock,
    random: () => draw.next,
    snapshot: stackOver(urls, breaker ? { deployment: { breaker } } : {}),
  });
  return { clock, first, second, draw, ...harness };
}

async function send({ fetch, baseUrl }: Harness, stream = false): Promise<Response> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'reply', messages: [{ role: 'user', content: 'Hello' }], stream }),
  });
  return response;
}

async function text(response: Promise<Response>): Promise<string> {
  return (await response).text();
}

describe('the circuit of a deployment', () => {
  test('opens for an only one too: calls fail at once and say since when', async () => {
    const harness = await setUp(1);
    harness.first.fault = 'status-500';
    for (let index = 0; index < 5; index++) expect((await send(harness)).status).toBe(502);
    const refused = await send(harness);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'no_deployment',
        message: expect.stringContaining('a: circuit open since 10:02:11 UTC, tries again in 5 s'),
      },
    });
    expect(harness.first.calls).toHaveLength(5);
    expect(harness.records.at(-1)).toMatchObject({
      outcome: 'error',
      errorCode: 'no_deployment',
      attempts: [],
      costNanoUsd: 0,
      skipped: [{ deployment: 'a', reason: 'circuit open since 10:02:11 UTC, tries again in 5 s' }],
    });
    expect(harness.gateway.health().deployments).toMatchObject([
      { deployment: 'a', circuit: { state: 'open', since: START, share: 0 } },
    ]);

    harness.first.fault = null;
    harness.clock.turn(5_000);
    expect((await send(harness)).status).toBe(200);
    // While it closes, calls with nowhere else to go are taken.
    harness.draw.next = 0.99;
    for (let index = 0; index < 20; index++) expect((await send(harness)).status).toBe(200);
    expect(harness.gateway.health().deployments).toMatchObject([{ circuit: { state: 'closed', share: 1 } }]);
  });

  test('opens and comes back as its deployment says', async () => {
    const harness = await setUp(1, { ...DEFAULT_BREAKER, consecutive: 2, pauseMs: 30_000 });
    harness.first.fault = 'status-500';
    for (let index = 0; index < 2; index++) expect((await send(harness)).status).toBe(502);
    const refused = await send(harness);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
  });

  test.each(['status-400', 'status-401', 'status-429'] as const)('does not open for %s', async (fault) => {
    const harness = await setUp(1);
    harness.first.fault = fault;
    for (let index = 0; index < 30; index++) await send(harness);
    expect(harness.first.calls).toHaveLength(30);
  });

  test('lets one probe through; a stream proves it with its first token', async () => {
    const harness = await setUp(2);
    harness.first.fault = 'status-503';
    for (let index = 0; index < 6; index++) expect((await send(harness)).status).toBe(200);
    expect(harness.first.calls).toHaveLength(5);
    expect(harness.records.at(-1)).toMatchObject({
      deployment: 'b',
      attempts: [{ deployment: 'b', reason: 'number 2 of the route' }],
      skipped: [{ deployment: 'a', reason: expect.stringContaining('circuit open since 10:02:11') }],
    });

    harness.first.fault = null;
    harness.clock.turn(5_000);
    const gates: (() => void)[] = [];
    harness.first.between = () => new Promise((resolve) => void gates.push(resolve));
    const arrived = harness.first.nextCall();
    const probe = send(harness, true);
    await arrived;
    expect((await send(harness)).headers.get('x-trimtab-deployment')).toBe('b');
    expect(harness.records.at(-1)?.skipped[0]?.reason).toContain('one call tries it now');
    harness.first.between = null;
    for (const open of gates) open();
    expect((await probe).headers.get('x-trimtab-deployment')).toBe('a');

    harness.draw.next = 0.2;
    expect((await send(harness)).headers.get('x-trimtab-deployment')).toBe('b');
    expect(harness.records.at(-1)?.skipped[0]?.reason).toMatch(
      /^circuit closing: begins 1\d % of its calls$/,
    );
    // Put last, it is still there when the other fails.
    harness.second.fault = 'status-500';
    expect((await send(harness)).headers.get('x-trimtab-deployment')).toBe('a');
    expect(harness.records.at(-1)).toMatchObject({
      skipped: [],
      attempts: [{ deployment: 'b' }, { deployment: 'a' }],
    });
    await text(probe);
  });
});

test('200 streams at once through an outage of one of two: no client error, and recovery ramps', async () => {
  const harness = await setUp(2);
  const wave = (): Promise<string[]> =>
    Promise.all(Array.from({ length: 200 }, () => text(send(harness, true))));
  const whole = (answers: string[]): void => {
    for (const answer of answers) {
      expect(answer).toContain('fox');
      expect(answer.endsWith('data: [DONE]\n\n')).toBe(true);
    }
  };
  whole(await wave());
  expect(harness.first.calls).toHaveLength(200);
  harness.first.fault = 'reset-before-headers';
  whole(await wave());
  const during = harness.first.calls.length;
  whole(await wave());
  expect(harness.first.calls.length).toBe(during);

  harness.first.fault = null;
  harness.clock.turn(5_000);
  // The probe is one call of the wave.
  whole(await wave());
  expect(harness.first.calls.length).toBe(during + 1);
  // A tenth and a little more; every call draws the same 0.5 here.
  whole(await wave());
  expect(harness.first.calls.length).toBe(during + 1);
  harness.clock.turn(15_000);
  whole(await wave());
  expect(harness.first.calls.length).toBe(during + 201);
  expect(harness.records.every(({ outcome }) => outcome === 'ok')).toBe(true);
}, 30_000);
