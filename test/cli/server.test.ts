/** Commands against a running server, then against the data folder it left behind. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  BatchAnswer,
  BatchesAnswer,
  CallsAnswer,
  CostsAnswer,
  DeploymentRow,
  HistoryAnswer,
  KeyCreated,
  KeysAnswer,
  RecommendationsAnswer,
  RevisionsAnswer,
} from '../../src/control/api-types.ts';
import { type RunningTrimtab, startTrimtab } from '../../src/main.ts';
import type { Revision } from '../../src/stack/stack.ts';
import { run } from './terminal.ts';

const KEY = 'tt-0123456789abcdefghjkmnpqrstvwxyz';
let dir: string;
let server: RunningTrimtab;
const cli = (...argv: string[]) => run(argv, { cwd: dir });
const json = async <T>(...argv: string[]): Promise<T> => {
  const { code, out, err } = await cli(...argv, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
};

async function call(user: string | undefined, model = 'triage'): Promise<string> {
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, user, messages: [{ role: 'user', content: 'Where is my card?' }] }),
  });
  await answer.text();
  return answer.headers.get('x-trimtab-call-id') ?? '';
}

async function apply(tasks: unknown): Promise<void> {
  const { out } = await cli('revisions', 'show', 'active');
  const { readServerFile } = await import('../../src/control/server-file.ts');
  const answer = await fetch(`${server.url}/api/v1/revisions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readServerFile(join(dir, '.trimtab'))?.token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ stack: { ...(JSON.parse(out) as object), tasks } }),
  });
  expect(answer.status, await answer.clone().text()).toBe(201);
}

async function stored(count: number): Promise<CallsAnswer['calls']> {
  return expect
    .poll(async () => (await json<CallsAnswer>('calls')).calls, { timeout: 10_000 })
    .toHaveLength(count)
    .then(async () => (await json<CallsAnswer>('calls')).calls);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trimtab-cli-'));
  server = await startTrimtab({
    port: 0,
    cwd: dir,
    dataDir: join(dir, '.trimtab'),
    env: {},
    probeLocal: false,
    firstKey: KEY,
  });
  await apply({ triage: { route: 'sandbox/small' } });
});

afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe('with a server', () => {
  test('batches are created, listed, shown; one that ended is not cancelled', async () => {
    const line = (model: string) =>
      JSON.stringify({
        custom_id: model,
        method: 'POST',
        url: '/v1/embeddings',
        body: { model, input: 'Where is my card?' },
      });
    // Fails at its check, before a call is made: other tests here count calls.
    writeFileSync(join(dir, 'requests.jsonl'), `${line('sandbox/embed')}\n${line('sandbox/embed')}\n`);
    const { keys } = await json<KeysAnswer>('keys');
    const key = keys[0]?.id ?? '';
    const argv = ['batches', 'create', 'requests.jsonl', '--key', key, '--endpoint', '/v1/embeddings'];
    const { id } = await json<BatchAnswer>(...argv);
    await expect
      .poll(async () => (await json<BatchAnswer>('batches', 'show', id)).status, { timeout: 10_000 })
      .toBe('failed');
    expect((await cli('batches', 'show', id)).out).toMatch(/is failed[\s\S]*line 2: .*custom_id/);
    expect((await cli('batches')).out).toContain(id);
    const answer = await json<BatchesAnswer>('batches', 'list');
    expect(answer).toMatchObject({ batches: [{ id, keyId: key, endpoint: '/v1/embeddings' }], next: null });
    expect(await cli('batches', 'cancel', id)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/failed/),
    });
    expect(await cli('batches', 'show', 'batch_no')).toMatchObject({ code: 1 });
    expect(await cli('batches', 'create', 'nowhere.jsonl', '--key', key)).toMatchObject({ code: 1 });
  });

  test('calls are listed, filtered, shown and followed', async () => {
    const stop = new AbortController();
    let followed = '';
    let seen = (): void => {};
    const arrived = new Promise<void>((done) => {
      seen = done;
    });
    const following = run(['calls', '--follow', '--json', '--user', 'bo'], {
      cwd: dir,
      signal: stop.signal,
      onOut: (text) => {
        followed += text;
        seen();
      },
    });
    let lines = '';
    const reading = run(['calls', '--follow'], {
      cwd: dir,
      signal: stop.signal,
      onOut: (text) => {
        lines += text;
      },
    });
    const id = await call('ann');
    await stored(1);
    await call('bo');
    await call(undefined, 'no-such-task');
    const calls = await stored(3);
    expect(calls.filter(({ user }) => user === 'ann').map((each) => each.id)).toEqual([id]);

    const byUser = await json<CallsAnswer>('calls', '--user', 'bo', '--outcome', 'ok', '--since', '1h');
    expect(byUser.calls.map(({ task }) => task)).toEqual(['triage']);

    const table = await cli('calls', '--task', 'triage');
    expect(table.out).toContain('sandbox/small');
    expect(table.out).toMatch(/\$0\.0000\d+ sandbox/);

    const narrow = await run(['calls', '--task', 'triage'], { cwd: dir, columns: 60 });
    expect(narrow.out.split('\n').filter((line) => line.length > 60)).toEqual([]);
    expect(narrow.out).toMatch(/\$0\.0000\d+ sandbox/);

    const shown = await cli('calls', 'show', id.slice(0, -2));
    expect(shown.out).toContain('SANDBOX');
    expect(shown.out).toMatch(/1 [·░▒█]{40} primary sandbox\/small 200/);
    expect((await cli('calls', 'show', 'call_none')).code).toBe(1);

    await arrived;
    // Columns stay where they are: what a call has not is a dash.
    await expect.poll(() => lines, { timeout: 5000 }).toMatch(/ {2}untasked {2}- {2}- {2}/);
    stop.abort();
    await Promise.all([following, reading]);
    expect((JSON.parse(followed.split('\n')[0] as string) as { user: string }).user).toBe('bo');
  });

  test('import checks a file, takes it once, and lets go of it', async () => {
    const file = join(dir, 'history.csv');
    const lines = Array.from({ length: 40 }, (_, index) => `2025-11-01 00:00:${10 + index},${index},5,0.01`);
    writeFileSync(file, `time,input_tokens,output_tokens,cost\nnever,1,2,3\n${lines.join('\n')}\n`);
    const dry = await json<{ added: null; rows: number }>('import', file, '--task', 'old', '--dry-run');
    expect(dry).toMatchObject({ rows: 40, badRows: 1, added: null });
    const first = await json<{ id: string }>('import', file, '--task', 'old');
    expect(first).toMatchObject({ added: 40, format: 'csv', bad: [{ place: 'line 2' }] });
    expect(await json('import', file, '--task', 'old')).toMatchObject({ id: null, added: 0 });
    const strict = await cli('import', file, '--max-bad', '1');
    expect(strict).toMatchObject({ code: 1, err: expect.stringContaining('nothing was imported') });
    const list = await json<HistoryAnswer>('import', '--list');
    expect(list).toMatchObject({ imports: [{ id: first.id, rows: 40 }], tasks: [{ task: 'old', rows: 40 }] });
    const after = await json<HistoryAnswer>('import', '--delete', first.id);
    expect(after).toEqual({ imports: [], tasks: [] });
    expect((await cli('import', '--delete', first.id)).code).toBe(1);
    expect((await cli('import')).code).toBe(2);
  });

  test('costs keep simulated figures apart', async () => {
    const simulated = await cli('costs', '--by', 'task,user');
    expect(simulated.out).toMatch(/^SANDBOX: simulated calls/);
    expect(simulated.out).toContain('sandbox cost');
    expect(simulated.out).toMatch(/^triage +ann/m);
    expect(simulated.out).toMatch(/^total/m);
    const both = await json<CostsAnswer[]>('costs', '--all', '--by', 'key');
    // The real ones are refused calls only: they reached no model, so the simulated ones show first.
    expect(both.map(({ sandbox, total }) => [sandbox, total.calls, total.refused])).toEqual([
      [false, 1, 1],
      [true, 2, 0],
    ]);
    expect((await cli('costs', '--all', '--by', 'key')).out).toContain('TRIMTAB_KEY');
    expect((await cli('costs', '--sandbox', '--since', '2020-01-01', '--until', '2020-01-02')).out).toContain(
      'No calls in this time',
    );
  });

  test('keys are made, switched and listed', async () => {
    const made = await cli(
      'keys',
      'create',
      '--name',
      'app',
      '--owner',
      'ann',
      '--tasks',
      'triage',
      '--expires',
      '30d',
    );
    expect(made.code).toBe(0);
    expect(made.out.trim()).toMatch(/^tt-[0-9a-z]{32}$/);
    expect((await cli('keys', 'disable', 'app')).out).toContain('is disabled');
    expect((await cli('keys')).out).toMatch(/app .* triage .* disabled/);
    expect((await cli('keys', 'enable', 'app')).code).toBe(0);
    const other = await json<KeyCreated>('keys', 'create', '--name', 'other');
    expect((await cli('keys', 'disable', other.id)).code).toBe(0);
    const unknown = await cli('keys', 'disable', 'ap');
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('did you mean "app"?') });
    expect((await cli('keys', 'create', '--name', 'x', '--tasks', 'nope')).code).toBe(1);
    expect((await cli('keys', 'create')).code).toBe(2);
    expect((await cli('keys', 'list')).out).not.toContain(made.out.trim());
  });

  test('a deployment is drained until nothing runs there, listed so, and resumed', async () => {
    const drain = ['deployments', 'drain', 'sandbox/large', '--reason', 'new drivers'];
    const drained = await json<DeploymentRow>(...drain, '--wait');
    expect(drained.drain).toMatchObject({ reason: 'new drivers', idle: true });
    expect((await cli('deployments')).out).toMatch(/^sandbox\/large .* drained since .*: new drivers/m);
    expect((await cli('deployments', 'resume', 'sandbox/large')).out).toBe('sandbox/large is in service.\n');
    expect((await cli('deployments', 'list')).out).not.toContain('drained');
    expect(await cli('deployments', 'drain', 'sandbo/large')).toMatchObject({ code: 1 });
    expect((await cli('deployments', 'drain', 'sandbox/large', '--timeout', 'soon')).code).toBe(2);
  });

  test('revisions are listed, compared and rolled back', async () => {
    const before = await json<RevisionsAnswer>('revisions');
    await apply({ triage: { route: 'sandbox/large' } });
    const diff = await cli('revisions', 'diff', before.active);
    expect(diff.out).toContain(
      'tasks.triage.route.targets[0].deployment\n  - "sandbox/small"\n  + "sandbox/large"',
    );
    expect(await cli('revisions', 'rollback', before.active)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
    expect((await cli('revisions', 'rollback', before.active.slice(4, 12), '--yes')).out).toContain(
      `${before.active} is active`,
    );
    expect((await cli('revisions', 'rollback', before.active, '--yes')).code).toBe(1);
    expect((await json<Revision>('revisions', 'show', 'active')).id).toBe(before.active);
    expect((await cli('revisions', 'list')).out).toMatch(
      new RegExp(`^\\* +${before.active} .* rolled back`, 'm'),
    );
  });

  test('recommendations are listed, shown, decided on with a reason, and calibrated', async () => {
    const profile = fileURLToPath(new URL('../../examples/profiles/support-reply.yaml', import.meta.url));
    expect((await cli('recommendations')).out).toContain('Nothing is recommended');
    expect((await cli('advise', '--profile', profile, '--publish')).code).toBe(0);
    const { recommendations } = await json<RecommendationsAnswer>('recommendations', '--state', 'proposed');
    const { id = '' } = recommendations.find(({ target }) => target === 'caching') ?? {};
    expect((await cli('recommendations')).out).toMatch(new RegExp(`^${id} +support-reply +Caching`, 'm'));
    expect((await cli('recommendations', 'reject', id)).code).toBe(2);
    const rejected = await cli('recommendations', 'reject', id, '--reason', 'prompts differ', '--by', 'ann');
    expect(rejected).toMatchObject({ code: 0, out: 'Caching and batching for support-reply is rejected.\n' });
    const { out } = await cli('recommendations', 'show', id);
    expect(out).toMatch(/^predicted +saves \$/m);
    expect(out).toContain('rejected by ann: prompts differ');
    const wrong = await cli('recommendations', 'adopt', id);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('it can become proposed') });
    expect((await cli('recommendations', 'reopen', id)).out).toContain('is proposed');
    expect((await cli('recommendations', 'calibration')).out).toContain('Nothing was measured yet');
    expect((await cli('recommendations', 'renew')).out).toMatch(/^job_/);
    expect((await cli('portfolio')).out).toMatch(/^Next best move: .* for support-reply: saves \$/);
    expect((await cli('roadmap')).out).toMatch(/^support-reply +optimise +\d\/4/m);
    const plan = (await cli('roadmap', '--task', 'support-reply')).out;
    expect(plan.match(/^ {3}effort: .*; effect: /gm)).toHaveLength(3);
    expect((await cli('roadmap', '--task', 'nobody')).code).toBe(1);
  });

  test('status says what runs', async () => {
    const { out } = await cli('status');
    expect(out).toContain(`running at ${server.url}`);
    expect(await json('status')).toMatchObject({ running: true, sandboxOnly: true });
  });

  test('TRIMTAB_URL reaches it with the admin token only', async () => {
    const at = (env: Record<string, string>) => run(['status', '--json'], { cwd: '/', env });
    expect((await at({ TRIMTAB_URL: server.url })).code).toBe(2);
    expect((await at({ TRIMTAB_URL: server.url, TRIMTAB_ADMIN_TOKEN: 'wrong-wrong-wrong' })).code).toBe(1);
    const token = server.notices.find(({ name }) => name === 'admin-token')?.text ?? '';
    expect((await at({ TRIMTAB_URL: server.url, TRIMTAB_ADMIN_TOKEN: token })).code).toBe(0);
    expect((await at({ TRIMTAB_URL: 'http://127.0.0.1:1', TRIMTAB_ADMIN_TOKEN: token })).code).toBe(3);
  });
});

describe('without a server', () => {
  test('the data folder is read in process', async () => {
    await server.stop();
    expect((await cli('costs', '--by', 'user')).out).toMatch(/^ann/m);
    expect((await cli('status')).out).toContain('not running');
    expect(await json('status')).toMatchObject({ running: false });
    const follow = await cli('calls', '--follow');
    expect(follow).toMatchObject({ code: 3, err: expect.stringContaining('No server runs') });
    expect((await json<RevisionsAnswer>('revisions')).history.length).toBeGreaterThan(2);
  });

  test('no data folder is said, and none is made', async () => {
    const result = await run(['costs'], { cwd: dir, env: { TRIMTAB_DATA_DIR: join(dir, 'nowhere') } });
    expect(result).toMatchObject({ code: 3, err: expect.stringContaining('no data folder') });
  });
});
