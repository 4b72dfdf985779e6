/** `trimtab plan` as it is typed. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Plan } from '../../src/capacity/plan/plan.ts';
import { run } from './terminal.ts';

const dir = mkdtempSync(join(tmpdir(), 'trimtab-plan-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const plan = (...argv: string[]) => run(['plan', ...argv], { cwd: dir });

const rows = Array.from({ length: 200 }, (_, i) => `${i * 250},${300 + (i % 7) * 100},${80 + (i % 5) * 30}`);
writeFileSync(join(dir, 'calls.csv'), ['at_ms,input_tokens,output_tokens', ...rows].join('\n'));
const small = ['--model', 'llama-3.1-8b', '--gpu', 'h100-sxm', '--precision', 'fp8', '--trace', 'calls.csv'];

test('prints GPUs, cost and latency of a trace of one’s own', async () => {
  const { code, out } = await plan(...small, '--calls-per-second', '6');
  expect(code).toBe(0);
  expect(out).toMatch(/1 x h100-sxm: 2\.95 USD an hour, 2,155 a month/);
  expect(out).toContain('USD per million tokens');
});

test('--json is the plan; --spot takes the lower price', async () => {
  const { code, out } = await plan(...small, '--spot', '--json');
  expect(code).toBe(0);
  const { best, callsPerSecond } = JSON.parse(out) as Plan;
  expect(callsPerSecond).toBeCloseTo(4, 6);
  expect(best).toMatchObject({ replicas: 1, price: { kind: 'spot' } });
});

test('--write makes the files, and never overwrites', async () => {
  const first = await plan(...small, '--write', 'out');
  expect(first.code).toBe(0);
  expect(readdirSync(join(dir, 'out')).sort()).toEqual([
    'compose.yaml',
    'kubernetes.yaml',
    'trimtab.config.ts',
  ]);
  expect(await plan(...small, '--write', 'out')).toMatchObject({
    code: 1,
    err: expect.stringContaining('EEXIST'),
  });
});

test('capacity simulate shows what the plan rests on', async () => {
  const flags = ['--model', 'llama-3.1-8b', '--gpu', 'h100-sxm', '--trace', 'calls.csv', '--calls', '2000'];
  const { code, out } = await run(['capacity', 'simulate', ...flags], { cwd: dir });
  expect(code).toBe(0);
  expect(out).toMatch(/^2,000 calls, 4\.00 a second of 597 \+ 140 tokens\nTTFT +p50/);
  const json = await run(['capacity', 'simulate', ...flags, '--replicas', '2', '--json'], { cwd: dir });
  expect(JSON.parse(json.out)).toMatchObject({ replicas: 2, calls: 2_000, finished: 2_000, refused: 0 });
});

test('a target nobody meets is exit code 1, with the reason', async () => {
  const { code, out } = await plan(...small, '--ttft-p95', '1ms');
  expect(code).toBe(1);
  expect(out).toContain('p95 TTFT is');
});

test.each([
  [[], 'Name a model'],
  [['--model', 'lama-3.3-70b'], 'did you mean "llama-3.3-70b"?'],
  [[...small, '--gpu', 'h100-sxn'], 'did you mean "h100-sxm"?'],
  [[...small, '--ttft-p95', '2'], 'write 50ms or 2s'],
  [[...small, '--calls-per-second', '-1'], 'not a number above 0'],
  [[...small, '--precision', 'fp9'], 'none of bf16, fp8, int4, fp4'],
  [['--model', 'llama-3.1-8b', '--trace', 'azure-conversaton'], 'did you mean "azure-conversation"?'],
])('%j is wrong usage', async (argv, message) => {
  const { code, err } = await plan(...argv);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
