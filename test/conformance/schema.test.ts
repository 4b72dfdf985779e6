/** Every answer, event and error of the gateway, passed through and translated, against the vendors' own schemas. */
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSseDecoder } from '../../src/core/sse.ts';
import type { Feature } from '../../src/providers/features.ts';
import { claims, FAMILIES, hasOwnWire, providerOf, startFamily } from '../clients/families.ts';
import { ONE_CITY, TWO_CITIES, WEATHER_PARAMETERS, weatherSchema } from '../clients/texts.ts';
import { KEY, stackOver, startGateway } from '../gateway/harness.ts';
import { startUpstream } from '../support/upstream.ts';
import { faultsOfAnthropic, faultsOfOpenAi, schemaOf } from './vendor-schema.ts';

type Protocol = 'chat' | 'responses' | 'messages';
type Body = Record<string, unknown>;

const PATHS = { chat: '/chat/completions', responses: '/responses', messages: '/messages' } as const;
const PROTOCOLS = Object.keys(PATHS) as Protocol[];

interface Question {
  name: string;
  needs: readonly Feature[];
  text: string;
  /** What is asked beside the text, per protocol. Absent: the protocol has no word for it. */
  extra: Readonly<Partial<Record<Protocol, Body>>>;
}

const schema = weatherSchema();
const parameters = WEATHER_PARAMETERS;
const TOOLS = {
  chat: { tools: [{ type: 'function', function: { name: 'get_weather', parameters } }] },
  responses: { tools: [{ type: 'function', name: 'get_weather', parameters, strict: true }] },
  messages: { tools: [{ name: 'get_weather', input_schema: parameters }] },
};
const NONE = { chat: {}, responses: {}, messages: {} };

const QUESTIONS: readonly Question[] = [
  { name: 'text', needs: [], text: 'Hello', extra: NONE },
  { name: 'a text cut short', needs: [], text: 'Tell it at length', extra: NONE },
  { name: 'a refusal', needs: [], text: 'Please refuse', extra: NONE },
  { name: 'a tool call', needs: ['tools'], text: ONE_CITY, extra: TOOLS },
  { name: 'parallel tool calls', needs: ['tools', 'parallelTools'], text: TWO_CITIES, extra: TOOLS },
  {
    name: 'reasoning',
    needs: ['reasoning'],
    text: 'Hello',
    extra: {
      chat: { reasoning_effort: 'low' },
      responses: { reasoning: { effort: 'low' } },
      messages: { thinking: { type: 'enabled', budget_tokens: 1024 } },
    },
  },
  {
    name: 'a JSON schema',
    needs: ['jsonSchema'],
    text: 'Hello',
    extra: {
      chat: {
        response_format: { type: 'json_schema', json_schema: { name: 'weather', strict: true, schema } },
      },
      responses: { text: { format: { type: 'json_schema', name: 'weather', strict: true, schema } } },
    },
  },
  { name: 'logprobs', needs: ['logprobs'], text: 'Hello', extra: { chat: { logprobs: true } } },
  { name: 'two choices', needs: ['manyChoices'], text: 'Hello', extra: { chat: { n: 2 } } },
];

const CASES = QUESTIONS.flatMap((question) =>
  PROTOCOLS.filter((protocol) => question.extra[protocol] !== undefined).flatMap((protocol) =>
    [false, true].map((stream) => ({ question, protocol, stream, name: question.name })),
  ),
);

function bodyOf(protocol: Protocol, { text, extra }: Question, stream: boolean): Body {
  const said = { role: 'user', content: text };
  const words = protocol === 'responses' ? { input: text } : { messages: [said] };
  const usage = protocol === 'chat' && stream ? { stream_options: { include_usage: true } } : {};
  const limit = protocol === 'messages' ? { max_tokens: 2000 } : {};
  return { model: 'reply', ...words, ...usage, ...limit, ...extra[protocol], ...(stream && { stream }) };
}

async function post(baseUrl: string, path: string, body: unknown, key = KEY): Promise<Response> {
  return fetch(baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function faultsOfAnswer(protocol: Protocol, answer: unknown): string[] {
  return protocol === 'messages' ? faultsOfAnthropic(protocol, answer) : faultsOfOpenAi(protocol, answer);
}

function faultsOfError(protocol: Protocol, answer: unknown): string[] {
  return protocol === 'messages' ? faultsOfAnthropic('error', answer) : faultsOfOpenAi('error', answer);
}

/** All of them in the message: a list is cut short in one. */
function expectNone(faults: readonly string[]): void {
  expect(faults.join('\n')).toBe('');
}

function eventsOf(text: string): unknown[] {
  return createSseDecoder()
    .push(Buffer.from(text))
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data));
}

function faultsOfEvent(protocol: Protocol, event: unknown): string[] {
  const { type, error } = event as { type?: string; error?: unknown };
  // Documented (https://platform.claude.com/docs/en/build-with-claude/streaming, read 2026-11-25), but left out of the SDK's types.
  if (protocol === 'messages' && type === 'ping') return [];
  if (protocol === 'messages' && type === 'error') return faultsOfAnthropic('error', event);
  if (protocol === 'chat' && error !== undefined) return faultsOfOpenAi('error', event);
  return protocol === 'messages'
    ? faultsOfAnthropic('messagesEvent', event)
    : faultsOfOpenAi(`${protocol}Event`, event);
}

test('the schemas are those of the SDKs installed', () => {
  for (const [name, sdk] of [
    ['openai', 'openai'],
    ['anthropic', '@anthropic-ai/sdk'],
  ] as const) {
    const { version } = JSON.parse(readFileSync(`node_modules/${sdk}/package.json`, 'utf8'));
    expect(schemaOf(name).$comment).toContain(`${sdk} ${version} (`);
  }
});

test('the schemas refuse what is not the vendor’s', () => {
  expect(faultsOfOpenAi('chat', { object: 'chat.completion' })).not.toEqual([]);
  expect(faultsOfOpenAi('responsesEvent', { type: 'response.created', sequence_number: 0 })).not.toEqual([]);
  expect(faultsOfOpenAi('error', { error: { message: 'no' } })).not.toEqual([]);
  expect(faultsOfAnthropic('messagesEvent', { type: 'content_block_stop' })).not.toEqual([]);
  expect(faultsOfAnthropic('messages', { type: 'message', content: [] })).not.toEqual([]);
});

/** All that speak through a package are written by the same code: one of them stands for them. */
const WRITTEN = FAMILIES.filter(({ name }) => name === 'google' || !hasOwnWire(providerOf(name)));

describe.each(WRITTEN)('over $name', (family) => {
  test.each(CASES)('$protocol: $name, stream $stream', async ({ question, protocol, stream }) => {
    const { endpoint } = await startFamily(family, onTestFinished);
    const response = await post(endpoint.baseUrl, PATHS[protocol], bodyOf(protocol, question, stream));
    const text = await response.text();
    if (response.status !== 200) {
      expect(claims(family.name, question.needs), text).not.toBe(true);
      expect([400, 422]).toContain(response.status);
      expectNone(faultsOfError(protocol, JSON.parse(text)));
      return;
    }
    if (!stream) {
      expectNone(faultsOfAnswer(protocol, JSON.parse(text)));
      return;
    }
    const events = eventsOf(text);
    expect(events.length).toBeGreaterThan(2);
    for (const event of events) expectNone(faultsOfEvent(protocol, event));
  });

  test('embeddings, models and counted tokens', async () => {
    const { endpoint } = await startFamily(family, onTestFinished);
    const { baseUrl } = endpoint;
    for (const encoding_format of claims(family.name, ['embeddings']) ? ['float', 'base64'] : []) {
      const response = await post(baseUrl, '/embeddings', {
        model: 'embed',
        input: ['a', 'b'],
        encoding_format,
      });
      const answer = await response.json();
      expect(response.status).toBe(200);
      // The SDK asks for base64 and decodes it, so its type knows numbers only.
      const { data } = answer as { data: { embedding: unknown }[] };
      if (encoding_format === 'base64')
        for (const row of data) {
          expect(row.embedding).toBeTypeOf('string');
          row.embedding = [];
        }
      expectNone(faultsOfOpenAi('embeddings', answer));
    }
    const headers = { authorization: `Bearer ${KEY}` };
    const models = await (await fetch(`${baseUrl}/models`, { headers })).json();
    expectNone(faultsOfOpenAi('models', models));
    const count = { model: 'reply', messages: [{ role: 'user', content: 'Hello' }] };
    const counted = await post(baseUrl, '/messages/count_tokens', count);
    const answer = await counted.json();
    expect(
      counted.status === 200 ? faultsOfAnthropic('count', answer) : faultsOfError('messages', answer),
    ).toEqual([]);
  });
});

describe.each(PROTOCOLS)('errors of %s', (protocol) => {
  const question: Question = { name: 'text', needs: [], text: 'Hello', extra: NONE };
  const body = bodyOf(protocol, question, false);

  test('of our own', async () => {
    const upstream = await startUpstream(onTestFinished);
    const { baseUrl } = await startGateway(onTestFinished, { snapshot: stackOver([upstream.baseUrl]) });
    const path = PATHS[protocol];
    const refused = [
      await post(baseUrl, path, '{"model":'),
      await post(baseUrl, path, { ...body, model: undefined }),
      await post(baseUrl, path, { ...body, model: 'nobody-knows' }),
      await post(baseUrl, path, body, 'tt-not-a-key'),
      await fetch(baseUrl + path),
    ];
    for (const response of refused) {
      expect(response.status).toBeGreaterThanOrEqual(400);
      const answer = await response.json();
      expectNone(faultsOfError(protocol, answer));
    }
  });

  test.each(['status-429', 'status-500', 'status-401', 'context-length', 'error-body', 'malformed'] as const)(
    'after %s',
    async (fault) => {
      const upstream = await startUpstream(onTestFinished);
      upstream.fault = fault;
      const { baseUrl } = await startGateway(onTestFinished, { snapshot: stackOver([upstream.baseUrl]) });
      const response = await post(baseUrl, PATHS[protocol], body);
      expect(response.status).toBeGreaterThanOrEqual(400);
      const answer = await response.json();
      expectNone(faultsOfError(protocol, answer));
    },
  );

  test.each(['reset-mid-body', 'cut', 'error-event', 'malformed'] as const)(
    'in a stream: %s',
    async (fault) => {
      const upstream = await startUpstream(onTestFinished);
      upstream.fault = fault;
      const { baseUrl } = await startGateway(onTestFinished, { snapshot: stackOver([upstream.baseUrl]) });
      const response = await post(baseUrl, PATHS[protocol], { ...body, stream: true });
      const text = await response.text();
      if (response.status !== 200) {
        expectNone(faultsOfError(protocol, JSON.parse(text)));
        return;
      }
      const events = eventsOf(text);
      expect(JSON.stringify(events.at(-1))).toContain('error');
      for (const event of events) expectNone(faultsOfEvent(protocol, event));
    },
  );
});
