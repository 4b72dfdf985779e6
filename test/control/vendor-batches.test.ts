/** Batches through vendors' own batch APIs, over real HTTP, by a clock turned by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallDetail } from '../../src/store/store.ts';
import { type BatchVendor, startBatchVendor } from '../support/batch-vendor.ts';
import { type BatchFixture, openBatches } from './batch-fixture.ts';

const PRICE = { inputPerMillion: 2, outputPerMillion: 10 };
/** 1,000 tokens in and 200 out, at half the price. */
const HALF_NANO_USD = 2_000_000;

let vendor: BatchVendor;
let dir: string;
let batches: BatchFixture;
beforeEach(async () => {
  vendor = await startBatchVendor();
  dir = mkdtempSync(join(tmpdir(), 'trimtab-batches-'));
  batches = await openBatches({ config: config(), env: ENV, dataDir: dir });
  vendor.now = batches.clock.now;
});
afterEach(async () => {
  await batches[Symbol.asyncDispose]();
  await vendor[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const ENV = { K: 'sk-test-0123456789' };

function config(change: { deployments?: object; tasks?: object } = {}) {
  const own = { apiKey: { env: 'K' }, dataPolicy: { party: 'own', allow: ['public', 'internal'] } };
  return {
    providers: {
      openai: { ...own, baseUrl: `${vendor.origin}/v1` },
      anthropic: { ...own, baseUrl: vendor.origin },
      azure: { ...own, type: 'azure-openai', baseUrl: vendor.origin },
      plain: { ...own, type: 'openai-compatible', baseUrl: `${vendor.origin}/v1` },
    },
    deployments: {
      gpt: { provider: 'openai', model: 'gpt-x', price: PRICE },
      claude: { provider: 'anthropic', model: 'claude-x', price: PRICE },
      'azure-batch': { provider: 'azure', model: 'mine', price: PRICE, batch: 'vendor' },
      'azure-live': { provider: 'azure', model: 'live', price: PRICE },
      local: { provider: 'plain', model: 'local', price: PRICE },
      ...change.deployments,
    },
    tasks: {
      nightly: { route: ['gpt', 'local'], latencyClass: 'batch', capture: 'full' },
      live: { route: ['gpt'], batch: 'queue' },
      ...change.tasks,
    },
  };
}

const line = (id: string, model: string, content = `Hello ${id}`) => ({
  custom_id: id,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content }], user: `user-${id}` },
});

async function recordsOf(batchId: string): Promise<CallDetail[]> {
  const { calls } = batches.control.deps.store;
  const found = await calls.list({ sandbox: false }, { limit: 500 });
  const all = await Promise.all(found.map(({ id }) => calls.get(id)));
  return all.flatMap((record) => (record && record.tags.batch === batchId ? [record] : []));
}

const madeAt = (count: number) =>
  batches.until(
    () => vendor.batches.length,
    (made) => made === count,
  );

describe('a batch', () => {
  test('goes to each vendor in its own words, and comes back in the app’s, at the batch price', async () => {
    const models = ['nightly', 'anthropic/claude-x', 'azure/mine', 'azure/live', 'plain/local', 'live'];
    const lines = models.flatMap((model) => [line(`${model}-1`, model), line(`${model}-2`, model)]);
    const { id } = await batches.create(lines);
    await madeAt(3);
    expect(vendor.batches.map(({ wire, lines: { length } }) => [wire, length])).toEqual(
      expect.arrayContaining([
        ['files', 2],
        ['messages', 2],
        ['files', 2],
      ]),
    );
    const messages = vendor.batches.find(({ wire }) => wire === 'messages');
    expect(messages?.lines[0]?.body).toMatchObject({ model: 'claude-x', max_tokens: 4096 });
    // What has no batch API, or is told not to use it, was called meanwhile; nothing else was.
    const working = await batches.until(
      () => batches.get(id),
      ({ request_counts: { completed } }) => completed >= 8,
    );
    // The queue's six, and one of two at each vendor that counts while it works.
    expect(working).toMatchObject({ status: 'in_progress', request_counts: { completed: 8, failed: 0 } });
    expect(vendor.live.map(({ model }) => model).sort()).toEqual([
      'gpt-x',
      'gpt-x',
      'live',
      'live',
      'local',
      'local',
    ]);
    vendor.finish();
    const done = await batches.end(id);
    expect(done).toMatchObject({
      status: 'completed',
      request_counts: { total: 12, completed: 12, failed: 0 },
    });
    expect(vendor.live).toHaveLength(6);
    const results = await batches.results(done.output_file_id);
    expect(results.map(({ custom_id }) => custom_id)).toEqual(lines.map(({ custom_id }) => custom_id));
    for (const { custom_id, response } of results)
      expect(response).toMatchObject({
        status_code: 200,
        body: {
          object: 'chat.completion',
          choices: [{ message: { content: `Answer to Hello ${custom_id}` } }],
        },
      });
    const records = await recordsOf(id);
    expect(records).toHaveLength(6);
    for (const record of records) {
      expect(record).toMatchObject({
        costNanoUsd: HALF_NANO_USD,
        outcome: 'ok',
        status: 200,
        usage: { inputTokens: 1_000, outputTokens: 200 },
        attempts: [{ kind: 'batch', priceSource: 'config x 0.5 batch', outcome: 'ok' }],
      });
      expect(results.map(({ response }) => response?.request_id)).toContain(record.id);
    }
    const { rollups } = batches.control.deps.store;
    const day = 86_400_000;
    const window = { since: batches.clock.now() - day, until: batches.clock.now() + day, sandbox: false };
    // Hours of waiting are no latency, whether a figure is read from rollups or from the calls of one user.
    for (const filter of [window, { ...window, user: 'user-nightly-1' }]) {
      const [figures] = await rollups.group(filter, [], 1);
      expect(figures?.calls).toBe(filter === window ? 6 : 1);
      expect((await rollups.latency(filter, null))[0]?.total.p50 ?? null).toBeNull();
    }
    const nightly = records.filter(({ task }) => task === 'nightly');
    expect(nightly.map(({ user, deployment }) => [user, deployment]).sort()).toEqual([
      ['user-nightly-1', 'gpt'],
      ['user-nightly-2', 'gpt'],
    ]);
    expect(nightly[0]?.payload?.request).toContain('Hello nightly');
    expect(batches.records.map(({ costNanoUsd }) => costNanoUsd)).toEqual(Array(6).fill(2 * HALF_NANO_USD));
    // What lay at the vendors is gone, and every request had the credential.
    expect(vendor.files.size).toBe(0);
    expect(vendor.asked).toContain(`DELETE /v1/messages/batches/${messages?.id}`);
    expect(vendor.credentials).toEqual(new Set(['Bearer sk-test-0123456789', 'sk-test-0123456789']));
  });

  test.each([
    [
      '/v1/messages',
      'openai/gpt-x',
      { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
      'message',
    ],
    [
      '/v1/messages',
      'anthropic/claude-x',
      { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
      'message',
    ],
    ['/v1/responses', 'anthropic/claude-x', { input: 'Hi' }, 'response'],
    ['/v1/embeddings', 'openai/embed', { input: 'Hi' }, 'list'],
  ])('of %s goes to %s', async (url, model, body, kind) => {
    vendor.isPrompt = true;
    const { id } = await batches.create([{ custom_id: 'a', method: 'POST', url, body: { model, ...body } }], {
      endpoint: url,
    });
    const done = await batches.end(id);
    const [result] = await batches.results(done.output_file_id);
    expect(result?.response?.body.object ?? result?.response?.body.type).toBe(kind);
    expect(vendor.live).toEqual([]);
    expect(await recordsOf(id)).toMatchObject([{ attempts: [{ kind: 'batch' }] }]);
  });

  test('that is to end sooner than vendors promise is called line by line', async () => {
    const { id } = await batches.create([line('a', 'nightly')], { completion_window: '2h' });
    expect(await batches.end(id)).toMatchObject({ status: 'completed' });
    expect([vendor.batches.length, vendor.live.length]).toEqual([0, 1]);
  });
});

describe('lines', () => {
  const some = (count: number, model = 'nightly') =>
    Array.from({ length: count }, (_, i) => line(`line-${i}`, model));

  test.each(['nightly', 'anthropic/claude-x'])(
    'of %s: refused ones are errors, what may pass and what was not done is called by the queue',
    async (model) => {
      vendor.fate = ({ body }) => {
        const text = JSON.stringify(body.messages);
        if (text.includes('line-1')) return { status: 400, type: 'invalid_request_error' };
        if (text.includes('line-2')) return { status: 429, type: 'rate_limit_error' };
        return text.includes('line-3') ? 'undone' : 'answer';
      };
      vendor.isPrompt = true;
      const { id } = await batches.create(some(5, model));
      const done = await batches.end(id);
      expect(done).toMatchObject({ status: 'completed', request_counts: { completed: 4, failed: 1 } });
      expect(vendor.live).toHaveLength(2);
      const [error] = await batches.results(done.error_file_id);
      expect(error).toMatchObject({ custom_id: 'line-1', response: { status_code: 400 } });
      expect(JSON.stringify(error?.response?.body)).toContain('Refused.');
      const records = await recordsOf(id);
      expect(records.map(({ status }) => status).sort()).toEqual([200, 200, 400]);
      expect(records.find(({ status }) => status === 400)).toMatchObject({
        errorCode: 'upstream_rejected',
        costNanoUsd: 0,
      });
      expect(batches.records).toHaveLength(2);
    },
  );

  test.each([
    ['failed', 4],
    ['expired', 2],
  ] as const)('of a vendor’s batch that %s: the queue calls what has no answer', async (status, queued) => {
    const { id } = await batches.create(some(4));
    await madeAt(1);
    vendor.finish(status);
    expect(await batches.end(id)).toMatchObject({ status: 'completed', request_counts: { completed: 4 } });
    expect(vendor.live).toHaveLength(queued);
    const [part] = await batches.control.deps.store.batchParts.list([id]);
    expect(part).toMatchObject({ state: 'ended', vendorStatus: status });
    expect(part?.note).toContain(`${queued} lines`);
  });

  test('that a vendor does not take as a batch are called by the queue', async () => {
    vendor.creating = 400;
    const { id } = await batches.create(some(3));
    expect(await batches.end(id)).toMatchObject({ status: 'completed', request_counts: { completed: 3 } });
    expect(vendor.live).toHaveLength(3);
  });

  test('of a vendor that takes no batch for long are called by the queue', async () => {
    vendor.creating = 503;
    const { id } = await batches.create(some(2));
    expect(await batches.end(id, 2_000)).toMatchObject({
      status: 'completed',
      request_counts: { completed: 2 },
    });
    expect([vendor.batches.length, vendor.live.length]).toEqual([0, 2]);
  });

  test('are still had from a batch that is cancelled, and the others end so', async () => {
    const { id } = await batches.create(some(4));
    await madeAt(1);
    expect((await batches.cancel(id)).status).toBe('cancelling');
    const done = await batches.end(id);
    expect(done).toMatchObject({ status: 'cancelled', request_counts: { completed: 2, failed: 2 } });
    expect(vendor.asked).toContain('POST /v1/batches/batch_1/cancel');
    expect((await batches.results(done.error_file_id)).map(({ error }) => error?.code)).toEqual([
      'batch_cancelled',
      'batch_cancelled',
    ]);
    expect(await recordsOf(id)).toHaveLength(2);
    expect(vendor.live).toEqual([]);
  });

  test('of a batch that expires here end so, with what the vendor had done', async () => {
    const { id } = await batches.create(some(4));
    await madeAt(1);
    batches.jump(86_400_000);
    const done = await batches.end(id);
    expect(done).toMatchObject({ status: 'expired', request_counts: { completed: 2, failed: 2 } });
    expect((await batches.results(done.error_file_id)).map(({ error }) => error?.code)).toEqual([
      'batch_expired',
      'batch_expired',
    ]);
  });

  test('of the queue that wait for room end so, too, when their batch expires', async () => {
    const { id } = await batches.create([line('a', 'live'), line('b', 'plain/local')], {
      completion_window: '1h',
    });
    vendor.isBusy = true;
    await batches.until(
      () => vendor.live.length,
      (asked) => asked >= 2,
    );
    const done = await batches.end(id, 10_000);
    expect(done).toMatchObject({ status: 'expired', request_counts: { completed: 0, failed: 2 } });
    expect((await batches.results(done.error_file_id)).map(({ error }) => error?.code)).toEqual([
      'batch_expired',
      'batch_expired',
    ]);
  });

  test('go to nobody whose policy no longer allows their data', async () => {
    vendor.creating = 503;
    const { id } = await batches.create(some(2, 'openai/gpt-x'));
    await batches.until(
      () => vendor.asked.filter((asked) => asked === 'POST /v1/batches').length,
      (sent) => sent > 0,
    );
    const closed = config();
    closed.providers.openai.dataPolicy = { party: 'third', allow: ['public'] };
    await batches.restart({ config: closed });
    vendor.asked.length = 0;
    const done = await batches.end(id);
    expect(done.request_counts).toMatchObject({ completed: 0, failed: 2 });
    expect([vendor.live, vendor.batches, vendor.asked]).toEqual([[], [], []]);
  });
});

describe('a part', () => {
  test.each(['nightly', 'anthropic/claude-x'])(
    'of %s whose creation was cut off is found again, never sent twice, across a restart',
    async (model) => {
      // Somebody else's batch of as many lines, made at the same time.
      const { id: other } = await batches.create([line('x', model), line('y', model)]);
      await madeAt(1);
      const foreign = vendor.batches[0];
      vendor.creating = 'cut';
      const { id } = await batches.create([line('a', model), line('b', model)]);
      await madeAt(2);
      await batches.restart();
      vendor.creating = 'ok';
      vendor.finish();
      expect(await batches.end(id)).toMatchObject({ status: 'completed', request_counts: { completed: 2 } });
      expect(await batches.end(other)).toMatchObject({ status: 'completed' });
      expect([vendor.batches.length, vendor.live.length]).toEqual([2, 0]);
      expect(foreign?.lines).toHaveLength(2);
      expect(await recordsOf(id)).toHaveLength(2);
    },
  );

  test('takes no stranger’s batch for its own', async () => {
    vendor.creating = 'cut';
    const { id } = await batches.create([line('a', 'anthropic/claude-x')]);
    await madeAt(1);
    const [ours] = vendor.batches;
    const strangers = [{ id: 'their-line', body: { messages: [] } }];
    vendor.batches.push({ ...(ours as NonNullable<typeof ours>), id: 'msgbatch_9', lines: strangers });
    vendor.creating = 'ok';
    vendor.finish();
    const done = await batches.end(id);
    expect(done).toMatchObject({ status: 'completed', request_counts: { completed: 1 } });
    expect([vendor.batches.length, vendor.live.length]).toEqual([2, 0]);
    expect(vendor.asked.filter((asked) => asked.startsWith('DELETE'))).toEqual([
      `DELETE /v1/messages/batches/${ours?.id}`,
    ]);
  });

  test('is sent again when the vendor surely has it not', async () => {
    vendor.creating = 429;
    const { id } = await batches.create([line('a', 'nightly')]);
    await batches.until(
      () => vendor.asked.filter((asked) => asked === 'POST /v1/batches').length,
      (sent) => sent > 1,
    );
    vendor.creating = 'ok';
    vendor.isPrompt = true;
    expect(await batches.end(id)).toMatchObject({ status: 'completed' });
    expect([vendor.batches.length, vendor.live.length]).toEqual([1, 0]);
  });
});
