/** The official client's files and batches on a real server over PostgreSQL, against every kind of deployment. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { answerScripted, FAMILIES, providerOf } from '../clients/families.ts';
import { TEXT } from '../clients/script.ts';
import { type BatchVendor, startBatchVendor } from '../support/batch-vendor.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { startUpstream } from '../support/upstream.ts';
import { openTrimtab, type TestTrimtab } from './trimtab.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let vendor: BatchVendor;
beforeAll(async () => {
  database = await createTestDatabase();
  vendor = await startBatchVendor();
  vendor.isPrompt = true;
});
afterAll(async () => {
  await vendor?.[Symbol.asyncDispose]();
  await database?.drop();
});

const own = { apiKey: { env: 'VENDOR_KEY' }, dataPolicy: { party: 'own' } };

/** A vendor of each wire, without a batch API. */
async function startFamilies(): Promise<Record<string, object>> {
  const providers: Record<string, object> = { sandbox: { options: { timeScale: 0 } } };
  for (const { name, scripted, baseUrl, answer } of FAMILIES) {
    if (!scripted) continue;
    const upstream = await startUpstream(onTestFinished);
    upstream.answer = answer ?? answerScripted;
    const { exampleOptions: options = {} } = providerOf(name);
    providers[name] = { ...own, options, baseUrl: baseUrl(new URL(upstream.baseUrl).origin) };
  }
  return providers;
}

async function run(
  server: TestTrimtab,
  models: readonly string[],
  window: string,
): Promise<Map<string, { content: string; callId: string }>> {
  const { client } = server;
  const lines = models.map((model) => ({
    custom_id: model,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content: 'Hello' }] },
  }));
  const file = await client.files.create({
    file: new File([lines.map((line) => JSON.stringify(line)).join('\n')], 'in.jsonl'),
    purpose: 'batch',
  });
  const asked = { input_file_id: file.id, endpoint: '/v1/chat/completions' } as const;
  const { id } = await client.batches.create({ ...asked, completion_window: window as '24h' });
  await expect
    .poll(async () => (await client.batches.retrieve(id)).status, { timeout: 60_000, interval: 100 })
    .toBe('completed');
  const done = await client.batches.retrieve(id);
  expect(done.request_counts).toEqual({ total: models.length, completed: models.length, failed: 0 });
  const text = await (await client.files.content(done.output_file_id ?? '')).text();
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => {
        const { custom_id, response } = JSON.parse(line);
        const { body, request_id: callId } = response;
        return [custom_id, { content: body.choices[0].message.content, callId }];
      }),
  );
}

test('a batch reaches every family line by line, and three vendors’ own batch APIs at their price', async () => {
  const price = { inputPerMillion: 2, outputPerMillion: 10 };
  const config = {
    providers: {
      ...(await startFamilies()),
      'batch-openai': { ...own, type: 'openai', baseUrl: `${vendor.origin}/v1` },
      'batch-anthropic': { ...own, type: 'anthropic', baseUrl: vendor.origin },
      'batch-azure': { ...own, type: 'azure-openai', baseUrl: vendor.origin },
    },
    deployments: {
      one: { provider: 'batch-openai', model: 'gpt', price },
      two: { provider: 'batch-anthropic', model: 'claude', price },
      three: { provider: 'batch-azure', model: 'mine', price, batch: 'vendor' },
    },
  };
  const server = await openTrimtab({
    config: JSON.stringify(config),
    databaseUrl: database.url,
    env: { VENDOR_KEY: 'sk-test-0123456789' },
  });
  onTestFinished(() => server.dispose());
  const models = FAMILIES.map(({ name, model }) => `${name}/${model}`);
  const queued = await run(server, models, '2h');
  for (const { name, model, scripted } of FAMILIES) {
    const { content } = queued.get(`${name}/${model}`) ?? {};
    if (scripted) expect(content).toBe(TEXT);
    else expect(content).not.toBe('');
  }
  expect(vendor.batches).toEqual([]);

  const atVendors = ['batch-openai/gpt', 'batch-anthropic/claude', 'batch-azure/mine'];
  const answers = await run(server, atVendors, '24h');
  expect([vendor.batches.length, vendor.live.length]).toEqual([3, 0]);
  for (const { content, callId } of answers.values()) {
    expect(content).toBe('Answer to Hello');
    expect(await server.api(`/api/v1/calls/${callId}`)).toMatchObject({
      attempts: [{ kind: 'batch', priceSource: 'config x 0.5 batch' }],
      costNanoUsd: 2_000_000,
    });
  }
}, 120_000);
