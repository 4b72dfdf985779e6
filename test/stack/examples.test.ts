import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkStack } from '../../src/cli/check-stack.ts';
import { catalog, findProvider } from '../../src/providers/index.ts';
import { policies } from '../../src/routing/index.ts';
import { loadConfig } from '../../src/stack/load.ts';
import { parseStack } from '../../src/stack/parse.ts';
import { resolveSecrets } from '../../src/stack/secrets.ts';

const options = { catalog, policies: policies.map(({ name }) => name) };
const files = globSync('examples/**/*.config.*').sort();

describe('example configs', () => {
  test('there are some', () => expect(files.length).toBeGreaterThanOrEqual(3));

  test.each(files)('%s parses, and every task may be served', async (file) => {
    const stack = parseStack(await loadConfig(file), options);
    expect(Object.keys(stack.tasks).length).toBeGreaterThan(0);
    expect(checkStack(stack, {}, Date.UTC(2026, 10, 23)).unservable).toEqual([]);
  });
});

/** Each provider of each code block of the page, as a config has it. */
function documentedProviders(): [text: string, providers: unknown][] {
  const blocks = readFileSync('docs/providers.md', 'utf8').matchAll(/```ts\n((?:\/\/|\w+: \{)[\s\S]*?)```/g);
  const texts = [...blocks].flatMap(([, block = '']) => block.split(/\n(?=\w+: \{|\/\/)/));
  return texts
    .filter((text) => /^\w+: \{/m.test(text) && !/^(deployments|tasks):/.test(text))
    .map((text) => {
      const read = new Function('env', 'file', `return ({\n${text}\n})`) as (
        env: (name: string) => object,
        file: (path: string) => object,
      ) => { providers?: object };
      const found = read(
        (name) => ({ env: name }),
        (path) => ({ file: path }),
      );
      return [text, found.providers ?? found];
    });
}

describe('configs of the providers page', () => {
  test('there are some', () => expect(documentedProviders().length).toBeGreaterThanOrEqual(8));

  test.each(documentedProviders())('%s', (_, providers) => {
    const stack = parseStack({ providers }, options);
    for (const [name, config] of Object.entries(stack.providers)) {
      const credentials = Object.fromEntries(
        Object.keys(config.credentials ?? {}).map((credential) => [
          credential,
          SECRETS[credential] ?? 'secret-1',
        ]),
      );
      const secrets = { apiKey: config.apiKey === null ? null : 'some-key', headers: {}, credentials };
      const connect = () => findProvider(config.type)?.connect(config, secrets);
      // The page names a package that whoever reads it installs.
      if (config.type === 'ai-sdk') expect(connect, name).toThrow('npm install');
      else expect(connect(), name).toBeDefined();
    }
  });
});

/** Of the form each has. */
const SECRETS: Readonly<Record<string, string>> = {
  accessKeyId: 'AKIATESTTESTTEST0001',
  secretAccessKey: 'secret-access-key',
  sessionToken: 'session-token',
  containerUri: '/v2/credentials/1',
  serviceAccount:
    '{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c","project_id":"d"}',
};

describe('the real catalogue', () => {
  test.each(catalog.types().map((info) => [info.type, info] as const))(
    '%s parses with what it needs',
    (type, info) => {
      const provider = {
        type,
        ...(info.defaultBaseUrl === null ? { baseUrl: 'https://models.example.com/v1' } : {}),
        ...(info.exampleOptions && { options: info.exampleOptions }),
        ...(info.needsApiKey ? { apiKey: { env: 'SOME_KEY' } } : {}),
      };
      const stack = parseStack(
        { providers: { p: provider }, tasks: { t: { route: 'p/some-model' } } },
        options,
      );
      expect(stack.tasks.t?.route.targets).toEqual([{ deployment: 'p/some-model', weight: 1 }]);
      const { party, allow } = stack.providers.p?.dataPolicy ?? { party: null, allow: ['none'] };
      if (party === null) expect(allow).toEqual([]);
      if (party === 'third') expect(allow).not.toContain('restricted');
      expect(resolveSecrets(stack, { SOME_KEY: 'x' }).p?.apiKey).toBe(info.needsApiKey ? 'x' : null);
    },
  );
});
