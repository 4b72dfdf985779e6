import { APIError, type OpenAI } from 'openai';
import { describe, expect, test } from 'vitest';
import { idTime } from '../../src/core/id.ts';
import { startUpstream, USAGE } from '../support/upstream.ts';
import {
  COST_NANO_USD,
  deployment,
  key,
  provider,
  snapshot,
  stackOver,
  startGateway,
  TRANSPORTS,
  task,
} from './harness.ts';

const MESSAGES = [{ role: 'user' as const, content: 'Hello "there" \\ \u{1F600}' }];

async function readAll(
  stream: AsyncIterable<OpenAI.ChatCompletionChunk>,
): Promise<{ text: string; chunks: OpenAI.ChatCompletionChunk[] }> {
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), chunks };
}

async function errorOf(promise: Promise<unknown>): Promise<APIError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof APIError)) throw error;
  return error;
}

describe.each(TRANSPORTS)('calls through %s', (transport) => {
  test('a plain chat call', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const { data, response } = await openai.chat.completions
      .create({ model: 'reply', messages: MESSAGES, user: 'ada', metadata: { channel: 'web' } })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('The quick brown fox.');
    expect(data.usage).toEqual(USAGE);
    expect(response.headers.get('x-trimtab-deployment')).toBe('a');
    expect(response.headers.get('x-trimtab-cache')).toBe('none');
    expect(response.headers.get('x-request-id')).toBe('req_vendor');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('99');
    expect(response.headers.get('set-cookie')).toBeNull();
    const [call] = upstream.calls;
    expect(call?.body.model).toBe('model-of-vendor-a');
    expect(call?.headers.authorization).toBe('Bearer vendor-key-of-vendor-a');
    expect(Object.keys(call?.headers ?? {}).filter((name) => name.startsWith('x-'))).toEqual([]);
    expect(records).toHaveLength(1);
    const [record] = records;
    expect(record).toMatchObject({
      id: response.headers.get('x-trimtab-call-id'),
      revision: 'rev_test',
      protocol: 'chat',
      streamed: false,
      task: 'reply',
      requestedModel: 'reply',
      keyId: 'key_test',
      user: 'ada',
      tags: { channel: 'web' },
      dataClass: 'internal',
      outcome: 'ok',
      status: 200,
      errorCode: null,
      deployment: 'a',
      provider: 'vendor-a',
      model: 'model-of-vendor-a',
      sandbox: false,
      finishReason: 'stop',
      usage: { inputTokens: 1000, outputTokens: 200 },
      costNanoUsd: COST_NANO_USD,
      unpriced: false,
      ttftMs: null,
      skipped: [],
    });
    expect(record?.attempts).toMatchObject([
      { deployment: 'a', kind: 'primary', outcome: 'ok', status: 200, priceSource: 'config' },
    ]);
    expect(record?.payload).toBeUndefined();
    expect(record?.stages.map(([name]) => name)).toEqual([
      'authenticate',
      'identify',
      'plan',
      'attempts',
      'settle',
    ]);
    // Each begins where the one before ended, and the wait for the vendor is nobody else's.
    expect(record?.stages.map(([, start]) => start)).toEqual([
      0,
      ...(record?.stages.slice(0, -1).map(([, , end]) => end) ?? []),
    ]);
    expect(record?.stages[3]?.[2]).toBe(record?.attempts[0]?.endMs);
    // The store ranges by id where it can: an id is never older than its call.
    const madeAfterMs = (idTime(record?.id ?? '') ?? 0) - (record?.startedAt ?? 0);
    expect(madeAfterMs).toBeGreaterThanOrEqual(0);
    expect(madeAfterMs).toBeLessThan(1_000);
  });

  test('a streamed call has the same text, usage and cost as the plain one', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const plain = await openai.chat.completions.create({ model: 'reply', messages: MESSAGES });
    const { text, chunks } = await readAll(
      await openai.chat.completions.create({ model: 'reply', messages: MESSAGES, stream: true }),
    );
    expect(text).toBe(plain.choices[0]?.message.content);
    // We asked for usage, the app did not: it must not meet an event without choices.
    expect(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage)).toBe(true);
    expect(upstream.calls[1]?.body.stream_options).toEqual({ include_usage: true });
    const [first, second] = records;
    expect(second).toMatchObject({ streamed: true, outcome: 'ok', finishReason: 'stop', status: 200 });
    expect(second?.usage).toEqual(first?.usage);
    expect(second?.costNanoUsd).toBe(first?.costNanoUsd);
    expect(second?.ttftMs).toBeGreaterThanOrEqual(0);
    expect(second?.responseBytes).toBeGreaterThan(500);
  });

  test('an app that asks for the usage event gets it', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const { chunks } = await readAll(
      await openai.chat.completions.create({
        model: 'reply',
        messages: MESSAGES,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    expect(chunks.at(-1)?.usage).toEqual(USAGE);
  });

  test('unknown fields and white space survive byte for byte', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { fetch, baseUrl } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const body = (model: string): string =>
      `{ "x_new": {"deep": [1.0, 1e2, "\\u00e9"]},\n "\\u006dodel" :"${model}", "messages":[{"role":"user","content":"a\\/b"}], "tools":[{"type":"function","function":{"name":"f","parameters":{}}}] }\n`;
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer tt-${'a'.repeat(32)}`, 'content-type': 'application/json' },
      body: body('reply'),
    });
    expect(response.status).toBe(200);
    expect(upstream.calls[0]?.bytes.toString()).toBe(body('model-of-vendor-a'));
    expect(await response.text()).toBe(
      '{"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"model":"model-of-vendor-a","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox."},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}}',
    );
  });

  test('tool calls pass through', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const call = { id: 'call_1', type: 'function', function: { name: 'find', arguments: '{"q":"é"}' } };
    upstream.answer = (_call, response) => {
      const message = { role: 'assistant', content: null, tool_calls: [call] };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          id: 'x',
          object: 'chat.completion',
          created: 1,
          model: 'm',
          choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
          usage: USAGE,
        }),
      );
    };
    const tools: OpenAI.ChatCompletionTool[] = [
      { type: 'function', function: { name: 'find', parameters: { type: 'object' } } },
    ];
    const answer = await openai.chat.completions.create({ model: 'reply', messages: MESSAGES, tools });
    expect(answer.choices[0]?.message.tool_calls).toEqual([call]);
    expect(upstream.calls[0]?.body.tools).toEqual(tools);
  });

  test('embeddings', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const answer = await openai.embeddings.create({
      model: 'reply',
      input: ['a', 'b'],
      encoding_format: 'float',
    });
    expect(answer.data[0]?.embedding).toEqual([0.25, -0.5]);
    expect(records[0]).toMatchObject({
      protocol: 'embeddings',
      usage: { inputTokens: 8, outputTokens: 0 },
      costNanoUsd: 16_000,
    });
  });

  test('the model list names tasks and models, within the scope of the key', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const whole = stackOver([upstream.baseUrl]);
    const { openai, gateway } = await startGateway(onTestFinished, { transport, snapshot: whole });
    const ids = async (): Promise<string[]> => (await openai.models.list()).data.map(({ id }) => id);
    expect(await ids()).toEqual(['reply', 'vendor-a/model-of-vendor-a']);
    expect(await openai.models.retrieve('vendor-a/model-of-vendor-a')).toMatchObject({
      owned_by: 'vendor-a',
      object: 'model',
    });
    expect((await errorOf(openai.models.retrieve('repli'))).message).toContain('Did you mean "reply"?');
    gateway.update({ ...whole, keys: [key({ tasks: ['reply'] })] });
    expect(await ids()).toEqual(['reply']);
  });

  test('a model by its vendor name, and by provider/model, is untasked', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    for (const model of ['model-of-vendor-a', 'vendor-a/model-of-vendor-a', 'vendor-a/some/new-model']) {
      await openai.chat.completions.create({ model, messages: MESSAGES });
    }
    expect(records.map(({ task, deployment, model }) => [task, deployment, model])).toEqual([
      ['untasked', 'a', 'model-of-vendor-a'],
      ['untasked', 'a', 'model-of-vendor-a'],
      ['untasked', 'vendor-a/some/new-model', 'some/new-model'],
    ]);
    expect(records[2]).toMatchObject({ costNanoUsd: null, unpriced: true });
  });

  test('an unknown model is refused with the nearest spelling', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    const error = await errorOf(openai.chat.completions.create({ model: 'rely', messages: MESSAGES }));
    expect(error).toMatchObject({ status: 404, code: 'unknown_model', param: 'model' });
    expect(error.message).toContain('Did you mean "reply"?');
    expect(records[0]).toMatchObject({
      outcome: 'refused',
      requestedModel: 'rely',
      errorCode: 'unknown_model',
      attempts: [],
      costNanoUsd: 0,
    });
    expect(upstream.calls).toHaveLength(0);
  });

  test.each([
    ['missing_key', 401, [key()], {}],
    ['invalid_key', 401, [key()], { authorization: `Bearer tt-${'b'.repeat(32)}` }],
    ['key_disabled', 401, [key({ disabled: true })], null],
    ['key_expired', 401, [key({ expiresAt: 1 })], null],
    ['key_scope', 403, [key({ tasks: ['other'] })], null],
  ] as const)('%s', async (code, status, keys, headers) => {
    const { onTestFinished } = await import('vitest');
    const upstream = await startUpstream(onTestFinished);
    const { fetch, baseUrl, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl], { keys: [...keys] }),
    });
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(headers ?? { authorization: `Bearer tt-${'a'.repeat(32)}` }),
      },
      body: JSON.stringify({ model: 'reply', messages: MESSAGES }),
    });
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(error).toMatchObject({
      code,
      message: expect.any(String),
      type: expect.any(String),
      param: code === 'key_scope' ? 'model' : null,
      advice: expect.any(String),
    });
    expect(records).toHaveLength(code === 'key_scope' ? 1 : 0);
    expect(upstream.calls).toHaveLength(0);
  });

  test('data the policy keeps here goes nowhere, and the refusal names what to declare', async ({
    onTestFinished,
  }) => {
    const upstream = await startUpstream(onTestFinished);
    const policy = { party: null, allow: [], regions: [], retentionDays: null, trainsOnData: null };
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl], {
        providers: { 'vendor-a': provider(upstream.baseUrl, { dataPolicy: policy }) },
      }),
    });
    const error = await errorOf(openai.chat.completions.create({ model: 'reply', messages: MESSAGES }));
    expect(error).toMatchObject({ status: 403, code: 'data_policy_refused' });
    expect(error.message).toContain('providers.vendor-a.dataPolicy.party');
    expect(records[0]).toMatchObject({ outcome: 'refused', skipped: [{ deployment: 'a' }] });
    expect(upstream.calls).toHaveLength(0);
  });

  test('a deployment the policy refuses is passed over with its reason', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const third = {
      party: 'third' as const,
      allow: ['public' as const],
      regions: [],
      retentionDays: null,
      trainsOnData: null,
    };
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: snapshot({
        providers: {
          closed: provider(upstream.baseUrl, { dataPolicy: third }),
          open: provider(upstream.baseUrl),
        },
        deployments: { c: deployment('closed'), o: deployment('open') },
        tasks: { reply: task(['c', 'o']) },
      }),
    });
    await openai.chat.completions.create({ model: 'reply', messages: MESSAGES });
    expect(records[0]).toMatchObject({
      deployment: 'o',
      skipped: [{ deployment: 'c', reason: expect.stringContaining('internal') }],
    });
    expect(records[0]?.attempts).toHaveLength(1);
  });

  test('a deployment at its limit is passed over, and alone is refused', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl], {
        deployment: {
          limits: { maxConcurrent: 1, requestsPerMinute: null, tokensPerMinute: null, queue: null },
        },
      }),
    });
    let release = (): void => {};
    upstream.between = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const arrived = upstream.nextCall();
    const first = openai.chat.completions.create({ model: 'reply', messages: MESSAGES, stream: true });
    await arrived;
    const error = await errorOf(openai.chat.completions.create({ model: 'reply', messages: MESSAGES }));
    expect(error).toMatchObject({ status: 429, code: 'queue_full' });
    expect(error.message).toContain('at its limit of 1 concurrent calls');
    upstream.between = null;
    release();
    await readAll(await first);
    expect(records.map(({ outcome }) => outcome)).toEqual(['error', 'ok']);
  });

  test('capture: none keeps no user and no tags, full keeps both texts', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const stack = stackOver([upstream.baseUrl]);
    const { openai, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: {
        ...stack,
        stack: {
          ...stack.stack,
          tasks: { quiet: task(['a'], { capture: 'none' }), loud: task(['a'], { capture: 'full' }) },
        },
      },
    });
    await openai.chat.completions.create({
      model: 'quiet',
      messages: MESSAGES,
      user: 'ada',
      metadata: { a: 'b' },
    });
    await openai.chat.completions.create({
      model: 'loud',
      messages: MESSAGES,
      safety_identifier: 'bob',
      user: 'ada',
    });
    const raw = await (
      await openai.chat.completions.create({ model: 'loud', messages: MESSAGES, stream: true }).asResponse()
    ).text();
    expect(records[0]).toMatchObject({ user: null, tags: {} });
    expect(records[0]?.payload).toBeUndefined();
    expect(records[1]?.user).toBe('bob');
    expect(JSON.parse(records[1]?.payload?.request ?? '')).toMatchObject({
      model: 'loud',
      messages: MESSAGES,
    });
    expect(JSON.parse(records[1]?.payload?.response ?? '')).toMatchObject({ id: 'chatcmpl-1' });
    expect(records[2]?.payload?.response).toBe(raw);
    expect(raw.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('feedback goes to its taker with the key', async ({ onTestFinished }) => {
    const taken: unknown[] = [];
    const { fetch, baseUrl } = await startGateway(onTestFinished, {
      transport,
      snapshot: snapshot({}),
      feedback: async (keyId, body) => {
        taken.push([keyId, body]);
        return { status: 201, body: { id: 'fb_1' } };
      },
    });
    const send = (body: string): Promise<Response> =>
      fetch(`${baseUrl}/feedback`, {
        method: 'POST',
        headers: { authorization: `Bearer tt-${'a'.repeat(32)}`, 'content-type': 'application/json' },
        body,
      });
    const response = await send('{"call_id":"call_1","score":1}');
    expect([response.status, await response.json()]).toEqual([201, { id: 'fb_1' }]);
    expect(taken).toEqual([['key_test', { call_id: 'call_1', score: 1 }]]);
    expect((await send('[]')).status).toBe(400);
  });

  test.each([
    ['GET', '/nothing', 404, 'not_found'],
    ['GET', '/chat/completions', 405, 'method_not_allowed'],
    ['DELETE', '/models', 405, 'method_not_allowed'],
    ['HEAD', '/models', 200, null],
    ['OPTIONS', '/embeddings', 204, null],
  ])('%s %s', async (method, path, status, code) => {
    const { onTestFinished } = await import('vitest');
    const { fetch, baseUrl } = await startGateway(onTestFinished, { transport, snapshot: snapshot({}) });
    const response = await fetch(baseUrl + path, {
      method,
      headers: { authorization: `Bearer tt-${'a'.repeat(32)}` },
    });
    expect(response.status).toBe(status);
    const text = await response.text();
    if (code === null) expect(text).toBe('');
    else expect(JSON.parse(text)).toMatchObject({ error: { code } });
  });

  test.each([
    ['text/plain', undefined, '{}', 415, 'unsupported_media_type'],
    ['application/json', 'gzip', '{}', 415, 'unsupported_media_type'],
    ['application/json', undefined, ' '.repeat(1_000_001), 413, 'body_too_large'],
    ['application/json; charset=utf-8', undefined, '', 400, 'invalid_json'],
    ['application/json', undefined, '{"model":"reply"', 400, 'invalid_json'],
  ])('a body as %s %s is answered %#', async (type, encoding, body, status, code) => {
    const { onTestFinished } = await import('vitest');
    const { fetch, baseUrl } = await startGateway(onTestFinished, { transport, snapshot: snapshot({}) });
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer tt-${'a'.repeat(32)}`,
        'content-type': type,
        ...(encoding && { 'content-encoding': encoding }),
      },
      body,
    });
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
      status,
      code,
    ]);
  });

  test('a full spool refuses calls, or serves them unrecorded, as the stack says', async ({
    onTestFinished,
  }) => {
    const upstream = await startUpstream(onTestFinished);
    const harness = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    harness.recorder.state = 'full';
    const error = await errorOf(
      harness.openai.chat.completions.create({ model: 'reply', messages: MESSAGES }),
    );
    expect(error).toMatchObject({ status: 503, code: 'spool_unavailable' });
    expect(error.headers?.get('retry-after')).toBe('1');
    expect(harness.records).toHaveLength(0);
    harness.gateway.update(stackOver([upstream.baseUrl], { whenFull: 'unrecorded' }));
    await harness.openai.chat.completions.create({ model: 'reply', messages: MESSAGES });
    expect(upstream.calls).toHaveLength(1);
  });

  test('a new snapshot in the middle of a stream drops nothing', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const other = await startUpstream(onTestFinished);
    const { openai, gateway, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    upstream.between = (index) => {
      if (index === 2) gateway.update(stackOver([other.baseUrl], { revision: 'rev_next' }));
    };
    const { text } = await readAll(
      await openai.chat.completions.create({ model: 'reply', messages: MESSAGES, stream: true }),
    );
    expect(text).toBe('The quick brown fox.');
    await openai.chat.completions.create({ model: 'reply', messages: MESSAGES });
    expect(records.map(({ revision }) => revision)).toEqual(['rev_test', 'rev_next']);
    expect(other.calls).toHaveLength(1);
  });

  test('health counts what calls have shown', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, gateway } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    await openai.chat.completions.create({ model: 'reply', messages: MESSAGES });
    upstream.fault = 'status-500';
    await errorOf(openai.chat.completions.create({ model: 'reply', messages: MESSAGES }));
    upstream.fault = 'status-400';
    await errorOf(openai.chat.completions.create({ model: 'reply', messages: MESSAGES }));
    const health = gateway.health();
    expect(health).toMatchObject({ callsServed: 3, openStreams: 0 });
    expect(health.deployments).toMatchObject([
      {
        deployment: 'a',
        calls: 3,
        failures: 1,
        inFlight: 0,
        lastError: { code: 'upstream_error' },
        measuredTokensPerSecond: null,
      },
    ]);
  });

  test('draining refuses new calls and cuts those left at the deadline', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, gateway, records } = await startGateway(onTestFinished, {
      transport,
      snapshot: stackOver([upstream.baseUrl]),
    });
    upstream.between = (index) => (index === 2 ? new Promise(() => {}) : undefined);
    const stream = await openai.chat.completions.create({ model: 'reply', messages: MESSAGES, stream: true });
    const reading = errorOf(readAll(stream));
    const drained = gateway.drain({ noticeMs: 0, deadlineMs: 30 });
    expect(
      await errorOf(openai.chat.completions.create({ model: 'reply', messages: MESSAGES })),
    ).toMatchObject({ code: 'shutting_down' });
    await drained;
    expect(await reading).toMatchObject({ code: 'shutting_down' });
    expect(records.at(-1)).toMatchObject({
      outcome: 'error',
      errorCode: 'shutting_down',
      usage: { estimated: true },
    });
  });
});
