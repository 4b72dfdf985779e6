/** Engines asked on their interval and over the control API. */
import { expect, onTestFinished, test } from 'vitest';
import type {
  AdaptersAnswer,
  DeploymentsAnswer,
  EngineRow,
  EnginesAnswer,
} from '../../src/control/api-types.ts';
import { createManualClock } from '../../src/core/clock.ts';
import type { EngineReports } from '../../src/routing/engine-loads.ts';
import { type FakeEngine, startEngine, VLLM_METRICS, vllmModels } from '../support/engine.ts';
import { closedPort } from '../support/upstream.ts';
import { openControl } from './control-fixture.ts';

const read = async <T>(answer: Response): Promise<T> => (await answer.json()) as T;
const METRICS = 'GET /metrics';
const MODELS = 'GET /v1/models';

async function startVllm(): Promise<FakeEngine> {
  const engine = await startEngine(onTestFinished);
  engine.texts.set('/metrics', VLLM_METRICS(3, 12, 0.41));
  engine.texts.set('/v1/models', vllmModels());
  return engine;
}

async function openWith(providers: Record<string, unknown>) {
  const clock = createManualClock(Date.UTC(2026, 10, 23, 10, 2, 11));
  const reports: EngineReports[] = [];
  const fixture = await openControl({
    clock,
    config: {
      providers,
      deployments: {
        llama: { provider: 'gpu', model: 'meta-llama/Llama-2-7b-hf' },
        gone: { provider: 'gpu', model: 'meta-llama/Llama-1' },
      },
    },
    onEngines: (report) => reports.push(report),
  });
  const view = async (): Promise<EngineRow | undefined> =>
    (await read<EnginesAnswer>(await fixture.get('/api/v1/engines'))).engines.find(
      ({ provider }) => provider === 'gpu',
    );
  return { clock, reports, fixture, view };
}

test('an engine is asked at once and every 5 s, its models every 15 s; what is older than 15 s is unknown', async () => {
  const engine = await startVllm();
  const { clock, reports, fixture, view } = await openWith({
    gpu: { type: 'vllm', baseUrl: engine.baseUrl },
  });
  await using _ = fixture;
  await expect.poll(() => reports.length).toBe(1);
  const load = { waiting: 3, running: 12, kvCacheUse: 0.41 };
  expect(reports[0]).toMatchObject({ gpu: { load, models: [{ contextTokens: 4096 }] } });
  expect(engine.asked.sort()).toEqual([METRICS, MODELS]);

  engine.texts.set('/metrics', VLLM_METRICS(0, 1, 0.02));
  clock.turn(5_000);
  await expect.poll(() => reports.length).toBe(2);
  expect(engine.asked.filter((line) => line === MODELS)).toHaveLength(1);
  expect(await view()).toMatchObject({
    load: { waiting: 0, running: 1, kvCacheUse: 0.02 },
    trouble: null,
    adapters: 'callable',
  });
  const { deployments } = await read<DeploymentsAnswer>(await fixture.get('/api/v1/deployments'));
  expect(deployments.map(({ name, engine: state }) => [name, state?.served])).toEqual([
    ['llama', true],
    ['gone', false],
  ]);
  const metrics = await (await fixture.get('/metrics')).text();
  expect(metrics).toMatch(/^trimtab_engine_waiting\{provider="gpu"\} 0$/m);
  expect(metrics).toMatch(/^trimtab_engine_kv_cache_use\{provider="gpu"\} 0.02$/m);

  // It stops to answer: the last figures stand for three intervals, then nothing is known. Never 0.
  engine.texts.clear();
  for (const seconds of [5, 10, 15, 20]) {
    clock.turn(5_000);
    await expect.poll(() => reports.length).toBe(2 + seconds / 5);
  }
  expect(await view()).toMatchObject({ load: null, trouble: 'GET /metrics: 404' });
  expect(await (await fixture.get('/metrics')).text()).not.toMatch(/^trimtab_engine_waiting\{/m);
});

test('nothing is asked where the data policy allows nothing, and what cannot be reached is said', async () => {
  const engine = await startVllm();
  const policy = { dataPolicy: { party: null } };
  const closed = await openWith({ gpu: { type: 'vllm', baseUrl: engine.baseUrl, ...policy } });
  await using _one = closed.fixture;
  await expect.poll(() => closed.reports.length).toBe(1);
  expect(engine.asked).toEqual([]);
  expect((await closed.view())?.trouble).toContain('has no declared data policy');

  const away = await openWith({ gpu: { type: 'sglang', baseUrl: await closedPort() } });
  await using _two = away.fixture;
  const row = await read<EngineRow>(await away.fixture.get('/api/v1/engines/gpu'));
  expect(row).toMatchObject({ load: null, models: null, trouble: expect.stringMatching(/^Provider "gpu" /) });
});

test('adapters are loaded, called by name, unloaded; what the engine says stands in the error', async () => {
  const engine = await startVllm();
  const { fixture } = await openWith({
    gpu: { type: 'vllm', baseUrl: engine.baseUrl },
    cpu: { type: 'ollama', baseUrl: engine.baseUrl },
    sandbox: { type: 'sandbox' },
  });
  await using _ = fixture;
  const path = '/api/v1/engines/gpu/adapters';
  const load = (body: unknown) => fixture.send('POST', path, body);

  const unable = await load({ name: 'sql-lora', path: '/adapters/sql' });
  expect([unable.status, await unable.text()]).toEqual([
    409,
    expect.stringContaining('VLLM_ALLOW_RUNTIME_LORA_UPDATING=True'),
  ]);

  const served = new Set<string>();
  const publish = () => engine.texts.set('/v1/models', vllmModels(...served));
  engine.actions.set('/v1/load_lora_adapter', ({ lora_name: name, lora_path: from }) => {
    if (from !== '/adapters/sql')
      return { status: 404, text: `{"message":"Loading lora ${name} failed: No adapter found for ${from}"}` };
    served.add(String(name));
    publish();
    return { status: 200, text: `Success: LoRA adapter '${name}' added successfully` };
  });
  engine.actions.set('/v1/unload_lora_adapter', ({ lora_name: name }) => {
    served.delete(String(name));
    publish();
    return { status: 200, text: `Success: LoRA adapter '${name}' removed successfully` };
  });
  const missing = await load({ name: 'sql-lora', path: '/nowhere' });
  expect([missing.status, await missing.text()]).toEqual([
    502,
    expect.stringContaining('No adapter found for /nowhere'),
  ]);
  expect((await load({ name: 'sql-lora' })).status).toBe(400);
  const loaded = await read<AdaptersAnswer>(await load({ name: 'sql-lora', path: '/adapters/sql' }));
  expect(loaded).toEqual({
    provider: 'gpu',
    kind: 'callable',
    adapters: [{ name: 'sql-lora', path: '/adapters/sql-lora', model: 'sql-lora', scale: null }],
  });
  expect(await read<AdaptersAnswer>(await fixture.get(path))).toEqual(loaded);
  const after = await read<AdaptersAnswer>(await fixture.send('DELETE', `${path}/sql-lora`));
  expect(after.adapters).toEqual([]);

  for (const [provider, status, words] of [
    ['cpu', 409, 'whose LoRA adapters cannot be managed'],
    ['sandbox', 409, 'no engine that tells of itself'],
    ['nobody', 404, 'no provider `nobody`'],
  ] as const) {
    const answer = await fixture.get(`/api/v1/engines/${provider}/adapters`);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(words)]);
  }
});
