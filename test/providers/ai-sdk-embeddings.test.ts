/**
 * Embeddings of vendors behind packages, by the official client, over real HTTP. The answers are written by hand after the
 * vendors' published references, not recorded from live calls.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import { deployment, provider, snapshot, startGateway, task } from '../gateway/harness.ts';
import { startUpstream } from '../support/upstream.ts';

const VECTORS = [
  [0.25, -0.5, 1],
  [0.1, 0.2, 0.3],
];

interface Case {
  name: string;
  type: string;
  model: string;
  texts: number;
  path: string;
  answer: unknown;
  headers?: Record<string, string>;
  /** What it reports, if it does. */
  tokens?: number;
  /** The member that the body gets for 256 dimensions; absent: there is none. */
  dimensions?: object;
  /** The most texts of a call. */
  most: number;
}

const prediction = (values: number[]) => ({ embeddings: { values, statistics: { token_count: 4 } } });

const CASES: Case[] = [
  {
    name: 'Gemini, one text',
    type: 'google',
    model: 'gemini-embedding-001',
    texts: 1,
    path: '/models/gemini-embedding-001:embedContent',
    answer: { embedding: { values: VECTORS[0] } },
    dimensions: { outputDimensionality: 256 },
    most: 100,
  },
  {
    name: 'Gemini, several',
    type: 'google',
    model: 'gemini-embedding-001',
    texts: 2,
    path: '/models/gemini-embedding-001:batchEmbedContents',
    answer: { embeddings: VECTORS.map((values) => ({ values })) },
    most: 100,
  },
  {
    name: 'Vertex AI',
    type: 'vertex',
    model: 'text-embedding-005',
    texts: 2,
    path: '/v1/projects/acme/locations/eu/publishers/google/models/text-embedding-005:predict',
    answer: { predictions: VECTORS.map(prediction) },
    tokens: 8,
    dimensions: { parameters: { outputDimensionality: 256 } },
    most: 2048,
  },
  {
    name: 'Titan on Bedrock',
    type: 'bedrock',
    model: 'amazon.titan-embed-text-v2:0',
    texts: 1,
    path: '/model/amazon.titan-embed-text-v2%3A0/invoke',
    answer: { embedding: VECTORS[0], inputTextTokenCount: 4 },
    tokens: 4,
    dimensions: { dimensions: 256 },
    most: 1,
  },
  {
    name: 'Cohere on Bedrock',
    type: 'bedrock',
    model: 'cohere.embed-v4:0',
    texts: 2,
    path: '/model/cohere.embed-v4%3A0/invoke',
    answer: { embeddings: { float: VECTORS } },
    headers: { 'x-amzn-bedrock-input-token-count': '8' },
    tokens: 8,
    dimensions: { output_dimension: 256 },
    most: 96,
  },
  {
    name: 'Cohere',
    type: 'cohere',
    model: 'embed-v4.0',
    texts: 2,
    path: '/embed',
    answer: { embeddings: { float: VECTORS }, meta: { billed_units: { input_tokens: 8 } } },
    tokens: 8,
    dimensions: { output_dimension: 256 },
    most: 96,
  },
  {
    name: 'another package',
    type: 'ai-sdk',
    model: 'mistral-embed',
    texts: 2,
    path: '/embeddings',
    answer: {
      data: VECTORS.map((embedding) => ({ embedding })),
      usage: { prompt_tokens: 8 },
    },
    tokens: 8,
    most: 32,
  },
];

const OPTIONS: Record<string, Record<string, unknown>> = {
  vertex: { project: 'acme', location: 'eu' },
  'ai-sdk': { package: '@ai-sdk/mistral' },
};

async function over({ type, model, answer, headers = {} }: Case) {
  const upstream = await startUpstream(onTestFinished);
  upstream.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(answer));
  };
  const address = new URL(upstream.baseUrl).origin;
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor: provider(address, { type, options: OPTIONS[type] ?? {} }) },
      deployments: { a: deployment('vendor', { model }) },
      tasks: { embed: task(['a']) },
    }),
  });
  return { ...harness, upstream };
}

const TEXTS = ['A first text.', 'A second one.'];

describe.each(CASES.map((found) => [found.name, found] as const))('%s', (_, found) => {
  const input = TEXTS.slice(0, found.texts);

  test('vectors, their form, their number of dimensions and the usage', async () => {
    const { openai, upstream, records } = await over(found);
    for (const encoding_format of ['float', 'base64', undefined] as const) {
      const asked = { model: 'embed', input, ...(encoding_format && { encoding_format }) };
      const { data, usage, model } = await openai.embeddings.create(asked);
      expect(model).toBe(found.model);
      expect(data.map(({ index }) => index)).toEqual(input.map((_text, i) => i));
      if (encoding_format === 'base64') expect(typeof data[0]?.embedding).toBe('string');
      else
        expect(data.map(({ embedding }) => embedding.map((v) => Math.fround(v)))).toEqual(
          VECTORS.slice(0, found.texts).map((v) => v.map(Math.fround)),
        );
      if (found.tokens !== undefined)
        expect(usage).toEqual({ prompt_tokens: found.tokens, total_tokens: found.tokens });
      expect(usage.prompt_tokens).toBeGreaterThan(0);
    }
    expect(upstream.calls[0]?.path).toBe(found.path);
    const sent = upstream.calls[0]?.bytes.toString() ?? '';
    for (const text of input) expect(sent).toContain(text);
    expect(records[0]).toMatchObject({ outcome: 'ok', usage: { outputTokens: 0 } });
    expect(records[0]?.usage.estimated ?? false).toBe(found.tokens === undefined);
  });

  test('what cannot be carried is refused by name, and nothing is sent', async () => {
    const { openai, upstream } = await over(found);
    const ask = (members: object) => openai.embeddings.create({ model: 'embed', input, ...members });
    const refusals: [param: string, code: string, members: object][] = [
      ['input[0]', 'unsupported_parameter', { input: [1, 2, 3] }],
      ['truncate', 'unsupported_parameter', { truncate: 'END' }],
      ['encoding_format', 'invalid_request', { encoding_format: 'int8' }],
      ['input', 'unsupported_parameter', { input: Array.from({ length: found.most + 1 }, () => 'a') }],
      found.dimensions
        ? ['dimensions', 'invalid_request', { dimensions: 'many' }]
        : [
            'dimensions',
            found.type === 'google' ? 'invalid_request' : 'unsupported_parameter',
            { dimensions: 'many' },
          ],
    ];
    for (const [param, code, members] of refusals) {
      await expect(ask(members), param).rejects.toMatchObject({ status: 400, code, param });
    }
    expect(upstream.calls).toEqual([]);
    if (!found.dimensions) return;
    await ask({ dimensions: 256 });
    expect(upstream.calls[0]?.body).toMatchObject(found.dimensions);
  });
});

test('a vendor that sends another number of vectors, an error or no vectors has failed', async () => {
  const [found] = CASES.filter(({ type }) => type === 'cohere');
  if (!found) throw new Error('no case');
  for (const answer of [
    { ...(found.answer as object), embeddings: { float: [[1]] } },
    { message: 'x' },
    [],
  ]) {
    const { openai } = await over({ ...found, answer });
    const asked = openai.embeddings.create({ model: 'embed', input: TEXTS });
    await expect(asked).rejects.toMatchObject({ code: 'upstream_malformed' });
  }
});

test('a package without embeddings says so', async () => {
  const [found] = CASES.filter(({ type }) => type === 'ai-sdk');
  if (!found) throw new Error('no case');
  OPTIONS['ai-sdk'] = { package: '@ai-sdk/groq' };
  const { openai, upstream } = await over(found);
  const asked = openai.embeddings.create({ model: 'embed', input: TEXTS });
  await expect(asked).rejects.toMatchObject({ code: 'upstream_error', status: 502 });
  expect(upstream.calls).toEqual([]);
});
