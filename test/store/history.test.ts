/** Imported history, on both engines. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HistoryRow } from '../../src/core/history-row.ts';
import type { Store } from '../../src/store/store.ts';
import { postgresPlace, sqlitePlace, type TestPlace } from './engines.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 20, 12);

describe.each([
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const)('history on %s', (_, createPlace) => {
  let place: TestPlace;
  let store: Store;
  let made = 0;
  beforeAll(async () => {
    place = await createPlace();
    store = await place.open();
  });
  afterAll(async () => {
    await store?.close();
    await place?.dispose();
  });

  const row = (change: Partial<HistoryRow>): HistoryRow => ({
    id: `hist_${String(++made).padStart(20, '0')}`,
    at: NOON,
    spanMs: 0,
    calls: 1,
    task: 'reply',
    provider: 'p',
    model: 'm',
    user: null,
    inputTokens: 10,
    outputTokens: 5,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    durationMs: 100,
    ttftMs: null,
    failed: false,
    error: null,
    costNanoUsd: 7,
    costSource: 'export',
    ...change,
  });
  const of = (task: string) => ({ task, since: NOON - 48 * HOUR, until: NOON + 48 * HOUR });

  test('a call is taken once; a sum is renewed', async () => {
    const call = row({ task: 'once' });
    const sum = row({ task: 'once', spanMs: 24 * HOUR, calls: 48, inputTokens: 480 });
    expect(await store.history.add('imp_a', [call, sum])).toEqual({ added: 2, replaced: 0 });
    expect(await store.history.add('imp_b', [call, { ...sum, calls: 96 }])).toEqual({
      added: 0,
      replaced: 1,
    });
    const [total] = await store.history.sums(of('once'));
    expect(total).toMatchObject({ calls: 97, rows: 2, costNanoUsd: 14 });
  });

  test('hours: calls in theirs, sums spread over their span', async () => {
    await store.history.add('imp_c', [
      row({ task: 'hours', at: NOON + 5 }),
      row({ task: 'hours', at: NOON + HOUR - 1 }),
      row({ task: 'hours', at: NOON, spanMs: 2 * HOUR, calls: 10 }),
      row({ task: 'hours', at: NOON, spanMs: HOUR, calls: null }),
    ]);
    expect(await store.history.hourly(of('hours'))).toEqual([
      { at: NOON, calls: 7 },
      { at: NOON + HOUR, calls: 5 },
    ]);
  });

  test('a bill stands apart from the usage it bills; unpriced rows are counted, failed ones are not', async () => {
    await store.history.add('imp_d', [
      row({ task: 'bill' }),
      row({ task: 'bill', costNanoUsd: null, costSource: null }),
      row({ task: 'bill', costNanoUsd: null, costSource: null, failed: true, error: 'timeout', user: 'ada' }),
      row({
        task: 'bill',
        calls: null,
        inputTokens: null,
        outputTokens: null,
        costNanoUsd: 900,
        costSource: 'bill',
      }),
    ]);
    const sums = await store.history.sums(of('bill'));
    expect(sums.find(({ bill }) => bill)).toMatchObject({ calls: null, costNanoUsd: 900 });
    expect(sums.find(({ bill }) => !bill)).toMatchObject({
      calls: 3,
      costNanoUsd: 7,
      unpricedRows: 1,
      inputTokens: 30,
    });
    expect(await store.history.errors(of('bill'))).toEqual([{ code: 'timeout', calls: 1 }]);
    expect(await store.history.users(of('bill'))).toBe(1);
  });

  test('the sample holds single calls with tokens, the same each time', async () => {
    await store.history.add('imp_e', [
      ...Array.from({ length: 30 }, (_, index) => row({ task: 'sample', at: NOON + index })),
      row({ task: 'sample', spanMs: HOUR }),
      row({ task: 'sample', outputTokens: null }),
    ]);
    const drawn = await store.history.sample(of('sample'), 10);
    expect(drawn).toHaveLength(10);
    expect(await store.history.sample(of('sample'), 10)).toEqual(drawn);
    expect(await store.history.sample(of('sample'), 100)).toHaveLength(30);
    expect(await store.history.times(of('sample'))).toHaveLength(31);
  });

  test('imports are listed, and go with their rows', async () => {
    await store.history.add('imp_f', [row({ task: 'gone' }), row({ task: 'gone', at: NOON + 9 })]);
    const note = { id: 'imp_f', at: NOON, file: 'a.csv', format: 'csv', rows: 2, badRows: 1 };
    await store.history.finish(note);
    await store.history.finish(note);
    expect(await store.history.imports()).toEqual([{ ...note, since: NOON, until: NOON + 9 }]);
    expect((await store.history.tasks()).find(({ task }) => task === 'gone')).toEqual({
      task: 'gone',
      rows: 2,
      since: NOON,
      last: NOON + 9,
    });
    expect(await store.history.remove('imp_f')).toBe(true);
    expect(await store.history.remove('imp_f')).toBe(false);
    expect((await store.history.tasks()).map(({ task }) => task)).not.toContain('gone');
  });

  test('retention takes what is older', async () => {
    await store.history.add('imp_g', [row({ task: 'old', at: NOON - 40 * HOUR }), row({ task: 'old' })]);
    await store.history.expire(NOON - 30 * HOUR);
    expect((await store.history.sums(of('old')))[0]?.rows).toBe(1);
  });
});
