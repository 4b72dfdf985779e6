/**
 * The support desk against real servers: its two app files unchanged, first on the sandbox, then on another
 * OpenAI-compatible server, by config only. The other server is the vendor of the sandbox run alone on a port, known to
 * Trimtab by nothing but its URL.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { GroupRow } from '../../src/control/api-types.ts';
import type { RunningTrimtab, StartOptions } from '../../src/main.ts';
import { startTrimtab } from '../../src/main.ts';
import { runVendor } from './vendor.ts';

const ADMIN_TOKEN = 'a-token-for-this-test-only';
const example = fileURLToPath(new URL('../../examples/support-desk/', import.meta.url));

/** Where a test leaves what must be undone, last first. Each has its own, as they run side by side. */
type Cleanup = (task: () => void | Promise<void>) => void;

async function start(options: StartOptions, cleanup: Cleanup): Promise<RunningTrimtab> {
  const cwd = mkdtempSync(join(tmpdir(), 'support-desk-'));
  cleanup(() => rmSync(cwd, { recursive: true, force: true }));
  const running = await startTrimtab({
    cwd,
    dataDir: join(cwd, 'data'),
    port: 0,
    env: {},
    probeLocal: false,
    adminToken: ADMIN_TOKEN,
    ...options,
  });
  cleanup(() => running.stop());
  return running;
}

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

interface Summary {
  messages: number;
  failed: number;
  calls: number;
  accuracy: number;
  sandbox: boolean;
  tasks: GroupRow[];
  users: GroupRow[];
  deployments: GroupRow[];
}

function run(args: string[], url?: string): Promise<Outcome> {
  const access = url === undefined ? {} : { TRIMTAB_URL: url, TRIMTAB_ADMIN_TOKEN: ADMIN_TOKEN };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(example, 'run.ts'), ...args],
      { env: { PATH: process.env.PATH, ...access } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

async function runDesk(url: string): Promise<Summary> {
  const { code, stdout, stderr } = await run(['--messages', '16', '--concurrency', '16', '--json'], url);
  expect(stderr).not.toContain('failed');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Summary;
}

const sum = (rows: readonly GroupRow[], member: 'calls' | 'costNanoUsd'): number =>
  rows.reduce((total, row) => total + row[member], 0);

describe('the same two files', () => {
  test.concurrent('on the sandbox', async ({ expect, onTestFinished }) => {
    const { url } = await start({ configPath: join(example, 'sandbox.config.ts') }, onTestFinished);
    const summary = await runDesk(url);
    expect(summary).toMatchObject({ messages: 16, failed: 0, calls: 32, sandbox: true });
    expect(summary.accuracy).toBeGreaterThan(0.1);
    expect(summary.tasks.map((row) => [row.task, row.calls])).toEqual([
      ['triage', 16],
      ['support-reply', 16],
    ]);
    expect(summary.users).toHaveLength(8);
    expect(sum(summary.users, 'calls')).toBe(32);
    expect(sum(summary.users, 'costNanoUsd')).toBe(sum(summary.tasks, 'costNanoUsd'));
    expect(summary.tasks.every((row) => row.costNanoUsd > 0 && row.unpriced === 0)).toBe(true);
    expect(summary.tasks[0]?.feedbackCount).toBe(16);
    expect(summary.tasks[0]?.feedbackSum).toBe(Math.round(summary.accuracy * 16));
  });

  test.concurrent('on another OpenAI-compatible server', async ({ expect, onTestFinished }) => {
    const other = await runVendor();
    onTestFinished(() => other[Symbol.asyncDispose]());
    const env = { OTHER_BASE_URL: other.url, OTHER_MODEL: 'large' };
    const { url } = await start({ configPath: join(example, 'other.config.ts'), env }, onTestFinished);
    const summary = await runDesk(url);
    expect(summary).toMatchObject({ messages: 16, failed: 0, calls: 32, sandbox: false });
    expect(new Set(summary.deployments.map((row) => row.deployment))).toEqual(new Set(['model']));
    for (const row of summary.tasks) {
      expect(row.costNanoUsd).toBe(row.inputTokens * 100 + row.outputTokens * 400);
    }
    expect(summary.accuracy).toBeGreaterThan(0.4);
  });
});

test.concurrent('with no config the tasks are made through the API, once', async ({
  expect,
  onTestFinished,
}) => {
  const { url } = await start({}, onTestFinished);
  const first = await run(['--messages', '2'], url);
  expect(first).toMatchObject({ code: 0 });
  expect(first.stderr).toContain('sandbox/small and sandbox/large (simulated');
  expect(first.stdout).toMatch(/2 messages, 4 calls/);
  expect(first.stdout).toContain(url);
  const second = await run(['--messages', '1'], url);
  expect(second).toMatchObject({ code: 0 });
  expect(second.stderr).toContain('exist already');
});

test.concurrent('with a config file that lacks the tasks it says what to paste and ends with 2', async ({
  expect,
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'support-desk-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const configPath = join(folder, 'trimtab.config.json');
  writeFileSync(configPath, '{}');
  const { url } = await start({ configPath }, onTestFinished);
  const { code, stderr } = await run(['--messages', '1'], url);
  expect(code).toBe(2);
  expect(stderr).toContain(configPath);
  expect(stderr).toContain('"support-reply": {');
});

test('help ends with 0, wrong options with 2, a server that is not there with 1', async () => {
  const [help, wrong, unknown, away] = await Promise.all([
    run(['--help']),
    run(['--messages', 'many']),
    run(['--colour']),
    run(['--messages', '1'], 'http://127.0.0.1:9'),
  ]);
  expect(help).toMatchObject({ code: 0 });
  expect(help.stderr).toContain('--concurrency');
  expect(wrong.code).toBe(2);
  expect(unknown.code).toBe(2);
  expect(away.code).toBe(1);
});
