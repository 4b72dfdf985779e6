/** One source of truth: a file, discovery, the API and a rollback propose; the store's active revision serves. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RevisionDiff, RevisionsAnswer, StatusAnswer } from '../../src/control/api-types.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { type ControlFixture, openControl } from './control-fixture.ts';

let cwd: string;
let file: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'trimtab-revisions-'));
  file = join(cwd, 'trimtab.config.yaml');
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const yaml = (task: string) => `tasks:\n  ${task}:\n    route: [sandbox/small]\n`;

async function status(fixture: ControlFixture): Promise<StatusAnswer> {
  return (await (await fixture.get('/api/v1/status')).json()) as StatusAnswer;
}

function tasksOf(fixture: ControlFixture): string[] {
  return Object.keys(fixture.control.deps.revisions.active().stack.tasks);
}

describe('with a file', () => {
  test('an edit becomes a revision and a snapshot; the same content again is nothing new', async () => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd });
    const before = await status(fixture);
    expect(before).toMatchObject({
      source: 'file',
      configFile: file,
      configProblem: null,
      configWritable: false,
    });
    const count = fixture.snapshots.length;
    await fixture.control.deps.revisions.configChanged();
    expect(fixture.snapshots.length).toBe(count);
    writeFileSync(file, yaml('second'));
    await fixture.control.deps.revisions.configChanged();
    expect(tasksOf(fixture)).toEqual(['second']);
    expect(fixture.snapshots.length).toBe(count + 1);
    expect(fixture.snapshots.at(-1)?.stack.tasks).toHaveProperty('second');
    expect((await status(fixture)).revision).not.toBe(before.revision);
  });

  test('an edit is seen by watching', async () => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd, watch: true });
    writeFileSync(file, yaml('watched'));
    await expect.poll(() => tasksOf(fixture), { timeout: 5000, interval: 20 }).toEqual(['watched']);
  });

  test.each([
    ['text that is not YAML', 'tasks: [', /trimtab\.config\.yaml/],
    ['an unknown key', `${yaml('first')}tsaks: {}\n`, /tsaks/],
    ['an unknown provider', 'tasks:\n  a:\n    route: [sandbocks/small]\n', /tasks\.a\.route/],
    [
      'a missing secret',
      'providers:\n  openai:\n    apiKey: { env: NO_SUCH_VARIABLE }\n',
      /NO_SUCH_VARIABLE/,
    ],
  ])('%s keeps the running revision and says why, until it is mended', async (_name, bad, problem) => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd });
    const { revision } = await status(fixture);
    writeFileSync(file, bad);
    await fixture.control.deps.revisions.configChanged();
    const broken = await status(fixture);
    expect(broken.revision).toBe(revision);
    expect(broken.configProblem).toMatch(problem);
    // Also after a restart with the bad file.
    await fixture.reopen();
    expect(await status(fixture)).toMatchObject({ revision, configProblem: expect.stringMatching(problem) });
    writeFileSync(file, yaml('mended'));
    await fixture.control.deps.revisions.configChanged();
    expect(await status(fixture)).toMatchObject({ configProblem: null });
    expect(tasksOf(fixture)).toEqual(['mended']);
  });

  test('a bad file at the very first start is an error that names it', async () => {
    writeFileSync(file, 'tsaks: {}\n');
    await expect(openControl({ cwd })).rejects.toMatchObject({ code: 'config_invalid', field: 'tsaks' });
  });

  test('a rollback holds against the unchanged file, over a restart, until the file changes', async () => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd });
    const first = (await status(fixture)).revision;
    writeFileSync(file, yaml('second'));
    await fixture.control.deps.revisions.configChanged();
    const second = (await status(fixture)).revision;

    const answer = await fixture.send('POST', `/api/v1/revisions/${first}/rollback`);
    expect(await answer.json()).toEqual({ revision: first });
    expect(tasksOf(fixture)).toEqual(['first']);
    expect((await status(fixture)).configProblem).toContain(second);
    await fixture.control.deps.revisions.configChanged();
    expect(tasksOf(fixture)).toEqual(['first']);
    await fixture.reopen();
    expect(tasksOf(fixture)).toEqual(['first']);
    expect((await status(fixture)).configProblem).toContain(second);

    writeFileSync(file, yaml('third'));
    await fixture.reopen();
    expect(tasksOf(fixture)).toEqual(['third']);
    expect((await status(fixture)).configProblem).toBeNull();

    const history = (await (await fixture.get('/api/v1/revisions')).json()) as RevisionsAnswer;
    expect(history.history.map(({ kind }) => kind)).toEqual(['applied', 'rolled back', 'applied', 'applied']);
    expect(history.active).toBe(history.history[0]?.revision);
  });

  test('rolling forward to what the file says ends the exception', async () => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd });
    const first = (await status(fixture)).revision;
    writeFileSync(file, yaml('second'));
    await fixture.control.deps.revisions.configChanged();
    const second = (await status(fixture)).revision;
    await fixture.send('POST', `/api/v1/revisions/${first}/rollback`);
    await fixture.send('POST', `/api/v1/revisions/${second}/rollback`);
    expect((await status(fixture)).configProblem).toBeNull();
    await fixture.reopen();
    expect(tasksOf(fixture)).toEqual(['second']);
  });

  test('the API may not edit it, and says what to write where', async () => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd });
    const answer = await fixture.send('POST', '/api/v1/tasks', { name: 'new', route: ['sandbox/large'] });
    expect(answer.status).toBe(409);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('config_is_file');
    expect(error.message).toContain(file);
    expect(error.message).toContain('sandbox/large');
    const whole = await fixture.send('POST', '/api/v1/revisions', { stack: {} });
    expect(whole.status).toBe(409);
  });
});

describe('without a file', () => {
  test('the API adds tasks and applies whole stacks; both outlive a restart', async () => {
    await using fixture = await openControl({ cwd });
    expect(await status(fixture)).toMatchObject({
      source: 'discovered',
      configFile: null,
      configWritable: true,
    });
    const answer = await fixture.send('POST', '/api/v1/tasks', { name: 'reply', route: ['sandbox/large'] });
    expect(answer.status, await answer.clone().text()).toBe(201);
    expect(tasksOf(fixture)).toEqual(['reply']);
    expect(fixture.snapshots.at(-1)?.stack.tasks).toHaveProperty('reply');
    await fixture.reopen();
    expect(tasksOf(fixture)).toEqual(['reply']);
    const again = await fixture.send('POST', '/api/v1/tasks', { name: 'reply', route: ['sandbox/large'] });
    expect(await again.json()).toMatchObject({ error: { code: 'conflict', field: 'name' } });
    const bad = await fixture.send('POST', '/api/v1/tasks', {
      name: 'other',
      route: ['sandbox/large'],
      dataclass: 'public',
    });
    expect(bad.status).toBe(422);
    expect(await bad.json()).toMatchObject({
      error: { code: 'config_invalid', field: 'tasks.other.dataclass' },
    });
    const whole = await fixture.send('POST', '/api/v1/revisions', {
      stack: { tasks: { classify: { route: ['sandbox/small'] } } },
    });
    expect(whole.status).toBe(201);
    expect(tasksOf(fixture)).toEqual(['classify']);
  });

  test('a provider whose key appears later joins what the API edited', async () => {
    await using fixture = await openControl({ cwd });
    await fixture.send('POST', '/api/v1/tasks', { name: 'reply', route: ['sandbox/large'] });
    await fixture.control.stop();
    await using later = await openControl({
      cwd,
      dataDir: fixture.dataDir,
      env: { OPENAI_API_KEY: 'sk-test-1234567890' },
    });
    expect(tasksOf(later)).toEqual(['reply']);
    expect(Object.keys(later.control.deps.revisions.active().stack.providers)).toContain('openai');
    expect(later.control.deps.revisions.snapshot().secrets.openai?.apiKey).toBe('sk-test-1234567890');
    // And when it is gone again the rest still starts.
    await later.control.stop();
    await fixture.reopen();
    expect(tasksOf(fixture)).toEqual(['reply']);
    expect((await status(fixture)).configProblem).toMatch(/OPENAI_API_KEY/);
    await later.reopen();
  });

  test('revisions can be read and compared', async () => {
    await using fixture = await openControl({ cwd });
    const from = (await status(fixture)).revision;
    await fixture.send('POST', '/api/v1/tasks', { name: 'reply', route: ['sandbox/large'] });
    const to = (await status(fixture)).revision;
    const diff = (await (await fixture.get(`/api/v1/revisions/${from}/diff/${to}`)).json()) as RevisionDiff;
    expect(diff).toMatchObject({ from, to });
    expect(diff.changes.some(({ path }) => path.startsWith('tasks.reply'))).toBe(true);
    expect(await (await fixture.get(`/api/v1/revisions/${to}`)).json()).toMatchObject({
      id: to,
      source: 'api',
    });
    for (const path of [`/api/v1/revisions/rev_no`, `/api/v1/revisions/${from}/diff/rev_no`]) {
      expect((await fixture.get(path)).status).toBe(404);
    }
    expect((await fixture.send('POST', '/api/v1/revisions/rev_no/rollback')).status).toBe(404);
  });
});

describe('first start', () => {
  test('makes a token and a key, once; keeps only hashes', async () => {
    await using fixture = await openControl({ cwd, adminToken: null });
    const names = fixture.control.notices.filter(({ secret }) => secret).map(({ name }) => name);
    expect(names).toEqual(['admin-token', 'first-key']);
    const token = fixture.control.notices.find(({ name }) => name === 'admin-token')?.text as string;
    const answer = await fixture.control.app.fetch(
      new Request('http://control.invalid/api/v1/keys', { headers: { authorization: `Bearer ${token}` } }),
    );
    expect(answer.status).toBe(200);
    await fixture.reopen({ adminToken: null });
    expect(fixture.control.notices.filter(({ secret }) => secret)).toEqual([]);
  });

  test('a key from the environment is made to exist, also later; a short secret is refused', async () => {
    await using fixture = await openControl({ cwd });
    await fixture.reopen({ firstKey: 'tt-mine-0123456789abcdef' });
    await fixture.reopen({ firstKey: 'tt-mine-0123456789abcdef' });
    const { keys } = (await (await fixture.get('/api/v1/keys')).json()) as { keys: { name: string }[] };
    expect(keys.map(({ name }) => name).sort()).toEqual(['TRIMTAB_KEY', 'first']);
    await expect(openControl({ cwd, firstKey: 'short' })).rejects.toMatchObject({ field: 'TRIMTAB_KEY' });
    await expect(openControl({ cwd, adminToken: 'short' })).rejects.toMatchObject({
      field: 'TRIMTAB_ADMIN_TOKEN',
    });
  });
});

describe('a CLI command beside no server', () => {
  test('applies nothing and makes no secrets', async () => {
    writeFileSync(file, yaml('first'));
    await using fixture = await openControl({ cwd, mode: 'command', adminToken: null });
    expect(tasksOf(fixture)).toEqual(['first']);
    expect(await fixture.control.deps.store.revisions.active()).toBeUndefined();
    expect(await fixture.control.deps.store.keys.list()).toEqual([]);
    expect(fixture.control.notices).toEqual([]);
  });
});

test('a revision that an earlier version stored serves with the defaults of settings it did not know', async () => {
  await using fixture = await openControl({ config: { tasks: { now: { route: ['sandbox/small'] } } } });
  const { store, revisions } = fixture.control.deps;
  const { stack, id: now } = revisions.active();
  const { maxFileBytes, maxBatchCalls, ...gateway } = { ...stack.gateway, maxBodyBytes: 2048 };
  const { filesDays, ...retention } = { ...stack.retention, callsDays: 7 };
  const old = { ...stack, gateway, retention } as unknown as Stack;
  const revision = { id: 'rev_old', stack: old, createdAt: 1, source: 'api', origin: 'API' } as const;
  await store.revisions.activate(revision, { revision: revision.id, at: 1, kind: 'applied', by: 'API' });
  await store.revisions.activate(
    { ...revision, id: now, stack },
    { revision: now, at: 2, kind: 'applied', by: 'API' },
  );
  expect((await fixture.send('POST', '/api/v1/revisions/rev_old/rollback')).status).toBe(200);
  const served = fixture.snapshots.at(-1);
  expect(served?.revision).toBe('rev_old');
  expect(served?.stack.gateway).toEqual({ ...gateway, maxFileBytes, maxBatchCalls });
  expect(served?.stack.retention).toEqual({ ...retention, filesDays });
});
