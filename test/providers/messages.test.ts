/** The messages protocol on wire bytes: over chat for every provider that speaks chat, natively where it is spoken. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseDecoder } from '../../src/core/sse.ts';
import { isComplete } from '../../src/core/usage.ts';
import { openExchange } from '../../src/protocols/index.ts';
import { parseMessages } from '../../src/protocols/messages/parse.ts';
import {
  connectTo,
  cutAt,
  type Fixture,
  KEY,
  loadFixture,
  noHeaders,
  syncProviders as providers,
  readAll,
  readFixture,
  type SyncExchange,
} from './support.ts';

const native = providers.filter(({ protocols }) => protocols.includes('messages'));
const fixtures: [string, Fixture][] = providers.map(({ type }) => [type, loadFixture(type)]);

function open({ provider, note }: Fixture, stream: boolean): SyncExchange {
  const body = { model: 'task', max_tokens: 99, messages: [{ role: 'user', content: 'Say hello.' }], stream };
  const request = parseMessages(Buffer.from(JSON.stringify(body)), {});
  return openExchange(connectTo(provider), request.forModel(note.model)) as SyncExchange;
}

interface MessageEvent {
  type: string;
  index?: number;
  delta?: { type?: string; text?: string; stop_reason?: string };
  usage?: { output_tokens: number };
}

function eventsOf(text: string): MessageEvent[] {
  return createSseDecoder()
    .push(Buffer.from(text))
    .map(({ event, data }) => {
      const message = JSON.parse(data) as MessageEvent;
      expect(event).toBe(message.type);
      return message;
    });
}

test('some provider speaks it', () => {
  expect(native.length).toBeGreaterThan(0);
});

describe.each(fixtures)('messages through %s', (type, fixture) => {
  const { note } = fixture;
  const isNative = native.some((provider) => provider.type === type);

  test('a plain answer has its usage', () => {
    const answer = open(fixture, false).readAnswer(200, 'application/json', fixture.plain, noHeaders);
    if (answer.kind !== 'answer') throw answer.error;
    expect(answer.usage).toEqual(note.expect.usage);
    expect(answer.finishReason).toBe('end_turn');
    const message = JSON.parse(answer.body.toString());
    expect(message).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' });
    if (isNative) expect(answer.body).toBe(fixture.plain);
  });

  test('a stream says the same however it is cut, in the right order', () => {
    const exchange = open(fixture, true);
    const whole = readAll(exchange.readStream(), [fixture.stream]);
    expect(whole).toMatchObject({ done: true, started: true, failure: null, finishReason: 'end_turn' });
    expect(whole.usage).toEqual(note.expectStream.usage);
    if (isNative) expect(whole.bytes).toBe(fixture.stream.toString());
    const events = eventsOf(whole.bytes).filter((event) => event.type !== 'ping');
    expect(events.map(({ delta }) => delta?.text ?? '').join('')).toBe(note.expectStream.text);
    expect(events.map((event) => event.type).join(' ')).toMatch(
      /^message_start( content_block_start( content_block_delta)+ content_block_stop)+ message_delta message_stop$/,
    );
    expect(events.at(-2)?.usage?.output_tokens).toBe(note.expectStream.usage.outputTokens);
    const single = [...fixture.stream].map((byte) => Buffer.from([byte]));
    expect(readAll(exchange.readStream(), single)).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: fixture.stream.length }), { maxLength: 40 }), (cuts) => {
        expect(readAll(exchange.readStream(), cutAt(fixture.stream, cuts))).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  test('a stream that was cut is billed and never done', () => {
    const exchange = open(fixture, true);
    const terminator = fixture.stream.lastIndexOf(isNative ? 'event: message_stop' : '[DONE]');
    fc.assert(
      fc.property(fc.nat({ max: terminator }), (end) => {
        const cut = readAll(exchange.readStream(), [fixture.stream.subarray(0, end)]);
        expect(cut).toMatchObject({ done: false, failure: null });
        expect(cut.bytes).not.toContain('message_stop');
        expect(isComplete(cut.usage)).toBe(true);
        if (cut.started) expect(cut.usage.outputTokens).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  test('a rejection has its shape', () => {
    const failure = open(fixture, false).readAnswer(note.errorStatus, '', fixture.error, noHeaders);
    if (failure.kind !== 'failure') throw new Error('expected a failure');
    expect(failure.status).toBe(note.errorStatus);
    expect(JSON.parse(String(failure.body))).toMatchObject({
      type: 'error',
      error: { type: expect.any(String), message: expect.any(String) },
    });
  });

  test('never forwards a body that echoes the credential', () => {
    const echo = `{"type":"error","error":{"type":"invalid_request_error","message":"bad header ${KEY}"}}`;
    const failure = open(fixture, false).readAnswer(400, '', Buffer.from(echo), noHeaders);
    expect(JSON.stringify(failure)).not.toContain(KEY);
  });

  test.each([
    ['HTML', '<html>\n\n502</html>'],
    ['HTML on one line', '<html>502</html>'],
    ['data that is no JSON', 'data: hello\n\n'],
  ])('a stream of %s is malformed', (_, text) => {
    const bytes = Buffer.from(text);
    const whole = readAll(open(fixture, true).readStream(), [bytes]);
    expect(whole).toMatchObject({ done: false, bytes: '' });
    expect(whole.failure).toMatch(/^upstream_malformed/);
    const single = [...bytes].map((byte) => Buffer.from([byte]));
    expect(readAll(open(fixture, true).readStream(), single)).toEqual(whole);
  });
});

describe.each(native.map((provider) => [provider.type, loadFixture(provider.type)] as const))(
  'native messages of %s',
  (type, fixture) => {
    const bytes = readFixture(type, 'tools.sse');

    test('thinking and tools pass unchanged, however they are cut', () => {
      const exchange = open(fixture, true);
      fc.assert(
        fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 60 }), (cuts) => {
          const read = readAll(exchange.readStream(), cutAt(bytes, cuts));
          expect(read).toMatchObject({ bytes: bytes.toString(), done: true, finishReason: 'tool_use' });
        }),
        { numRuns: 50 },
      );
    });

    test('gives whole events only', () => {
      fc.assert(
        fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 }), (cuts) => {
          const reader = open(fixture, true).readStream();
          for (const chunk of cutAt(bytes, cuts)) {
            const out = reader.push(chunk);
            if (out !== null) expect(out.toString()).toMatch(/\n\n$/);
          }
        }),
        { numRuns: 20 },
      );
    });

    test('an error within the stream ends it, however it is cut', () => {
      const half = bytes.indexOf('event: content_block_stop', bytes.length / 2);
      const event = Buffer.from(`event: error\ndata: ${fixture.note.errorEvent}\n\n`);
      const broken = Buffer.concat([bytes.subarray(0, half), event, bytes.subarray(half)]);
      const whole = readAll(open(fixture, true).readStream(), [broken]);
      expect(whole.failure).toMatch(/^upstream_/);
      expect(whole.bytes).toBe(bytes.subarray(0, half).toString());
      const single = [...broken].map((byte) => Buffer.from([byte]));
      expect(readAll(open(fixture, true).readStream(), single)).toEqual(whole);
    });

    test('repeated input counts do not lose the cached part', () => {
      const text = fixture.stream
        .toString()
        .replace('"usage":{"output_tokens":9}', '"usage":{"input_tokens":12,"output_tokens":9}');
      const read = readAll(open(fixture, true).readStream(), [Buffer.from(text)]);
      expect(read.usage).toEqual(fixture.note.expectStream.usage);
    });
  },
);
