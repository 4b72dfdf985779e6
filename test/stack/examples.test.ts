import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkStack } from '../../src/cli/check-stack.ts';
import { catalog } from '../../src/providers/index.ts';
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
