/** The life of recommendations over the control API, on both engines: from calls to what came of one. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ProfileInput } from '../../src/advisor/profile/create.ts';
import { startAdviceSchedule } from '../../src/control/advice/advice-job.ts';
import { createAdviseThread } from '../../src/control/advice/advise-thread.ts';
import type {
  AdviceListAnswer,
  CalibrationAnswer,
  NextMoveAnswer,
  PortfolioAnswer,
  RecommendationAnswer,
  RecommendationsAnswer,
  RoadmapAnswer,
} from '../../src/control/api-types.ts';
import { createManualClock, systemClock } from '../../src/core/clock.ts';
import { postgresPlace, sqlitePlace, type TestPlace } from '../store/engines.ts';
import { makeCall } from '../support/call-records.ts';
import { type ControlFixture, openControl } from './control-fixture.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 20, 12);
const PROFILE = parse(
  readFileSync(new URL('../../examples/profiles/support-reply.yaml', import.meta.url), 'utf8'),
) as Record<string, unknown>;

/** A vendor that states its price. */
const stackAt = (inputPerMillion: number) => ({
  providers: {
    vendor: { type: 'openai-compatible', baseUrl: 'http://127.0.0.1:9/v1', dataPolicy: { party: 'third' } },
  },
  deployments: {
    fast: { provider: 'vendor', model: 'm', price: { inputPerMillion, outputPerMillion: 8 } },
  },
  tasks: { reply: { route: ['fast'] }, idle: { route: ['fast'] } },
});

/** Calls of a task, evenly over the days from `from` on. */
const calls = (from: number, days: number, costUsd: number) =>
  Array.from({ length: 400 }, (_, index) =>
    makeCall(Math.floor(from + (index / 400) * days * DAY), {
      task: 'reply',
      costNanoUsd: Math.round(costUsd * (0.8 + (index % 5) / 10) * 1e9),
    }),
  );

describe.each([
  ['SQLite', sqlitePlace],
  ['PostgreSQL', postgresPlace],
] as const)('on %s', (_, createPlace) => {
  let place: TestPlace;
  let fixture: ControlFixture;
  let now = START;
  beforeAll(async () => {
    place = await createPlace();
    const clock = { ...systemClock, now: () => now };
    fixture = await openControl({ clock, config: stackAt(2), databaseUrl: place.databaseUrl });
    await fixture.control.deps.store.calls.insert(calls(START - 20 * DAY, 20, 0.02));
  });
  afterAll(async () => {
    await fixture?.[Symbol.asyncDispose]();
    await place?.dispose();
  });

  const read = async <T>(path: string): Promise<T> => (await (await fixture.get(path)).json()) as T;
  const list = async (query = '') =>
    (await read<RecommendationsAnswer>(`/api/v1/recommendations${query}`)).recommendations;
  const act = async (id: string, name: string, body: object = {}) =>
    fixture.send('POST', `/api/v1/recommendations/${id}/${name}`, { by: 'ada', ...body });
  const ofTarget = async (target: string) =>
    (await list('?task=reply')).find((one) => one.target === target) as RecommendationAnswer;

  test('a task with enough calls waits, is advised in the background, and is then only read', async () => {
    expect(await read<AdviceListAnswer>('/api/v1/advice')).toEqual({ tasks: [], waiting: ['reply'] });
    expect((await fixture.send('POST', '/api/v1/advice/renew')).status).toBe(201);
    const job = async () => (await fixture.control.deps.store.jobs.list({ kind: 'advice', limit: 1 }))[0];
    await expect
      .poll(job, { timeout: 25_000 })
      .toMatchObject({ state: 'done', result: { renewed: 1, failed: [] } });
    const { tasks } = await read<AdviceListAnswer>('/api/v1/advice');
    expect(tasks).toMatchObject([{ task: 'reply', profile: null, evidenceCalls: 400, at: START, stale: [] }]);
  });

  test('a published profile brings proposals with evidence and a prediction', async () => {
    const answer = await fixture.send('POST', '/api/v1/advice/reply/profile', PROFILE);
    expect(answer.status, await answer.clone().text()).toBe(201);
    const caching = await ofTarget('caching');
    expect(caching).toMatchObject({
      state: 'proposed',
      next: ['accepted', 'rejected'],
      history: [{ from: null, to: 'proposed', by: 'the advisor' }],
    });
    expect(caching.evidence.length).toBeGreaterThan(0);
    expect(caching.predictedUsdPerMonth?.mid).toBeLessThan(0);
    const before = await list();
    await fixture.send('POST', '/api/v1/advice/reply/renew');
    expect(await list()).toEqual(before);
  });

  test('rejecting needs a reason; what does not follow is refused by name; each act is kept', async () => {
    const { id } = await ofTarget('retrieval');
    expect((await act(id, 'reject')).status).toBe(400);
    expect(await (await act(id, 'adopt')).json()).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringContaining('accepted or rejected') },
    });
    const rejected = await act(id, 'reject', { note: 'the facts are in the prompt' });
    expect(await rejected.json()).toMatchObject({
      state: 'rejected',
      history: [{}, { from: 'proposed', to: 'rejected', by: 'ada', note: 'the facts are in the prompt' }],
    });
    expect((await list('?state=rejected')).map((one) => one.id)).toEqual([id]);
    expect((await act('rec_nothing', 'accept')).status).toBe(404);
  });

  test('what was accepted is reopened when a price changes what it saves, with the reason', async () => {
    const { id } = await ofTarget('prompting');
    await act(id, 'accept');
    await fixture.reopen({ config: stackAt(20) });
    await fixture.control.deps.store.calls.insert(calls(START - 5 * DAY, 5, 4));
    const [row] = (await read<AdviceListAnswer>('/api/v1/advice')).tasks;
    expect(row?.stale[0]).toBe(
      'the price of fast went from $2 / $8 per million tokens to $20 / $8 per million tokens',
    );
    await fixture.send('POST', '/api/v1/advice/reply/renew');
    const reopened = await read<RecommendationAnswer>(`/api/v1/recommendations/${id}`);
    expect(reopened.state).toBe('proposed');
    expect(reopened.history.at(-1)).toMatchObject({ from: 'accepted', to: 'proposed', by: 'the advisor' });
    expect(reopened.history.at(-1)?.note).toMatch(/^reopened: .*the price of fast went from \$2/);
  });

  test('portfolio: spend, risks with their figures, and the move that saves most; roadmap: what starts a step', async () => {
    const { tasks, next, unadvised } = await read<PortfolioAnswer>('/api/v1/portfolio');
    // 400 calls at 0.02 and 400 at 4.
    expect(tasks).toMatchObject([{ task: 'reply', calls: 800, costNanoUsd: 1608e9 }]);
    expect(tasks[0]?.risks.map(({ id }) => id)).toContain('no-fallback');
    expect(tasks[0]?.risk).toBe(tasks[0]?.risks.reduce((sum, { weight }) => sum + weight, 0));
    const saving = ({ predictedUsdPerMonth }: Pick<RecommendationAnswer, 'predictedUsdPerMonth'>) =>
      -(predictedUsdPerMonth?.mid ?? 0);
    const open = (await list()).filter(({ state }) => state !== 'rejected');
    expect(next && saving(next)).toBe(Math.max(...open.map(saving)));
    expect(await read<NextMoveAnswer>('/api/v1/portfolio/next')).toEqual({ next });
    expect(unadvised).toEqual(['idle']);
    const roadmap = await read<RoadmapAnswer>('/api/v1/roadmap');
    expect(roadmap.tasks).toMatchObject([{ task: 'reply', phase: 'optimise' }]);
    const serving = roadmap.tasks.flatMap(({ steps }) => steps).filter(({ serves }) => serves !== null);
    for (const { serves, recommendation } of serving)
      expect((await read<RecommendationAnswer>(`/api/v1/recommendations/${recommendation}`)).target).toBe(
        serves,
      );
  });

  test('what was adopted is measured against the calls before, and counts in the calibration', async () => {
    const { id } = await ofTarget('caching');
    for (const name of ['accept', 'prove', 'adopt']) expect((await act(id, name)).status, name).toBe(200);
    expect(await read<CalibrationAnswer>('/api/v1/recommendations/calibration')).toMatchObject({
      measured: 0,
      share: null,
      waiting: 1,
    });
    now = START + 10 * DAY;
    await fixture.control.deps.store.calls.insert(calls(START + DAY, 9, 0.01));
    await fixture.send('POST', '/api/v1/advice/reply/renew');
    const one = await read<RecommendationAnswer>(`/api/v1/recommendations/${id}`);
    const { state, realised, history, adoptedAt } = one;
    expect(state).toBe('realised');
    // 400 calls at 0.02 and 400 at 4 before, 400 at 0.01 in ten days since: (0.01 - 2.01) x 1,218 calls a month.
    expect(realised?.usdPerMonth.mid).toBeCloseTo(-2436, -1);
    expect(realised).toMatchObject({ from: (adoptedAt ?? 0) - 28 * DAY, callsBefore: 800, callsAfter: 400 });
    expect(history.at(-1)).toMatchObject({ to: 'realised', by: 'the advisor' });
    const calibration = await read<CalibrationAnswer>('/api/v1/recommendations/calibration');
    expect(calibration).toMatchObject({ measured: 1, waiting: 0, effects: [{ id, realised }] });
  });
});

test('a look each minute puts down one job while something is stale, and none when nothing is', async () => {
  const clock = createManualClock(START);
  await using fixture = await openControl({ clock, config: stackAt(2), mode: 'command' });
  const { deps } = fixture.control;
  const stop = startAdviceSchedule(deps);
  const jobs = () => deps.store.jobs.list({ kind: 'advice', limit: 10 });
  clock.turn(30_000);
  await deps.advice.list();
  expect(await jobs()).toEqual([]);
  await deps.store.calls.insert(calls(START - DAY, 1, 0.01));
  clock.turn(60_000);
  await expect.poll(jobs).toMatchObject([{ state: 'queued', input: { all: false } }]);
  clock.turn(60_000);
  await deps.advice.list();
  expect(await jobs()).toHaveLength(1);
  stop();
});

test('the thread of the advice says what it could not work out, goes on, and owes nothing once it stops', async () => {
  const thread = createAdviseThread(systemClock);
  const broken = { task: 'reply', answers: null } as unknown as ProfileInput;
  const [failed, made] = await Promise.allSettled([
    thread.advise(broken, START),
    thread.advise({ task: 'reply', answers: {} }, START),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'internal' } });
  expect(made).toMatchObject({ status: 'fulfilled', value: { task: 'reply', at: START } });
  const waiting = thread.advise({ task: 'reply', answers: {} }, START);
  const refused = expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
  await thread.stop();
  await refused;
  await expect(thread.advise({ task: 'reply', answers: {} }, START)).rejects.toMatchObject({
    code: 'shutting_down',
  });
});
