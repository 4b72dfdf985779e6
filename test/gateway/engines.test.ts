/** What engines told of themselves, in the choice of a deployment. */
import { expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { EngineLoad } from '../../src/providers/engine.ts';
import { ENGINE_STALE_MS } from '../../src/routing/engine-loads.ts';
import { startUpstream } from '../support/upstream.ts';
import { KEY, stackOver, startGateway, task } from './harness.ts';

const START = Date.UTC(2026, 10, 23, 10, 2, 11);

async function setUp() {
  const clock = createManualClock(START);
  const urls = [];
  for (let index = 0; index < 2; index++) urls.push((await startUpstream(onTestFinished)).baseUrl);
  const route = {
    policy: 'least-loaded',
    targets: ['a', 'b'].map((deployment) => ({ deployment, weight: 1 })),
  };
  const snapshot = stackOver(urls, { tasks: { reply: task(['a', 'b'], { route }) } });
  const harness = await startGateway(onTestFinished, { clock, snapshot, random: () => 0.1 });
  const tell = (loads: Record<string, EngineLoad>): void =>
    harness.gateway.setEngines(
      Object.fromEntries(
        Object.entries(loads).map(([provider, load]) => [
          provider,
          { load, loadAt: clock.now(), models: null },
        ]),
      ),
    );
  const chosen = async (content = 'Hello'): Promise<string> => {
    const answer = await harness.fetch(`${harness.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'reply', messages: [{ role: 'user', content }] }),
    });
    await answer.text();
    return answer.headers.get('x-trimtab-deployment') ?? '';
  };
  return { clock, tell, chosen, ...harness };
}

test('the shorter queue and the emptier KV cache win, with the figures in the reason; old ones are unknown, not 0', async () => {
  const { clock, tell, chosen, records } = await setUp();
  const busy = { waiting: 8, running: 20, kvCacheUse: 0.97 };
  tell({ 'vendor-a': busy, 'vendor-b': { waiting: 1, running: 20, kvCacheUse: 0.3 } });
  expect(await chosen()).toBe('b');
  expect(records.at(-1)?.attempts[0]?.reason).toBe(
    'less loaded: 0 in flight, no latency known, 1 waiting in the engine, KV cache 30 % against a: 0 in flight, no latency known, 8 waiting in the engine, KV cache 97 %',
  );
  tell({ 'vendor-b': busy });
  expect(await chosen()).toBe('a');

  clock.turn(ENGINE_STALE_MS);
  expect(await chosen()).toBe('a');
  expect(records.at(-1)?.attempts[0]?.reason).toContain('against b: 0 in flight');
  expect(records.at(-1)?.attempts[0]?.reason).toContain('8 waiting in the engine');
  clock.turn(1);
  await chosen();
  expect(records.at(-1)?.attempts[0]?.reason).not.toContain('waiting in the engine');
});

test('models that engines serve are listed, and their context is known before a prompt is sent', async () => {
  const { gateway, chosen, records, openai } = await setUp();
  const models = [
    { id: 'model-of-vendor-a', contextTokens: 1_000 },
    { id: 'sql-lora', contextTokens: null },
  ];
  gateway.setEngines({ 'vendor-a': { load: null, loadAt: null, models } });
  const names = (await openai.models.list()).data.map(({ id }) => id);
  expect(names).toContain('vendor-a/sql-lora');
  expect(await chosen('word '.repeat(2_000))).toBe('b');
  expect(records.at(-1)?.skipped).toEqual([
    { deployment: 'a', reason: 'its context of 1000 tokens is too small for a prompt of over 2000' },
  ]);
});
