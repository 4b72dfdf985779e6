/** Same protocol on both sides: bytes go through, and only what must change is changed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findProvider } from '../../src/providers/index.ts';
import type { AppRequest, Provider } from '../../src/providers/provider.ts';
import {
  CHAT,
  CHAT_STREAM,
  CHAT_STREAM_USAGE,
  connectTo,
  cutAt,
  eventsOf,
  loadFixture,
  noHeaders,
  readAll,
  readFixture,
  toRequest,
} from './support.ts';

const openai = findProvider('openai') as Provider;

function sent(text: string, model = 'gpt-5-mini', extra: Partial<AppRequest> = {}): string {
  return String(connectTo(openai).open(toRequest(text, model, extra)).request.body);
}

describe('a request', () => {
  test('keeps every byte but the model', () => {
    const text = '{ "x_unknown" : 1.0e2,\n"model" : "task" , "seed":12345678901234567890, "messages":[] }';
    expect(sent(text)).toBe(text.replace('"task"', '"gpt-5-mini"'));
  });

  test('is the same buffer when the model is already right', () => {
    const request = toRequest(CHAT, 'support-reply');
    expect(connectTo(openai).open(request).request.body).toBe(request.bytes);
  });

  test.each([
    ['openai', 'max_tokens', 'max_completion_tokens'],
    ['azure-openai', 'max_tokens', 'max_completion_tokens'],
    ['mistral', 'max_completion_tokens', 'max_tokens'],
    ['deepseek', 'max_completion_tokens', 'max_tokens'],
    ['vllm', 'max_completion_tokens', 'max_tokens'],
  ])('calls the bound of an answer what %s calls it', (type, written, read) => {
    const { provider } = loadFixture(type);
    const send = (text: string) =>
      String(connectTo(provider).open(toRequest(text, 'support-reply')).request.body);
    const text = CHAT.replace('{', `{ "note":"\\"${written}\\":1", "${written}" : 300,`);
    expect(send(text)).toBe(text.replace(`"${written}" :`, `"${read}" :`));
    // Its own name, both, or none: as they are.
    for (const members of [`"${read}":5,`, `"${written}":5,"${read}":6,`, `"${written}":null,`, '']) {
      const kept = CHAT.replace('{', `{${members}`);
      expect(send(kept)).toBe(kept);
    }
  });

  test('changes the member, not text that looks like it', () => {
    const text =
      '{"messages":[{"role":"user","content":"\\"model\\":\\"task\\""},{"model":"task"}],"model":"task"}';
    const at = text.lastIndexOf('"task"');
    expect(sent(text)).toBe(`${text.slice(0, at)}"gpt-5-mini"}`);
  });

  test('escapes a model name', () => {
    expect(JSON.parse(sent(CHAT, 'a"b\\c\n')).model).toBe('a"b\\c\n');
  });

  test.each([
    ['absent', CHAT_STREAM],
    ['null', CHAT.replace('{', '{"stream":true,"stream_options":null,')],
    ['an empty object', CHAT.replace('{', '{"stream":true,"stream_options":{},')],
    ['false', CHAT.replace('{', '{"stream":true,"stream_options":{"include_usage":false},')],
  ])('asks for usage when the app has it %s', (_, text) => {
    const before = JSON.parse(text);
    const options = { ...before.stream_options, include_usage: true };
    expect(JSON.parse(sent(text))).toEqual({ ...before, model: 'gpt-5-mini', stream_options: options });
  });

  test('keeps other stream options', () => {
    const text = CHAT.replace('{', '{"stream":true,"stream_options":{"include_obfuscation":false},');
    const expected = { include_obfuscation: false, include_usage: true };
    expect(JSON.parse(sent(text)).stream_options).toEqual(expected);
  });

  test('leaves stream options alone when there is no stream, or the app asked itself, or the vendor takes none', () => {
    expect(sent(CHAT)).not.toContain('stream_options');
    expect(sent(CHAT_STREAM_USAGE)).toBe(CHAT_STREAM_USAGE.replace('support-reply', 'gpt-5-mini'));
    const mistral = connectTo(findProvider('mistral') as Provider).open(toRequest(CHAT_STREAM, 'm'));
    expect(String(mistral.request.body)).not.toContain('stream_options');
  });

  test('survives any JSON around it', () => {
    const members = fc.dictionary(
      fc.string().filter((name) => !['model', 'stream', 'stream_options', '__proto__'].includes(name)),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(members, members, fc.string(), fc.boolean(), (before, after, model, stream) => {
        const body = { ...before, model: 'task', ...after, stream };
        const result = JSON.parse(sent(JSON.stringify(body, null, 1), model));
        const options = stream ? { stream_options: { include_usage: true } } : {};
        expect(result).toEqual(JSON.parse(JSON.stringify({ ...body, model, ...options })));
      }),
    );
  });

  test('carries the app headers a vendor needs, and shares the others', () => {
    const connection = connectTo(openai);
    const plain = connection.open(toRequest(CHAT, 'm')).request.headers;
    expect(connection.open(toRequest(CHAT, 'm')).request.headers).toBe(plain);
    const headers = { 'idempotency-key': 'k1', 'openai-beta': 'b1', 'anthropic-beta': 'no' };
    const extended = connection.open(toRequest(CHAT, 'm', { headers })).request.headers;
    expect(extended).toEqual([...plain, 'openai-beta', 'b1', 'idempotency-key', 'k1']);
  });
});

describe('an answer', () => {
  test('is the same buffer', () => {
    const plain = readFixture('openai', 'plain.txt');
    const answer = connectTo(openai).open(toRequest(CHAT, 'm')).readAnswer(200, '', plain, noHeaders);
    expect(answer.body).toBe(plain);
  });

  test('of embeddings has input and no output', () => {
    const text = '{"model":"t","input":["one","two"]}';
    const exchange = connectTo(openai).open(
      toRequest(text, 'text-embedding-3-small', { protocol: 'embeddings' }),
    );
    expect(exchange.request.path).toBe('/v1/embeddings');
    const body =
      '{"object":"list","data":[{"index":0,"embedding":[0.1]}],"usage":{"prompt_tokens":2,"total_tokens":2}}';
    expect(exchange.readAnswer(200, '', Buffer.from(body), noHeaders)).toMatchObject({
      kind: 'answer',
      usage: { inputTokens: 2, outputTokens: 0 },
      finishReason: null,
    });
  });
});

describe('a stream', () => {
  const open = (text: string) => connectTo(openai).open(toRequest(text, 'gpt-5-mini'));

  test('is byte for byte the vendor stream when the app asked for usage', () => {
    const bytes = readFixture('openai', 'stream.sse');
    expect(readAll(open(CHAT_STREAM_USAGE).readStream(), [bytes]).bytes).toBe(bytes.toString());
  });

  test('loses exactly our usage event when the app did not ask', () => {
    const events = readFixture('openai', 'stream.sse').toString().split('\n\n');
    const kept = events.filter((event) => !event.includes('"choices":[]'));
    expect(kept).toHaveLength(events.length - 1);
    const result = readAll(open(CHAT_STREAM).readStream(), [readFixture('openai', 'stream.sse')]);
    expect(result.bytes).toBe(kept.join('\n\n'));
  });

  test('keeps usage that came without our asking', () => {
    const mistral = connectTo(findProvider('mistral') as Provider).open(toRequest(CHAT_STREAM, 'm'));
    const bytes = readFixture('mistral', 'stream.sse');
    expect(readAll(mistral.readStream(), [bytes]).bytes).toBe(bytes.toString());
  });

  test('ignores what comes after its end', () => {
    const bytes = readFixture('openai', 'stream.sse');
    const more = Buffer.concat([bytes, Buffer.from('data: {"choices":[]}\n\n')]);
    const whole = readAll(open(CHAT_STREAM).readStream(), [bytes]);
    expect(readAll(open(CHAT_STREAM).readStream(), [more])).toEqual(whole);
    expect(readAll(open(CHAT_STREAM).readStream(), [bytes, Buffer.from('rubbish')])).toEqual(whole);
  });

  test('is done even without the last blank line', () => {
    const bytes = readFixture('openai', 'stream.sse');
    const whole = readAll(open(CHAT_STREAM).readStream(), [bytes]);
    expect(readAll(open(CHAT_STREAM).readStream(), [bytes.subarray(0, -2)])).toEqual(whole);
  });

  test('does not take text for its end, an error or usage', () => {
    const content =
      'data: [DONE] {"usage":{"prompt_tokens":1}} "error": "finish_reason":"stop"\n\ndata: [DONE]\n\n';
    const event = (delta: object) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;
    const bytes = Buffer.from(event({ content: 'a' }) + event({ content }) + event({ content: 'b' }));
    const result = readAll(open(CHAT_STREAM).readStream(), [bytes]);
    expect(result).toMatchObject({ done: false, failure: null, finishReason: null, bytes: bytes.toString() });
    expect(eventsOf(result.bytes)).toHaveLength(3);
  });

  test('starts with the first token, not the first event', () => {
    const reader = open(CHAT_STREAM).readStream();
    const chunk = (delta: object) =>
      Buffer.from(`data: {"choices":[{"index":0,"delta":${JSON.stringify(delta)}}]}\n\n`);
    for (const delta of [
      { role: 'assistant', content: '' },
      { content: null, tool_calls: [] },
    ]) {
      reader.push(chunk(delta));
      expect(reader.started).toBe(false);
    }
    reader.push(chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '' } }] }));
    expect(reader.started).toBe(true);
  });

  test('has the finish reason of its first choice', () => {
    const event = (index: number, reason: string) =>
      `data: {"choices":[{"index":${index},"delta":{},"finish_reason":"${reason}"}]}\n\n`;
    const bytes = Buffer.from(event(1, 'length') + event(0, 'stop') + event(2, 'length'));
    expect(readAll(open(CHAT_STREAM).readStream(), [bytes]).finishReason).toBe('stop');
  });

  test('estimates by events, and by text where events are long', () => {
    const event = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`;
    const short = readAll(open(CHAT_STREAM).readStream(), [Buffer.from(event('a').repeat(50))]);
    expect(short.usage).toMatchObject({ outputTokens: 50, estimated: true });
    const long = readAll(open(CHAT_STREAM).readStream(), [Buffer.from(event('x'.repeat(400)).repeat(3))]);
    expect(long.usage).toMatchObject({ outputTokens: 300, estimated: true });
  });

  test('refuses an event without end', () => {
    const reader = open(CHAT_STREAM).readStream();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 17; i++) reader.push(chunk);
    expect(reader.failure?.error.code).toBe('upstream_too_large');
  });

  test('that is a plain JSON error has the meaning of the error', () => {
    const bytes = Buffer.from('{\n "error": {"message": "slow down", "code": 429}\n}');
    const result = readAll(open(CHAT_STREAM).readStream(), cutAt(bytes, [3, 9]));
    expect(result.failure).toMatch(/^upstream_rate_limited/);
  });
});
