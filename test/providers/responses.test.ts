/** The Responses protocol over recorded wire bytes: translated from every vendor's chat, and passed through. */
import fc from 'fast-check';
import OpenAI from 'openai';
import type { ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describe, expect, test } from 'vitest';
import { openOverChat } from '../../src/protocols/responses/index.ts';
import { parseResponses } from '../../src/protocols/responses/parse.ts';
import { findProvider } from '../../src/providers/index.ts';
import type { AppRequest, Exchange, Provider } from '../../src/providers/provider.ts';
import { type Ending, responseEvents } from '../gateway/responses-vendor.ts';
import { faultsOfEvent, faultsOfResponse } from './responses-schema.ts';
import {
  connectTo,
  cutAt,
  fixtureTypes,
  loadFixture,
  noHeaders,
  readAll,
  type SyncExchange,
} from './support.ts';

const STREAM = '{"model":"support-reply","input":"Say hello.","stream":true}';

function toRequest(body: object | string, model: string): AppRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return parseResponses(Buffer.from(text), {}).forModel(model);
}

function eventsOf(bytes: string): ResponseStreamEvent[] {
  return bytes
    .split(/\n\n/)
    .filter((event) => event !== '')
    .map((event) => {
      const [name, data] = event.split('\n');
      const parsed = JSON.parse((data ?? '').slice('data: '.length)) as ResponseStreamEvent;
      expect(name).toBe(`event: ${parsed.type}`);
      expect(faultsOfEvent(parsed)).toEqual([]);
      return parsed;
    });
}

/** The bytes as the official SDK reads them. */
function finalResponse(bytes: string) {
  const answer = new Response(bytes, { headers: { 'content-type': 'text/event-stream' } });
  const client = new OpenAI({ apiKey: 'any', baseURL: 'http://vendor.test', fetch: async () => answer });
  return client.responses.stream({ model: 'm', input: 'x' }).finalResponse();
}

function expectSame(exchange: Exchange, stream: Buffer): ReturnType<typeof readAll> {
  const whole = readAll(exchange.readStream(), [stream]);
  const single = [...stream].map((byte) => Buffer.from([byte]));
  expect(readAll(exchange.readStream(), single)).toEqual(whole);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 60 }), (cuts) => {
      expect(readAll(exchange.readStream(), cutAt(stream, cuts))).toEqual(whole);
    }),
    { numRuns: 30 },
  );
  return whole;
}

describe.each(fixtureTypes())('over the chat of %s', (type) => {
  const { provider, note, plain, stream } = loadFixture(type);
  const open = (body: string) =>
    openOverChat(connectTo(provider), toRequest(body, note.model)) as SyncExchange;

  test('a stream is the same whatever its chunks, and the SDK reads it', async () => {
    const { usage, finishReason, text } = note.expectStream;
    const whole = expectSame(open(STREAM), stream);
    expect(whole).toMatchObject({ usage, finishReason, done: true, started: true, failure: null });
    expect(eventsOf(whole.bytes).length).toBeGreaterThan(5);
    const final = await finalResponse(whole.bytes);
    expect(final).toMatchObject({ output_text: text, status: 'completed' });
    expect(final.usage).toMatchObject({
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
    });
  });

  test('a plain answer keeps text, usage and finish reason', () => {
    const exchange = open(STREAM.replace(',"stream":true', ''));
    const answer = exchange.readAnswer(200, 'application/json', plain, noHeaders);
    expect(answer).toMatchObject({ kind: 'answer', ...note.expect });
    if (answer.kind !== 'answer') throw answer.error;
    const response = JSON.parse(String(answer.body));
    expect(faultsOfResponse(response)).toEqual([]);
    expect(response.output.at(-1).content[0].text).toBe(note.expectStream.text);
  });

  test('a cut stream is never complete, and is billed', () => {
    fc.assert(
      fc.property(fc.nat({ max: Math.floor(stream.length * 0.8) }), (end) => {
        const cut = readAll(open(STREAM).readStream(), [stream.subarray(0, end)]);
        expect(cut).toMatchObject({ done: false, failure: null });
        expect(cut.bytes).not.toContain('response.completed');
        expect(cut.usage.inputTokens).toBeGreaterThan(0);
      }),
      { numRuns: 20 },
    );
  });
});

const openai = findProvider('openai') as Provider;

describe('passed through', () => {
  const open = () => connectTo(openai).open(toRequest(STREAM, 'gpt-5-mini'));

  test.each<[Ending, string | null]>([
    ['completed', 'stop'],
    ['incomplete', 'length'],
    ['failed', null],
    ['error', null],
    ['cut', null],
    ['malformed', null],
  ])('a stream that ends in %s is the same whatever its chunks', (ending, finishReason) => {
    const bytes = responseEvents(ending);
    const whole = expectSame(open(), Buffer.from(bytes));
    expect(whole).toMatchObject({ started: true, done: finishReason !== null, finishReason });
    expect(whole.failure === null).toBe(finishReason !== null || ending === 'cut');
    expect(bytes.startsWith(whole.bytes)).toBe(true);
    if (finishReason !== null) expect(whole.bytes).toBe(bytes);
    expect(whole.bytes).not.toContain('the vendor failed');
  });

  test('gives whole events only', () => {
    const stream = Buffer.from(responseEvents('completed').replaceAll('\n', '\r\n'));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 20 }), (cuts) => {
        const reader = open().readStream();
        for (const chunk of cutAt(stream, cuts)) {
          const bytes = reader.push(chunk);
          if (bytes !== null) expect(bytes.toString()).toMatch(/\n\r?\n$/);
        }
        expect(reader.done).toBe(true);
      }),
    );
  });

  test('is billed when it is cut', () => {
    const bytes = Buffer.from(responseEvents('completed'));
    fc.assert(
      fc.property(fc.nat({ max: bytes.lastIndexOf('event: response.completed') }), (end) => {
        const cut = readAll(open().readStream(), [bytes.subarray(0, end)]);
        expect(cut).toMatchObject({ done: false, failure: null, usage: { estimated: true } });
        if (cut.started) expect(cut.usage.outputTokens).toBeGreaterThan(0);
      }),
    );
  });

  test.each([
    ['rate_limit_exceeded', 'upstream_rate_limited', true],
    ['invalid_prompt', 'upstream_rejected', false],
    ['server_error', 'upstream_error', true],
  ])('the error %s keeps its meaning', (code, expected, fallback) => {
    const event = { type: 'error', sequence_number: 0, code, message: 'why', param: null };
    const reader = open().readStream();
    expect(reader.push(Buffer.from(`event: error\ndata: ${JSON.stringify(event)}\n\n`))).toBeNull();
    expect(reader.failure).toMatchObject({ fallback, error: { code: expected } });
  });
});

describe('what a chat stream may hold', () => {
  const compatible = findProvider('openai-compatible') as Provider;

  function translate(deltas: object[], finish = 'stop') {
    const chunks = [
      ...deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] })),
      { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
      { choices: [], usage: { prompt_tokens: 5, completion_tokens: 7 } },
    ];
    const text = chunks.map((chunk) => `data: ${JSON.stringify({ model: 'm-1', ...chunk })}\n\n`).join('');
    const exchange = openOverChat(connectTo(compatible), toRequest(STREAM, 'm'));
    return readAll(exchange.readStream(), [Buffer.from(`${text}data: [DONE]\n\n`)]).bytes;
  }

  const call = (piece: object, name?: string, given = '') => ({
    tool_calls: [{ ...piece, function: { ...(name && { name }), arguments: given } }],
  });

  test('reasoning, text and parallel calls that alternate', async () => {
    const bytes = translate(
      [
        { reasoning_content: 'Let me ' },
        { reasoning_content: 'think.' },
        { content: 'I look ' },
        { content: 'it up.' },
        call({ index: 0, id: 'call_a', type: 'function' }, 'f'),
        call({ index: 1, id: 'call_b', type: 'function' }, 'g', '{"b"'),
        call({ index: 0 }, undefined, '{"a":1}'),
        call({ index: 1 }, undefined, ':2}'),
      ],
      'tool_calls',
    );
    const final = await finalResponse(bytes);
    expect(final.output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Let me think.' }], summary: [] },
      { type: 'message', content: [{ type: 'output_text', text: 'I look it up.' }] },
      { type: 'function_call', call_id: 'call_a', name: 'f', arguments: '{"a":1}', status: 'completed' },
      { type: 'function_call', call_id: 'call_b', name: 'g', arguments: '{"b":2}', status: 'completed' },
    ]);
    const open = new Set<number>();
    for (const event of eventsOf(bytes)) {
      if (event.type === 'response.output_item.added') open.add(event.output_index);
      else if (event.type === 'response.output_item.done') expect(open.delete(event.output_index)).toBe(true);
      else if ('output_index' in event) expect(open.has(event.output_index)).toBe(true);
    }
    expect(open.size).toBe(0);
  });

  test('calls without numbers, or all with the same', async () => {
    for (const numbered of [{}, { index: 0 }]) {
      const { output } = await finalResponse(
        translate([call({ id: 'a', ...numbered }, 'f', '{}'), call({ id: 'b', ...numbered }, 'g', '[1]')]),
      );
      expect(output).toMatchObject([
        { call_id: 'a', name: 'f', arguments: '{}' },
        { call_id: 'b', name: 'g', arguments: '[1]' },
      ]);
    }
  });

  test('a refusal', async () => {
    const { output } = await finalResponse(translate([{ refusal: 'I can' }, { refusal: 'not.' }]));
    expect(output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'I cannot.' }] }]);
  });

  test('nothing at all', async () => {
    const final = await finalResponse(translate([]));
    expect(final).toMatchObject({ status: 'completed', output_text: '', output: [{ type: 'message' }] });
  });

  test('a stop by the content filter', async () => {
    const final = await finalResponse(translate([{ content: 'Well' }], 'content_filter'));
    expect(final).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
      output: [{ status: 'incomplete' }],
    });
  });

  test('any deltas: items open, grow and close, and add up', () => {
    const text = fc.string({ minLength: 1, maxLength: 8 });
    const delta = fc.oneof(
      text.map((content) => ({ content })),
      text.map((reasoning_content) => ({ reasoning_content })),
      text.map((refusal) => ({ refusal })),
      fc
        .tuple(fc.nat({ max: 2 }), text)
        .map(([index, given]) => call({ index, id: `c${index}` }, 'f', given)),
    );
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 12 }), (deltas) => {
        const events = eventsOf(translate(deltas));
        expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, i) => i));
        const last = events.at(-1);
        if (last?.type !== 'response.completed') throw new Error('not completed');
        const done = events.filter((event) => event.type === 'response.output_item.done');
        const byIndex = done.toSorted((a, b) => a.output_index - b.output_index).map(({ item }) => item);
        expect(last.response.output).toEqual(byIndex);
        const said = (kind: string) =>
          deltas.map((one) => (one as Record<string, string>)[kind] ?? '').join('');
        const parts = last.response.output.flatMap((item): object[] =>
          item.type === 'message' || item.type === 'reasoning' ? (item.content ?? []) : [],
        ) as { type: string; text?: string; refusal?: string }[];
        const sum = (type: string) =>
          parts.map((part) => (part.type === type ? (part.text ?? part.refusal) : '')).join('');
        expect(sum('output_text')).toBe(said('content'));
        expect(sum('reasoning_text')).toBe(said('reasoning_content'));
        expect(sum('refusal')).toBe(said('refusal'));
      }),
    );
  });
});

describe('the chat request', () => {
  const compatible = findProvider('openai-compatible') as Provider;
  const chat = (body: object) =>
    JSON.parse(
      String(
        (openOverChat(connectTo(compatible), toRequest({ model: 't', ...body }, 'm')) as SyncExchange).request
          .body,
      ),
    ) as Record<string, unknown>;

  test('says what the items say', () => {
    const { messages } = chat({
      instructions: 'Be brief.',
      input: [
        { role: 'developer', content: 'Answer in French.' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [] },
        {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Wait.' }],
        },
        { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' },
        { type: 'function_call', call_id: 'b', name: 'g', arguments: '{"x":1}' },
        { type: 'function_call_output', call_id: 'a', output: 'A' },
        { type: 'function_call_output', call_id: 'b', output: [{ type: 'input_text', text: 'B' }] },
      ],
    });
    const called = (id: string, name: string, given: string) => ({
      id,
      type: 'function',
      function: { name, arguments: given },
    });
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'system', content: 'Answer in French.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
        ],
      },
      {
        role: 'assistant',
        content: 'Wait.',
        tool_calls: [called('a', 'f', '{}'), called('b', 'g', '{"x":1}')],
      },
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
    ]);
  });

  test('carries every parameter that chat has', () => {
    const f = { type: 'function', name: 'f', parameters: { type: 'object' }, strict: true };
    const schema = { type: 'object' };
    expect(
      chat({
        input: 'x',
        stream: true,
        temperature: 0,
        top_p: 0.5,
        max_output_tokens: 9,
        reasoning: { effort: 'low', summary: 'auto' },
        text: { verbosity: 'low', format: { type: 'json_schema', name: 'n', schema, strict: true } },
        tools: [f, { ...f, name: 'g' }],
        tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'g' }] },
        parallel_tool_calls: false,
        top_logprobs: 2,
        service_tier: 'flex',
        user: 'u',
        prompt_cache_key: 'k',
        store: true,
        truncation: 'disabled',
        background: false,
        metadata: { a: 'b' },
      }),
    ).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'x' }],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      top_p: 0.5,
      max_tokens: 9,
      reasoning_effort: 'low',
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
      tools: [{ type: 'function', function: { name: 'g', parameters: { type: 'object' }, strict: true } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      logprobs: true,
      top_logprobs: 2,
      service_tier: 'flex',
      user: 'u',
      prompt_cache_key: 'k',
    });
  });

  test('refused by the provider, names what the app wrote', () => {
    const anthropic = findProvider('anthropic') as Provider;
    const open = (body: object) =>
      openOverChat(connectTo(anthropic), toRequest({ model: 't', input: 'x', ...body }, 'm'));
    expect(() => open({ reasoning: { effort: 'minimal' } })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', field: 'reasoning.effort' }),
    );
    expect(() => open({ text: { verbosity: 'low' } })).toThrow(
      expect.objectContaining({
        field: 'text.verbosity',
        message: expect.stringContaining('`text.verbosity`'),
      }),
    );
  });
});
