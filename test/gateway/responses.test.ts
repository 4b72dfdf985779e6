/** The Responses protocol by translation: the official SDK as the app, a chat vendor behind real HTTP. */
import type OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import type { Response as ResponseObject, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describe, expect, type TestContext, test } from 'vitest';
import { z } from 'zod';
import { runVendor } from '../sandbox/vendor.ts';
import { startUpstream } from '../support/upstream.ts';
import {
  COST_NANO_USD,
  deployment,
  type Harness,
  KEY,
  provider,
  snapshot,
  stackOver,
  startGateway,
  task,
} from './harness.ts';

type OnTestFinished = TestContext['onTestFinished'];

/** A gateway before the simulated vendor, as any other vendor that speaks only chat. */
async function overSandbox(onTestFinished: OnTestFinished, model = 'large'): Promise<Harness> {
  const vendor = await runVendor();
  onTestFinished(() => vendor[Symbol.asyncDispose]());
  return startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { lab: provider(vendor.url) },
      deployments: { lab: deployment('lab', { model }) },
      tasks: { reply: task(['lab']) },
      secrets: { lab: { apiKey: null, headers: { 'x-sandbox-time-scale': '0' } } },
    }),
  });
}

const question = 'My top-up by bank transfer does not show. Why?';

async function collect(openai: OpenAI, body: object): Promise<ResponseStreamEvent[]> {
  const stream = await openai.responses.create({ model: 'reply', input: question, ...body, stream: true });
  const events: ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** What differs between two answers to one question: ids and time. */
function withoutIds(response: ResponseObject): unknown {
  return JSON.parse(
    JSON.stringify(response, (key, value: unknown) =>
      ['id', 'call_id', 'created_at', 'completed_at'].includes(key) ? undefined : value,
    ),
  );
}

/** Every member the published type requires, at its type. */
function expectResponse(response: ResponseObject): void {
  expect(response.id).toMatch(/^resp_[0-9a-f]{40}$/);
  expect(response.object).toBe('response');
  expect(Number.isInteger(response.created_at)).toBe(true);
  const required = [
    'error',
    'incomplete_details',
    'instructions',
    'metadata',
    'model',
    'output',
    'parallel_tool_calls',
    'temperature',
    'tool_choice',
    'tools',
    'top_p',
  ] as const satisfies readonly (keyof ResponseObject)[];
  for (const member of required) expect(response).toHaveProperty(member);
}

describe('a plain response', () => {
  test('has the object of the API, usage and cost', async ({ onTestFinished }) => {
    const { openai, nextRecord } = await overSandbox(onTestFinished);
    const recorded = nextRecord();
    const response = await openai.responses.create({
      model: 'reply',
      instructions: 'You answer support mail.',
      input: question,
      metadata: { team: 'support' },
      safety_identifier: 'user-7',
      temperature: 0.5,
      max_output_tokens: 500,
    });
    expectResponse(response);
    expect(response).toMatchObject({
      status: 'completed',
      instructions: 'You answer support mail.',
      metadata: { team: 'support' },
      temperature: 0.5,
      max_output_tokens: 500,
      error: null,
      incomplete_details: null,
    });
    expect(response.output_text).not.toBe('');
    expect(response.output).toMatchObject([
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', annotations: [] }],
      },
    ]);
    const record = await recorded;
    expect(record).toMatchObject({
      protocol: 'responses',
      user: 'user-7',
      tags: { team: 'support' },
      outcome: 'ok',
    });
    expect(record.finishReason).toBe('stop');
    const { usage } = response;
    expect(usage).toEqual({
      input_tokens: record.usage.inputTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: record.usage.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: (record.usage.inputTokens ?? 0) + (record.usage.outputTokens ?? 0),
    });
    expect(record.usage.estimated).toBeUndefined();
    expect(record.costNanoUsd).toBe((usage?.input_tokens ?? 0) * 2000 + (usage?.output_tokens ?? 0) * 10_000);
  });

  test('that hits its bound is incomplete', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const response = await openai.responses.create({
      model: 'reply',
      input: question,
      max_output_tokens: 16,
    });
    expect(response.status).toBe('incomplete');
    expect(response.incomplete_details).toEqual({ reason: 'max_output_tokens' });
    expect(response.output.at(-1)).toMatchObject({ status: 'incomplete' });
    expect(response.usage?.output_tokens).toBe(16);
  });

  test('fills a schema for the parse helper', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const ticket = z.object({ category: z.enum(['billing', 'technical']), urgent: z.boolean() });
    const response = await openai.responses.parse({
      model: 'reply',
      input: [{ role: 'user', content: [{ type: 'input_text', text: question }] }],
      text: { format: zodTextFormat(ticket, 'ticket') },
    });
    expect(ticket.parse(response.output_parsed)).toEqual(response.output_parsed);
    expect(response.text?.format).toMatchObject({ type: 'json_schema', name: 'ticket', strict: true });
  });

  test('calls tools, and takes their results back', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const tools = [
      zodResponsesFunction({
        name: 'get_balance',
        description: 'Balance of an account',
        parameters: z.object({ account_id: z.string() }),
      }),
    ];
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: 'What is the balance of account 48213?' },
    ];
    const first = await openai.responses.parse({ model: 'reply', input, tools });
    const [call] = first.output.filter((item) => item.type === 'function_call');
    expect(call).toMatchObject({
      name: 'get_balance',
      status: 'completed',
      parsed_arguments: { account_id: '48213' },
    });
    if (!call) throw new Error('no call');
    input.push(...(first.output as OpenAI.Responses.ResponseInput));
    input.push({ type: 'function_call_output', call_id: call.call_id, output: '{"balance": "120.50 EUR"}' });
    const second = await openai.responses.create({ model: 'reply', input, tools });
    expect(second.output_text).toContain('120.50 EUR');
    expect(second.tools).toMatchObject([{ type: 'function', name: 'get_balance', strict: true }]);
  });
});

describe('a streamed response', () => {
  test('ends in the same object as a plain one', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const body = { model: 'reply', input: question } as const;
    const plain = await openai.responses.create(body);
    const streamed = await openai.responses.stream(body).finalResponse();
    expectResponse(streamed);
    const { output_parsed: _, ...rest } = streamed as ResponseObject & { output_parsed: unknown };
    expect(rest.output_text).toBe(plain.output_text);
    expect(withoutIds({ ...rest, output: [] } as never)).toEqual(withoutIds({ ...plain, output: [] }));
  });

  test('gives its events in order, numbered', async ({ onTestFinished }) => {
    const { openai, records } = await overSandbox(onTestFinished);
    const events = await collect(openai, {});
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, i) => i));
    const types = events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
    expect(types).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const text = events
      .map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''))
      .join('');
    const last = events.at(-1);
    if (last?.type !== 'response.completed') throw new Error('not completed');
    expect(last.response.output).toMatchObject([{ type: 'message', content: [{ text }] }]);
    expect(last.response.usage?.output_tokens).toBe(records[0]?.usage.outputTokens);
    expect(records[0]).toMatchObject({
      protocol: 'responses',
      streamed: true,
      outcome: 'ok',
      finishReason: 'stop',
    });
    expect(records[0]?.ttftMs).not.toBeNull();
  });

  test('carries tool calls', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const parameters = {
      type: 'object',
      properties: { account_id: { type: 'string' } },
      required: ['account_id'],
      additionalProperties: false,
    };
    const body = {
      input: 'What is the balance of account 48213?',
      tools: [{ type: 'function', name: 'get_balance', description: 'Balance', parameters, strict: true }],
    };
    const events = await collect(openai, body);
    const added = events.find(({ type }) => type === 'response.output_item.added');
    expect(added).toMatchObject({ item: { type: 'function_call', name: 'get_balance', arguments: '' } });
    const pieces = events.map((event) =>
      event.type === 'response.function_call_arguments.delta' ? event.delta : '',
    );
    const done = events.find((event) => event.type === 'response.function_call_arguments.done');
    expect(done).toMatchObject({ name: 'get_balance', arguments: pieces.join('') });
    expect(JSON.parse(pieces.join(''))).toEqual({ account_id: '48213' });
    const final = await openai.responses.stream({ model: 'reply', ...body } as never).finalResponse();
    expect(final.output).toMatchObject([{ type: 'function_call', arguments: pieces.join('') }]);
  });

  test('that hits its bound ends with response.incomplete', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const last = (await collect(openai, { max_output_tokens: 16 })).at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  test('that is cut ends in a numbered error, never in completed', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    upstream.fault = 'cut';
    const { baseUrl, fetch, openai, records } = await startGateway(onTestFinished, {
      snapshot: stackOver([upstream.baseUrl]),
    });
    const answer = await fetch(`${baseUrl}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'reply', input: 'Say it.', stream: true }),
    });
    const events = (await answer.text())
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)) as ResponseStreamEvent);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, i) => i));
    const expected = { type: 'error', code: 'upstream_cut', error: { code: 'upstream_cut' } };
    expect(events.at(-1)).toMatchObject(expected);
    expect(events.some(({ type }) => type === 'response.completed')).toBe(false);
    await expect(
      openai.responses.stream({ model: 'reply', input: 'Say it.' }).finalResponse(),
    ).rejects.toMatchObject({
      code: 'upstream_cut',
    });
    expect(records).toMatchObject([{ outcome: 'error', usage: { estimated: true } }, { outcome: 'error' }]);
  });

  test('falls back before its first token', async ({ onTestFinished }) => {
    const [broken, well] = [await startUpstream(onTestFinished), await startUpstream(onTestFinished)];
    broken.fault = 'status-503';
    const { openai, records } = await startGateway(onTestFinished, {
      snapshot: stackOver([broken.baseUrl, well.baseUrl]),
    });
    const final = await openai.responses.stream({ model: 'reply', input: 'Say it.' }).finalResponse();
    expect(final.output_text).toBe('The quick brown fox.');
    expect(records[0]).toMatchObject({ deployment: 'b', costNanoUsd: COST_NANO_USD });
  });

  test('stops its vendor when the app leaves, and is billed', async ({ onTestFinished }) => {
    const upstream = await startUpstream(onTestFinished);
    const { openai, nextRecord } = await startGateway(onTestFinished, {
      snapshot: stackOver([upstream.baseUrl]),
    });
    upstream.between = (index) => (index === 3 ? new Promise(() => {}) : undefined);
    const [recorded, called] = [nextRecord(), upstream.nextCall()];
    const stream = await openai.responses.create({ model: 'reply', input: 'Say it.', stream: true });
    for await (const event of stream) if (event.type === 'response.output_text.delta') break;
    const record = await recorded;
    expect(record).toMatchObject({ outcome: 'client_left', usage: { estimated: true } });
    expect(record.costNanoUsd).toBeGreaterThan(0);
    expect(await (await called).closed).toBe(false);
  });
});

describe('what chat cannot carry', () => {
  const base = { input: question };
  test.for<[string, object]>([
    ['tools[0].type', { ...base, tools: [{ type: 'web_search' }] }],
    ['tools[0].type', { ...base, tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }],
    ['tools[0].type', { ...base, tools: [{ type: 'computer_use_preview' }] }],
    ['tools[0].type', { ...base, tools: [{ type: 'mcp', server_label: 'x' }] }],
    ['background', { ...base, background: true }],
    ['conversation', { ...base, conversation: 'conv_1' }],
    ['previous_response_id', { ...base, previous_response_id: 'resp_1' }],
    ['prompt', { prompt: { id: 'pmpt_1' } }],
    ['truncation', { ...base, truncation: 'auto' }],
    ['include[0]', { ...base, include: ['file_search_call.results'] }],
    ['reasoning.summary', { ...base, reasoning: { summary: 'detailed' } }],
    ['max_tool_calls', { ...base, max_tool_calls: 3 }],
    ['nobody_knows_this', { ...base, nobody_knows_this: 1 }],
    ['input[0]', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['input[0].type', { input: [{ type: 'web_search_call', id: 'ws_1', status: 'completed' }] }],
    [
      'input[0].content[0].file_id',
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
    ],
    [
      'input[0].content[0].file_url',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'u' }] }] },
    ],
    ['tool_choice', { ...base, tool_choice: { type: 'mcp', server_label: 'x' } }],
    ['text.format.type', { ...base, text: { format: { type: 'grammar' } } }],
  ])('is refused by name: %s', async ([field, body], { onTestFinished }) => {
    const { openai, records } = await overSandbox(onTestFinished);
    const refused = await openai.responses.create({ model: 'reply', ...body } as never).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ status: 400, param: field, code: 'unsupported_parameter' });
    expect(records[0]?.attempts).toEqual([]);
  });

  test('encrypted reasoning may be asked for: there is none', async ({ onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    const asked = { ...base, include: ['reasoning.encrypted_content' as const], store: false };
    const { status } = await openai.responses.create({ model: 'reply', ...asked });
    expect(status).toBe('completed');
  });

  test.for<[string, object]>([
    ['input', {}],
    ['input', { input: 3 }],
    ['input', { input: [] }],
    ['input[0]', { input: ['x'] }],
    ['input[0].role', { input: [{ role: 'tool', content: 'x' }] }],
    ['input[0].call_id', { input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }],
    ['stream', { input: 'x', stream: 'yes' }],
  ])('is invalid, named: %s', async ([field, body], { onTestFinished }) => {
    const { openai } = await overSandbox(onTestFinished);
    await expect(openai.responses.create({ model: 'reply', ...body } as never)).rejects.toMatchObject({
      status: 400,
      param: field,
      code: 'invalid_request',
    });
  });
});
