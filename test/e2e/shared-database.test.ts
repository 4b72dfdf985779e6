/** Several processes on one PostgreSQL, and the database going away under them. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KeyCreated, OverviewAnswer, StatusAnswer } from '../../src/control/api-types.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { startTrimtab } from '../../src/main.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { ADMIN_TOKEN, clientOf, KEY, openTrimtab, QUESTION, type TestTrimtab } from './trimtab.ts';

let postgres: TestPostgres;
let first: TestTrimtab;
let second: TestTrimtab;

beforeAll(async () => {
  postgres = await startPostgres();
  first = await openTrimtab({ databaseUrl: postgres.url, config: null });
  second = await openTrimtab({ databaseUrl: postgres.url, config: null });
});
afterAll(async () => {
  await first?.dispose();
  await second?.dispose();
  await postgres?.dispose();
});

test('a key and a task made at one arrive at the other within seconds', async () => {
  const body = JSON.stringify({ name: 'shared', route: ['sandbox/small'] });
  await first.api('/api/v1/tasks', { method: 'POST', body });
  const created = await first.api<KeyCreated>('/api/v1/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'shared', tasks: ['shared'] }),
  });
  const client = clientOf(second.running.url, created.key);
  const ask = () => client.chat.completions.create({ model: 'shared', messages: QUESTION });
  await expect
    .poll(
      () =>
        ask().then(
          () => 'ok',
          () => 'refused',
        ),
      { timeout: 10_000, interval: 200 },
    )
    .toBe('ok');
  await first.api(`/api/v1/keys/${created.id}/disable`, { method: 'POST' });
  await expect
    .poll(
      () =>
        ask().then(
          () => 'ok',
          () => 'refused',
        ),
      { timeout: 10_000, interval: 200 },
    )
    .toBe('refused');
});

test('a batch whose process stops is handed to another at once, and every line is answered once', async () => {
  const lines = Array.from({ length: 24 }, (_, i) => ({
    custom_id: `line-${i}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'sandbox/small', messages: QUESTION, metadata: { night: 'one' } },
  }));
  const file = await first.client.files.create({
    file: new File([lines.map((line) => JSON.stringify(line)).join('\n')], 'in.jsonl'),
    purpose: 'batch',
  });
  const { id } = await first.client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  const db = new pg.Client({ connectionString: postgres.url });
  db.on('error', () => {});
  await db.connect();
  const job = async () => (await db.query('select worker, state, attempts from jobs')).rows[0];
  const counts = async (at: TestTrimtab) => (await at.client.batches.retrieve(id)).request_counts;
  await expect.poll(async () => (await counts(first))?.completed, { timeout: 20_000 }).toBeGreaterThan(0);
  const { worker } = await job();
  // A client whose answer never ends holds the server's stop up for its ten seconds, not the batch.
  const stuck = await first.client.chat.completions.create({
    model: 'sandbox/small!stall-mid-stream',
    messages: QUESTION,
    stream: true,
  });
  const parts = stuck[Symbol.asyncIterator]();
  await parts.next();
  let isStopped = false;
  const stopped = first.running.stop().then(() => {
    isStopped = true;
  });
  await expect
    .poll(async () => (await job()).worker ?? worker, { timeout: 20_000, interval: 50 })
    .not.toBe(worker);
  expect(isStopped).toBe(false);
  await expect
    .poll(async () => (await second.client.batches.retrieve(id)).status, { timeout: 30_000 })
    .toBe('completed');
  expect(await job()).toMatchObject({ state: 'done', attempts: 0 });
  expect(await counts(second)).toEqual({ total: 24, completed: 24, failed: 0 });
  const recorded = async () =>
    Number((await db.query(`select count(*) from calls where tags::text like '%${id}%'`)).rows[0].count);
  // The last lines' records are still on their way from the spool.
  await expect.poll(recorded, { timeout: 20_000 }).toBe(24);
  stuck.controller.abort();
  await stopped;
  expect(await recorded()).toBe(24);
  await db.end();
  await first.restart();
}, 60_000);

test('a database that goes away stops no call, is said, and gets every record later, once', async () => {
  const ask = (trimtab: TestTrimtab) =>
    trimtab.client.chat.completions.create({ model: 'sandbox/small', messages: QUESTION, user: 'away' });
  await postgres.kill();
  for (let i = 0; i < 4; i++) expect((await ask(first)).choices).toHaveLength(1);
  expect((await fetch(`${first.running.url}/readyz`)).status).toBe(200);
  const overview = await fetch(`${first.running.url}/api/v1/overview`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  expect(overview.status).toBe(503);
  const refused = await overview.text();
  expect(JSON.parse(refused)).toMatchObject({ error: { code: 'store_unavailable' } });
  const feedback = await fetch(`${first.running.url}/v1/feedback`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ call_id: createIdMaker()('call'), score: 1 }),
  });
  expect(feedback.status).toBe(503);
  // Where the database is, is for the log alone.
  expect(refused + (await feedback.text())).not.toMatch(/127\.0\.0\.1|localhost|ECONN|:\d{4,5}/);
  expect(first.logged.filter((line) => /does not answer/.test(line))).not.toEqual([]);
  await expect
    .poll(() => first.api<StatusAnswer>('/api/v1/status').then(({ spool }) => spool.pendingBytes), {
      timeout: 5000,
    })
    .toBeGreaterThan(0);
  expect(await first.api<StatusAnswer>('/api/v1/status')).toMatchObject({ database: 'away' });
  await postgres.start();
  const count = () =>
    first.api<OverviewAnswer>('/api/v1/overview?sandbox=true').then(
      ({ users }) => users.find(({ user }) => user === 'away')?.calls,
      () => 'away',
    );
  await expect.poll(count, { timeout: 20_000, interval: 200 }).toBe(4);
  expect(await first.api<StatusAnswer>('/api/v1/status')).toMatchObject({ database: 'ok' });
});

test('a database that is away at the start is a clear error', async () => {
  const start = startTrimtab({
    port: 0,
    cwd: first.cwd,
    dataDir: 'elsewhere',
    env: {},
    probeLocal: false,
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
  });
  await expect(start).rejects.toMatchObject({ code: 'store_unavailable' });
});
