import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { stackJsonSchema, stackJsonSchemaText } from '../../src/stack/json-schema.ts';
import { parseStack } from '../../src/stack/parse.ts';
import { testCatalog, testPolicies } from './catalog.ts';

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  stackJsonSchema(),
);

const accepts = (input: unknown): boolean => {
  try {
    parseStack(input, { catalog: testCatalog, policies: testPolicies });
    return true;
  } catch {
    return false;
  }
};

const good: unknown[] = [
  {},
  { $schema: './schema.json', providers: { acme: null } },
  {
    providers: {
      acme: {
        apiKey: { file: '/run/key' },
        headers: { 'x-team': 'a', 'x-token': { env: 'T' } },
        default: true,
      },
      gpu: {
        type: 'hosted',
        baseUrl: 'http://h/v1',
        dataPolicy: { party: 'own', allow: ['restricted'], regions: ['eu'] },
      },
    },
    deployments: {
      a: {
        provider: 'acme',
        model: 'm',
        price: { inputPerMillion: 1, outputPerMillion: 2 },
        limits: { maxConcurrent: 4 },
      },
      b: {
        provider: 'gpu',
        model: 'm',
        price: { usdPerHour: 2, outputTokensPerSecond: 900 },
        timeouts: { idleMs: 9 },
      },
    },
    tasks: {
      s: { route: 'a' },
      t: { route: ['a', { deployment: 'b' }, 'acme/x'], dataClass: 'public', capture: 'full' },
      u: {
        route: { policy: 'weighted', targets: ['a', { task: 't', weight: 2 }] },
        budget: { usd: 5, per: 'day' },
        quality: { measure: 'accuracy', target: 0.9 },
      },
    },
    gateway: { maxBodyBytes: 4096, untasked: { dataClass: 'public' }, timeouts: { totalMs: 5 } },
    spool: { whenFull: 'unrecorded' },
    retention: { callsDays: 3 },
  },
];

const bad: unknown[] = [
  { provider: {} },
  { providers: { acme: { apiKey: 'sk-0' } } },
  { providers: { acme: { key: { env: 'A' } } } },
  { deployments: { a: { provider: 'acme' } } },
  { deployments: { a: { provider: 'sandbox', model: 'm', price: { usdPerHour: 0 } } } },
  { tasks: { t: { route: [] } } },
  { tasks: { t: { route: 'sandbox/small', capture: 'some' } } },
  { gateway: { timeouts: { idleMs: 1.5 } } },
  { retention: { callsDays: 0 } },
];

describe('schema.json', () => {
  test('is what the schema says; `node src/stack/json-schema.ts` writes it', () => {
    expect(readFileSync('schema.json', 'utf8')).toBe(stackJsonSchemaText());
  });

  test.each(good)('accepts what the parser accepts: %#', (input) => {
    expect(validate(input), JSON.stringify(validate.errors)).toBe(true);
    expect(accepts(input)).toBe(true);
  });

  test.each(bad)('refuses what the parser refuses: %#', (input) => {
    expect(validate(input)).toBe(false);
    expect(accepts(input)).toBe(false);
  });

  test('describes and gives defaults', () => {
    const text = stackJsonSchemaText();
    expect(text).toContain('Environment variable that holds the secret.');
    expect(text).toContain('"default": "metadata"');
  });
});
