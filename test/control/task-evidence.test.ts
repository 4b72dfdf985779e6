/** Evidence of a task from a real store, on both engines. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiPricesOf } from '../../src/control/advice/api-prices.ts';
import { readTaskEvidence } from '../../src/control/advice/task-evidence.ts';
import type { HistoryRow } from '../../src/core/history-row.ts';
import type { Recommendation } from '../../src/core/recommendation.ts';
import { catalog } from '../../src/providers/index.ts';
import { parseStack } from '../../src/stack/parse.ts';
import type { Store } from '../../src/store/store.ts';
import { postgresPlace, sqlitePlace, type TestPlace } from '../store/engines.ts';
import { makeCall } from '../support/call-records.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 20, 12);

const imported = (id: number, change: Partial<HistoryRow>): HistoryRow => ({
  id: `hist_${String(id).padStart(20, '0')}`,
  at: NOON,
  spanMs: 0,
  calls: 1,
  task: 'mixed',
  provider: 'elsewhere',
  model: 'old-model',
  user: 'zoe',
  inputTokens: 100,
  outputTokens: 10,
  cacheReadTokens: null,
  cacheWriteTokens: null,
  durationMs: 500,
  ttftMs: null,
  failed: false,
  error: null,
  costNanoUsd: 1000,
  costSource: 'export',
  ...change,
});

describe.each([
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const)('on %s', (_, createPlace) => {
  let place: TestPlace;
  let store: Store;
  beforeAll(async () => {
    place = await createPlace();
    store = await place.open();
  });
  afterAll(async () => {
    await store?.close();
    await place?.dispose();
  });

  test('a task without calls has none; sandbox and refused calls are none', async () => {
    await store.calls.insert([
      makeCall(NOON, { task: 'idle', sandbox: true }),
      makeCall(NOON, { task: 'idle', outcome: 'refused', deployment: null }),
    ]);
    expect(await readTaskEvidence(store, 'idle')).toBeNull();
  });

  test('calls: hours, sums, errors, times, repeats', async () => {
    const payload = (text: string) => ({ payload: { request: text, response: '{}' } });
    await store.calls.insert([
      makeCall(NOON + 1000, { task: 'own', user: 'a', ...payload('x') }),
      makeCall(NOON + 2000, { task: 'own', user: 'b', ...payload('x') }),
      makeCall(NOON + 2 * HOUR, { task: 'own', user: 'b', ...payload('y') }),
      makeCall(NOON + 2 * HOUR + 1, { task: 'own', outcome: 'error', usage: {}, costNanoUsd: null }),
      makeCall(NOON + HOUR + 5, { task: 'own', protocol: 'passthrough', user: 'a' }),
      makeCall(NOON + HOUR, { task: 'own', sandbox: true }),
    ]);
    const evidence = await readTaskEvidence(store, 'own');
    expect(evidence).toMatchObject({
      from: NOON,
      to: NOON + 3 * HOUR,
      calls: 5,
      importedCalls: 0,
      errors: [{ code: 'upstream_error', calls: 1 }],
      busiestHour: [1000, 2000],
      repeated: { calls: 3 },
      personalData: null,
      byModel: [{ provider: 'openai', model: 'gpt-5-mini', costNanoUsd: null, unpricedCalls: 1 }],
      prices: [{ model: 'gpt-5-mini', source: { by: 'genai-prices openai/gpt-5-mini' } }],
    });
    expect(evidence?.hourly.map(({ calls }) => calls)).toEqual([2, 1, 2]);
    // A call that is passed through has no text tokens to learn from.
    expect(evidence?.sample).toHaveLength(3);
    expect(evidence?.repeated?.share).toBeCloseTo(1 / 3);
    expect(evidence?.users).toBe(3);
  });

  test('history joins the calls, each in its share of the sample', async () => {
    await store.calls.insert(Array.from({ length: 10 }, (_, i) => makeCall(NOON + i, { task: 'mixed' })));
    await store.history.add(
      'imp_1',
      Array.from({ length: 30 }, (_, i) => imported(i, { at: NOON - HOUR + i })),
    );
    const evidence = await readTaskEvidence(store, 'mixed');
    expect(evidence).toMatchObject({ from: NOON - HOUR, calls: 40, importedCalls: 30 });
    const models = evidence?.sample.map(({ model }) => model) ?? [];
    expect(models.filter((model) => model === 'old-model')).toHaveLength(30);
    expect(models.filter((model) => model === 'gpt-5-mini')).toHaveLength(10);
    expect(evidence?.byModel.map(({ model, calls }) => [model, calls])).toEqual([
      ['gpt-5-mini', 10],
      ['old-model', 30],
    ]);
  });

  test('a busy hour weighs in the sample what it weighs in the calls', async () => {
    const quiet = Array.from({ length: 100 }, (_, i) =>
      makeCall(NOON + i * 1000, { task: 'busy', model: 'quiet' }),
    );
    const busy = Array.from({ length: 900 }, (_, i) =>
      makeCall(NOON + 5 * HOUR + i * 1000, { task: 'busy', model: 'busy' }),
    );
    await store.calls.insert([...quiet, ...busy]);
    const sample = (await readTaskEvidence(store, 'busy'))?.sample ?? [];
    const share = sample.filter(({ model }) => model === 'busy').length / sample.length;
    expect(share).toBeGreaterThan(0.8);
  });

  test('a bill counts once beside the usage it bills', async () => {
    await store.history.add('imp_2', [
      imported(101, { task: 'billed', costNanoUsd: 5 }),
      imported(102, {
        task: 'billed',
        calls: null,
        inputTokens: null,
        outputTokens: null,
        costNanoUsd: 9,
        costSource: 'bill',
      }),
    ]);
    const evidence = await readTaskEvidence(store, 'billed');
    expect(evidence?.byModel.map(({ costNanoUsd }) => costNanoUsd)).toEqual([5]);
  });

  test('profiles are replaced, recommendations change only from where they were', async () => {
    const profile = { task: 'p', profile: { stage: 'idea' }, at: 1, by: 'ada' };
    await store.advice.saveProfile(profile);
    await store.advice.saveProfile({ ...profile, profile: { stage: 'scaling' }, at: 2 });
    expect(await store.advice.profile('p')).toEqual({ ...profile, profile: { stage: 'scaling' }, at: 2 });
    expect(await store.advice.profiles()).toHaveLength(1);
    const made: Recommendation = {
      id: 'rec_1',
      task: 'p',
      target: 'caching',
      title: 't',
      why: 'w',
      proof: 'p',
      command: null,
      state: 'proposed',
      evidence: [],
      predictedUsdPerMonth: null,
      realised: null,
      doubt: null,
      createdAt: 1,
      changedAt: 1,
      adoptedAt: null,
      history: [],
    };
    expect(await store.advice.save(made, { expected: null })).toBe(true);
    expect(await store.advice.save(made, { expected: null })).toBe(false);
    const accepted: Recommendation = { ...made, state: 'accepted', changedAt: 2 };
    expect(await store.advice.save(accepted, { expected: 1 })).toBe(true);
    expect(await store.advice.save({ ...made, state: 'rejected', changedAt: 3 }, { expected: 1 })).toBe(
      false,
    );
    // One open recommendation for a task and a target, whoever is first; another once it is closed.
    const other: Recommendation = { ...made, id: 'rec_3' };
    expect(await store.advice.save(other, { expected: null })).toBe(false);
    const rejected: Recommendation = { ...accepted, state: 'rejected', changedAt: 3 };
    expect(await store.advice.save(rejected, { expected: 2 })).toBe(true);
    expect(await store.advice.save(other, { expected: null })).toBe(true);
    expect(await store.advice.save({ ...accepted, changedAt: 4 }, { expected: 3 })).toBe(false);
    expect(await store.advice.recommendations('p')).toEqual([rejected, other]);
    expect(await store.advice.recommendation('rec_2')).toBeUndefined();
  });

  test('the newest advice of a task stands; lists read it without its body', async () => {
    const kept = {
      task: 'p',
      at: 5,
      basis: { revision: 'r' },
      summary: { finding: 'f' },
      advice: { big: 1 },
    };
    await store.advice.saveAdvice(kept);
    await store.advice.saveAdvice({ ...kept, at: 4, advice: { big: 0 } });
    expect(await store.advice.advice('p')).toEqual(kept);
    const { advice: _, ...listed } = kept;
    expect(await store.advice.advices()).toEqual([listed]);
    await store.advice.removeAdvice('p');
    expect(await store.advice.advice('p')).toBeUndefined();
  });
});

test('the price of the stack stands before the listed one; a machine by the hour has none by the token', () => {
  const use = (provider: string, model: string) => ({
    provider,
    model,
    calls: 1,
    inputTokens: 1,
    outputTokens: 1,
    cacheReadTokens: 0,
    costNanoUsd: null,
    unpricedCalls: 1,
  });
  const stack = parseStack(
    {
      providers: {
        acme: { type: 'openai-compatible', baseUrl: 'https://acme.example/v1' },
        own: { type: 'vllm', baseUrl: 'http://127.0.0.1:8000/v1' },
      },
      deployments: {
        mini: { provider: 'acme', model: 'gpt-5-mini', price: { inputPerMillion: 1, outputPerMillion: 2 } },
        gpu: {
          provider: 'own',
          model: 'no-vendor-sells-this',
          price: { usdPerHour: 3, outputTokensPerSecond: 900 },
        },
      },
      tasks: {},
    },
    { catalog, policies: ['ordered'] },
  );
  const prices = apiPricesOf([use('acme', 'gpt-5-mini'), use('own', 'no-vendor-sells-this')], stack);
  expect(prices).toMatchObject([
    { model: 'gpt-5-mini', rows: [{ from: null, tiers: [{ input: 1, output: 2, cacheRead: 1 }] }] },
  ]);
});
