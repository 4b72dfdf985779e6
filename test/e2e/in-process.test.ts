/** `createStack().fetch` is the server without the socket: same answers, same records, same errors. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocal } from '../../src/control/open-local.ts';
import { silentLogger } from '../../src/core/log.ts';
import { createStack, type InProcessStack } from '../../src/main.ts';
import { openTrimtab, QUESTION, type TestTrimtab, WORKER_ENV } from './trimtab.ts';

const config = {
  providers: { sandbox: { type: 'sandbox', options: { timeScale: 0 } } },
  tasks: { reply: { route: ['sandbox/large'] }, classify: { route: ['sandbox/small'] } },
};
let cwd: string;
let stack: InProcessStack;
let server: TestTrimtab;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'trimtab-in-process-'));
  stack = await createStack(config, { cwd, env: WORKER_ENV });
  await stack.ready;
  server = await openTrimtab();
});
afterAll(async () => {
  await stack?.close();
  await server?.dispose();
  rmSync(cwd, { recursive: true, force: true });
});

const inProcess = () => new OpenAI({ apiKey: 'unused', fetch: stack.fetch, maxRetries: 0 });

describe('in process and over the socket', () => {
  test('the same text, usage and stream', async () => {
    const ask = (client: OpenAI) => client.chat.completions.create({ model: 'reply', messages: QUESTION });
    const [here, there] = await Promise.all([ask(inProcess()), ask(server.client)]);
    expect(here.choices[0]?.message.content).toBe(there.choices[0]?.message.content);
    expect(here.usage).toEqual(there.usage);
    const read = async (client: OpenAI) => {
      let text = '';
      const stream = await client.chat.completions.create({
        model: 'reply',
        messages: QUESTION,
        stream: true,
      });
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      return text;
    };
    expect(await read(inProcess())).toBe(await read(server.client));
  });

  test.each([
    ['an unknown model', { model: 'nothing', messages: QUESTION }],
    ['no messages', { model: 'reply' }],
  ])('%s is the same error', async (_name, body) => {
    const ask = async (client: OpenAI) => {
      const error = await client.chat.completions.create(body as never).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      const { status, code, type, param } = error as InstanceType<typeof OpenAI.APIError>;
      return { status, code, type, param };
    };
    const here = await ask(inProcess());
    expect(here.status).toBeGreaterThanOrEqual(400);
    expect(here).toEqual(await ask(server.client));
  });

  test('a key that is not known is refused, none at all is the process itself', async () => {
    const client = new OpenAI({ apiKey: 'tt-unknown-key-0123456789', fetch: stack.fetch, maxRetries: 0 });
    await expect(
      client.chat.completions.create({ model: 'reply', messages: QUESTION }),
    ).rejects.toMatchObject({
      status: 401,
      code: 'invalid_key',
    });
    expect((await stack.fetch('http://anywhere.invalid/v1/models')).status).toBe(200);
    const request = new Request('http://anywhere.invalid/v1/models', {
      headers: { authorization: 'Bearer sk-x' },
    });
    expect((await stack.fetch(request)).status).toBe(200);
  });
});

test('what was called stays on disk, and a command can read it when the process is done', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trimtab-in-process-'));
  const options = { dataDir: join(folder, 'data'), cwd: folder, env: WORKER_ENV };
  try {
    const own = await createStack(config, options);
    await expect(createStack(config, options)).rejects.toMatchObject({ code: 'data_folder_in_use' });
    const client = new OpenAI({ apiKey: 'unused', fetch: own.fetch });
    await client.chat.completions.create({ model: 'classify', messages: QUESTION, user: 'ada' });
    await own.close();
    const local = await openLocal({
      ...options,
      databaseUrl: null,
      configPath: null,
      logger: silentLogger,
    });
    const costs = await (await local.fetch('/api/v1/costs?by=task,user,key')).json();
    expect(costs).toMatchObject({
      rows: [{ task: 'classify', user: 'ada', key: 'key_in_process', calls: 1 }],
    });
    await local.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a config that is not one is refused before anything runs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trimtab-in-process-'));
  try {
    await expect(createStack({ tsaks: {} }, { cwd: folder, env: WORKER_ENV })).rejects.toMatchObject({
      code: 'config_invalid',
      field: 'tsaks',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
