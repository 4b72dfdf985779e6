/** Files and batches through the official client, on a real server: what runs one by one. */
import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, openTrimtab, type TestTrimtab } from './trimtab.ts';

const CONFIG = `
providers:
  sandbox: { type: sandbox, options: { timeScale: 0 } }
tasks:
  reply: { route: [sandbox/large, sandbox/small], latencyClass: batch }
gateway: { maxFileBytes: 3000000 }
`;

let server: TestTrimtab;
beforeAll(async () => {
  server = await openTrimtab({ config: CONFIG });
});
afterAll(() => server?.dispose());

const chat = (id: string, model: string, content = `Hello ${id}`) => ({
  custom_id: id,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content }] },
});
const jsonl = (lines: readonly unknown[]) =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');

async function upload(text: string, client = server.client) {
  return client.files.create({ file: new File([text], 'in.jsonl'), purpose: 'batch' });
}

async function create(lines: readonly unknown[], endpoint = '/v1/chat/completions', client = server.client) {
  const { id } = await upload(jsonl(lines), client);
  const body = { input_file_id: id, completion_window: '24h', metadata: { job: 'night' } } as const;
  return client.batches.create({ ...body, endpoint: endpoint as '/v1/chat/completions' });
}

async function end(id: string, client = server.client) {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) return batch;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Result {
  id: string;
  custom_id: string;
  response: { status_code: number; request_id: string; body: Record<string, never> } | null;
  error: { code: string; message: string } | null;
}

async function results(fileId: string | null | undefined, client = server.client): Promise<Result[]> {
  if (!fileId) return [];
  const text = await (await client.files.content(fileId)).text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

describe('a batch', () => {
  test('answers every line under its custom_id, with a record each', async () => {
    const models = ['reply', 'sandbox/small', 'large'];
    const lines = Array.from({ length: 30 }, (_, i) => chat(`line-${i}`, models[i % 3] as string));
    const batch = await create(lines);
    expect(batch).toMatchObject({ object: 'batch', status: 'validating', metadata: { job: 'night' } });
    const done = await end(batch.id);
    expect(done).toMatchObject({
      status: 'completed',
      request_counts: { total: 30, completed: 30, failed: 0 },
      error_file_id: null,
    });
    expect(done.completed_at).toBeGreaterThan(0);
    const found = await results(done.output_file_id);
    expect(found.map(({ custom_id }) => custom_id).sort()).toEqual(
      lines.map((line) => line.custom_id).sort(),
    );
    for (const { response, error } of found) {
      expect(error).toBeNull();
      expect(response).toMatchObject({ status_code: 200, body: { object: 'chat.completion' } });
    }
    const calls = (await server.calls(30)).filter(({ tags }) => tags.batch === batch.id);
    expect(calls.map(({ id }) => id).sort()).toEqual(
      found.map(({ response }) => response?.request_id).sort(),
    );
    expect(new Set(calls.map(({ task }) => task))).toEqual(new Set(['reply', 'untasked']));
  });

  test.each([
    ['/v1/responses', { model: 'reply', input: 'Hello' }, { object: 'response' }],
    ['/v1/embeddings', { model: 'sandbox/embed', input: 'Hello' }, { object: 'list' }],
    [
      '/v1/messages',
      { model: 'reply', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] },
      { type: 'message' },
    ],
  ])('calls %s', async (url, body, wanted) => {
    const done = await end((await create([{ custom_id: 'a', method: 'POST', url, body }], url)).id);
    const [result] = await results(done.output_file_id);
    expect(result?.response).toMatchObject({ status_code: 200, body: wanted });
  });

  test('puts lines that fail into its error file, with what the call met', async () => {
    const lines = [
      chat('good', 'reply'),
      chat('bad', 'no-such-model'),
      chat('fault', 'sandbox/small!status-400'),
    ];
    const done = await end((await create(lines)).id);
    expect(done).toMatchObject({
      status: 'completed',
      request_counts: { total: 3, completed: 1, failed: 2 },
    });
    expect(await results(done.output_file_id)).toMatchObject([{ custom_id: 'good' }]);
    expect(await results(done.error_file_id)).toMatchObject([
      { custom_id: 'bad', response: { status_code: 404, body: { error: { code: 'unknown_model' } } } },
      { custom_id: 'fault', response: { status_code: 400 } },
    ]);
  });

  test.each([
    ['no JSON', [chat('a', 'reply'), '{"custom_id":'], { code: 'invalid_json', line: 2 }],
    ['no object', ['7'], { code: 'invalid_json', line: 1 }],
    ['no custom_id', [{ ...chat('a', 'reply'), custom_id: '' }], { param: 'custom_id', line: 1 }],
    ['one custom_id twice', [chat('a', 'x'), '', chat('a', 'y')], { code: 'duplicate_custom_id', line: 3 }],
    ['another url', [{ ...chat('a', 'reply'), url: '/v1/embeddings' }], { param: 'url', line: 1 }],
    ['another method', [{ ...chat('a', 'reply'), method: 'GET' }], { param: 'method', line: 1 }],
    ['no body', [{ ...chat('a', 'reply'), body: [] }], { param: 'body', line: 1 }],
    ['no model', [{ ...chat('a', 'reply'), body: {} }], { param: 'body.model', line: 1 }],
    [
      'a stream',
      [{ ...chat('a', 'r'), body: { model: 'r', stream: true } }],
      { param: 'body.stream', line: 1 },
    ],
    [
      'a body twice',
      [
        '{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"a"},"body":{"model":"b"}}',
      ],
      { param: 'body', line: 1 },
    ],
    ['an unknown member', [{ ...chat('a', 'reply'), priority: 1 }], { param: 'priority', line: 1 }],
    ['nothing but blanks', ['', '  '], { code: 'empty_file' }],
  ])('with %s fails before a call is made, and says where', async (_, lines, problem) => {
    const done = await end((await create(lines)).id);
    expect(done).toMatchObject({ status: 'failed', output_file_id: null, errors: { data: [problem] } });
  });

  test('is cancelled: what was answered is kept, the rest says so', async () => {
    const lines = Array.from({ length: 400 }, (_, i) => chat(`c-${i}`, 'reply'));
    const { id } = await create(lines);
    for (let done = 0; done === 0; )
      done = (await server.client.batches.retrieve(id)).request_counts?.completed ?? 0;
    expect((await server.client.batches.cancel(id)).status).toBe('cancelling');
    const batch = await end(id);
    expect(batch.status).toBe('cancelled');
    const good = await results(batch.output_file_id);
    const rest = await results(batch.error_file_id);
    expect(new Set([...good, ...rest].map(({ custom_id }) => custom_id)).size).toBe(400);
    expect(good.length).toBeGreaterThan(0);
    expect(rest.length).toBeGreaterThan(0);
    for (const { response, error } of rest)
      expect([response, error?.code]).toEqual([null, 'batch_cancelled']);
    await expect(
      server.client.batches
        .cancel((await create([chat('z', 'reply')])).id)
        .then(({ id: other }) => end(other)),
    ).resolves.toBeDefined();
  });

  test('goes on where it was when the server starts again', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => chat(`r-${i}`, 'reply'));
    const { id } = await create(lines);
    for (let done = 0; done < 5; )
      done = (await server.client.batches.retrieve(id)).request_counts?.completed ?? 0;
    await server.restart();
    const batch = await end(id);
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 300, completed: 300, failed: 0 },
    });
    const ids = (await results(batch.output_file_id)).map(({ custom_id }) => custom_id);
    expect(ids).toEqual(lines.map(({ custom_id }) => custom_id));
  });

  test.each([
    [{ input_file_id: 'file_nothing' }, { status: 404, code: 'unknown_id', param: 'input_file_id' }],
    [{ endpoint: '/v1/images/generations' }, { status: 400, param: 'endpoint' }],
    [{ completion_window: '0h' }, { status: 400, param: 'completion_window' }],
    [{ completion_window: '30d' }, { status: 400, param: 'completion_window' }],
    [{ priority: 'high' }, { status: 400, param: 'priority' }],
  ])('is refused with %o', async (change, error) => {
    const { id } = await upload(jsonl([chat('a', 'reply')]));
    const body = { input_file_id: id, completion_window: '24h', endpoint: '/v1/chat/completions', ...change };
    await expect(server.client.batches.create(body as OpenAI.BatchCreateParams)).rejects.toMatchObject(error);
  });
});

describe('files', () => {
  test('are kept, listed, read and deleted', async () => {
    const text = jsonl([chat('ü', 'reply')]);
    const file = await upload(text);
    expect(file).toMatchObject({
      object: 'file',
      filename: 'in.jsonl',
      purpose: 'batch',
      bytes: Buffer.byteLength(text),
    });
    expect(await server.client.files.retrieve(file.id)).toEqual(file);
    expect(await (await server.client.files.content(file.id)).text()).toBe(text);
    const listed: string[] = [];
    for await (const one of server.client.files.list({ purpose: 'batch', limit: 2 })) listed.push(one.id);
    expect(listed).toContain(file.id);
    expect(new Set(listed).size).toBe(listed.length);
    expect(await server.client.files.delete(file.id)).toMatchObject({ id: file.id, deleted: true });
    await expect(server.client.files.retrieve(file.id)).rejects.toMatchObject({
      status: 404,
      code: 'unknown_id',
    });
  });

  test('larger than one chunk come back byte for byte', async () => {
    const bytes = Buffer.alloc(2_700_001, 'abcdefghij\r\n--');
    const { id } = await server.client.files.create({ file: new File([bytes], 'b'), purpose: 'batch' });
    const back = Buffer.from(await (await server.client.files.content(id)).arrayBuffer());
    expect(back.equals(bytes)).toBe(true);
  });

  test('belong to the key that made them', async () => {
    const { key } = await server.api<{ key: string }>('/api/v1/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'other' }),
    });
    const other = clientOf(server.running.url, key);
    const file = await upload(jsonl([chat('a', 'reply')]));
    for (let known = false; !known; )
      known = await other.models.list().then(
        () => true,
        () => false,
      );
    await expect(other.files.content(file.id)).rejects.toMatchObject({ status: 404 });
    await expect(other.files.delete(file.id)).rejects.toMatchObject({ status: 404 });
    expect((await other.files.list()).data).toEqual([]);
    expect((await other.batches.list()).data).toEqual([]);
    const body = {
      input_file_id: file.id,
      completion_window: '24h',
      endpoint: '/v1/chat/completions',
    } as const;
    await expect(other.batches.create(body)).rejects.toMatchObject({ status: 404 });
  });

  test.each([
    ['another purpose', { purpose: 'fine-tune' }, { status: 400, param: 'purpose' }],
    ['no byte', { text: '' }, { status: 400, param: 'file' }],
    ['too many bytes', { text: 'x'.repeat(3_000_001) }, { status: 413, code: 'file_too_large' }],
  ])(
    'with %s are refused',
    async (_, { purpose = 'batch', text = 'x' }: { purpose?: string; text?: string }, error) => {
      const file = new File([text], 'in.jsonl');
      await expect(server.client.files.create({ file, purpose: purpose as 'batch' })).rejects.toMatchObject(
        error,
      );
    },
  );

  test('need a key, a form, and a path that is there', async () => {
    const at = `${server.running.url}/v1/files`;
    const post = (init: RequestInit, url = at) => fetch(url, { method: 'POST', ...init });
    const authorization = `Bearer ${server.client.apiKey}`;
    expect((await post({ body: 'x' })).status).toBe(401);
    expect(
      (await post({ body: '{}', headers: { authorization, 'content-type': 'application/json' } })).status,
    ).toBe(415);
    expect(
      (await post({ body: 'x', headers: { authorization, 'content-type': 'multipart/form-data' } })).status,
    ).toBe(400);
    expect((await post({ headers: { authorization } }, `${at}/x/y`)).status).toBe(404);
    const put = await fetch(at, { method: 'PUT', headers: { authorization } });
    expect(put.status).toBe(405);
    expect(put.headers.get('allow')).toBe('POST, GET');
    expect((await fetch(`${at}?limit=0`, { headers: { authorization } })).status).toBe(400);
  });
});
