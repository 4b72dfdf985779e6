/** Every resource over a real store: shapes, filters, and errors that name their field. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  BatchAnswer,
  BatchesAnswer,
  CallsAnswer,
  CostsAnswer,
  FeedbackAnswer,
  KeyCreated,
  KeysAnswer,
  OverviewAnswer,
  StackAnswer,
  StatusAnswer,
  TaskAnswer,
  TasksAnswer,
} from '../../src/control/api-types.ts';
import { ADMIN_TOKEN, type ControlFixture, openControl, STACK, sampleCall } from './control-fixture.ts';

const HOUR = 3_600_000;
let fixture: ControlFixture;
const now = Date.now();
const calls = [
  sampleCall({ startedAt: now - 5000, user: 'ada', costNanoUsd: 3_000_000 }),
  sampleCall({ startedAt: now - 4000, user: 'bob', durationMs: 90 }),
  sampleCall({ startedAt: now - 3000, task: 'untasked', deployment: 'sandbox/small', model: 'small' }),
  sampleCall({
    startedAt: now - 2000,
    user: 'ada',
    outcome: 'error',
    status: 502,
    errorCode: 'upstream_error',
    errorMessage: 'the vendor answered 500',
    deployment: null,
    provider: null,
    model: null,
    costNanoUsd: null,
    unpriced: true,
    usage: {},
  }),
];

beforeAll(async () => {
  fixture = await openControl({ config: STACK });
  await fixture.control.deps.store.calls.insert(calls);
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function read<T>(path: string): Promise<T> {
  const answer = await fixture.get(path);
  expect(answer.status, await answer.clone().text()).toBe(200);
  return (await answer.json()) as T;
}

async function expectError(
  answer: Response | Promise<Response>,
  status: number,
  error: object,
): Promise<void> {
  const given = await answer;
  const body = await given.json();
  expect(body).toMatchObject({ error });
  expect(Object.keys((body as { error: object }).error).sort()).toEqual([
    'advice',
    'code',
    'field',
    'message',
  ]);
  expect(given.status).toBe(status);
}

describe('status', () => {
  test('says what runs and from where', async () => {
    const status = await read<StatusAnswer>('/api/v1/status');
    expect(status).toMatchObject({
      engine: 'SQLite',
      source: 'file',
      configFile: null,
      configProblem: null,
      configWritable: false,
      presence: { real: false, sandbox: true },
      sandboxOnly: true,
      spool: { state: 'ok', pendingBytes: 0 },
      process: null,
      database: 'ok',
      url: null,
    });
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(status.version).toBe(version);
    expect(status.storage.calls).toBe(calls.length);
    // The size of an almost empty database, divided by its few calls, would be a lie.
    expect(status.storage.bytesPerCall).toBeNull();
    expect(status.revision).toMatch(/^rev_[0-9a-f]{16}$/);
  });
});

describe('overview', () => {
  test('sums the window, apart by task, user and deployment; simulated when nothing else exists', async () => {
    const overview = await read<OverviewAnswer>('/api/v1/overview');
    expect(overview.sandbox).toBe(true);
    expect(overview.totals).toMatchObject({ calls: 4, errors: 1, unpriced: 1, costNanoUsd: 5_000_000 });
    expect(overview.totals.total.p50).toBeGreaterThan(0);
    expect(overview.bucketMs).toBe(HOUR);
    expect(overview.series.reduce((sum, point) => sum + point.calls, 0)).toBe(4);
    expect(overview.tasks.map(({ task, calls: count }) => [task, count])).toEqual([
      ['reply', 3],
      ['untasked', 1],
    ]);
    expect(overview.users.find(({ user }) => user === 'ada')).toMatchObject({ calls: 3 });
    expect(overview.userCount).toBe(2);
    expect(overview.untasked).toMatchObject([{ deployment: 'sandbox/small', calls: 1 }]);
    expect(overview.previous.calls).toBe(0);
  });

  test('real figures are apart', async () => {
    const overview = await read<OverviewAnswer>('/api/v1/overview?sandbox=false');
    expect(overview.totals).toMatchObject({ calls: 0, costNanoUsd: 0 });
    expect(overview.totals.total.p50).toBeNull();
  });

  test.each([
    ['since=soon', 'query.since'],
    ['since=1h&until=2h', 'query.since'],
    ['sandbox=yes', 'query.sandbox'],
    ['sience=7d', 'query.sience'],
    ['until=2026-13-45', 'query.until'],
  ])('?%s names the field', (query, field) =>
    expectError(fixture.get(`/api/v1/overview?${query}`), 400, { code: 'invalid_request', field }),
  );
});

describe('calls', () => {
  test('newest first, filtered', async () => {
    const all = await read<CallsAnswer>('/api/v1/calls');
    expect(all.calls.map(({ id }) => id)).toEqual(calls.map(({ id }) => id).reverse());
    expect(all.next).toBeNull();
    expect(all.calls[0]).not.toHaveProperty('attempts');
    const errors = await read<CallsAnswer>('/api/v1/calls?outcome=error&user=ada&unpriced=true&since=1h');
    expect(errors.calls.map(({ id }) => id)).toEqual([calls[3]?.id]);
    const slow = await read<CallsAnswer>('/api/v1/calls?minDurationMs=100&task=reply&sandbox=true');
    expect(slow.calls.map(({ id }) => id)).toEqual([calls[3]?.id, calls[0]?.id]);
  });

  test('pages by the last id', async () => {
    const first = await read<CallsAnswer>('/api/v1/calls?limit=3');
    expect(first.next).toBe(first.calls[2]?.id);
    const second = await read<CallsAnswer>(`/api/v1/calls?limit=3&before=${first.next}`);
    expect(second.calls.map(({ id }) => id)).toEqual([calls[0]?.id]);
    expect(second.next).toBeNull();
    const newer = await read<CallsAnswer>(`/api/v1/calls?after=${calls[2]?.id}`);
    expect(newer.calls.map(({ id }) => id)).toEqual([calls[3]?.id]);
  });

  test('one, whole', async () => {
    expect(await read(`/api/v1/calls/${calls[0]?.id}`)).toMatchObject({
      ...calls[0],
      revisionActive: false,
      feedback: [],
    });
    await expectError(fixture.get('/api/v1/calls/call_nothing'), 404, { code: 'not_found', field: 'id' });
  });

  test.each([
    ['outcome=great', 'query.outcome'],
    ['limit=0', 'query.limit'],
    ['limit=501', 'query.limit'],
    ['limit=ten', 'query.limit'],
    ['minDurationMs=-1', 'query.minDurationMs'],
    ['model=gpt', 'query.model'],
  ])('?%s names the field', (query, field) =>
    expectError(fixture.get(`/api/v1/calls?${query}`), 400, { code: 'invalid_request', field }),
  );

  test('arrive live', async () => {
    const answer = await fixture.get('/api/v1/calls/live');
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    expect(decoder.decode((await reader.read()).value)).toBe(': keep-alive\n\n');
    const call = sampleCall({ task: 'live' });
    fixture.control.deps.live.publish([call]);
    const event = decoder.decode((await reader.read()).value);
    const summary = JSON.parse(event.replace(/^data: /, ''));
    expect(summary).toMatchObject({ id: call.id, task: 'live', attemptCount: 1, feedbackScore: null });
    expect(summary).not.toHaveProperty('attempts');
    await reader.cancel();
  });
});

describe('costs', () => {
  test('by task and user', async () => {
    const costs = await read<CostsAnswer>('/api/v1/costs?by=task,user&since=7d');
    expect(costs.by).toEqual(['task', 'user']);
    expect(costs.rows[0]).toMatchObject({
      task: 'reply',
      user: 'ada',
      calls: 2,
      costNanoUsd: 3_000_000,
      unpriced: 1,
    });
    expect(costs.total).toMatchObject({ calls: 4, costNanoUsd: 5_000_000, unpriced: 1 });
    expect(costs.rows.reduce((sum, row) => sum + row.costNanoUsd, 0)).toBe(costs.total.costNanoUsd);
  });

  test('a dimension that is not one names the field', () =>
    expectError(fixture.get('/api/v1/costs?by=task,model'), 400, {
      code: 'invalid_request',
      field: 'query.by',
    }));
});

describe('tasks', () => {
  test('declared and called ones', async () => {
    const { tasks } = await read<TasksAnswer>('/api/v1/tasks');
    const reply = tasks.find(({ name }) => name === 'reply');
    expect(reply).toMatchObject({ users: 2, figures: { calls: 3 }, config: { dataClass: 'internal' } });
    expect(tasks.find(({ name }) => name === 'untasked')).toMatchObject({
      config: null,
      figures: { calls: 1 },
    });
  });

  test('one', async () => {
    const task = await read<TaskAnswer>('/api/v1/tasks/reply?since=24h');
    expect(task).toMatchObject({ name: 'reply', figures: { calls: 3, errors: 1 }, users: 2, bucketMs: HOUR });
    expect(task.activations).toHaveLength(1);
    expect(
      task.deployments.find(({ deployment }) => deployment === 'sandbox/large')?.total.p50,
    ).toBeGreaterThan(0);
    await expectError(fixture.get('/api/v1/tasks/nothing'), 404, { code: 'not_found', field: 'name' });
  });

  test('cannot be added when code decides, and the answer says where to', async () => {
    const answer = await fixture.send('POST', '/api/v1/tasks', { name: 'new', route: ['sandbox/small'] });
    await expectError(answer, 409, { code: 'config_is_file', field: null });
  });
});

describe('stack', () => {
  test('deployments with price, figures and flows', async () => {
    const stack = await read<StackAnswer>('/api/v1/stack');
    expect(stack.stack.tasks).toHaveProperty('reply');
    const large = stack.deployments.find(({ name }) => name === 'sandbox/large');
    expect(large).toMatchObject({ sandbox: true, figures: { calls: 2 }, health: null });
    expect(large?.price?.inputPerMillion).toBeGreaterThan(0);
    expect(stack.deployments.find(({ name }) => name === 'sandbox/small')).toMatchObject({
      figures: { calls: 1 },
    });
    expect(stack.flows).toContainEqual({
      task: 'untasked',
      deployment: 'sandbox/small',
      calls: 1,
      costNanoUsd: 1_000_000,
    });
  });
});

test('a price by measured throughput is the one the gateway bills by', async () => {
  const price = { usdPerHour: 3.6, outputTokensPerSecond: 'measured' };
  const deployments = { box: { provider: 'sandbox', model: 'small', price } };
  await using own = await openControl({ config: { ...STACK, deployments } });
  const priceOf = async () => {
    const stack = (await (await own.get('/api/v1/stack')).json()) as StackAnswer;
    return stack.deployments.find(({ name }) => name === 'box')?.price;
  };
  expect(await priceOf()).toBeNull();
  own.control.deps.state.deployments = [
    {
      deployment: 'box',
      calls: 30,
      failures: 0,
      inFlight: 1,
      waiting: 2,
      lastError: null,
      lastOkAt: now,
      circuit: { state: 'closed', since: null, share: 1 },
      measuredTokensPerSecond: 100,
    },
  ];
  // 3.6 USD an hour are a thousandth of a USD a second, in which it makes 100 tokens.
  expect(await priceOf()).toMatchObject({ outputPerMillion: 10 });
});

describe('keys', () => {
  test('made once shown once, switched off and on, and the gateway hears of each', async () => {
    const before = fixture.snapshots.length;
    const answer = await fixture.send('POST', '/api/v1/keys', {
      name: 'app',
      owner: 'team',
      tasks: ['reply'],
    });
    expect(answer.status).toBe(201);
    const created = (await answer.json()) as KeyCreated;
    expect(created.key).toMatch(/^tt-/);
    expect(created).toMatchObject({
      name: 'app',
      owner: 'team',
      tasks: ['reply'],
      disabled: false,
      budget: null,
    });
    expect(created).not.toHaveProperty('sha256');
    expect(fixture.snapshots.length).toBe(before + 1);
    expect(fixture.snapshots.at(-1)?.keys.map(({ id }) => id)).toContain(created.id);

    const { keys } = await read<KeysAnswer>('/api/v1/keys');
    expect(JSON.stringify(keys)).not.toContain(created.key);
    expect(keys.every((key) => !('sha256' in key))).toBe(true);

    await fixture.send('POST', `/api/v1/keys/${created.id}/disable`);
    expect(fixture.snapshots.at(-1)?.keys.find(({ id }) => id === created.id)?.disabled).toBe(true);
    const enabled = await fixture.send('POST', `/api/v1/keys/${created.id}/enable`);
    expect(await enabled.json()).toMatchObject({ keys: [{ id: created.id, disabled: false }] });
    await expectError(fixture.send('POST', '/api/v1/keys/key_no/disable'), 404, {
      code: 'not_found',
      field: 'id',
    });
  });

  test.each([
    [{}, 'name'],
    [{ name: ' ' }, 'name'],
    [{ name: 'a', task: ['reply'] }, 'task'],
    [{ name: 'a', tasks: [] }, 'tasks'],
    [{ name: 'a', tasks: ['reply', 'replies'] }, 'tasks.1'],
    [{ name: 'a', expiresAt: 1000 }, 'expiresAt'],
    [{ name: 'a', budget: { usd: 0, per: 'day' } }, 'budget.usd'],
    [{ name: 'a', budget: { usd: 1, per: 'year' } }, 'budget.per'],
  ])('%j names %s', (body, field) =>
    expectError(fixture.send('POST', '/api/v1/keys', body), 400, { code: 'invalid_request', field }),
  );

  test('bodies that are not JSON', async () => {
    const post = (type: string, body: string) =>
      fixture.control.app.fetch(
        new Request('http://control.invalid/api/v1/keys', {
          method: 'POST',
          headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': type },
          body,
        }),
      );
    await expectError(post('text/plain', '{"name":"a"}'), 415, { code: 'unsupported_media_type' });
    await expectError(post('application/json', '{"name":'), 400, { code: 'invalid_json' });
    await expectError(post('application/json; charset=utf-8', '[]'), 400, { code: 'invalid_request' });
  });
});

describe('feedback', () => {
  test('comes through the gateway and joins its call', async () => {
    const taken = await fixture.control.takeFeedback('key_1', {
      call_id: calls[0]?.id,
      score: 1,
      comment: 'good',
    });
    expect(taken.status).toBe(201);
    const { feedback, next } = await read<FeedbackAnswer>('/api/v1/feedback?task=reply');
    expect(feedback).toMatchObject([{ callId: calls[0]?.id, score: 1, task: 'reply', comment: 'good' }]);
    expect(next).toBeNull();
    expect(await read(`/api/v1/calls/${calls[0]?.id}`)).toMatchObject({ feedback: [{ score: 1 }] });
    const refused = await fixture.control.takeFeedback('key_1', { call_id: calls[0]?.id, score: 7 });
    expect(refused).toMatchObject({
      status: 400,
      // As the errors of every other endpoint for apps: what to do stands apart from what is wrong.
      body: {
        error: { code: 'invalid_request', param: 'score', advice: 'Correct the field that is named.' },
      },
    });
  });
});

describe('paths', () => {
  test('unknown ones and wrong methods, for those signed in', async () => {
    await expectError(fixture.get('/api/v1/nothing'), 404, { code: 'not_found' });
    const answer = await fixture.send('POST', '/api/v1/calls', {});
    expect(answer.headers.get('allow')).toBe('GET');
    await expectError(answer, 405, { code: 'method_not_allowed' });
  });

  test('metrics in the text format', async () => {
    const answer = await fixture.get('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await answer.text()).toMatch(/^# HELP /m);
  });
});

test('batches: created for a key, in pages, cancelled; what cannot be is refused by name', async () => {
  const key = (await (await fixture.send('POST', '/api/v1/keys', { name: 'night' })).json()) as KeyCreated;
  const body = { key: key.id, filename: 'in.jsonl', content: '{}', endpoint: '/v1/embeddings' };
  const post = (change: object) => fixture.send('POST', '/api/v1/batches', { ...body, ...change });
  const made: string[] = [];
  for (let count = 0; count < 3; count++) made.push(((await (await post({})).json()) as BatchAnswer).id);
  const first = await read<BatchesAnswer>(`/api/v1/batches?key=${key.id}&limit=2`);
  expect(first.batches.map(({ id }) => id)).toEqual([made[2], made[1]]);
  const rest = await read<BatchesAnswer>(`/api/v1/batches?key=${key.id}&limit=2&before=${first.next}`);
  expect(rest).toMatchObject({ batches: [{ id: made[0], keyId: key.id }], next: null });
  expect(await read<BatchesAnswer>('/api/v1/batches?key=key_other')).toEqual({ batches: [], next: null });
  await expectError(await post({ completionWindow: '9d' }), 400, { field: 'completion_window' });
  await expectError(await post({ endpoint: '/v1/images' }), 400, { field: 'endpoint' });
  await expectError(await post({ key: 'key_no' }), 400, { field: 'key' });
  await fixture.send('POST', `/api/v1/keys/${key.id}/disable`);
  await expectError(await post({}), 400, { field: 'key' });
  await expectError(await fixture.get('/api/v1/batches/batch_no'), 404, { code: 'not_found' });
  await expectError(await fixture.send('POST', '/api/v1/batches/batch_no/cancel'), 404, {
    code: 'not_found',
  });
});

test('a batch that nobody has begun is cancelled', async () => {
  await using idle = await openControl({ config: STACK, mode: 'command' });
  const key = (await (await idle.send('POST', '/api/v1/keys', { name: 'night' })).json()) as KeyCreated;
  const body = { key: key.id, filename: 'in.jsonl', content: '{}', endpoint: '/v1/embeddings' };
  const { id } = (await (await idle.send('POST', '/api/v1/batches', body)).json()) as BatchAnswer;
  const answer = await idle.send('POST', `/api/v1/batches/${id}/cancel`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ id, status: 'cancelling' });
});
