/** The whole server on both engines: the official SDK, the money, reload under load, rollback, restart. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  CostsAnswer,
  KeyCreated,
  OverviewAnswer,
  RevisionsAnswer,
  StackAnswer,
  StatusAnswer,
} from '../../src/control/api-types.ts';
import { startTrimtab } from '../../src/main.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ADMIN_TOKEN, CONFIG, clientOf, KEY, openTrimtab, QUESTION, type TestTrimtab } from './trimtab.ts';

const engines = [
  ['SQLite', async () => null],
  ['PostgreSQL', createTestDatabase],
] as const;

describe.each(engines)('on %s', (engine, createDatabase) => {
  let trimtab: TestTrimtab;
  let database: Awaited<ReturnType<typeof createTestDatabase>> | null = null;

  beforeAll(async () => {
    database = await createDatabase();
    trimtab = await openTrimtab({ databaseUrl: database?.url ?? null });
  });
  afterAll(async () => {
    await trimtab?.dispose();
    await database?.drop();
  });

  test('an SDK gets the same answer plain and streamed, at the same cost, recorded before it ends', async () => {
    const plain = await trimtab.client.chat.completions.create({
      model: 'reply',
      messages: QUESTION,
      user: 'ada',
    });
    const text = plain.choices[0]?.message.content ?? '';
    expect(text.length).toBeGreaterThan(10);
    let streamed = '';
    const stream = await trimtab.client.chat.completions.create({
      model: 'reply',
      messages: QUESTION,
      user: 'bob',
      stream: true,
    });
    for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
    expect(streamed).toBe(text);
    const [first, second] = await trimtab.calls(2);
    expect(first).toMatchObject({
      task: 'reply',
      user: 'ada',
      streamed: false,
      outcome: 'ok',
      sandbox: true,
    });
    expect(second).toMatchObject({ task: 'reply', user: 'bob', streamed: true, outcome: 'ok' });
    expect(first?.costNanoUsd).toBeGreaterThan(0);
    expect(second?.costNanoUsd).toBe(first?.costNanoUsd);
    expect(second?.usage).toEqual(first?.usage);
    expect(first?.usage.outputTokens).toBe(plain.usage?.completion_tokens);
    expect(first?.payload?.response).toContain(text.slice(0, 20));
  });

  test('costs over the API are the sums of the call records', async () => {
    for (const user of ['ada', 'ada', 'carl']) {
      await trimtab.client.chat.completions.create({ model: 'classify', messages: QUESTION, user });
    }
    await trimtab.client.embeddings.create({ model: 'sandbox/embed', input: 'a card' });
    const calls = await trimtab.calls(6);
    const costs = await trimtab.api<CostsAnswer>('/api/v1/costs?by=task,user&since=1d');
    const expected = new Map<string, number>();
    for (const { task, user, costNanoUsd } of calls) {
      const name = `${task} ${user}`;
      expected.set(name, (expected.get(name) ?? 0) + (costNanoUsd ?? 0));
    }
    expect(new Map(costs.rows.map((row) => [`${row.task} ${row.user}`, row.costNanoUsd]))).toEqual(expected);
    expect(costs.total).toMatchObject({ calls: 6, unpriced: 0 });
    expect(costs.unpricedDeployments).toEqual([]);
    const overview = await trimtab.api<OverviewAnswer>('/api/v1/overview');
    expect(overview.totals.costNanoUsd).toBe(costs.total.costNanoUsd);
    expect(overview.totals.total.p95).toBeGreaterThan(0);
    const untasked = calls.filter(({ task }) => task === 'untasked');
    expect(overview.untasked).toMatchObject([{ deployment: 'sandbox/embed', calls: untasked.length }]);
  });

  test('status, stack and health', async () => {
    const health = () => trimtab.api<StackAnswer>('/api/v1/stack').then(({ deployments }) => deployments);
    await expect
      .poll(async () => (await health()).find(({ name }) => name === 'sandbox/large')?.health?.calls, {
        timeout: 5000,
      })
      .toBeGreaterThan(0);
    const status = await trimtab.api<StatusAnswer>('/api/v1/status');
    expect(status).toMatchObject({ engine, url: trimtab.running.url, database: 'ok', sandboxOnly: true });
    expect(status.process?.rssBytes).toBeGreaterThan(1e7);
    expect(status.configFile).toBe(join(trimtab.cwd, 'trimtab.config.yaml'));
  });

  test('a new key works at once, a disabled one not any more', async () => {
    const created = await trimtab.api<KeyCreated>('/api/v1/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'app', tasks: ['classify'] }),
    });
    const client = clientOf(trimtab.running.url, created.key);
    const ask = (model: string) => client.chat.completions.create({ model, messages: QUESTION });
    expect((await ask('classify')).choices).toHaveLength(1);
    await expect(ask('reply')).rejects.toMatchObject({ status: 403, code: 'key_scope' });
    await trimtab.api(`/api/v1/keys/${created.id}/disable`, { method: 'POST' });
    await expect(ask('classify')).rejects.toMatchObject({ status: 401, code: 'key_disabled' });
  });

  test('feedback joins its call', async () => {
    const { response } = await trimtab.client.chat.completions
      .create({ model: 'reply', messages: QUESTION })
      .withResponse();
    const callId = response.headers.get('x-trimtab-call-id') ?? '';
    const answer = await fetch(`${trimtab.running.url}/v1/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ call_id: callId, thumbs: 'up' }),
    });
    expect(answer.status).toBe(201);
    await expect
      .poll(() =>
        trimtab.api<{ feedback: unknown[] }>(`/api/v1/calls/${callId}`).then(({ feedback }) => feedback),
      )
      .toMatchObject([{ score: 1 }]);
  });

  test("the vendor's own API answers at its base URL; the call says what was asked for", async () => {
    const baseURL = `${trimtab.running.url}/providers/sandbox/v1`;
    const { data, response } = await new OpenAI({ baseURL, apiKey: KEY }).models.list().withResponse();
    expect(data.data.map(({ id }) => id)).toContain('small');
    const callId = response.headers.get('x-trimtab-call-id') ?? '';
    await expect
      .poll(() => trimtab.api(`/api/v1/calls/${callId}`).catch(() => null))
      .toMatchObject({ protocol: 'passthrough', operation: 'GET /v1/models', model: null, costNanoUsd: 0 });
  });

  test('new calls arrive live', async () => {
    const leaving = new AbortController();
    const live = await fetch(`${trimtab.running.url}/api/v1/calls/live`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      signal: leaving.signal,
    });
    const reader = (live.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    const { response } = await trimtab.client.chat.completions
      .create({ model: 'reply', messages: QUESTION })
      .withResponse();
    let text = '';
    while (!text.includes(response.headers.get('x-trimtab-call-id') as string)) {
      text += (await reader.read()).value ?? '';
    }
    leaving.abort();
    await reader.closed.catch(() => undefined);
  });

  test('an edited file serves from the next call on, and drops no stream under way', async () => {
    const stream = await trimtab.client.chat.completions.create({
      model: 'sandbox/large',
      messages: QUESTION,
      stream: true,
      // A real pace for this one call, so that it is still under way when the file changes.
      ...({ sandbox: { timeScale: 1, outputTokens: 60 } } as object),
    });
    const reading = (async () => {
      let chunks = 0;
      let finish: string | null = null;
      for await (const chunk of stream) {
        chunks++;
        finish = chunk.choices[0]?.finish_reason ?? finish;
      }
      return { chunks, finish };
    })();
    const before = await trimtab.api<StatusAnswer>('/api/v1/status');
    const large = [{ role: 'user' as const, content: 'x '.repeat(15_000) }];
    const askLarge = () => trimtab.client.chat.completions.create({ model: 'reply', messages: large });
    await expect(askLarge()).rejects.toMatchObject({ status: 413, code: 'body_too_large' });
    trimtab.writeConfig(CONFIG.replace('classify:', 'sort:').replace('20000', '60000'));
    await expect
      .poll(() => trimtab.api<StatusAnswer>('/api/v1/status').then(({ revision }) => revision), {
        timeout: 5000,
      })
      .not.toBe(before.revision);
    const ask = (model: string) => trimtab.client.chat.completions.create({ model, messages: QUESTION });
    expect((await ask('sort')).choices).toHaveLength(1);
    await expect(ask('classify')).rejects.toMatchObject({ status: 404, code: 'unknown_model' });
    expect((await askLarge()).choices).toHaveLength(1);
    const { chunks, finish } = await reading;
    expect(chunks).toBeGreaterThan(20);
    expect(finish).not.toBeNull();
  });

  test('a bad edit changes nothing but the status', async () => {
    const before = await trimtab.api<StatusAnswer>('/api/v1/status');
    trimtab.writeConfig(`${CONFIG}\ntsaks: {}\n`);
    await expect
      .poll(() => trimtab.api<StatusAnswer>('/api/v1/status').then(({ configProblem }) => configProblem), {
        timeout: 5000,
      })
      .toContain('tsaks');
    expect((await trimtab.api<StatusAnswer>('/api/v1/status')).revision).toBe(before.revision);
    expect(
      (await trimtab.client.chat.completions.create({ model: 'sort', messages: QUESTION })).choices,
    ).toHaveLength(1);
    expect(trimtab.logged.some((line) => line.includes('tsaks'))).toBe(true);
  });

  test('a rollback serves at once, and everything is still there after a restart', async () => {
    const { history } = await trimtab.api<RevisionsAnswer>('/api/v1/revisions');
    const first = history.at(-1)?.revision as string;
    await trimtab.api(`/api/v1/revisions/${first}/rollback`, { method: 'POST' });
    const ask = (model: string) => trimtab.client.chat.completions.create({ model, messages: QUESTION });
    expect((await ask('classify')).choices).toHaveLength(1);
    await expect(ask('sort')).rejects.toMatchObject({ code: 'unknown_model' });
    const before = await trimtab.api<OverviewAnswer>('/api/v1/overview');
    await trimtab.restart();
    expect(await trimtab.api<StatusAnswer>('/api/v1/status')).toMatchObject({ revision: first });
    const after = await trimtab.api<OverviewAnswer>('/api/v1/overview');
    expect(after.totals.calls).toBeGreaterThanOrEqual(before.totals.calls);
    expect((await ask('classify')).choices).toHaveLength(1);
    const calls = await trimtab.calls(after.totals.calls);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
  });
});

describe('one process', () => {
  test('owns its data folder; the other is told whose it is', async () => {
    const trimtab = await openTrimtab();
    try {
      const second = startTrimtab({ port: 0, cwd: trimtab.cwd, env: {}, probeLocal: false });
      await expect(second).rejects.toMatchObject({ code: 'data_folder_in_use' });
      await expect(second).rejects.toThrow(`pid ${process.pid}, ${trimtab.running.url}`);
      const file = join(trimtab.dataDir, 'server.json');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(trimtab.dataDir).mode & 0o777).toBe(0o700);
      const { url, token } = JSON.parse(readFileSync(file, 'utf8'));
      const answer = await fetch(`${url}/api/v1/keys`, { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).toBe(200);
      await trimtab.running.stop();
      expect(existsSync(file)).toBe(false);
      await trimtab.restart();
      expect((await fetch(`${trimtab.running.url}/readyz`)).status).toBe(200);
    } finally {
      await trimtab.dispose();
    }
  });

  test('says which port is taken and how to choose another; the folder is free again', async () => {
    const trimtab = await openTrimtab();
    const other = await openTrimtab();
    try {
      const port = Number(new URL(trimtab.running.url).port);
      await expect(other.restart({ port })).rejects.toMatchObject({
        code: 'address_unavailable',
        message: expect.stringContaining(String(port)),
        advice: expect.stringContaining('TRIMTAB_PORT'),
      });
      await other.restart();
    } finally {
      await trimtab.dispose();
      await other.dispose();
    }
  });

  test('says that a data folder cannot be used, instead of failing inside', async () => {
    const trimtab = await openTrimtab();
    try {
      const dataDir = join(trimtab.cwd, 'trimtab.config.yaml');
      await expect(startTrimtab({ port: 0, cwd: trimtab.cwd, dataDir, env: {} })).rejects.toMatchObject({
        code: 'config_invalid',
        message: `The data folder ${dataDir} cannot be used (EEXIST).`,
      });
    } finally {
      await trimtab.dispose();
    }
  });

  test('warns off loopback', async () => {
    const trimtab = await openTrimtab({ host: '0.0.0.0' });
    try {
      expect(trimtab.running.notices).toContainEqual(expect.objectContaining({ level: 'warn' }));
    } finally {
      await trimtab.dispose();
    }
  });

  test('stopping lets a stream under way finish and keeps its record', async () => {
    const trimtab = await openTrimtab();
    try {
      const stream = await trimtab.client.chat.completions.create({
        model: 'sandbox/large',
        messages: QUESTION,
        stream: true,
        ...({ sandbox: { timeScale: 0.5, outputTokens: 40 } } as object),
      });
      let chunks = 0;
      let stopping: Promise<void> | undefined;
      for await (const _chunk of stream) {
        chunks++;
        stopping ??= trimtab.running.stop();
      }
      await stopping;
      expect(chunks).toBeGreaterThan(20);
      await trimtab.restart();
      expect(await trimtab.calls(1)).toMatchObject([{ outcome: 'ok', finishReason: expect.any(String) }]);
    } finally {
      await trimtab.dispose();
    }
  });
});
