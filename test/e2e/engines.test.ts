/** Self-hosted engines behind a whole server: what they tell reaches the choice of the gateway, and the commands. */
import { expect, onTestFinished, test } from 'vitest';
import type { AdaptersAnswer, EngineRow } from '../../src/control/api-types.ts';
import { run } from '../cli/terminal.ts';
import { type FakeEngine, startEngine, VLLM_METRICS, vllmModels } from '../support/engine.ts';
import { ADMIN_TOKEN, openTrimtab, QUESTION } from './trimtab.ts';

const MODEL = 'meta-llama/Llama-2-7b-hf';

async function startVllm(waiting: number): Promise<FakeEngine> {
  const engine = await startEngine(onTestFinished);
  engine.texts.set('/metrics', VLLM_METRICS(waiting, 4, 0.3));
  engine.texts.set('/v1/models', vllmModels());
  engine.actions.set('/v1/load_lora_adapter', ({ lora_name: name }) => {
    engine.texts.set('/v1/models', vllmModels(String(name)));
    return { status: 200, text: `Success: LoRA adapter '${name}' added successfully` };
  });
  engine.actions.set('/v1/unload_lora_adapter', () => {
    engine.texts.set('/v1/models', vllmModels());
    return { status: 200, text: 'Success' };
  });
  return engine;
}

test('calls go where the queue is short; an adapter is loaded by command and called without a restart', async () => {
  const busy = await startVllm(9);
  const free = await startVllm(0);
  const trimtab = await openTrimtab({
    config: `
providers:
  gpu-1: { type: vllm, baseUrl: ${busy.baseUrl} }
  gpu-2: { type: vllm, baseUrl: ${free.baseUrl} }
deployments:
  llama-1: { provider: gpu-1, model: ${MODEL} }
  llama-2: { provider: gpu-2, model: ${MODEL} }
tasks:
  reply: { route: { policy: least-loaded, targets: [llama-1, llama-2] } }
`,
  });
  onTestFinished(() => trimtab.dispose());
  const env = { TRIMTAB_URL: trimtab.running.url, TRIMTAB_ADMIN_TOKEN: ADMIN_TOKEN };
  const cli = (...argv: string[]) => run(['deployments', ...argv], { cwd: trimtab.cwd, env });

  // Asked now, and told to the gateway before the answer.
  for (const provider of ['gpu-1', 'gpu-2'])
    expect(await trimtab.api<EngineRow>(`/api/v1/engines/${provider}`)).toMatchObject({ trouble: null });
  const answer = await trimtab.client.chat.completions.create({ model: 'reply', messages: QUESTION });
  expect(answer.choices[0]?.message.content).toBe('Hello');
  expect([busy.called, free.called]).toEqual([[], [MODEL]]);
  const [record] = await trimtab.calls(1);
  expect(record?.attempts[0]?.reason).toMatch(
    /^less loaded: .*0 waiting in the engine.* against llama-1: .*9 waiting/,
  );

  expect((await cli('list')).out).toMatch(/^llama-1 .* 9 waiting, 4 running, KV 30 %/m);
  expect((await cli('models', 'gpu-2')).out).toMatch(/^gpu-2\/meta-llama\/Llama-2-7b-hf +4,096 +-/m);

  const loaded = await cli('lora', 'load', 'gpu-2', 'sql-lora', '--path', '/adapters/sql', '--json');
  expect((JSON.parse(loaded.out) as AdaptersAnswer).adapters).toMatchObject([{ name: 'sql-lora' }]);
  expect((await cli('lora', 'list', 'gpu-2')).out).toMatch(
    /^sql-lora +gpu-2\/sql-lora +\/adapters\/sql-lora/m,
  );
  const names = (await trimtab.client.models.list()).data.map(({ id }) => id);
  expect(names).toContain('gpu-2/sql-lora');
  await trimtab.client.chat.completions.create({ model: 'gpu-2/sql-lora', messages: QUESTION });
  expect(free.called).toEqual([MODEL, 'sql-lora']);
  expect((await cli('lora', 'unload', 'gpu-2', 'sql-lora')).out).toBe('gpu-2 has no LoRA adapters.\n');

  expect(await cli('models', 'gpu-3')).toMatchObject({ code: 1, err: expect.stringContaining('gpu-3') });
  expect((await cli('lora')).code).toBe(2);
});
