/** `trimtab start` as people run it: what it prints works as printed, and it ends as it is told to. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientOf, QUESTION, WORKER_ENV } from './trimtab.ts';

const entry = fileURLToPath(new URL('../../src/cli/trimtab.ts', import.meta.url));
const run = promisify(execFile);
let cwd: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'trimtab-start-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(cwd, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  stdout: string;
  stderr(): string;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/** No provider key of this machine may change what is found. */
const environment = () => ({ PATH: process.env.PATH, ...WORKER_ENV });

async function start(args: string[] = [], env: Record<string, string> = {}): Promise<Started> {
  const child = spawn(process.execPath, [entry, 'start', '--port', '0', ...args], {
    cwd,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const stdout = await new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.endsWith('\n')) resolve(text);
    });
    child.once('exit', () => resolve(text));
  });
  return { child, stdout, stderr: () => stderr, ended };
}

interface JsonLine {
  url: string;
  dataDir: string;
  adminToken: string | null;
  key: string | null;
}

async function startJson(args: string[] = [], env: Record<string, string> = {}) {
  const started = await start(['--json', ...args], env);
  return { ...started, line: JSON.parse(started.stdout) as JsonLine };
}

describe('trimtab start', () => {
  test('prints a call that works as pasted, and secrets at the first start only', async () => {
    const first = await start();
    expect(first.stdout).toMatch(/Dashboard +http:\/\/127\.0\.0\.1:\d+/);
    expect(first.stdout).toMatch(/Admin token +tt-admin-\w{32}/);
    expect(first.stdout).toMatch(/Virtual key +tt-\w{32}/);
    expect(first.stdout).toMatch(/costs --by task,user/);
    const command = /curl[\s\S]*?}'/.exec(first.stdout)?.[0] as string;
    const { stdout } = await run('sh', ['-c', command.replace('curl', 'curl -s')]);
    expect(JSON.parse(stdout)).toMatchObject({ object: 'chat.completion', model: 'small' });
    first.child.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });

    const again = await start();
    expect(again.stdout).not.toMatch(/tt-/);
    expect(again.stdout).toContain('Bearer $TRIMTAB_KEY');
    expect(again.stderr()).toBe('');
    again.child.kill('SIGTERM');
    await again.ended;
    for (const name of ['trimtab.db', 'server.json']) {
      const path = join(cwd, '.trimtab', name);
      if (existsSync(path)) expect(readFileSync(path).includes('tt-admin-')).toBe(false);
    }
    expect(statSync(join(cwd, '.trimtab')).mode & 0o777).toBe(0o700);
  });

  test('takes its secrets and folders from the environment', async () => {
    const env = {
      TRIMTAB_ADMIN_TOKEN: 'an-admin-token-of-mine-123',
      TRIMTAB_KEY: 'tt-a-key-of-mine-1234567890',
      TRIMTAB_DATA_DIR: 'data',
    };
    const { child, line, ended } = await startJson([], env);
    expect(line).toMatchObject({ dataDir: join(cwd, 'data'), adminToken: null, key: null });
    const answer = await fetch(`${line.url}/api/v1/status`, {
      headers: { authorization: `Bearer ${env.TRIMTAB_ADMIN_TOKEN}` },
    });
    expect(answer.status).toBe(200);
    const client = clientOf(line.url, env.TRIMTAB_KEY);
    expect((await client.models.list()).data.length).toBeGreaterThan(0);
    child.kill('SIGTERM');
    await ended;
    expect(existsSync(join(cwd, 'data', 'server.json'))).toBe(false);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s finishes the stream under way, stores it, and ends with 0',
    async (signal) => {
      const { child, line, ended } = await startJson();
      const client = clientOf(line.url, line.key as string);
      const stream = await client.chat.completions.create({
        model: 'sandbox/large',
        messages: QUESTION,
        stream: true,
        ...({ sandbox: { timeScale: 0.3, outputTokens: 40 } } as object),
      });
      let chunks = 0;
      for await (const _chunk of stream) if (++chunks === 1) child.kill(signal);
      expect(chunks).toBeGreaterThan(20);
      expect(await ended).toEqual({ code: 0, signal: null });
      const { stdout } = await run(process.execPath, [entry, 'calls', '--json'], { cwd, env: environment() });
      expect(stdout).toMatch(/"outcome": ?"ok"/);
    },
  );

  test('SIGTERM cuts what outlasts the deadline with an error event, records it, and ends with 0', async () => {
    writeFileSync(
      join(cwd, 'trimtab.config.yaml'),
      'gateway: { shutdown: { deadlineMs: 100 } }\nproviders: { sandbox: { type: sandbox } }\n',
    );
    const { child, line, ended } = await startJson();
    const client = clientOf(line.url, line.key as string);
    const stream = await client.chat.completions.create({
      model: 'sandbox/large',
      messages: QUESTION,
      stream: true,
      ...({ sandbox: { fault: 'stall-mid-stream' } } as object),
    });
    const reading = (async () => {
      let chunks = 0;
      for await (const _chunk of stream) if (++chunks === 1) child.kill('SIGTERM');
    })();
    await expect(reading).rejects.toMatchObject({ code: 'shutting_down' });
    expect(await ended).toEqual({ code: 0, signal: null });
    const { stdout } = await run(process.execPath, [entry, 'calls', '--json'], { cwd, env: environment() });
    expect(stdout).toMatch(/"errorCode": ?"shutting_down"/);
  });

  test('a second signal ends it at once', async () => {
    const { child, line, ended } = await startJson();
    const client = clientOf(line.url, line.key as string);
    const stream = await client.chat.completions.create({
      model: 'sandbox/large',
      messages: QUESTION,
      stream: true,
      ...({ sandbox: { fault: 'stall-mid-stream' } } as object),
    });
    const cut = (async () => {
      let chunks = 0;
      for await (const _chunk of stream) if (++chunks === 1) child.kill('SIGINT');
    })().catch(() => 'cut');
    const readiness = async () => (await fetch(`${line.url}/readyz`)).status;
    await expect.poll(readiness, { timeout: 5000, interval: 50 }).toBe(503);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, signal: null });
    expect(await cut).toBe('cut');
  });

  test('says in one line why it cannot start', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const busy = await start(['--port', String(port)]);
    expect((await busy.ended).code).toBe(1);
    expect(busy.stderr()).toContain(String(port));
    expect(busy.stderr()).toContain('TRIMTAB_PORT');
    taken.close();

    const bad = await start(['--port', 'seven']);
    expect((await bad.ended).code).toBe(1);
    expect(bad.stderr()).toMatch(/port: `seven`/);

    const { child, ended } = await startJson();
    const second = await start();
    expect((await second.ended).code).toBe(1);
    expect(second.stderr()).toMatch(/pid \d+, http:\/\/127\.0\.0\.1:\d+/);
    child.kill('SIGTERM');
    await ended;
  });

  test.each([
    [
      'DATABASE_URL',
      'mysql://root:hunter22@h/x',
      'DATABASE_URL: begins with mysql://; what is taken is postgres:// or postgresql://',
    ],
    // Linux only has it, elsewhere it cannot be made either. Node's recursive mkdir would not return.
    [
      'TRIMTAB_DATA_DIR',
      '/proc/x',
      expect.stringMatching(/^The data folder \/proc\/x cannot be used \(\w+\)\.$/),
    ],
    ['TRIMTAB_ADMIN_TOKEN', 'short', 'TRIMTAB_ADMIN_TOKEN: needs 16 characters or more, without spaces'],
  ])('with a wrong %s says why, once', async (name, value, why) => {
    const { ended, stderr } = await start([], { [name]: value });
    expect((await ended).code).toBe(1);
    expect(stderr().split('\n')).toEqual([why, 'Correct the path that is named.', '']);
  });
});
