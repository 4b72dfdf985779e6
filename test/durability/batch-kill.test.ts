/** kill -9 in the middle of a batch, on SQLite: while the queue calls its lines, and while a vendor's results are read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compare, Server, TASK } from '../../bench/durability/server.ts';
import type { CallsAnswer } from '../../src/control/api-types.ts';
import { type BatchVendor, startBatchVendor } from '../support/batch-vendor.ts';

const HALF = 200;
/** What the queue has under way at once, at each of two kills. */
const MOST_TWICE = 2 * 4;

let vendor: BatchVendor;
let folder: string;
let server: Server;
beforeEach(async () => {
  vendor = await startBatchVendor();
  folder = mkdtempSync(join(tmpdir(), 'trimtab-batch-kill-'));
  const openai = {
    baseUrl: `${vendor.origin}/v1`,
    apiKey: { env: 'VENDOR_KEY' },
    dataPolicy: { party: 'own' },
  };
  server = new Server(folder, { providers: { openai }, env: { VENDOR_KEY: 'sk-test-0123456789' } });
});
afterEach(async () => {
  await server.kill();
  await vendor[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const clientOf = () => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key, maxRetries: 0 });

async function completed(id: string, atLeast: number): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await clientOf().batches.retrieve(id);
    if ((batch.request_counts?.completed ?? 0) >= atLeast) return batch;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('every line is answered once, a vendor gets none twice, and each answer has its record', async () => {
  await server.start();
  const lines = Array.from({ length: 2 * HALF }, (_, i) => ({
    custom_id: `line-${i}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: i % 2 ? TASK : 'openai/gpt-x', messages: [{ role: 'user', content: `Hello ${i}` }] },
  }));
  const file = await clientOf().files.create({
    file: new File([lines.map((line) => JSON.stringify(line)).join('\n')], 'in.jsonl'),
    purpose: 'batch',
  });
  const endpoint = '/v1/chat/completions';
  const { id } = await clientOf().batches.create({
    input_file_id: file.id,
    endpoint,
    completion_window: '24h',
  });
  // The vendor counts half of its lines while it works.
  await completed(id, HALF / 2 + 20);
  await server.kill();
  await server.start();
  await completed(id, HALF / 2 + 40);
  vendor.finish();
  await completed(id, HALF / 2 + 60);
  await server.kill();
  await server.start();
  await completed(id, 2 * HALF);
  await expect
    .poll(async () => (await clientOf().batches.retrieve(id)).status, { timeout: 30_000 })
    .toBe('completed');
  const done = await clientOf().batches.retrieve(id);
  const text = await (await clientOf().files.content(done.output_file_id ?? '')).text();
  const results = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { custom_id: string; response: { request_id: string } });
  expect(results.map(({ custom_id }) => custom_id)).toEqual(lines.map(({ custom_id }) => custom_id));
  const answers = new Set(results.map(({ response }) => response.request_id));
  expect(answers.size).toBe(2 * HALF);
  expect([vendor.batches.length, vendor.live.length]).toEqual([1, 0]);

  expect(await compare(server, [...answers])).toMatchObject({ missing: [], twice: 0 });
  const { calls } = await server.get<CallsAnswer>('/api/v1/calls?limit=500');
  const byVendor = calls.filter(({ provider }) => provider === 'openai');
  const byQueue = calls.filter(({ provider }) => provider === 'sandbox');
  expect(byVendor.map((record) => answers.has(record.id))).toEqual(Array(HALF).fill(true));
  // A call that was under way, or answered and not kept yet, was made again: both calls were, so both have a record.
  expect(byQueue.filter((record) => answers.has(record.id))).toHaveLength(HALF);
  expect(byQueue.length - HALF).toBeLessThanOrEqual(MOST_TWICE);
}, 120_000);
