/** What every provider keeps to, run over the whole registry on wire bytes of each vendor's API. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isComplete } from '../../src/core/usage.ts';
import { providers as all, catalog, findProvider } from '../../src/providers/index.ts';
import type { Failure } from '../../src/providers/provider.ts';
import {
  CHAT,
  CHAT_STREAM,
  CHAT_STREAM_USAGE,
  connectTo,
  cutAt,
  eventsOf,
  type Fixture,
  fixtureTypes,
  KEY,
  loadFixture,
  noHeaders,
  syncProviders as providers,
  readAll,
  type SyncExchange,
  textOf,
  toRequest,
} from './support.ts';

const fixtures: [type: string, fixture: Fixture][] = providers.map(({ type }) => [type, loadFixture(type)]);

function open({ provider, note }: Fixture, text: string): SyncExchange {
  return connectTo(provider).open(toRequest(text, note.model));
}

function readAnswer(
  exchange: SyncExchange,
  status: number,
  body: Buffer | string,
): ReturnType<SyncExchange['readAnswer']> {
  return exchange.readAnswer(status, 'application/json', Buffer.from(body), noHeaders);
}

function failureOf(exchange: SyncExchange, status: number, body: Buffer | string): Failure {
  const result = readAnswer(exchange, status, body);
  if (result.kind !== 'failure') throw new Error('expected a failure');
  return result;
}

test('every provider has wire bytes, and every wire bytes a provider', () => {
  expect(fixtureTypes().sort()).toEqual(providers.map(({ type }) => type).sort());
  expect(catalog.types()).toEqual(all);
  expect(new Set(providers.map(({ type }) => type)).size).toBe(providers.length);
  expect(findProvider('nobody')).toBeUndefined();
});

describe.each(fixtures)('%s', (type, fixture) => {
  const { provider, note } = fixture;

  test('describes itself', () => {
    expect(type).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(provider.label).not.toBe('');
    expect(provider.protocols).toContain('chat');
    expect(note.source).not.toBe('');
    expect(note.how).not.toBe('');
    expect(provider.apiKeyEnv.every((name) => /^[A-Z][A-Z0-9_]*$/.test(name))).toBe(true);
    expect(() => provider.parseOptions({ nobodyKnowsThis: 1 })).toThrow(/nobodyKnowsThis/);
  });

  test('allows no data it has no reason to', () => {
    const { party, allow } = provider.defaultDataPolicy(provider.defaultBaseUrl ?? 'https://example.com');
    const expected = { own: 4, private: 3, third: 2, undeclared: 0 }[party ?? 'undeclared'];
    expect(allow.length).toBe(expected);
    if (provider.defaultBaseUrl?.startsWith('https:')) expect(party).toBe('third');
    const elsewhere = provider.defaultDataPolicy('https://proxy.example.com/v1');
    expect([elsewhere.party, elsewhere.trainsOnData]).not.toEqual(['third', true]);
    if (!provider.sandbox) expect(['own', 'private']).not.toContain(elsewhere.party);
  });

  test('asks its vendor for the deployment model, with its credential', () => {
    const { request } = open(fixture, CHAT);
    expect(request.method).toBe('POST');
    expect(request.origin).toMatch(/^https?:\/\//);
    expect(request.path).toMatch(/^\/\w/);
    expect(request.headers.length % 2).toBe(0);
    expect(request.headers.filter((value) => value.includes(KEY))).toHaveLength(1);
    expect(request.headers).toContain('extra-value-1');
    expect(JSON.parse(String(request.body)).model).toBe(note.model);
  });

  test('probes without tokens', () => {
    const connection = connectTo(provider);
    const probe = connection.probe();
    expect(probe?.method).toBe('GET');
    expect(probe?.headers.some((value) => value.includes(KEY))).toBe(true);
    expect(connection.readProbe(200, Buffer.from('{"data":[{"id":"a"},{"id":"b"},{}]}'))).toEqual(['a', 'b']);
    expect(connection.readProbe(200, Buffer.from('<html>'))).toEqual([]);
    expect(connection.readProbe(401, Buffer.from('{"data":[{"id":"a"}]}'))).toEqual([]);
  });

  test('refuses a configuration that cannot work', () => {
    const secrets = { apiKey: provider.needsApiKey ? null : 'bad\nkey', headers: {} };
    const config = { ...baseConfig(), options: provider.parseOptions({}) };
    expect(() => provider.connect(config, secrets)).toThrow(/API key|header/);
    expect(() => connectTo(provider, { baseUrl: 'ftp://x' })).toThrow(/baseUrl/);
    expect(() => connectTo(provider, { baseUrl: 'https://user:pass@x' })).toThrow(/baseUrl/);
  });

  function baseConfig() {
    const baseUrl = provider.defaultBaseUrl ?? 'https://example.com';
    const dataPolicy = provider.defaultDataPolicy(baseUrl);
    return { type, baseUrl, apiKey: null, headers: {}, default: false, dataPolicy };
  }

  test('reads a plain answer', () => {
    const answer = readAnswer(open(fixture, CHAT), 200, fixture.plain);
    expect(answer).toMatchObject({ kind: 'answer', ...note.expect });
    const body = JSON.parse(String(answer.body));
    expect(body.choices[0].message.content).toBe(note.expectStream.text);
    expect(body.usage.prompt_tokens).toBe(note.expect.usage.inputTokens);
  });

  test('estimates usage that is missing, and says so', () => {
    const { usage: _, ...rest } = JSON.parse(String(fixture.plain));
    const answer = readAnswer(open(fixture, CHAT), 200, JSON.stringify(rest));
    if (answer.kind !== 'answer') throw answer.error;
    expect(answer.usage.estimated).toBe(true);
    expect(answer.usage.inputTokens).toBeGreaterThan(0);
    expect(answer.usage.outputTokens).toBeGreaterThan(0);
  });

  test('reads a stream, whatever its chunks', () => {
    const exchange = open(fixture, CHAT_STREAM);
    const whole = readAll(exchange.readStream(), [fixture.stream]);
    expect(whole).toMatchObject({ ...pick(note.expectStream), done: true, started: true, failure: null });
    expect(whole.bytes.endsWith('[DONE]\n\n') || whole.bytes.endsWith('[DONE]\r\n\r\n')).toBe(true);
    expect(textOf(eventsOf(whole.bytes))).toBe(note.expectStream.text);
    const single = [...fixture.stream].map((byte) => Buffer.from([byte]));
    expect(readAll(exchange.readStream(), single)).toEqual(whole);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: fixture.stream.length }), { maxLength: 60 }), (cuts) => {
        expect(readAll(exchange.readStream(), cutAt(fixture.stream, cuts))).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  test('gives whole events only', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: fixture.stream.length }), { maxLength: 20 }), (cuts) => {
        const reader = open(fixture, CHAT_STREAM).readStream();
        for (const chunk of cutAt(fixture.stream, cuts)) {
          const bytes = reader.push(chunk);
          if (bytes !== null) expect(bytes.toString()).toMatch(/\n\r?\n$/);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('gives every app usage when it asks and no event without choices when it does not', () => {
    const asked = eventsOf(readAll(open(fixture, CHAT_STREAM_USAGE).readStream(), [fixture.stream]).bytes);
    expect(asked.some(({ usage, x_groq }) => usage || x_groq)).toBe(true);
    const plain = eventsOf(readAll(open(fixture, CHAT_STREAM).readStream(), [fixture.stream]).bytes);
    const usageOnly = plain.filter(({ usage, choices }) => usage && (choices as unknown[]).length === 0);
    expect(usageOnly).toEqual([]);
  });

  test('bills a stream that was cut, and never calls it done', () => {
    const exchange = open(fixture, CHAT_STREAM);
    const terminator = fixture.stream.lastIndexOf(note.terminator ?? '[DONE]');
    fc.assert(
      fc.property(fc.nat({ max: terminator }), (end) => {
        const cut = readAll(exchange.readStream(), [fixture.stream.subarray(0, end)]);
        expect(cut.done).toBe(false);
        expect(cut.failure).toBeNull();
        expect(isComplete(cut.usage)).toBe(true);
        expect(cut.usage.inputTokens).toBeGreaterThan(0);
        if (cut.started) expect(cut.usage.outputTokens).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  /** The fixture's stream with an event put into its middle. */
  function interrupted(event: string): Buffer {
    const nl = fixture.stream.includes('\r\n') ? '\r\n' : '\n';
    const half = Math.floor(fixture.stream.length / 2);
    const at = fixture.stream.indexOf(nl + nl, half) + 2 * nl.length;
    const [before, after] = [fixture.stream.subarray(0, at), fixture.stream.subarray(at)];
    return Buffer.concat([before, Buffer.from(event + nl + nl), after]);
  }

  test.each([
    ['an error', `data: ${note.errorEvent}`, 'upstream_'],
    ['an event that breaks off', 'data: {"id": "x", "choi', 'upstream_malformed'],
    ['data that is no JSON', 'data: hello', 'upstream_malformed'],
  ])('sees %s within a stream', (_, event, code) => {
    const bytes = interrupted(event);
    const whole = readAll(open(fixture, CHAT_STREAM).readStream(), [bytes]);
    expect(whole).toMatchObject({ done: false, started: true });
    expect(whole.failure).toContain(code);
    expect(whole.bytes).not.toContain(event);
    const single = [...bytes].map((byte) => Buffer.from([byte]));
    expect(readAll(open(fixture, CHAT_STREAM).readStream(), single)).toEqual(whole);
  });

  test.each([
    ['HTML', '<html>\n<body>\n\nBad gateway</body></html>'],
    ['HTML on one line', '<html>502</html>'],
    ['events of broken JSON', 'data: {"id": "x", "choi\n\ndata: [DONE]\n\n'],
    ['events of something else', 'data: hello\n\n'],
  ])('calls a stream of %s malformed', (_, text) => {
    const bytes = Buffer.from(text);
    const whole = readAll(open(fixture, CHAT_STREAM).readStream(), [bytes]);
    expect(whole).toMatchObject({ done: false, bytes: '' });
    expect(whole.failure).toMatch(/^upstream_malformed/);
    const single = [...bytes].map((byte) => Buffer.from([byte]));
    expect(readAll(open(fixture, CHAT_STREAM).readStream(), single)).toEqual(whole);
  });

  test('forwards an error that is the fault of the request', () => {
    const failure = failureOf(open(fixture, CHAT), note.errorStatus, fixture.error);
    expect(failure.error.code).toBe('upstream_rejected');
    expect(failure.status).toBe(note.errorStatus);
    expect(failure.fallback).toBe(note.errorStatus === 404);
    const { error } = JSON.parse(String(failure.body));
    expect(error.message.length).toBeGreaterThan(5);
    expect(failure.error.message).not.toContain(error.message);
  });

  test.each([
    [401, 'upstream_auth', 502],
    [403, 'upstream_auth', 502],
    [429, 'upstream_rate_limited', 429],
    [500, 'upstream_error', 502],
    [503, 'upstream_overloaded', 503],
    [529, 'upstream_overloaded', 503],
  ])('keeps an answer of status %i to itself', (status, code, clientStatus) => {
    const body = JSON.stringify({
      error: { message: `Incorrect API key provided: ${KEY}.`, type: 'x', code: 'y' },
    });
    const failure = failureOf(open(fixture, CHAT), status, body);
    expect(failure).toMatchObject({ fallback: true, body: null, status: clientStatus });
    expect(failure.error.code).toBe(code);
    expect(JSON.stringify(failure)).not.toContain(KEY);
    expect(`${failure.error.message} ${failure.error.stack}`).not.toContain(KEY);
    expect(failureOf(open(fixture, CHAT), status, '<html>').error.code).toBe(code);
  });

  test('never forwards a body that echoes the credential', () => {
    const echo = `{"type":"error","error":{"type":"invalid_request_error","message":"bad header Bearer ${KEY}"}}`;
    expect(JSON.stringify(failureOf(open(fixture, CHAT), 400, echo))).not.toContain(KEY);
    const event = readAll(open(fixture, CHAT_STREAM).readStream(), [Buffer.from(`data: ${echo}\n\n`)]);
    expect(JSON.stringify(event)).not.toContain(KEY);
  });

  test('reads when to try again', () => {
    const headers: Record<string, string> = { 'retry-after': '7' };
    const result = open(fixture, CHAT).readAnswer(429, '', Buffer.from('{}'), (name) => headers[name]);
    expect(result).toMatchObject({ kind: 'failure', retryAfterMs: 7000 });
  });

  test.each([
    ['an error in a good answer', note.errorEvent, 'upstream_'],
    ['no JSON', '<html>', 'upstream_malformed'],
    ['no object', '[1]', 'upstream_malformed'],
    ['an answer without a result', '{"id":"x"}', 'upstream_malformed'],
  ])('takes %s for a failure', (_, body, code) => {
    const failure = failureOf(open(fixture, CHAT), 200, body);
    expect(failure.error.code).toContain(code);
    expect(failure.fallback).toBe(true);
  });

  test('prices the models it suggests', () => {
    const connection = connectTo(provider);
    const usage = { inputTokens: 1000, outputTokens: 100 };
    for (const model of provider.suggestedModels) {
      const used = model.includes('embed') ? { ...usage, outputTokens: 0 } : usage;
      const priced = connection.price(model, used, Date.UTC(2026, 10, 23));
      expect(priced?.costNanoUsd, model).toBeGreaterThan(0);
      expect(priced?.source).not.toBe('');
    }
    expect(connection.price('nobody/knows-this', usage, Date.UTC(2026, 10, 23))).toBeNull();
    expect(connection.offers('nobody/knows-this')).toBe(false);
  });
});

function pick({ usage, finishReason }: Fixture['note']['expectStream']) {
  return { usage, finishReason };
}
