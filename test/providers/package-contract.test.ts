/**
 * The contract of `contract.test.ts` for vendors behind packages, whose readers decode in their own time: the same bytes in
 * any pieces, cut anywhere, with errors among them.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isComplete } from '../../src/core/usage.ts';
import { findProvider, providers } from '../../src/providers/index.ts';
import type { Answer, Connection, Exchange, Failure, Provider } from '../../src/providers/provider.ts';
import { binary, PLAIN, STREAMS, type Wire } from './package-wires.ts';
import {
  CHAT,
  CHAT_STREAM,
  CHAT_STREAM_USAGE,
  connectTo,
  cutAt,
  eventsOf,
  KEY,
  noHeaders,
  readFixture,
  type StreamResult,
  syncProviders,
  textOf,
  toRequest,
} from './support.ts';

interface Case {
  provider: Provider;
  plain: Buffer;
  stream: Buffer;
  /** Where its last event, or message, with a reason to finish begins. */
  finish: number;
  isBinary: boolean;
}

const packaged = providers.filter((provider) => !syncProviders.includes(provider));
const model = 'anthropic.some-model';
/** The package it is tried with has the wire of this vendor. */
const WIRE_OF: Readonly<Record<string, string>> = { 'ai-sdk': 'mistral' };

function caseOf(provider: Provider): Case {
  const wire = WIRE_OF[provider.type];
  const plain = wire ? readFixture(wire, 'plain.txt') : find(PLAIN, provider.type).body;
  const stream = wire ? readFixture(wire, 'stream.sse') : find(STREAMS, provider.type).body;
  const isBinary = !stream.toString('latin1').includes('data:');
  const finish = isBinary
    ? stream.indexOf('messageStop') - 40
    : lastEventWith(stream, /"finish_?[rR]eason":"/);
  return { provider, plain, stream, finish, isBinary };
}

function find(wires: Wire[], type: string): Wire {
  const wire = wires.find((candidate) => candidate.type === type);
  if (!wire) throw new Error(`no bytes of ${type}`);
  return wire;
}

function lastEventWith(stream: Buffer, pattern: RegExp): number {
  const text = stream.toString('latin1');
  const events = text.split('data:');
  const index = events.findLastIndex((event) => pattern.test(event));
  return events.slice(0, index).join('data:').length;
}

function open(connection: Connection, text: string): Exchange {
  const exchange = connection.open(toRequest(text, model));
  Promise.resolve(exchange.request).catch(() => {});
  return exchange;
}

/** All that comes of a stream in these pieces; what is made up for each exchange is left out. */
async function readAll(
  connection: Connection,
  text: string,
  chunks: readonly Buffer[],
): Promise<StreamResult> {
  const exchange = open(connection, text);
  await exchange.request;
  const reader = exchange.readStream();
  const { later } = reader;
  if (!later) throw new Error('it reads at once');
  const settled = new Promise<void>((resolve) => {
    later.listen(() => {
      if (later.settled) resolve();
    });
  });
  const out: (Buffer | null)[] = [];
  for (const [i, chunk] of chunks.entries()) {
    out.push(reader.push(chunk));
    if (i % 8 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      out.push(later.collect());
    }
  }
  out.push(reader.end());
  await settled;
  out.push(later.collect());
  const bytes = Buffer.concat(out.filter((part) => part !== null)).toString();
  return {
    bytes: bytes.replace(
      /"id":"chatcmpl-[0-9a-f]+"|"created":\d+|"id":"call_[^"]+"|"id":"[A-Za-z0-9]{9,}"/g,
      '"made":"up"',
    ),
    usage: reader.usage(),
    finishReason: reader.finishReason,
    done: reader.done,
    started: reader.started,
    failure: reader.failure ? `${reader.failure.error.code}: ${reader.failure.error.message}` : null,
  };
}

async function answer(
  connection: Connection,
  status: number,
  body: Buffer | string,
  headers: (name: string) => string | undefined = noHeaders,
): Promise<Answer | Failure> {
  const exchange = open(connection, CHAT);
  await exchange.request;
  return exchange.readAnswer(status, 'application/json', Buffer.from(body), headers);
}

async function failureOf(...args: Parameters<typeof answer>): Promise<Failure> {
  const result = await answer(...args);
  if (result.kind !== 'failure') throw new Error('expected a failure');
  return result;
}

const bytewise = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.from([byte]));

describe.each(packaged.map((provider) => [provider.type, caseOf(provider)] as const))('%s', (type, found) => {
  const { provider, plain, stream, finish, isBinary } = found;
  const connection = connectTo(provider) as Connection;

  test('describes itself, and allows no data it has no reason to', () => {
    expect(type).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(() => provider.parseOptions({ ...provider.exampleOptions, nobodyKnowsThis: 1 })).toThrow(
      /nobodyKnowsThis/,
    );
    const { party, allow } = provider.defaultDataPolicy(provider.defaultBaseUrl ?? 'https://example.com');
    expect(allow.length).toBe({ own: 4, private: 3, third: 2, undeclared: 0 }[party ?? 'undeclared']);
    const elsewhere = provider.defaultDataPolicy('https://proxy.example.com/v1');
    expect(['own', 'private']).not.toContain(elsewhere.party);
  });

  test('asks its vendor for the model, with its credential, and probes without tokens', async () => {
    const request = await open(connection, CHAT).request;
    expect(request).toMatchObject({ method: 'POST', origin: expect.stringMatching(/^https?:\/\//) });
    expect(request.headers.filter((value) => value.includes(KEY))).toHaveLength(1);
    expect(request.headers).toContain('extra-value-1');
    expect(request.path + String(request.body)).toContain(model);
    const probe = connection.probe();
    if (probe) expect(probe.headers.some((value) => value.includes(KEY))).toBe(true);
    for (const text of ['<html>', '{"models":3}'])
      expect(connection.readProbe(200, Buffer.from(text))).toEqual([]);
  });

  test('refuses a configuration that cannot work', () => {
    expect(() => connectTo(provider, { baseUrl: 'ftp://x' })).toThrow(/baseUrl/);
    expect(() => connectTo(provider, { baseUrl: 'https://user:pass@x' })).toThrow(/baseUrl/);
    const config = { type, baseUrl: null, headers: {}, default: false, apiKey: null };
    const full = {
      ...config,
      dataPolicy: provider.defaultDataPolicy('https://x'),
      options: provider.parseOptions(provider.exampleOptions ?? {}),
    };
    const apiKey = provider.needsApiKey ? null : 'bad\nkey';
    expect(() => provider.connect(full, { apiKey, headers: {} })).toThrow(/API key|header/);
  });

  test('reads a plain answer', async () => {
    const read = await answer(connection, 200, plain);
    expect(read).toMatchObject({ kind: 'answer', finishReason: 'stop' });
    const { choices, usage } = JSON.parse(String(read.body));
    expect(choices[0].message.content).toContain('Hello');
    expect(usage.prompt_tokens).toBe((read as Answer).usage.inputTokens);
    expect((read as Answer).usage.estimated).toBeUndefined();
  });

  test('reads a stream, whatever its chunks, in whole events', async () => {
    const whole = await readAll(connection, CHAT_STREAM, [stream]);
    expect(whole).toMatchObject({ done: true, started: true, failure: null });
    expect(whole.usage.estimated).toBeUndefined();
    expect(whole.bytes.endsWith('[DONE]\n\n')).toBe(true);
    expect(textOf(eventsOf(whole.bytes))).toContain('Hello');
    expect(await readAll(connection, CHAT_STREAM, bytewise(stream))).toEqual(whole);
    const anyCuts = fc.array(fc.nat({ max: stream.length }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(anyCuts, async (cuts) => {
        expect(await readAll(connection, CHAT_STREAM, cutAt(stream, cuts))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  test('gives every app usage when it asks and no event without choices when it does not', async () => {
    const asked = eventsOf((await readAll(connection, CHAT_STREAM_USAGE, [stream])).bytes);
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } });
    const others = eventsOf((await readAll(connection, CHAT_STREAM, [stream])).bytes);
    expect(others.filter(({ usage, choices }) => usage || (choices as unknown[]).length === 0)).toEqual([]);
  });

  test('bills a stream that was cut, and never calls it done', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: finish }), async (end) => {
        const cut = await readAll(connection, CHAT_STREAM, [stream.subarray(0, end)]);
        expect(cut).toMatchObject({ done: false, failure: null, finishReason: null });
        expect(isComplete(cut.usage)).toBe(true);
        expect(cut.usage.inputTokens).toBeGreaterThan(0);
        if (cut.started)
          expect(cut.usage).toMatchObject({ estimated: true, outputTokens: expect.any(Number) });
        if (cut.started) expect(cut.usage.outputTokens).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });

  const errorEvent = `data: {"type":"error","error":{"code":503,"message":"${KEY} is overloaded","status":"UNAVAILABLE"}}`;
  const throttled = binary(['throttlingException', { message: `${KEY} is throttled` }]);
  const flipped = Buffer.from(throttled);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  const interruptions: [what: string, bytes: Buffer, code: string][] = isBinary
    ? [
        ['an exception', throttled, 'upstream_rate_limited'],
        ['a message with a wrong checksum', flipped, 'upstream_malformed'],
        ['an event of text', Buffer.from(`${errorEvent}\n\n`), 'upstream_malformed'],
      ]
    : [
        ['an error', Buffer.from(`${errorEvent}\n\n`), 'upstream_overloaded'],
        ['an event that breaks off', Buffer.from('data: {"id": "x", "choi\n\n'), 'upstream_malformed'],
        ['data that is no JSON', Buffer.from('data: hello\n\n'), 'upstream_malformed'],
      ];

  test.each(interruptions)('sees %s within a stream', async (_, bytes, code) => {
    const at = isBinary ? thirdMessage(stream) : afterBlankLine(stream);
    const mixed = Buffer.concat([stream.subarray(0, at), bytes, stream.subarray(at)]);
    const whole = await readAll(connection, CHAT_STREAM, [mixed]);
    expect(whole).toMatchObject({ done: false, failure: expect.stringContaining(code) });
    expect(JSON.stringify(whole)).not.toContain(KEY);
    expect(await readAll(connection, CHAT_STREAM, bytewise(mixed))).toEqual(whole);
  });

  test.each([
    ['HTML', '<html>\n<body>\n\nBad gateway</body></html>'],
    ['HTML on one line', '<html>502</html>'],
    ['events of something else', 'data: hello\n\n'],
  ])('calls a stream of %s malformed', async (_, text) => {
    const whole = await readAll(connection, CHAT_STREAM, [Buffer.from(text)]);
    expect(whole).toMatchObject({
      done: false,
      bytes: '',
      failure: expect.stringMatching(/^upstream_malformed/),
    });
    expect(await readAll(connection, CHAT_STREAM, bytewise(Buffer.from(text)))).toEqual(whole);
  });

  test.each([
    [401, 'upstream_auth', 502],
    [403, 'upstream_auth', 502],
    [429, 'upstream_rate_limited', 429],
    [500, 'upstream_error', 502],
    [503, 'upstream_overloaded', 503],
    [529, 'upstream_overloaded', 503],
  ])('keeps an answer of status %i to itself', async (status, code, clientStatus) => {
    const said = `Incorrect API key provided: ${KEY}.`;
    const body = JSON.stringify({ error: { message: said, status: 'NO' }, message: said });
    const failure = await failureOf(connection, status, body);
    expect(failure).toMatchObject({ fallback: true, body: null, status: clientStatus, error: { code } });
    expect(`${JSON.stringify(failure)} ${failure.error.message} ${failure.error.stack}`).not.toContain(KEY);
    expect((await failureOf(connection, status, '<html>')).error.code).toBe(code);
  });

  test('forwards an error that is the fault of the request, unless it echoes the credential', async () => {
    const body = (said: string) =>
      JSON.stringify({ error: { message: said, status: 'INVALID' }, message: said });
    const failure = await failureOf(connection, 400, body('there are too many of them'));
    expect(failure).toMatchObject({ fallback: false, status: 400, error: { code: 'upstream_rejected' } });
    expect(JSON.parse(String(failure.body)).error.message).toBe('there are too many of them');
    expect((await failureOf(connection, 400, body(`bad header Bearer ${KEY}`))).body).toBeNull();
    const limited = await failureOf(connection, 429, '{}', (name) =>
      name === 'retry-after' ? '7' : undefined,
    );
    expect(limited.retryAfterMs).toBe(7000);
  });

  test.each([
    [
      'an error in a good answer',
      '{"error":{"code":500,"message":"x","status":"INTERNAL"}}',
      'upstream_error',
    ],
    ['no JSON', '<html>', 'upstream_malformed'],
    ['no object', '[1]', 'upstream_malformed'],
    ['an answer without a result', '{"id":"x"}', 'upstream_malformed'],
  ])('takes %s for a failure', async (_, body, code) => {
    expect(await failureOf(connection, 200, body)).toMatchObject({ fallback: true, error: { code } });
  });

  test('prices the models it suggests', () => {
    const usage = { inputTokens: 1000, outputTokens: 100 };
    for (const suggested of provider.suggestedModels) {
      expect(
        connection.price(suggested, usage, Date.UTC(2026, 10, 25))?.costNanoUsd,
        suggested,
      ).toBeGreaterThan(0);
    }
    expect(connection.price('nobody/knows-this', usage, Date.UTC(2026, 10, 25))).toBeNull();
    expect(connection.offers('nobody/knows-this')).toBe(false);
  });
});

/** Where the third message of a binary stream begins: the first four bytes of each are its length. */
function thirdMessage(stream: Buffer): number {
  const first = stream.readUInt32BE(0);
  return first + stream.readUInt32BE(first);
}

function afterBlankLine(stream: Buffer): number {
  const end = stream.includes('\r\n') ? '\r\n\r\n' : '\n\n';
  return stream.indexOf(end) + end.length;
}

test('a prompt that is blocked is an answer without a text, and not a fault', async () => {
  const google = findProvider('google');
  if (!google) throw new Error('no such provider');
  const connection = connectTo(google) as Connection;
  const body = {
    promptFeedback: { blockReason: 'SAFETY' },
    usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
  };
  const read = await answer(connection, 200, JSON.stringify(body));
  expect(read).toMatchObject({ kind: 'answer', finishReason: 'content_filter' });
  const streamed = await readAll(connection, CHAT_STREAM, [Buffer.from(`data: ${JSON.stringify(body)}\n\n`)]);
  expect(streamed).toMatchObject({ done: true, failure: null, finishReason: 'content_filter' });
});

test('every provider is in one of the two suites', () => {
  expect(packaged.map(({ type }) => type)).toEqual(['google', 'vertex', 'bedrock', 'cohere', 'ai-sdk']);
  expect(packaged.map(({ type }) => findProvider(type))).toEqual(packaged);
});
