import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRecord, Outcome } from '../../src/core/call-record.ts';
import { createHistogram, quantile, record } from '../../src/core/histogram.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { fromStored } from '../../src/stack/stored.ts';
import { HOUR_MS } from '../../src/store/rollup-grains.ts';
import type { Dimension, Feedback, Figures, KeyRow, RollupFilter, Store } from '../../src/store/store.ts';
import { makeCall } from '../support/call-records.ts';
import type { TestPlace } from './engines.ts';

const DAY_MS = 24 * HOUR_MS;
const NOON = Date.UTC(2026, 10, 20, 12);
const makeId = createIdMaker();

/** What every engine must do. */
export function describeStore(createPlace: () => Promise<TestPlace>, options: { runs: number }): void {
  let place: TestPlace;
  let store: Store;
  beforeAll(async () => {
    place = await createPlace();
    store = await place.open();
  });
  afterAll(async () => {
    await store.close();
    await place.dispose();
  });
  /** Each test counts in a task of its own, so that one store serves them all. */
  let tasks = 0;
  const newTask = () => `task-${++tasks}`;
  const day = (filter: Partial<RollupFilter> = {}): RollupFilter => ({
    since: NOON - DAY_MS,
    until: NOON + DAY_MS,
    sandbox: false,
    ...filter,
  });

  describe('calls', () => {
    test('a record comes back whole', async () => {
      const call = makeCall(NOON, {
        protocol: 'passthrough',
        operation: 'GET /v1/files/{id}',
        task: newTask(),
        outcome: 'error',
        costNanoUsd: null,
        usage: { inputTokens: 10, estimated: false },
        skipped: [{ deployment: 'big', reason: 'data class' }],
        payload: { request: '{"a":"é\u0001"}', response: 'ok' },
      });
      const [attempt] = call.attempts;
      if (!attempt) throw new Error('no attempt');
      call.attempts.unshift({
        ...attempt,
        deployment: 'other',
        usage: {},
        status: null,
        outcome: 'error',
        costNanoUsd: 7,
        region: 'eu',
        dropped: ['seed', 'logprobs'],
      });
      await store.calls.insert([call]);
      expect(await store.calls.get(call.id)).toEqual({ ...call, feedback: [] });
    });

    test('every optional thing may be absent', async () => {
      const call = makeCall(NOON, {
        task: newTask(),
        outcome: 'refused',
        ttftMs: null,
        requestedModel: null,
        user: null,
        tags: {},
        deployment: null,
        provider: null,
        model: null,
        finishReason: null,
        usage: {},
        costNanoUsd: null,
        attempts: [],
        stages: [],
      });
      await store.calls.insert([call]);
      expect(await store.calls.get(call.id)).toEqual({ ...call, feedback: [] });
      expect(await store.calls.get('call_unknown')).toBeUndefined();
    });

    test('NUL and half surrogates in what a client sent stop nothing', async () => {
      const call = makeCall(NOON, { task: newTask(), user: 'a\0b\ud800', tags: { 'x\0': '\udc00y\\u0000' } });
      expect(await store.calls.insert([call])).toEqual({ inserted: 1 });
      const back = await store.calls.get(call.id);
      expect(back?.user).toBe('a\ufffdb\ufffd');
      expect(back?.tags).toEqual({ 'x\ufffd': '\ufffdy\\u0000' });
    });

    test('a record given twice counts once, within a batch and between batches', async () => {
      const task = newTask();
      const [a, b] = [makeCall(NOON, { task }), makeCall(NOON + 1, { task })];
      expect(await store.calls.insert([a, b, a])).toEqual({ inserted: 2 });
      expect(await store.calls.insert([b, a])).toEqual({ inserted: 0 });
      const [total] = await store.rollups.group(day({ task }), [], 1);
      expect(total?.calls).toBe(2);
    });

    test('a failing batch leaves nothing behind', async () => {
      const task = newTask();
      const good = makeCall(NOON, { task });
      const bad = makeCall(NOON + 1, { task, id: null as never });
      await expect(store.calls.insert([good, bad])).rejects.toThrow();
      expect(await store.calls.get(good.id)).toBeUndefined();
      expect((await store.rollups.group(day({ task }), [], 1))[0]?.calls).toBe(0);
    });

    test('1,000 records at once', async () => {
      const task = newTask();
      const calls = Array.from({ length: 1000 }, (_, i) => makeCall(NOON + i, { task }));
      expect(await store.calls.insert(calls)).toEqual({ inserted: 1000 });
    });

    test('paging sees each call once, whatever the page size and filter', async () => {
      const task = newTask();
      const calls = Array.from({ length: 57 }, (_, i) =>
        makeCall(NOON + Math.floor(i / 3), { task, user: `u${i % 2}` }),
      );
      await store.calls.insert(calls);
      for (const user of [undefined, 'u1']) {
        const wanted = calls.filter((call) => user === undefined || call.user === user).map(({ id }) => id);
        for (const limit of [1, 7, 57, 100]) {
          const seen: string[] = [];
          for (let before: string | undefined; ; before = seen.at(-1)) {
            const filter = { task, ...(user === undefined ? {} : { user }) };
            const rows = await store.calls.list(filter, {
              limit,
              ...(before === undefined ? {} : { before }),
            });
            if (rows.length === 0) break;
            seen.push(...rows.map(({ id }) => id));
          }
          expect(seen).toEqual([...wanted].sort().reverse());
        }
      }
    });

    test('`after` gives only what is newer', async () => {
      const task = newTask();
      const calls = [0, 1, 2].map((i) => makeCall(NOON + i, { task }));
      await store.calls.insert(calls);
      const rows = await store.calls.list({ task }, { limit: 10, after: calls[0]?.id ?? '' });
      expect(rows.map(({ id }) => id)).toEqual([calls[2]?.id, calls[1]?.id]);
    });

    test('each filter finds what it names and nothing else', async () => {
      const task = newTask();
      const plain = makeCall(NOON, { task });
      const odd = makeCall(NOON + 5000, {
        task,
        user: `${task}-user`,
        deployment: `${task}-deployment`,
        keyId: `${task}-key`,
        outcome: 'client_left',
        sandbox: true,
        durationMs: 50_000,
        costNanoUsd: null,
      });
      await store.calls.insert([plain, odd]);
      const find = async (filter: object) =>
        (await store.calls.list({ task, ...filter }, { limit: 10 })).map(({ id }) => id);
      const onlyOdd: object[] = [
        { user: `${task}-user` },
        { deployment: `${task}-deployment` },
        { key: `${task}-key` },
        { outcome: 'client_left' },
        { sandbox: true },
        { minDurationMs: 49_999 },
        { unpriced: true },
        { since: NOON + 1 },
        { search: odd.id.slice(0, 20) },
        { search: `${task}-user` },
        { search: `${task}-deployment` },
      ];
      for (const filter of onlyOdd) expect(await find(filter), JSON.stringify(filter)).toEqual([odd.id]);
      const onlyPlain: object[] = [
        { outcome: 'ok' },
        { sandbox: false },
        { unpriced: false },
        { until: NOON + 1 },
        { search: plain.id },
      ];
      for (const filter of onlyPlain) expect(await find(filter), JSON.stringify(filter)).toEqual([plain.id]);
      expect(await find({ search: task })).toEqual([odd.id, plain.id]);
      expect(await find({ search: 'nobody' })).toEqual([]);
      expect(await find({ minDurationMs: 50_000 })).toEqual([]);
    });

    test('a summary has the record less its long parts, and the mean score', async () => {
      const call = makeCall(NOON, { task: newTask() });
      await store.calls.insert([call]);
      await store.feedback.add(makeFeedback(call.id, 1));
      await store.feedback.add(makeFeedback(call.id, 0.5));
      const [row] = await store.calls.list({ task: call.task }, { limit: 1 });
      const { attempts, skipped, stages, tags, requestBytes, responseBytes, ...rest } = call;
      expect(row).toEqual({ ...rest, attemptCount: 1, feedbackScore: 0.75 });
    });
  });

  describe('rollups', () => {
    test('are what one computes from the calls, through duplicates and late feedback, in any window', async () => {
      await fc.assert(
        fc.asyncProperty(batchesOf(newTask), async ({ tasks: names, batches, window }) => {
          const calls = new Map<string, CallRecord>();
          const feedback: Feedback[] = [];
          for (const batch of batches) {
            const early = batch.filter((_, i) => i % 5 === 0).map((call) => makeFeedback(call.id, 0.5));
            for (const one of early) await store.feedback.add(one);
            const fresh = new Set(batch.map(({ id }) => id).filter((id) => !calls.has(id)));
            for (const call of batch) calls.set(call.id, call);
            expect((await store.calls.insert(batch)).inserted).toBe(fresh.size);
            const late = batch.filter((_, i) => i % 7 === 0).map((call) => makeFeedback(call.id, 1));
            for (const one of [...late, ...early]) await store.feedback.add(one);
            feedback.push(...early, ...late);
          }
          for (const task of names) {
            const filter = { ...window, sandbox: false, task };
            await expectSame(store, filter, { calls: [...calls.values()], feedback });
          }
        }),
        { numRuns: options.runs, endOnFailure: true },
      );
    });

    test('real and sandbox figures never mix', async () => {
      const task = newTask();
      await store.calls.insert([
        makeCall(NOON, { task }),
        makeCall(NOON, { task, sandbox: true, user: 'sandboxed' }),
      ]);
      for (const sandbox of [true, false]) {
        expect((await store.rollups.group(day({ task, sandbox }), [], 1))[0]?.calls).toBe(1);
        expect(await store.rollups.users(day({ task, sandbox }))).toBe(1);
      }
      expect(await store.calls.presence()).toEqual({ real: true, sandbox: true });
    });

    test('a refused call makes nothing present: it went nowhere', async () => {
      const fresh = await createPlace();
      const empty = await fresh.open();
      try {
        await empty.calls.insert([makeCall(NOON, { outcome: 'refused', deployment: null, attempts: [] })]);
        expect(await empty.calls.presence()).toEqual({ real: false, sandbox: false });
        await empty.calls.insert([makeCall(NOON)]);
        expect(await empty.calls.presence()).toEqual({ real: true, sandbox: false });
      } finally {
        await empty.close();
        await fresh.dispose();
      }
    });

    test('no call, no figures: zeros, nulls and a full series', async () => {
      const filter = day({ task: 'never-called' });
      const [total] = await store.rollups.group(filter, [], 1);
      expect(Object.values(total ?? {}).every((value) => value === 0)).toBe(true);
      expect(await store.rollups.group(filter, ['user'], 5)).toEqual([]);
      expect(await store.rollups.latency(filter, null)).toEqual([
        {
          value: null,
          ttft: { p50: null, p95: null, p99: null },
          total: { p50: null, p95: null, p99: null },
        },
      ]);
      const series = await store.rollups.series(filter, 6 * HOUR_MS);
      expect(series.map(({ at, calls }) => [at, calls])).toEqual(
        Array.from({ length: 8 }, (_, i) => [NOON - DAY_MS + i * 6 * HOUR_MS, 0]),
      );
    });

    test('unpriced and unknown usage are counted apart, never as zero cost', async () => {
      const task = newTask();
      await store.calls.insert([
        makeCall(NOON, { task, costNanoUsd: null, usage: {} }),
        makeCall(NOON + 1, { task, costNanoUsd: 5, usage: { inputTokens: 3 } }),
      ]);
      const [total] = await store.rollups.group(day({ task }), [], 1);
      expect(total).toMatchObject({ calls: 2, unpriced: 1, costNanoUsd: 5, inputTokens: 3, outputTokens: 0 });
    });

    test('sums far beyond 2^53 neither throw nor wrap', async () => {
      const task = newTask();
      const costNanoUsd = Number.MAX_SAFE_INTEGER;
      const calls = [0, 1, 2, 3].map((i) => makeCall(NOON + i * DAY_MS, { task, costNanoUsd }));
      await store.calls.insert(calls);
      const filter = { since: NOON, until: NOON + 4 * DAY_MS, sandbox: false, task };
      for (const by of [['task'], ['user'], ['key', 'user']] as Dimension[][]) {
        const [row] = await store.rollups.group(filter, by, 1);
        expect((row?.costNanoUsd ?? 0) / (4 * costNanoUsd)).toBeCloseTo(1, 12);
      }
    });

    test('percentiles of a window are within 2 %', async () => {
      const task = newTask();
      const calls = Array.from({ length: 900 }, (_, i) =>
        makeCall(NOON - DAY_MS + i * 180_000, {
          task,
          durationMs: 40 + (i % 97) ** 2,
          ttftMs: i % 2 ? 5 + i : null,
        }),
      );
      await store.calls.insert(calls);
      const window = { since: NOON - DAY_MS, until: NOON + DAY_MS, sandbox: false, task };
      const truth = calls.map((call) => call.durationMs).sort((a, b) => a - b);
      for (const by of [null, 'task', 'deployment', 'key'] as const) {
        const [row] = await store.rollups.latency(window, by);
        for (const [name, q] of [
          ['p50', 0.5],
          ['p95', 0.95],
          ['p99', 0.99],
        ] as const) {
          const expected = truth[Math.ceil(q * truth.length) - 1] as number;
          expect(Math.abs((row?.total[name] ?? 0) - expected) / expected).toBeLessThanOrEqual(0.02);
        }
      }
    });

    test('groups come by spend, then calls, at most `limit`', async () => {
      const task = newTask();
      const spend = [3, 9, 1, 7].flatMap((cost, i) => [
        makeCall(NOON + i, { task, user: `user-${cost}`, deployment: `d-${cost}`, costNanoUsd: cost }),
      ]);
      await store.calls.insert(spend);
      for (const by of ['user', 'deployment'] as const) {
        const rows = await store.rollups.group(day({ task }), [by], 3);
        expect(rows.map((row) => row.costNanoUsd)).toEqual([9, 7, 3]);
      }
    });
  });

  describe('feedback', () => {
    test('is idempotent by id, joins its call and pages', async () => {
      const call = makeCall(NOON, { task: newTask() });
      const first = makeFeedback(call.id, 1, { comment: 'good', correction: 'better' });
      await store.feedback.add(first);
      await store.feedback.add(first);
      expect((await store.feedback.list({ limit: 1 }))[0]).toEqual({ ...first, task: null });
      await store.calls.insert([call]);
      const second = makeFeedback(call.id, 0);
      await store.feedback.add(second);
      await store.feedback.add(second);
      expect(await store.feedback.list({ task: call.task, limit: 9 })).toEqual([
        { ...second, task: call.task },
        { ...first, task: call.task },
      ]);
      expect(await store.feedback.list({ task: call.task, limit: 9, before: second.id })).toHaveLength(1);
      expect(
        await store.feedback.list({ task: call.task, limit: 9, since: first.createdAt + 1 }),
      ).toHaveLength(1);
      expect((await store.calls.get(call.id))?.feedback).toEqual([first, second]);
      const [total] = await store.rollups.group(day({ task: call.task }), [], 1);
      expect(total).toMatchObject({ feedbackCount: 2, feedbackSum: 1 });
    });
  });

  test('load tests are kept, changed, listed newest first, removed and expired', async () => {
    const ids = [1, 2, 3].map((day) => createIdMaker(() => NOON + day * DAY_MS)('load'));
    const [first = '', second = '', third = ''] = ids;
    for (const [at, id] of ids.entries()) {
      const createdAt = NOON + (at + 1) * DAY_MS;
      const deployment = at === 1 ? 'other' : 'llama';
      await store.loadTests.add({ id, deployment, jobId: `job_${at}`, createdAt, body: { at } });
    }
    expect(await store.loadTests.change(first, { text: 'a\u0000b', points: [1.5] })).toBe(true);
    expect(await store.loadTests.change('load_none', {})).toBe(false);
    expect((await store.loadTests.get(first))?.body).toMatchObject({ points: [1.5] });
    const listed = async (filter: { deployment?: string; before?: string }) =>
      (await store.loadTests.list({ ...filter, limit: 10 })).map(({ id }) => id);
    expect(await listed({})).toEqual([third, second, first]);
    expect(await listed({ deployment: 'llama', before: third })).toEqual([first]);
    expect(await store.loadTests.remove(second)).toBe(true);
    expect(await store.loadTests.remove(second)).toBe(false);
    await store.loadTests.expire(NOON + 2 * DAY_MS);
    expect(await listed({})).toEqual([third]);
  });

  describe('keys, revisions, settings', () => {
    test('keys come back as added, and are disabled and enabled', async () => {
      const key: KeyRow = {
        id: makeId('key'),
        sha256: makeId('req'),
        prefix: 'tt-ab12',
        name: 'app',
        owner: null,
        tasks: ['a', 'b'],
        expiresAt: NOON,
        disabled: false,
        createdAt: NOON,
        budget: { usd: 5, per: 'day' },
      };
      await store.keys.add(key);
      expect(await store.keys.list()).toContainEqual(key);
      expect(await store.keys.setDisabled(key.id, true)).toBe(true);
      expect(await store.keys.list()).toContainEqual({ ...key, disabled: true });
      expect(await store.keys.setDisabled('key_none', true)).toBe(false);
    });

    test('revisions are kept once; the last activation stands', async () => {
      expect(await store.revisions.active()).toBeUndefined();
      const one = {
        id: 'rev_1',
        stack: fromStored({ providers: {}, deployments: {}, tasks: {} } as never),
        createdAt: 1,
        source: 'file',
        origin: 'a.ts',
      } as const;
      const two = { ...one, id: 'rev_2', source: 'api' } as const;
      const applied = { revision: 'rev_1', at: 5, kind: 'applied', by: 'me' } as const;
      await store.revisions.activate(one, applied);
      await store.revisions.activate(two, { ...applied, revision: 'rev_2', at: 5 });
      const back = { ...applied, at: 5, kind: 'rolled back' } as const;
      await store.revisions.activate(one, back);
      expect(await store.revisions.active()).toEqual({ revision: one, activation: back });
      expect(await store.revisions.get('rev_2')).toEqual(two);
      expect(await store.revisions.get('rev_3')).toBeUndefined();
      const history = await store.revisions.history(2);
      expect(history.map((line) => [line.revision, line.kind, line.source])).toEqual([
        ['rev_1', 'rolled back', 'file'],
        ['rev_2', 'applied', 'api'],
      ]);
    });

    test('settings: set, replace, set only if absent', async () => {
      expect(await store.settings.get('a')).toBeUndefined();
      expect(await store.settings.setIfAbsent('a', '1')).toBe('1');
      expect(await store.settings.setIfAbsent('a', '2')).toBe('1');
      await store.settings.set('a', '3');
      expect(await store.settings.get('a')).toBe('3');
    });

    test('settings: those of a prefix, and one taken away', async () => {
      await store.settings.set('out:x/y', '1');
      await store.settings.set('OUT:z', '2');
      await store.settings.set('outer', '3');
      await store.settings.set('out:%', '4');
      expect(await store.settings.withPrefix('out:')).toEqual(
        new Map([
          ['x/y', '1'],
          ['%', '4'],
        ]),
      );
      await store.settings.remove('out:x/y');
      await store.settings.remove('out:none');
      expect([...(await store.settings.withPrefix('out:')).keys()]).toEqual(['%']);
    });
  });
}

export function makeFeedback(callId: string, score: number, change: Partial<Feedback> = {}): Feedback {
  const id = makeOrdered();
  const base = { name: 'score', comment: null, correction: null, keyId: null };
  return { id, callId, score, ...base, createdAt: feedbackAt, ...change };
}

let feedbackAt = NOON;
/** Strictly increasing: two ids of one millisecond have no order. */
function makeOrdered(): string {
  feedbackAt++;
  return createIdMaker(() => feedbackAt)('fb');
}

/** Batches of calls over twenty days with some calls again in later batches, and a window on them. */
function batchesOf(newTask: () => string) {
  const shape = fc.record({
    hours: fc.integer({ min: 0, max: 20 * 24 }),
    task: fc.nat(1),
    user: fc.constantFrom('ann', 'bob', 'eve', null),
    deployment: fc.constantFrom('fast', 'big', null),
    keyId: fc.constantFrom('key_a', 'key_b'),
    outcome: fc.constantFrom<Outcome>('ok', 'error', 'client_left', 'refused'),
    sandbox: fc.boolean(),
    costNanoUsd: fc.option(fc.nat(1_000_000)),
    usage: fc.record(
      {
        inputTokens: fc.nat(5000),
        outputTokens: fc.nat(500),
        reasoningTokens: fc.nat(9),
        estimated: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    ttftMs: fc.option(fc.integer({ min: 1, max: 9000 })),
    durationMs: fc.integer({ min: 1, max: 90_000 }),
  });
  const again = fc.array(fc.nat(200), { maxLength: 5 });
  const batch = fc.tuple(fc.array(shape, { minLength: 1, maxLength: 40 }), again);
  const hour = fc.integer({ min: 0, max: 20 * 24 });
  return fc
    .tuple(fc.array(batch, { minLength: 1, maxLength: 4 }), hour, hour)
    .map(([shapes, from, length]) => {
      const names = [newTask(), newTask()];
      const all: CallRecord[] = [];
      const begin = Math.floor(NOON / DAY_MS) * DAY_MS;
      const batches = shapes.map(([items, repeats]) => {
        const fresh = items.map(({ hours, task, ...rest }) =>
          makeCall(begin + hours * HOUR_MS + 1000, { ...rest, task: names[task] as string }),
        );
        const old = repeats.flatMap((i) => all[i] ?? []);
        all.push(...fresh);
        return [...fresh, ...old];
      });
      const since = begin + from * HOUR_MS;
      return { tasks: names, batches, window: { since, until: since + (length + 1) * HOUR_MS } };
    });
}

/** Compares every kind of rollup query with what the calls themselves say. */
async function expectSame(
  store: Store,
  filter: RollupFilter,
  truth: { calls: CallRecord[]; feedback: Feedback[] },
): Promise<void> {
  const matching = truth.calls.filter(
    (call) =>
      call.startedAt >= filter.since &&
      call.startedAt < filter.until &&
      call.sandbox === filter.sandbox &&
      (filter.task === undefined || call.task === filter.task),
  );
  const nameIn: Record<Dimension, (call: CallRecord) => string | null> = {
    task: (call) => call.task,
    user: (call) => call.user,
    deployment: (call) => call.deployment,
    key: (call) => call.keyId,
  };
  const narrowed: Partial<RollupFilter>[] = [{}, { user: 'ann' }, { deployment: 'fast' }, { key: 'key_a' }];
  narrowed.push({ user: 'bob', deployment: 'big' });
  const groupings: Dimension[][] = [[], ['task'], ['user'], ['deployment'], ['key']];
  groupings.push(
    ['task', 'user'],
    ['task', 'deployment'],
    ['user', 'deployment'],
    ['task', 'user', 'deployment', 'key'],
  );
  for (const more of narrowed) {
    const calls = matching.filter((call) =>
      Object.entries(more).every(([name, value]) => nameIn[name as Dimension](call) === value),
    );
    const wanted = { ...filter, ...more };
    for (const by of groupings) {
      const expected = new Map<string, Figures>();
      if (by.length === 0) expected.set('', figuresOf([], []));
      const groups = Map.groupBy(calls, (call) => by.map((name) => nameIn[name](call) ?? '').join('|'));
      for (const [name, members] of groups) expected.set(name, figuresOf(members, truth.feedback));
      const rows = await store.rollups.group(wanted, by, 1000);
      const found = new Map(
        rows.map(({ task, user, deployment, key, ...figures }) => {
          const values = { task, user, deployment, key };
          return [by.map((name) => values[name] ?? '').join('|'), figures];
        }),
      );
      expect(found, JSON.stringify({ wanted, by })).toEqual(expected);
      const spend = rows.map((row) => row.costNanoUsd);
      expect(spend).toEqual([...spend].sort((a, b) => b - a));
    }
    expect(await store.rollups.users(wanted)).toBe(new Set(calls.flatMap((call) => call.user ?? [])).size);
    for (const bucketMs of [HOUR_MS, DAY_MS, 3 * DAY_MS]) {
      const series = await store.rollups.series(wanted, bucketMs);
      const counts = series.map(({ at, calls: count, total }) => [at, count, total.p50]);
      const first = Math.floor(filter.since / bucketMs) * bucketMs;
      const expected = Array.from({ length: Math.ceil((filter.until - first) / bucketMs) }, (_, i) => {
        const at = first + i * bucketMs;
        const inside = calls.filter((call) => Math.floor(call.startedAt / bucketMs) * bucketMs === at);
        return [at, inside.length, medianOf(inside)];
      });
      expect(counts).toEqual(expected);
    }
    for (const by of [null, 'deployment', 'key'] as const) {
      const rows = await store.rollups.latency(wanted, by);
      for (const row of rows) {
        const inside = by === null ? calls : calls.filter((call) => nameIn[by](call) === row.value);
        expect(row.total.p50, JSON.stringify({ wanted, by })).toBe(medianOf(inside));
      }
    }
  }
}

function medianOf(calls: CallRecord[]): number | null {
  const histogram = createHistogram();
  for (const call of calls) if (call.outcome !== 'refused') record(histogram, call.durationMs);
  return quantile(histogram, 0.5);
}

function figuresOf(calls: CallRecord[], feedback: Feedback[]): Figures {
  const ids = new Set(calls.map(({ id }) => id));
  const unique = new Map(feedback.filter((one) => ids.has(one.callId)).map((one) => [one.id, one]));
  const sum = (of: (call: CallRecord) => number | null | undefined) =>
    calls.reduce((total, call) => total + (of(call) ?? 0), 0);
  return {
    calls: calls.length,
    errors: sum((call) => Number(call.outcome === 'error')),
    refused: sum((call) => Number(call.outcome === 'refused')),
    clientLeft: sum((call) => Number(call.outcome === 'client_left')),
    costNanoUsd: sum((call) => call.costNanoUsd),
    unpriced: sum((call) => Number(call.unpriced)),
    inputTokens: sum((call) => call.usage.inputTokens),
    outputTokens: sum((call) => call.usage.outputTokens),
    cacheReadTokens: sum((call) => call.usage.cacheReadTokens),
    cacheWriteTokens: sum((call) => call.usage.cacheWriteTokens),
    reasoningTokens: sum((call) => call.usage.reasoningTokens),
    estimated: sum((call) => Number(call.usage.estimated === true)),
    feedbackCount: unique.size,
    feedbackSum: [...unique.values()].reduce((total, one) => total + one.score, 0),
  };
}
