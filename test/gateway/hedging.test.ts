import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { HedgeConfig } from '../../src/stack/stack.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { COST_NANO_USD, type Harness, KEY, stackOver, startGateway, task } from './harness.ts';

const SAMPLES = 10;
const HEDGE: HedgeConfig = { afterPercentile: 95, afterMedians: 1000, minSamples: SAMPLES, maxShare: 1 };

async function setUp(deployments: 1 | 2, hedge: Partial<HedgeConfig> = {}) {
  const clock = createManualClock(Date.UTC(2026, 10, 25));
  const first = await startUpstream(onTestFinished);
  const second = await startUpstream(onTestFinished);
  const names = ['a', 'b'].slice(0, deployments);
  const harness = await startGateway(onTestFinished, {
    clock,
    random: () => 0.5,
    snapshot: stackOver([first.baseUrl, second.baseUrl].slice(0, deployments), {
      tasks: { reply: task(names, { hedge: { ...HEDGE, ...hedge } }) },
    }),
  });
  return { clock, first, second, ...harness };
}

type SetUp = Awaited<ReturnType<typeof setUp>>;

function send(harness: Harness, stream: boolean, signal?: AbortSignal): Promise<Response> {
  return harness.fetch(`${harness.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'reply', messages: [{ role: 'user', content: 'Hello' }], stream }),
    ...(signal && { signal }),
  });
}

/** So many calls, each answered at once: the deployment's percentile is 0 ms (0.01 ms in its histogram). */
async function warmUp(harness: Harness, stream: boolean): Promise<void> {
  for (let index = 0; index < SAMPLES; index++) await (await send(harness, stream)).text();
  harness.records.length = 0;
}

/** Holds the next answer of a vendor until told. */
function holdNext(upstream: Upstream): { arrived: Promise<unknown>; release: () => void } {
  const arrived = upstream.nextCall();
  upstream.fault = 'stall-before-headers';
  let release = (): void => {};
  upstream.answer = (call, response) => {
    upstream.answer = null;
    upstream.fault = null;
    release = () => {
      const isStream = call.body.stream === true;
      response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
      response.end(
        isStream
          ? 'data: {"choices":[{"index":0,"delta":{"content":"late"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
          : '{"choices":[{"index":0,"message":{"role":"assistant","content":"late"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":200}}',
      );
    };
  };
  return {
    arrived,
    release: () => {
      release();
      release = () => {};
    },
  };
}

/** One call whose first deployment is slow, up to its hedge. */
async function hedged(harness: SetUp, stream: boolean, second: Upstream) {
  await warmUp(harness, stream);
  const held = holdNext(harness.first);
  const response = send(harness, stream);
  await held.arrived;
  const arrived = second.nextCall();
  harness.clock.turn(1);
  return { held, response, arrived };
}

test('a tail larger than the percentile leaves out does not hide itself: the median tells it', async () => {
  const harness = await setUp(2, { afterMedians: 2.5 });
  let answered = 0;
  harness.first.between = (index) => {
    // Two of ten take 400 ms, so that the percentile 95 is 400 ms too.
    if (index === 0) harness.clock.turn(answered++ % 5 === 4 ? 400 : 20);
  };
  await warmUp(harness, true);
  harness.first.between = null;
  const held = holdNext(harness.first);
  const response = send(harness, true);
  await held.arrived;
  const arrived = harness.second.nextCall();
  harness.clock.turn(45);
  expect(harness.second.calls).toHaveLength(0);
  harness.clock.turn(10);
  await arrived;
  await (await response).text();
  expect(harness.records[0]?.attempts[1]?.reason).toMatch(/after (49|50|51|52) ms, its median x 2\.5/);
});

describe.each([true, false])('a call that is slow for its deployment, stream %s', (stream) => {
  test('gets a second attempt at the next deployment; the faster one answers, both are billed', async () => {
    const harness = await setUp(2);
    const { response, arrived } = await hedged(harness, stream, harness.second);
    await arrived;
    const text = await (await response).text();
    expect(text).toContain('fox');
    expect(text).not.toContain('late');
    const [record] = harness.records;
    expect(record).toMatchObject({ outcome: 'ok', deployment: 'b' });
    const what = stream ? 'no token' : 'no answer';
    expect(record?.attempts).toMatchObject([
      { deployment: 'a', kind: 'primary', outcome: 'cancelled', errorCode: null, usage: { estimated: true } },
      {
        deployment: 'b',
        kind: 'hedge',
        outcome: 'ok',
        reason: `number 2 of the route, hedge: a has ${what} after 1 ms, its percentile 95`,
        costNanoUsd: COST_NANO_USD,
      },
    ]);
    const [loser] = record?.attempts ?? [];
    expect(loser?.costNanoUsd).toBeGreaterThan(0);
    expect(record?.costNanoUsd).toBe(COST_NANO_USD + (loser?.costNanoUsd ?? 0));
    // The loser is cancelled, not left to run.
    expect(await harness.first.calls.at(-1)?.closed).toBe(false);
    expect(harness.gateway.health().deployments).toMatchObject([
      { deployment: 'a', inFlight: 0, failures: 0 },
      { deployment: 'b', inFlight: 0, failures: 0 },
    ]);
  });

  test('is answered by the first attempt when this is faster after all', async () => {
    const harness = await setUp(2);
    harness.second.fault = 'stall-before-headers';
    const { held, response, arrived } = await hedged(harness, stream, harness.second);
    await arrived;
    held.release();
    expect(await (await response).text()).toContain('late');
    expect(harness.records[0]).toMatchObject({ outcome: 'ok', deployment: 'a' });
    expect(harness.records[0]?.attempts).toMatchObject([
      { kind: 'primary', outcome: 'ok' },
      { kind: 'hedge', outcome: 'cancelled' },
    ]);
    expect(await harness.second.calls.at(-1)?.closed).toBe(false);
  });

  test('has its second attempt at the same deployment when there is no other', async () => {
    const harness = await setUp(1);
    const { response, arrived } = await hedged(harness, stream, harness.first);
    await arrived;
    expect(await (await response).text()).toContain('fox');
    expect(harness.records[0]?.attempts).toMatchObject([
      { deployment: 'a', kind: 'primary', outcome: 'cancelled' },
      { deployment: 'a', kind: 'hedge', outcome: 'ok' },
    ]);
  });

  test('still gets the answer of the first when the hedge fails', async () => {
    const harness = await setUp(2);
    harness.second.fault = 'status-500';
    const { held, response } = await hedged(harness, stream, harness.second);
    while (!harness.gateway.health().deployments[1]?.failures)
      await new Promise((next) => setImmediate(next));
    held.release();
    expect(await (await response).text()).toContain('late');
    expect(harness.records[0]?.attempts).toMatchObject([
      { kind: 'primary', outcome: 'ok' },
      { kind: 'hedge', outcome: 'error', errorCode: 'upstream_error' },
    ]);
  });

  test('stops both attempts when its client leaves', async () => {
    const harness = await setUp(2);
    harness.second.fault = 'stall-before-headers';
    await warmUp(harness, stream);
    const held = holdNext(harness.first);
    const leaving = new AbortController();
    const recorded = harness.nextRecord();
    const response = send(harness, stream, leaving.signal).catch(() => null);
    await held.arrived;
    const arrived = harness.second.nextCall();
    harness.clock.turn(1);
    await arrived;
    leaving.abort();
    await response;
    expect((await recorded).attempts).toMatchObject([{ outcome: 'client_left' }, { outcome: 'client_left' }]);
    expect(await harness.first.calls.at(-1)?.closed).toBe(false);
    expect(await harness.second.calls.at(-1)?.closed).toBe(false);
  });
});

describe('a hedge', () => {
  test('is not made before the percentile rests on enough answers', async () => {
    const harness = await setUp(2, { minSamples: SAMPLES + 1 });
    await warmUp(harness, true);
    const held = holdNext(harness.first);
    const response = send(harness, true);
    await held.arrived;
    harness.clock.turn(1_000);
    held.release();
    await (await response).text();
    expect(harness.second.calls).toHaveLength(0);
  });

  test('is made for no more than the share of calls the task allows, also when everything is slow', async () => {
    const harness = await setUp(2, { maxShare: 0.1 });
    await warmUp(harness, true);
    for (let index = 0; index < 30; index++) {
      const held = holdNext(harness.first);
      const response = send(harness, true);
      await held.arrived;
      harness.clock.turn(1_000);
      held.release();
      await (await response).text().catch(() => '');
    }
    const hedges = harness.records.flatMap(({ attempts }) => attempts.filter(({ kind }) => kind === 'hedge'));
    expect(hedges.length).toBeLessThanOrEqual(4);
    expect(hedges.length).toBeGreaterThan(0);
  });

  test('or not, every call has exactly one answer, and every attempt that was sent is billed', async () => {
    const harness = await setUp(2);
    await warmUp(harness, true);
    const kinds = fc.constantFrom<'fast' | 'slow' | 'status-500'>('fast', 'slow', 'status-500');
    await fc.assert(
      fc.asyncProperty(kinds, kinds, fc.boolean(), async (first, second, stream) => {
        harness.clock.turn(60_000);
        harness.records.length = 0;
        const held = [harness.first, harness.second].map((upstream, index) => {
          const kind = index === 0 ? first : second;
          upstream.answer = null;
          upstream.fault = kind === 'status-500' ? 'status-500' : null;
          return kind === 'slow' ? holdNext(upstream) : null;
        });
        let isOver = false;
        const answer = send(harness, stream)
          .then(async (response) => ({ status: response.status, text: await response.text() }))
          .finally(() => {
            isOver = true;
          });
        for (let turn = 0; !isOver; turn++) {
          await new Promise((next) => setImmediate(next));
          if (turn === 20) harness.clock.turn(1);
          if (turn > 40) for (const each of held) each?.release();
        }
        const { status, text } = await answer;
        const texts = ['fox', 'late'].filter((word) => text.includes(word));
        expect(texts).toHaveLength(status === 200 ? 1 : 0);
        if (stream && status === 200) expect(text.match(/\[DONE\]/g)).toHaveLength(1);
        expect(harness.records).toHaveLength(1);
        const [record] = harness.records;
        const answers = record?.attempts.filter(({ outcome }) => outcome === 'ok') ?? [];
        expect(answers).toHaveLength(status === 200 ? 1 : 0);
        const costs = record?.attempts.map(({ costNanoUsd }) => costNanoUsd ?? Number.NaN) ?? [];
        expect(record?.costNanoUsd).toBe(costs.reduce((sum, cost) => sum + cost, 0));
        const inFlight = harness.gateway.health().deployments.map((view) => view.inFlight);
        expect(inFlight.every((count) => count === 0)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
