/** Every cell of docs/capabilities.md: carried to the vendor, or refused by name with nothing sent. */
import type { ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  carries,
  isLeftOut,
  type TextProtocol,
  type Way,
  WORDS,
  wayOf,
} from '../../src/protocols/carried.ts';
import type { Feature } from '../../src/providers/features.ts';
import { providers } from '../../src/providers/index.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { UpstreamCall } from '../support/upstream.ts';
import { type Family, hasOwnWire, type Running, startFamily } from './families.ts';
import { ONE_CITY, PIXEL, WEATHER_PARAMETERS, weatherSchema } from './texts.ts';

type Body = Record<string, unknown>;

const PATHS: Readonly<Record<TextProtocol, string>> = {
  chat: '/chat/completions',
  messages: '/messages',
  responses: '/responses',
};

/** The stand-in here does not speak the wire of these: it refuses, and what it was sent is looked at. */
const isForeign = hasOwnWire;

/** What shows in the bytes of any wire that the vendor was asked for it. */
const MARKS: Readonly<Record<Feature, RegExp>> = {
  streaming: /"stream":true|[sS]tream(GenerateContent)?[ ?]|converse-stream/,
  tools: /"get_weather"/,
  parallelTools: /"parallel_tool_calls":false|"disable_parallel_tool_use":true/,
  jsonMode: /"json_object"|"responseMimeType":"application\/json"/,
  jsonSchema: /"celsius"/,
  images: new RegExp(PIXEL.slice(0, 40)),
  files: /JVBERi0x/,
  audio: /UklGRg/,
  reasoning:
    /"(reasoning_)?effort":"low"|"maxReasoningEffort":"low"|"thinkingBudget":1024|"thinking":\{"type":"enabled"/,
  logprobs: /"(top_)?logprobs":(true|2)/,
  manyChoices: /"n":2/,
  stop: /"END"/,
  seed: /"(random_)?seed":7/,
  promptCache: /"cache_control"|"prompt_cache_key"|"cachePoint"/,
  serviceTier: /"service_tier"/,
};

const IMAGE = `data:image/png;base64,${PIXEL}`;
const PDF = 'JVBERi0x';
const WAV = 'UklGRg==';
const user = (part: unknown): Body[] => [{ role: 'user', content: [part] }];
const chatTool = { type: 'function', function: { name: 'get_weather', parameters: WEATHER_PARAMETERS } };
const responsesTool = { type: 'function', name: 'get_weather', parameters: WEATHER_PARAMETERS, strict: true };
const messagesTool = { name: 'get_weather', input_schema: WEATHER_PARAMETERS };
const ephemeral = { type: 'ephemeral' };

const REQUESTS: Readonly<Record<TextProtocol, Readonly<Partial<Record<Feature, Body>>>>> = {
  chat: {
    streaming: { stream: true },
    tools: { tools: [chatTool] },
    parallelTools: { tools: [chatTool], parallel_tool_calls: false },
    jsonMode: { response_format: { type: 'json_object' } },
    jsonSchema: {
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'weather', schema: weatherSchema(), strict: true },
      },
    },
    images: { messages: user({ type: 'image_url', image_url: { url: IMAGE } }) },
    files: {
      messages: user({
        type: 'file',
        file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` },
      }),
    },
    audio: { messages: user({ type: 'input_audio', input_audio: { data: WAV, format: 'wav' } }) },
    reasoning: { reasoning_effort: 'low' },
    logprobs: { logprobs: true, top_logprobs: 2 },
    manyChoices: { n: 2 },
    stop: { stop: ['END'] },
    seed: { seed: 7 },
    promptCache: { messages: user({ type: 'text', text: 'Hello', cache_control: ephemeral }) },
    serviceTier: { service_tier: 'flex' },
  },
  responses: {
    streaming: { stream: true },
    tools: { tools: [responsesTool] },
    parallelTools: { tools: [responsesTool], parallel_tool_calls: false },
    jsonMode: { text: { format: { type: 'json_object' } } },
    jsonSchema: { text: { format: { type: 'json_schema', name: 'weather', schema: weatherSchema() } } },
    images: { input: user({ type: 'input_image', image_url: IMAGE }) },
    files: {
      input: user({
        type: 'input_file',
        filename: 'a.pdf',
        file_data: `data:application/pdf;base64,${PDF}`,
      }),
    },
    audio: { input: user({ type: 'input_audio', input_audio: { data: WAV, format: 'wav' } }) },
    reasoning: { reasoning: { effort: 'low' } },
    logprobs: { include: ['message.output_text.logprobs'], top_logprobs: 2 },
    promptCache: { prompt_cache_key: 'a' },
    serviceTier: { service_tier: 'flex' },
  },
  messages: {
    streaming: { stream: true },
    tools: { tools: [messagesTool] },
    parallelTools: {
      tools: [messagesTool],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    },
    jsonSchema: { output_config: { format: { type: 'json_schema', schema: weatherSchema() } } },
    images: {
      messages: user({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }),
    },
    files: {
      messages: user({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: PDF },
      }),
    },
    reasoning: { output_config: { effort: 'low' } },
    stop: { stop_sequences: ['END'] },
    promptCache: { system: [{ type: 'text', text: 'Be brief.', cache_control: ephemeral }] },
    serviceTier: { service_tier: 'standard_only' },
  },
};

const PLAIN: Readonly<Record<TextProtocol, Body>> = {
  chat: { messages: [{ role: 'user', content: ONE_CITY }] },
  responses: { input: ONE_CITY },
  messages: { max_tokens: 100, messages: [{ role: 'user', content: ONE_CITY }] },
};

/** The translation to the vendor's own protocol has no word for it. */
function isRefused(
  provider: Provider,
  way: Way | null,
  { feature, carried }: { feature: Feature; carried: boolean | undefined },
): boolean {
  if (way === 'native' || !provider.translated.includes('chat')) return false;
  // These call in parallel, and have no switch to turn it off, which is what is asked for here.
  return carried === false || (feature === 'parallelTools' && isForeign(provider));
}

/** Not known here, and the package that makes the requests says that it cannot. */
function isComplaint(provider: Provider, carried: boolean | undefined, { text }: { text: string }): boolean {
  return carried === undefined && isForeign(provider) && text.includes('unsupported_parameter');
}

function refuseAll(_: UpstreamCall, response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end('{"message":"refused","error":{"code":400,"message":"refused","status":"INVALID_ARGUMENT"}}');
}

function familyOf(provider: Provider): Family {
  const address = provider.defaultBaseUrl ?? provider.exampleBaseUrl ?? 'http://any.invalid/v1';
  const path = new URL(address).pathname.replace(/\/$/, '');
  return {
    name: provider.type,
    model: provider.suggestedModels[0] ?? 'any',
    embeddingModel: 'any',
    baseUrl: (origin) => origin + path,
    scripted: true,
    ...(isForeign(provider) && { answer: refuseAll }),
  };
}

async function post(
  { endpoint }: Running,
  path: string,
  body: Body,
): Promise<{ status: number; text: string }> {
  const response = await fetch(endpoint.baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${endpoint.key}` },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

test.each(Object.keys(REQUESTS) as TextProtocol[])('every word %s has is asked for', (protocol) => {
  expect(Object.keys(REQUESTS[protocol]).sort()).toEqual(Object.keys(WORDS[protocol]).sort());
});

describe.each(providers.map((provider) => [provider.type, provider] as const))('%s', (_, provider) => {
  test.each(Object.keys(REQUESTS) as TextProtocol[])('%s', async (protocol) => {
    const running = await startFamily(familyOf(provider), onTestFinished);
    const way = wayOf(provider, protocol);
    const expected = isForeign(provider) ? 400 : 200;
    for (const [feature, members] of Object.entries(REQUESTS[protocol]) as [Feature, Body][]) {
      const before = running.calls.length;
      const answer = await post(running, PATHS[protocol], {
        model: 'reply',
        ...PLAIN[protocol],
        ...members,
      });
      const call = running.calls[before];
      const sent = call === undefined ? '' : `${call.path} ${call.bytes.toString()}`;
      const seen = `${feature}: ${answer.status} ${answer.text.slice(0, 300)}`;
      const carried = carries(provider, protocol, feature);
      if (isLeftOut(provider, protocol, feature)) {
        expect.soft(answer.status, seen).toBe(expected);
        expect.soft(sent, seen).not.toMatch(MARKS[feature]);
      } else if (isRefused(provider, way, { feature, carried }) || isComplaint(provider, carried, answer)) {
        expect.soft(answer.status, seen).toBe(400);
        expect.soft(answer.text, seen).toContain('unsupported_parameter');
        expect.soft(sent, seen).toBe('');
      } else {
        // Also what the vendor says it cannot: its answer decides, nothing is dropped on the way.
        expect.soft(answer.status, seen).toBe(expected);
        expect.soft(sent, seen).toMatch(MARKS[feature]);
      }
    }
  });

  test('embeddings', async () => {
    const running = await startFamily(familyOf(provider), onTestFinished);
    const { status, text } = await post(running, '/embeddings', { model: 'embed', input: ['a'] });
    if (wayOf(provider, 'embeddings') === null) {
      expect(text).toContain('protocol_mismatch');
      expect(running.calls).toHaveLength(0);
    } else {
      expect(status).toBe(isForeign(provider) ? 400 : 200);
      expect(running.calls).toHaveLength(1);
    }
  });
});
