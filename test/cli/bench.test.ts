/** `trimtab bench` against a running server that calls a real HTTP endpoint, and the API behind it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadTest } from '../../src/capacity/load-test/load-test.ts';
import type { Plan } from '../../src/capacity/plan/plan.ts';
import type { CallsAnswer, LoadTestsAnswer } from '../../src/control/api-types.ts';
import { type RunningTrimtab, startTrimtab } from '../../src/main.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { run, type Terminal } from './terminal.ts';

let dir: string;
let server: RunningTrimtab;
let upstream: Upstream;
const stops: (() => unknown)[] = [];
const bench = (argv: string[], terminal: Partial<Terminal> = {}) =>
  run(['bench', ...argv], { cwd: dir, ...terminal });
const sweep = ['--parts', 'sweep', '--concurrency', '1,2', '--stretch', '1s'];
const quick = [...sweep, '--max-calls', '60'];
/** So many that the endpoint of this test never answers them before a stretch is over. */
const many = ['--max-calls', '1000000'];
const setup = ['--model', 'llama-3.1-8b', '--gpu', 'h100-sxm'];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trimtab-bench-'));
  upstream = await startUpstream((stop) => void stops.push(stop as () => unknown));
  const own = { party: 'own' };
  const provider = (dataPolicy?: object) => ({
    type: 'openai-compatible',
    baseUrl: upstream.baseUrl,
    apiKey: { env: 'KEY' },
    ...(dataPolicy && { dataPolicy }),
  });
  const price = { inputPerMillion: 1, outputPerMillion: 2 };
  const config = {
    providers: { gpus: provider(own), vendor: provider({ party: 'third' }), unknown: provider() },
    deployments: {
      llama: { provider: 'gpus', model: 'llama' },
      hosted: { provider: 'vendor', model: 'gpt', price },
      secret: { provider: 'unknown', model: 'gpt', price },
    },
    tasks: { reply: { route: 'llama' } },
  };
  writeFileSync(join(dir, 'trimtab.config.json'), JSON.stringify(config));
  server = await startTrimtab({
    port: 0,
    cwd: dir,
    env: { KEY: 'sk-test' },
    probeLocal: false,
    watch: false,
  });
});

afterAll(async () => {
  await server.stop();
  for (const stop of stops) await stop();
  rmSync(dir, { recursive: true, force: true });
});

async function stored(argv: string[]): Promise<LoadTest> {
  const { out, code, err } = await bench([...argv, '--json']);
  expect(code, err).toBe(0);
  return JSON.parse(out) as LoadTest;
}

test('measures an own deployment, keeps it, and keeps its calls out of every task', async () => {
  const before = upstream.calls.length;
  const found = await stored([
    'llama',
    ...sweep,
    ...many,
    ...setup,
    '--input',
    '40',
    '--output',
    '9',
    '--ignore-eos',
  ]);
  expect(found).toMatchObject({
    deployment: 'llama',
    sandbox: false,
    ended: 'done',
    setup: { engine: 'vLLM', model: 'llama-3.1-8b', gpu: 'h100-sxm', weights: 'bf16', replicas: 1 },
    workload: '40 + 9 tokens',
  });
  const [point] = found.points;
  expect(point).toMatchObject({ kind: 'concurrency', concurrency: 1, errors: 0 });
  expect(point?.callsPerSecond).toBeGreaterThan(1);
  expect(point?.ttftMs.p95).toBeGreaterThan(0);
  expect(upstream.calls.length - before).toBe(found.calls);
  expect(upstream.calls.at(-1)?.body).toMatchObject({ model: 'llama', max_tokens: 9, ignore_eos: true });
  const readCalls = async (filter: string[]) =>
    (JSON.parse((await run(['calls', '--json', ...filter], { cwd: dir })).out) as CallsAnswer).calls;
  await expect.poll(() => readCalls(['--task', 'load-test']), { timeout: 10_000 }).not.toHaveLength(0);
  const [call] = await readCalls(['--task', 'load-test']);
  expect(call).toMatchObject({ keyId: 'key_load_test', deployment: 'llama', dataClass: 'public' });
  expect(await readCalls(['--task', 'reply'])).toEqual([]);

  const list = JSON.parse((await bench(['list', '--json'])).out) as LoadTestsAnswer;
  expect(list.loadTests).toEqual([found]);
  const shown = await bench(['show', found.id]);
  expect(shown.out).toMatch(/llama: [\d.,]+ calls a second within p95 TTFT 2/);
  expect(shown.out).toContain('1 in flight');

  // The plan of the same setup and sizes rests on it, and says so.
  const rows = Array.from(
    { length: 50 },
    (_, i) => `${i * 900},${found.meanInputTokens},${found.meanOutputTokens}`,
  );
  writeFileSync(join(dir, 'calls.csv'), ['at_ms,input_tokens,output_tokens', ...rows].join('\n'));
  const planArgs = [
    'plan',
    '--model',
    'llama-3.1-8b',
    '--gpu',
    'h100-sxm',
    '--precision',
    'bf16',
    '--trace',
    'calls.csv',
  ];
  const { best } = JSON.parse((await run([...planArgs, '--json'], { cwd: dir })).out) as Plan;
  expect(best?.capacity).toMatchObject({ source: 'load test', loadTest: { id: found.id } });
  expect((await run(planArgs, { cwd: dir })).out).toContain(`(load test ${found.id}, `);
  expect((await bench(['delete', found.id])).code).toBe(0);
  expect((await bench(['list'])).out).toContain('No load tests yet');
});

test('says what it costs before it begins, asks, and holds its limit', async () => {
  const sent = upstream.calls.length;
  const refused = await bench(['hosted', ...quick]);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('say --yes') });
  expect(refused.err).toMatch(
    /up to 60 calls of 512 \+ 128 tokens .* at most \$0\.046 \(\$0\.00077 a call, config\)/,
  );
  expect(upstream.calls.length).toBe(sent);
  const { code, out } = await bench(['hosted', ...quick, '--yes', '--max-cost', '0.01', '--json']);
  const test = JSON.parse(out) as LoadTest;
  expect(code).toBe(test.points.length > 0 ? 0 : 1);
  expect(test.ended).toBe('max-usd');
  expect(test.costUsd).toBeLessThanOrEqual(0.01);
  expect(test.costUsd).toBeGreaterThan(0);
});

test('sends nothing where the data policy is not known', async () => {
  const sent = upstream.calls.length;
  const { code, out } = await bench(['secret', ...quick, '--yes', '--json']);
  expect(code).toBe(1);
  const test = JSON.parse(out) as LoadTest;
  expect(test).toMatchObject({ ended: 'errors', costUsd: 0 });
  expect(test.points[0]?.errorCodes).toEqual([{ code: 'data_policy_refused', calls: expect.any(Number) }]);
  expect(upstream.calls.length).toBe(sent);
});

test('stopping the command stops the calls and keeps what was measured', async () => {
  const stop = new AbortController();
  upstream.answer = null;
  const sent = upstream.calls.length;
  const running = bench(['llama', '--parts', 'sweep', '--stretch', '600s', ...many, '--json'], {
    signal: stop.signal,
  });
  await expect.poll(() => upstream.calls.length, { timeout: 10_000 }).toBeGreaterThan(sent + 20);
  stop.abort();
  const { out } = await running;
  expect(JSON.parse(out) as LoadTest).toMatchObject({ ended: 'cancelled', endedAt: expect.any(Number) });
});

test.each([
  [[], 2, 'Name a deployment'],
  [['lama', ...quick], 1, 'Did you mean "llama"?'],
  [['llama', '--parts', 'replay'], 1, 'a replay needs calls with moments'],
  [['llama', '--task', 'reply'], 1, '`reply` has no calls with tokens'],
  [['llama', '--model', 'llama-3.1-8b'], 2, 'name both or none'],
  [['vendor/other', ...quick, '--yes'], 1, 'this deployment has no price'],
  [['show', 'load_x'], 1, 'no load test has the id'],
])('%j is refused', async (argv, code, message) => {
  expect(await bench(argv)).toMatchObject({ code, err: expect.stringContaining(message) });
});
