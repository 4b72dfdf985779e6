import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { OperationGroup } from '../../src/core/operation.ts';
import { DATA_CLASSES } from '../../src/core/protocol.ts';
import { hashSecret } from '../../src/governance/keys.ts';
import { OPERATIONS } from '../../src/protocols/operations.ts';
import { mayTakeRestricted } from '../../src/stack/party.ts';
import type { DataPolicy, Snapshot } from '../../src/stack/stack.ts';
import { deployment, type Harness, KEY, key, provider, snapshot, startGateway, task } from './harness.ts';
import { type OwnRequestSeen, type OwnVendor, sendJson, startOwnVendor } from './own-vendor.ts';

const PARTS: OperationGroup[] = [
  ...(['completions', 'images', 'audio', 'moderations'] as const),
  ...(['fineTuning', 'uploads', 'files', 'batches', 'models'] as const),
];
const SCOPED = `tt-${'b'.repeat(32)}`;
const NO_QUEUE = { maxConcurrent: 1, requestsPerMinute: null, tokensPerMinute: null, queue: null };

let vendor: OwnVendor;
let other: OwnVendor;
let house: Harness;
let openai: OpenAI;
/** Of the vendor's own base URL. */
let own: OpenAI;
/** `http://127.0.0.1:port` */
let root: string;
const cleanups: (() => unknown)[] = [];

function stackWith(acmePolicy?: DataPolicy): Snapshot {
  const retries = { attempts: 1, backoffMs: 1, maxWaitMs: 5 };
  const painter = deployment('acme', { model: 'gpt-image-1', price: null });
  return snapshot({
    providers: {
      acme: provider(`${vendor.origin}/v1`, {
        passThrough: PARTS,
        ...(acmePolicy && { dataPolicy: acmePolicy }),
      }),
      plain: provider(`${other.origin}/base`, { passThrough: ['images', 'audio'] }),
      // Has a price table.
      real: provider(`${other.origin}/real`, { type: 'openai', passThrough: ['audio'] }),
      // Nothing of its API is known, and nothing is named.
      bare: provider(`${other.origin}/bare`),
      claude: provider(vendor.origin, { type: 'anthropic', passThrough: ['batches', 'files', 'models'] }),
    },
    deployments: {
      painter,
      spare: deployment('plain', { model: 'spare-image', price: null }),
      writer: deployment('acme', { model: 'old-writer' }),
      talker: deployment('bare', { model: 'talker' }),
      narrow: deployment('acme', { model: 'narrow', limits: NO_QUEUE }),
    },
    tasks: {
      pictures: task(['talker', 'painter', 'spare']),
      tuner: task(['painter', 'spare'], { retries }),
      text: task(['writer']),
      tight: task(['narrow']),
      again: task(['painter'], { retries }),
    },
    keys: [
      key(),
      { ...key(), id: 'key_scoped', sha256: hashSecret(SCOPED), name: 'scoped', tasks: ['pictures'] },
    ],
  });
}

beforeAll(async () => {
  vendor = await startOwnVendor();
  other = await startOwnVendor();
  house = await startGateway((stop) => void cleanups.unshift(stop as () => unknown), {
    snapshot: stackWith(),
  });
  root = house.baseUrl.replace(/\/v1$/, '');
  openai = house.openai;
  own = new OpenAI({ baseURL: `${root}/providers/acme/v1`, apiKey: KEY, maxRetries: 0 });
});

afterAll(async () => {
  for (const stop of cleanups) await stop();
  await vendor.close();
  await other.close();
});

beforeEach(() => {
  for (const one of [vendor, other]) {
    one.seen.length = 0;
    one.early = null;
    one.answer = (_, response) => sendJson(response, { ok: true });
  }
  house.records.length = 0;
});

const lastOf = <T>(list: readonly T[]): T => {
  const last = list.at(-1);
  if (last === undefined) throw new Error('there is none');
  return last;
};

async function send(path: string, init: RequestInit & { key?: string } = {}): Promise<Response> {
  const { key: virtualKey = KEY, headers, ...rest } = init;
  return fetch(root + path, { ...rest, headers: { authorization: `Bearer ${virtualKey}`, ...headers } });
}

const postJson = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  send(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

async function errorOf(response: Response): Promise<{ status: number; code?: string; message?: string }> {
  const { error } = (await response.json()) as { error: { code?: string; message?: string } };
  return { status: response.status, ...error };
}

describe('the openai client', () => {
  test('images.generate: a task names the deployment, only `model` changes, unlike tokens are not priced', async () => {
    vendor.answer = (_, response) =>
      sendJson(response, {
        created: 1,
        data: [{ b64_json: 'A'.repeat(90_000) }],
        usage: { input_tokens: 12, output_tokens: 272, input_tokens_details: { image_tokens: 0 } },
      });
    const { data, response } = await openai.images
      .generate({ model: 'pictures', prompt: 'a "model" boat', quality: 'low' })
      .withResponse();
    expect(data.data?.[0]?.b64_json).toHaveLength(90_000);
    const seen = lastOf(vendor.seen);
    expect([seen.method, seen.url]).toEqual(['POST', '/v1/images/generations']);
    expect(JSON.parse(seen.bytes.toString())).toEqual({
      model: 'gpt-image-1',
      prompt: 'a "model" boat',
      quality: 'low',
    });
    expect(seen.headers.authorization).toBe('Bearer vendor-key-of-acme');
    expect(response.headers.get('x-trimtab-deployment')).toBe('painter');
    const record = lastOf(house.records);
    expect(record).toMatchObject({
      id: response.headers.get('x-trimtab-call-id'),
      protocol: 'passthrough',
      operation: 'POST /v1/images/generations',
      task: 'pictures',
      requestedModel: 'pictures',
      model: 'gpt-image-1',
      outcome: 'ok',
      usage: { inputTokens: 12, outputTokens: 272 },
      costNanoUsd: null,
      unpriced: true,
    });
    // What carries no images is passed over, and says why.
    expect(record.skipped).toEqual([
      {
        deployment: 'talker',
        reason: expect.stringContaining('add "images" to `providers.bare.passThrough`'),
      },
    ]);
  });

  test('audio.speech: bytes come back as they are', async () => {
    const sound = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 256));
    vendor.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.write(sound.subarray(0, 1000));
      response.end(sound.subarray(1000));
    };
    const answer = await openai.audio.speech.create({ model: 'acme/tts-x', voice: 'alloy', input: 'hi' });
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(sound.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
    expect(lastOf(house.records)).toMatchObject({ costNanoUsd: null, unpriced: true, responseBytes: 3000 });
  });

  test.each([
    ['before', { model: 'acme/whisper-x' }],
    ['after', {}],
  ])('audio.transcriptions: a form with its model %s the file', async (where, first) => {
    const file = await toFile(Buffer.alloc(200_000, 7), 'talk.mp3');
    const last = where === 'after' ? { model: 'acme/whisper-x' } : {};
    vendor.answer = (_, response) =>
      sendJson(response, { text: 'hello', usage: { type: 'duration', seconds: 3 } });
    const answer = await openai.audio.transcriptions.create({
      ...first,
      file,
      language: 'en',
      ...last,
    } as never);
    expect(answer).toMatchObject({ text: 'hello' });
    const seen = lastOf(vendor.seen);
    const form = await new Response(new Uint8Array(seen.bytes), {
      headers: { 'content-type': String(seen.headers['content-type']) },
    }).formData();
    expect([form.get('model'), form.get('language')]).toEqual(['whisper-x', 'en']);
    const sent = Buffer.from(await (form.get('file') as File).arrayBuffer());
    expect(sent.equals(Buffer.alloc(200_000, 7))).toBe(true);
    if (seen.headers['content-length'])
      expect(Number(seen.headers['content-length'])).toBe(seen.bytes.length);
    const record = lastOf(house.records);
    expect(record.usage).toEqual({});
    expect(record.requestBytes).toBe(seen.bytes.length + 'acme/'.length);
  });

  test.each([
    ['audio told from text', { text_tokens: 200, audio_tokens: 800 }, 6_300_000],
    ['tokens that do not add up', { text_tokens: 200, audio_tokens: 80 }, null],
    ['tokens of no told kind', undefined, null],
  ])('a transcription is priced by the table: %s', async (_, details, cost) => {
    const usage = {
      input_tokens: 1000,
      output_tokens: 100,
      ...(details && { input_token_details: details }),
    };
    other.answer = (_seen, response) => sendJson(response, { text: 'hello', usage });
    const file = await toFile(Buffer.from('sound'), 'talk.mp3');
    await openai.audio.transcriptions.create({ model: 'real/gpt-4o-transcribe', file });
    expect(lastOf(house.records)).toMatchObject({ costNanoUsd: cost, unpriced: cost === null });
  });

  test('moderations: without a model the only provider that carries them', async () => {
    vendor.answer = (_, response) => sendJson(response, { id: 'm', model: 'x', results: [] });
    expect(await openai.moderations.create({ input: 'hello' })).toMatchObject({ id: 'm' });
    expect(lastOf(vendor.seen).bytes.toString()).toBe('{"input":"hello"}');
    const record = lastOf(house.records);
    expect(record).toMatchObject({
      deployment: 'acme/*',
      model: null,
      requestedModel: null,
      task: 'untasked',
    });
    expect(record.attempts[0]).toMatchObject({ model: null, outcome: 'ok' });
  });

  test('completions: text in and out, so priced', async () => {
    vendor.answer = (_, response) =>
      sendJson(response, { choices: [], usage: { prompt_tokens: 1000, completion_tokens: 200 } });
    await openai.completions.create({ model: 'text', prompt: 'x' });
    expect(lastOf(house.records)).toMatchObject({ costNanoUsd: 4_000_000, unpriced: false });
  });

  test('fineTuning.jobs: create, list with its query, cancel; what uses no model costs nothing', async () => {
    vendor.answer = (seen, response) =>
      sendJson(response, seen.method === 'GET' ? { object: 'list', data: [{ id: 'j' }] } : { id: 'j' });
    expect(await openai.fineTuning.jobs.create({ model: 'tuner', training_file: 'file-1' })).toEqual({
      id: 'j',
    });
    expect(JSON.parse(lastOf(vendor.seen).bytes.toString())).toMatchObject({ model: 'gpt-image-1' });
    expect(lastOf(house.records)).toMatchObject({ costNanoUsd: null, unpriced: true });
    expect((await openai.fineTuning.jobs.list({ limit: 2, after: 'a' })).data).toEqual([{ id: 'j' }]);
    expect(lastOf(vendor.seen).url).toBe('/v1/fine_tuning/jobs?limit=2&after=a');
    expect(lastOf(house.records)).toMatchObject({ costNanoUsd: 0, unpriced: false });
    await openai.fineTuning.jobs.cancel('ftjob-1');
    expect(lastOf(vendor.seen)).toMatchObject({
      url: '/v1/fine_tuning/jobs/ftjob-1/cancel',
      bytes: Buffer.alloc(0),
    });
    expect(lastOf(house.records).operation).toBe('POST /v1/fine_tuning/jobs/{id}/cancel');
  });

  test("the vendor's own base URL: files, batches, and calls of a protocol", async () => {
    const content = Buffer.from('{"a":1}\n');
    vendor.answer = (seen, response) => {
      if (seen.url.endsWith('/content')) response.end(content);
      else if (seen.url.endsWith('/chat/completions'))
        sendJson(response, {
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
          usage: { prompt_tokens: 1, completion_tokens: 1 },
        });
      else sendJson(response, { id: 'file-9', object: 'file', data: [] });
    };
    const file = await toFile(content, 'x.jsonl');
    expect(await own.files.create({ purpose: 'fine-tune', file })).toMatchObject({ id: 'file-9' });
    expect(lastOf(vendor.seen).bytes.includes(content)).toBe(true);
    expect(Buffer.from(await (await own.files.content('file-9')).arrayBuffer())).toEqual(content);
    await own.files.delete('file-9');
    expect(lastOf(vendor.seen)).toMatchObject({ method: 'DELETE', url: '/v1/files/file-9' });
    await own.batches.list();
    expect(lastOf(vendor.seen).url).toBe('/v1/batches');
    expect(house.records.map(({ operation }) => operation)).toEqual([
      'POST /v1/files',
      'GET /v1/files/{id}/content',
      'DELETE /v1/files/{id}',
      'GET /v1/batches',
    ]);
    // There `model` is the vendor's own name, also where a task has the same.
    await own.chat.completions.create({ model: 'text', messages: [{ role: 'user', content: 'x' }] });
    expect(JSON.parse(lastOf(vendor.seen).bytes.toString())).toMatchObject({ model: 'text' });
    expect(lastOf(house.records)).toMatchObject({
      protocol: 'chat',
      deployment: 'acme/text',
      task: 'untasked',
    });
  });
});

describe('the anthropic client', () => {
  const batch = (id: string, url: string | null) => ({ id, processing_status: 'ended', results_url: url });

  test('messages.batches and files; results are fetched here, not past us', async () => {
    const client = new Anthropic({ baseURL: `${root}/providers/claude`, apiKey: KEY, maxRetries: 0 });
    const away = 'https://vendor.invalid/v1/messages/batches/b1/results';
    vendor.answer = (seen, response) => {
      if (seen.url.endsWith('/results')) {
        response.writeHead(200, { 'content-type': 'application/x-jsonl' });
        response.end('{"custom_id":"a","result":{"type":"canceled"}}\n');
      } else if (seen.method === 'GET' && seen.url.startsWith('/v1/messages/batches?'))
        sendJson(response, { data: [batch('b1', away), batch('b2', null)], has_more: false });
      else sendJson(response, batch('b1', seen.method === 'POST' ? null : away));
    };
    const requests = [
      {
        custom_id: 'a',
        params: { model: 'c', max_tokens: 1, messages: [{ role: 'user' as const, content: 'x' }] },
      },
    ];
    expect(await client.messages.batches.create({ requests })).toMatchObject({ id: 'b1' });
    expect(lastOf(vendor.seen)).toMatchObject({ url: '/v1/messages/batches' });
    expect(lastOf(vendor.seen).headers).toMatchObject({
      'x-api-key': 'vendor-key-of-claude',
      'anthropic-version': expect.stringMatching(/^\d{4}-/),
    });
    const results = [];
    for await (const one of await client.messages.batches.results('b1')) results.push(one.custom_id);
    expect(results).toEqual(['a']);
    const list = await client.messages.batches.list({ limit: 5 });
    expect(list.data.map(({ results_url }) => results_url)).toEqual([
      '/v1/messages/batches/b1/results',
      null,
    ]);
    await client.beta.files.upload({
      file: await toFile(Buffer.from('hello'), 'a.txt'),
      betas: ['files-api-2025-04-14'],
    });
    expect(lastOf(vendor.seen).headers['anthropic-beta']).toContain('files-api');
    expect(lastOf(house.records)).toMatchObject({ operation: 'POST /v1/files', deployment: 'claude/*' });
  });

  test('errors have its shape, and at the root the provider is found', async () => {
    const client = new Anthropic({ baseURL: root, apiKey: SCOPED, maxRetries: 0 });
    const error = await client.messages.batches.list().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 403, error: { type: 'error', error: { code: 'key_scope' } } });
    const reached = new Anthropic({ baseURL: root, apiKey: KEY, maxRetries: 0 });
    vendor.answer = (_, response) => sendJson(response, batch('b7', null));
    expect(await reached.messages.batches.cancel('b7')).toMatchObject({ id: 'b7' });
  });
});

describe('every operation of the table', () => {
  test.each(OPERATIONS.map((operation) => [`${operation.name} (${operation.wire})`, operation] as const))(
    '%s',
    async (_, { name, method, model, wire, atRoot }) => {
      const path = name.slice(method.length + 1).replaceAll('{id}', 'ft:m:org::a.b-1');
      const inForm = model === 'form' || path === '/v1/files';
      const form = new FormData();
      if (model) form.set('model', 'm');
      form.set('file', new Blob(['x']), 'x');
      const init: RequestInit = inForm
        ? { body: form }
        : { body: JSON.stringify({ model: 'm' }), headers: { 'content-type': 'application/json' } };
      const below = `/providers/${wire === 'chat' ? 'acme' : 'claude'}`;
      for (const way of atRoot ? [below, ''] : [below]) {
        vendor.seen.length = 0;
        const headers = {
          ...init.headers,
          ...(way === '' && wire === 'chat' && { 'x-trimtab-provider': 'acme' }),
        };
        const { status } = await send(`${way}${path}?a=b`, {
          method,
          ...(method === 'POST' && init),
          headers,
        });
        const seen = lastOf(vendor.seen);
        expect([status, seen.method, seen.url]).toEqual([200, method, `${path}?a=b`]);
        if (method === 'POST') expect(seen.bytes.includes(inForm ? 'name="file"' : '"model":"m"')).toBe(true);
        expect(lastOf(house.records)).toMatchObject({ operation: name, outcome: 'ok' });
      }
    },
  );
});

describe('what is refused', () => {
  test.each<[string, string, () => Promise<Response>]>([
    ['not_found', 'a path in no table', () => postJson('/v1/assistants', {})],
    ['not_found', 'the same below a provider', () => postJson('/providers/acme/v1/assistants', {})],
    ['not_found', 'an id that climbs', () => send('/providers/acme/v1/files/..%2fkeys')],
    ['not_found', 'a provider that is not there', () => send('/providers/nobody/v1/files')],
    ['method_not_allowed', 'another method', () => send('/v1/images/generations')],
    ['missing_key', 'no key', () => fetch(`${root}/v1/fine_tuning/jobs`)],
    ['key_scope', 'a key of one task, without a model', () => send('/v1/fine_tuning/jobs', { key: SCOPED })],
    [
      'key_scope',
      "a key of one task, at the vendor's own",
      () => send('/providers/acme/v1/files', { key: SCOPED }),
    ],
    ['operation_not_carried', 'a part that is not named', () => send('/providers/plain/v1/files')],
    ['operation_not_carried', 'words it does not speak', () => send('/providers/acme/v1/messages/batches')],
    [
      'operation_not_carried',
      'a model of such a provider',
      () => postJson('/v1/moderations', { model: 'bare/m' }),
    ],
    ['ambiguous_provider', 'two that carry it', () => postJson('/v1/images/generations', { prompt: 'x' })],
    ['unknown_model', 'a model nobody has', () => postJson('/v1/images/generations', { model: 'x' })],
    ['invalid_request', 'two models', () => postJson('/v1/moderations', '{"model":"a","model":"b"}')],
    ['unsupported_media_type', 'a form that is none', () => postJson('/v1/audio/translations', {})],
  ])('%s: %s', async (code, _, ask) => {
    const { code: found, message } = await errorOf(await ask());
    expect(found, message).toBe(code);
    expect(vendor.seen.length + other.seen.length).toBe(0);
    // Whoever has a key leaves a record, but where there is no operation.
    expect(house.records.length).toBe(
      /not_found|method|missing/.test(code) && _ !== 'a provider that is not there' ? 0 : 1,
    );
  });

  test('a second model anywhere in a form', async () => {
    const form = new FormData();
    form.set('model', 'acme/whisper-x');
    form.set('file', new Blob([new Uint8Array(300_000)]), 'a.mp3');
    form.append('model', 'acme/other');
    const error = await errorOf(await send('/v1/audio/transcriptions', { method: 'POST', body: form }));
    expect(error).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(error.message).toContain('more than once');
    expect(vendor.seen).toEqual([]);
  });

  test('a model behind more than may be held', async () => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(1_200_000)]), 'a.mp3');
    form.set('model', 'acme/whisper-x');
    const error = await errorOf(await send('/v1/audio/transcriptions', { method: 'POST', body: form }));
    expect(error.message).toContain('send it before the file');
  });

  test('the header names one of several providers; the default one needs no name', async () => {
    await postJson('/v1/images/generations', { prompt: 'x' }, { 'x-trimtab-provider': 'plain' });
    expect(lastOf(other.seen).url).toBe('/base/images/generations');
    await postJson('/v1/images/generations', { model: 'm', prompt: 'x' }, { 'x-trimtab-provider': 'acme' });
    expect(JSON.parse(lastOf(vendor.seen).bytes.toString())).toEqual({ model: 'm', prompt: 'x' });
  });

  test('data goes only where its class may: any policy, any class, any way in', async () => {
    const anyPolicy = fc.record({
      party: fc.constantFrom<DataPolicy['party']>(null, 'own', 'private', 'third'),
      allow: fc.uniqueArray(fc.constantFrom(...DATA_CLASSES)),
    });
    const ways = [
      () => postJson('/v1/images/generations', { model: 'classed', prompt: 'x' }),
      () => send('/v1/fine_tuning/jobs'),
      () => send('/providers/acme/v1/files'),
    ];
    const ask = fc.record({ policy: anyPolicy, dataClass: fc.constantFrom(...DATA_CLASSES), way: fc.nat(2) });
    try {
      await fc.assert(
        fc.asyncProperty(ask, async ({ policy, dataClass, way }) => {
          const { party, allow } = policy;
          const base = stackWith({ party, allow, regions: [], retentionDays: null, trainsOnData: null });
          base.stack.tasks.classed = task(['painter'], { dataClass });
          base.stack.gateway.untasked.dataClass = dataClass;
          house.gateway.update(base);
          vendor.seen.length = 0;
          const { status } = await (ways[way] as () => Promise<Response>)();
          const may =
            party !== null &&
            allow.includes(dataClass) &&
            (dataClass !== 'restricted' || mayTakeRestricted(party));
          expect([status, vendor.seen.length]).toEqual(may ? [200, 1] : [403, 0]);
        }),
        { numRuns: 60 },
      );
    } finally {
      house.gateway.update(stackWith());
    }
  });
});

describe('when things fail', () => {
  test('events pass as they come, with usage, and a cut is never a clean end', async () => {
    const shown = Promise.withResolvers<void>();
    vendor.answer = async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: a\ndata: {"n":1}\n\n');
      await shown.promise;
      response.end('event: b\ndata: {"n":2,"usage":{"input_tokens":3,"output_tokens":4}}\n\n');
    };
    const answer = await postJson('/v1/images/generations', { model: 'pictures', stream: true });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('event: a\ndata: {"n":1}\n\n');
    shown.resolve();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += Buffer.from(part.value).toString();
    expect(rest).toMatch(/^event: b\n/);
    const record = lastOf(house.records);
    expect(record).toMatchObject({ streamed: true, usage: { inputTokens: 3, outputTokens: 4 } });
    expect(record.ttftMs).not.toBeNull();

    vendor.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"n":1}\n\n', () => response.destroy());
    };
    const cut = await (await postJson('/v1/images/generations', { model: 'pictures', stream: true })).text();
    expect(cut).toContain('"code":"upstream_cut"');
    expect(lastOf(house.records)).toMatchObject({ outcome: 'error', errorCode: 'upstream_cut', status: 200 });
  });

  test.each([
    ['of known length', { 'content-length': '5000' }],
    ['of unknown length', {}],
  ])('a body %s that is cut breaks the connection', async (_, headers) => {
    vendor.answer = (_seen, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg', ...headers });
      response.write(Buffer.alloc(1000), () => response.destroy());
    };
    const answer = await postJson('/v1/audio/speech', { model: 'acme/tts-x' });
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow('terminated');
    expect(lastOf(house.records)).toMatchObject({ outcome: 'error', errorCode: 'upstream_cut' });
  });

  test("the vendor's errors come back as they are, but for our credential", async () => {
    const refusal = { error: { message: 'no such voice for vendor-key-of-acme', code: 'bad_voice' } };
    vendor.answer = (_, response) => sendJson(response, refusal, 422);
    const answer = await postJson('/v1/audio/speech', { model: 'acme/tts-x' });
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining('bad_voice')]);
    expect(JSON.stringify(lastOf(house.records))).not.toContain('vendor-key-of-acme');
    vendor.answer = (_, response) => sendJson(response, { error: { message: 'bad key sk-...' } }, 401);
    expect(await errorOf(await postJson('/v1/audio/speech', { model: 'acme/tts-x' }))).toMatchObject({
      status: 502,
      code: 'upstream_auth',
    });
  });

  test('what leaves nothing behind goes on to a deployment that carries it; a job is never begun twice', async () => {
    vendor.answer = (_, response) => sendJson(response, { error: { message: 'down' } }, 500);
    const image = await postJson('/v1/images/generations', { model: 'pictures', prompt: 'x' });
    expect([image.status, image.headers.get('x-trimtab-deployment')]).toEqual([200, 'spare']);
    expect(JSON.parse(lastOf(other.seen).bytes.toString()).model).toBe('spare-image');
    vendor.seen.length = 0;
    const job = await postJson('/v1/fine_tuning/jobs', { model: 'again', training_file: 'f' });
    expect([job.status, await job.json()]).toEqual([500, { error: { message: 'down' } }]);
    expect(vendor.seen).toHaveLength(1);
    // A limit is a refusal: it was not done.
    vendor.seen.length = 0;
    vendor.answer = (_, response) =>
      vendor.seen.length === 1 ? sendJson(response, { error: {} }, 429) : sendJson(response, { id: 'j' });
    expect((await postJson('/v1/fine_tuning/jobs', { model: 'again', training_file: 'f' })).status).toBe(200);
    expect(vendor.seen).toHaveLength(2);
  });

  test('a client that leaves stops the vendor', async () => {
    const arrived = Promise.withResolvers<OwnRequestSeen>();
    vendor.answer = (seen, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.write(Buffer.alloc(10));
      arrived.resolve(seen);
    };
    const leave = new AbortController();
    const record = house.nextRecord();
    const answer = await send('/v1/audio/speech', {
      method: 'POST',
      body: '{"model":"acme/tts-x"}',
      headers: { 'content-type': 'application/json' },
      signal: leave.signal,
    });
    expect(answer.status).toBe(200);
    const { closed } = await arrived.promise;
    leave.abort();
    expect(await closed).toBe(false);
    expect(await record).toMatchObject({ outcome: 'client_left', errorCode: 'client_left' });
  });

  /** More than sockets hold, and without an announced length. */
  const endless = (chunks: number, taken?: () => void): RequestInit => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(stream) {
        if (sent++ < chunks) stream.enqueue(new Uint8Array(100_000));
        else if (taken) await new Promise(() => taken());
        else stream.close();
      },
    });
    return { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'text/plain' } } as RequestInit;
  };

  test('an upload that is refused here or there ends with the answer that says why', async () => {
    const here = await errorOf(await send('/providers/acme/v1/files', { ...endless(100), key: SCOPED }));
    expect(here).toMatchObject({ status: 403, code: 'key_scope' });
    vendor.early = (_, response) => sendJson(response, { error: { message: 'too large' } }, 413);
    const there = await send('/providers/acme/v1/files', endless(100));
    expect([there.status, await there.json()]).toEqual([413, { error: { message: 'too large' } }]);
    expect(lastOf(house.records)).toMatchObject({
      outcome: 'error',
      status: 413,
      errorCode: 'upstream_rejected',
    });
  });

  test('a client that leaves in the middle of its upload stops the vendor', async () => {
    const closed = Promise.withResolvers<void>();
    vendor.early = (request) => {
      request.resume();
      request.on('close', () => closed.resolve());
    };
    const leave = new AbortController();
    const record = house.nextRecord();
    const init = { ...endless(20, () => leave.abort()), signal: leave.signal };
    await expect(send('/providers/acme/v1/files', init)).rejects.toThrow();
    expect(await record).toMatchObject({ outcome: 'client_left', errorCode: 'client_left', status: 499 });
    await closed.promise;
  });

  test('the limit of a deployment holds', async () => {
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    vendor.answer = async (_, response) => {
      reached.resolve();
      await held.promise;
      sendJson(response, { ok: true });
    };
    const first = postJson('/v1/images/generations', { model: 'tight' });
    await reached.promise;
    const second = await errorOf(await postJson('/v1/images/generations', { model: 'tight' }));
    expect(second).toMatchObject({ status: 429, code: 'queue_full' });
    held.resolve();
    expect((await first).status).toBe(200);
  });

  test('in process the same: a form, bytes back, a cut', async () => {
    const inside = await startGateway((stop) => void cleanups.unshift(stop as () => unknown), {
      snapshot: stackWith(),
      transport: 'in-process',
    });
    const file = await toFile(Buffer.from('sound'), 'a.mp3');
    await inside.openai.audio.transcriptions.create({ file, model: 'acme/whisper-x' });
    expect(lastOf(vendor.seen).bytes.includes('whisper-x')).toBe(true);
    vendor.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' });
      response.write(Buffer.alloc(10), () => response.destroy());
    };
    const answer = await inside.openai.audio.speech.create({ model: 'acme/t', voice: 'a', input: 'x' });
    await expect(answer.arrayBuffer()).rejects.toThrow();
  });
});

describe('clocks, turned by hand', () => {
  const timeouts = { connectMs: 100, headersMs: 1_000, firstTokenMs: 2_000, idleMs: 300, totalMs: 5_000 };

  async function setUp() {
    const clock = createManualClock(Date.UTC(2026, 10, 25));
    const of = stackWith();
    of.stack.gateway.timeouts = timeouts;
    const timed = await startGateway(onTestFinished, { snapshot: of, clock });
    const url = timed.baseUrl.replace(/\/v1$/, '/providers/acme/v1/files');
    const ask = (init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { authorization: `Bearer ${KEY}` } });
    return { clock, timed, ask };
  }

  test('a vendor that never answers, and one that falls silent in its answer', async () => {
    const { clock, timed, ask } = await setUp();
    const reached = Promise.withResolvers<ServerResponse>();
    vendor.answer = (_, response) => reached.resolve(response);
    // What may have been stored is not sent again.
    const answer = ask({ method: 'POST', body: 'a file' });
    await reached.promise;
    clock.turn(1_000);
    expect(await errorOf(await answer)).toMatchObject({ status: 504, code: 'timeout_headers' });

    vendor.answer = (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345');
    };
    const begun = await ask();
    const reader = (begun.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('12345');
    clock.turn(300);
    await expect(reader.read()).rejects.toThrow();
    expect(lastOf(timed.records)).toMatchObject({ outcome: 'error', errorCode: 'timeout_idle', status: 200 });
  });

  test('an app that is slow with its upload is waited for, within the total', async () => {
    const { clock, timed, ask } = await setUp();
    const reached = Promise.withResolvers<IncomingMessage>();
    vendor.early = (request) => reached.resolve(request);
    let feed: (bytes: Uint8Array) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        feed = (bytes) => stream.enqueue(bytes);
      },
    });
    const answer = ask({ method: 'POST', body, duplex: 'half' } as RequestInit);
    feed(Buffer.from('first'));
    const request = await reached.promise;
    await once(request, 'readable');
    clock.turn(4_000);
    expect(timed.records).toEqual([]);
    clock.turn(1_000);
    expect(await errorOf(await answer)).toMatchObject({ status: 504, code: 'timeout_total' });
  });
});
