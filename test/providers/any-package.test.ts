/** Packages of the AI SDK that a config names: one that is installed here, through a gateway over real HTTP. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { anyPackage } from '../../src/providers/ai-sdk/any-package.ts';
import { loadFactory, locatePackage } from '../../src/providers/ai-sdk/package.ts';
import { catalog } from '../../src/providers/index.ts';
import { parseStack } from '../../src/stack/parse.ts';
import {
  deployment,
  provider,
  type SnapshotParts,
  snapshot,
  startGateway,
  task,
} from '../gateway/harness.ts';
import { startUpstream, USAGE } from '../support/upstream.ts';
import { KEY } from './support.ts';

const ASKED = { model: 'reply', messages: [{ role: 'user' as const, content: 'Say hello.' }] };

async function start(changes: Parameters<typeof provider>[1] = {}, parts: Partial<SnapshotParts> = {}) {
  const upstream = await startUpstream(onTestFinished);
  const options = { package: '@ai-sdk/groq' };
  const vendor = provider(upstream.baseUrl, { type: 'ai-sdk', options, ...changes });
  const harness = await startGateway(onTestFinished, {
    snapshot: snapshot({
      providers: { vendor },
      deployments: { a: deployment('vendor') },
      tasks: { reply: task(['a']) },
      secrets: { vendor: { apiKey: KEY, headers: { 'x-team': 'search-team' } } },
      ...parts,
    }),
  });
  return { ...harness, upstream };
}

describe('a package that is installed', () => {
  test('streams and answers whole, with the key, the headers and the address of the config', async () => {
    const { openai, upstream, records } = await start();
    const asked = { ...ASKED, stream_options: { include_usage: true } };
    const streamed = await openai.chat.completions.stream(asked).finalChatCompletion();
    const whole = await openai.chat.completions.create(ASKED);
    for (const answer of [streamed, whole]) {
      expect(answer.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { content: upstream.words.join('') },
      });
    }
    expect(whole.usage).toMatchObject({ prompt_tokens: USAGE.prompt_tokens });
    // Of streams this package reads the usage where its own vendor puts it, and this is another: it is estimated, and says so.
    expect(records.map(({ outcome, usage }) => [outcome, usage.estimated ?? false])).toEqual([
      ['ok', true],
      ['ok', false],
    ]);
    for (const { path, headers, body } of upstream.calls) {
      expect(path).toBe('/v1/chat/completions');
      expect(headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-team': 'search-team' });
      expect(body.model).toBe('model-of-vendor');
    }
  });

  test('refuses by name what the package, or its interface, has no word for', async () => {
    const { openai, upstream } = await start();
    const pdf = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0x' };
    const requests: [param: string, members: object][] = [
      ['reasoning_effort', { reasoning_effort: 'low' }],
      ['logprobs', { logprobs: true }],
      ['top_k', { top_k: 5 }],
      ['', { messages: [{ role: 'user', content: [{ type: 'file', file: pdf }] }] }],
    ];
    for (const [param, members] of requests) {
      const asked = openai.chat.completions.create({ ...ASKED, ...members });
      await expect(asked, param).rejects.toMatchObject({
        status: 400,
        code: 'unsupported_parameter',
        ...(param !== '' && { param }),
      });
    }
    expect(upstream.calls).toEqual([]);
  });

  test('without a key sends none, whatever the environment holds', async () => {
    const before = process.env.GROQ_API_KEY;
    process.env.GROQ_API_KEY = 'gsk_of-the-environment-1';
    onTestFinished(() => {
      if (before === undefined) delete process.env.GROQ_API_KEY;
      else process.env.GROQ_API_KEY = before;
    });
    const { openai, upstream } = await start({}, { secrets: { vendor: { apiKey: null, headers: {} } } });
    await openai.chat.completions.create(ASKED);
    expect(JSON.stringify(upstream.calls[0]?.headers)).not.toContain('gsk_of');
  });

  test('is sent nothing while its data policy is not declared', async () => {
    const dataPolicy = anyPackage.defaultDataPolicy('https://api.groq.com');
    const { openai, upstream } = await start({ dataPolicy });
    await expect(openai.chat.completions.create(ASKED)).rejects.toMatchObject({
      status: 403,
      code: 'data_policy_refused',
    });
    expect(upstream.calls).toEqual([]);
  });

  test('is priced where a table has its name, and otherwise not', () => {
    const usage = { inputTokens: 1000, outputTokens: 100 };
    const at = Date.UTC(2026, 10, 25);
    const connect = (name: string) =>
      anyPackage.connect(provider('https://x.example', { options: { package: name } }), {
        apiKey: KEY,
        headers: {},
      });
    expect(connect('@ai-sdk/groq').price('llama-3.1-8b-instant', usage, at)?.costNanoUsd).toBeGreaterThan(0);
    expect(connect('@ai-sdk/gateway').price('llama-3.1-8b-instant', usage, at)).toBeNull();
  });
});

describe('a package', () => {
  const configOf = (options: object) => ({
    providers: { p: { type: 'ai-sdk', apiKey: { env: 'SOME_KEY' }, options } },
  });
  const parse = (options: object) => parseStack(configOf(options), { catalog, policies: ['ordered'] });

  test('is named in a config without an address', () => {
    const { p } = parse({ package: '@ai-sdk/groq', settings: { some: 1 } }).providers;
    expect(p).toMatchObject({ baseUrl: null, dataPolicy: { party: null, allow: [] } });
    expect(p?.options).toEqual({ package: '@ai-sdk/groq', create: null, settings: { some: 1 } });
  });

  test.each([
    [{}, 'options.package'],
    [{ package: '../evil' }, 'is a package of the AI SDK'],
    [{ package: '@ai-sdk/groq/../../evil' }, 'is a package of the AI SDK'],
    [{ package: 'left-pad' }, 'is a package of the AI SDK'],
    [{ package: '@ai-sdk/google-vertex' }, 'type: "vertex"'],
    [{ package: '@ai-sdk/amazon-bedrock' }, 'type: "bedrock"'],
    [{ package: '@ai-sdk/groq', create: 'constructor' }, 'options.create'],
    [{ package: '@ai-sdk/groq', settings: { apiKey: 'x' } }, 'its place is `apiKey`'],
    [{ package: '@ai-sdk/groq', settings: { fetch: 'x' } }, 'settings.fetch'],
    [{ package: '@ai-sdk/groq', settings: { clientSecret: 'x' } }, 'holds a secret by value'],
    [{ package: '@ai-sdk/groq', settings: { a: ['sk-0123456789abcdef'] } }, 'holds a secret by value'],
    [{ package: '@ai-sdk/groq', other: 1 }, 'options.other'],
  ])('with options %j is refused', (options, says) => {
    expect(() => parse(options)).toThrow(says);
  });

  test('that is missing says how to install it', () => {
    const config = provider('https://x.example', { options: { package: '@ai-sdk/nobody-has-this' } });
    expect(() => anyPackage.connect(config, { apiKey: KEY, headers: {} })).toThrow(
      'npm install @ai-sdk/nobody-has-this',
    );
  });

  test.each(['baseURL', 'fetch', 'apiKey'])('takes no credential in the place of %s', (name) => {
    const config = provider('https://x.example', { options: { package: '@ai-sdk/groq' } });
    const secrets = { apiKey: KEY, headers: {}, credentials: { [name]: 'https://elsewhere.example' } };
    expect(() => anyPackage.connect(config, secrets)).toThrow(`credentials.${name}`);
  });

  test('is found in the folder the server was started in', async () => {
    const project = mkdtempSync(join(tmpdir(), 'trimtab-project-'));
    onTestFinished(() => rmSync(project, { recursive: true }));
    const folder = join(project, 'node_modules', '@ai-sdk', 'acme');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"name":"@ai-sdk/acme","main":"index.mjs","type":"module"}');
    writeFileSync(
      join(folder, 'index.mjs'),
      'export const createAcme = () => 1; export const createOther = () => 2;',
    );
    const location = locatePackage('@ai-sdk/acme', project);
    const named = { package: '@ai-sdk/acme', create: 'createOther' };
    expect((await loadFactory(location, named))({})).toBe(2);
    await expect(loadFactory(location, { ...named, create: null })).rejects.toThrow(
      'createAcme, createOther',
    );
    await expect(loadFactory(location, { ...named, create: 'createNone' })).rejects.toThrow('options.create');
  });
});

test('a package of another generation is a failure of the deployment, in words', async () => {
  const { openai, upstream } = await start({ options: { package: '@ai-sdk/groq', create: 'createGroq' } });
  await expect(openai.chat.completions.create(ASKED)).resolves.toBeDefined();
  expect(upstream.calls).toHaveLength(1);
  const other = await start({ options: { package: '@ai-sdk/groq', create: 'createNobody' } });
  await expect(other.openai.chat.completions.create(ASKED)).rejects.toMatchObject({
    status: 502,
    code: 'upstream_error',
    message: expect.stringContaining('createGroq'),
  });
});
