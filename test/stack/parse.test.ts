import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../../src/core/error.ts';
import { parseStack } from '../../src/stack/parse.ts';
import { testCatalog, testPolicies } from './catalog.ts';

const options = { catalog: testCatalog, policies: testPolicies };
const parse = (input: unknown) => parseStack(input, options);

function refusal(input: unknown): TrimtabError {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof TrimtabError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

const base = {
  providers: { acme: {}, gpu: { type: 'hosted', baseUrl: 'http://10.0.0.5:8000/v1/' } },
  deployments: {
    mini: { provider: 'acme', model: 'acme-mini' },
    open: { provider: 'gpu', model: 'qwen3', price: { usdPerHour: 2.5 } },
  },
};
const withTasks = (tasks: unknown) => ({ ...base, tasks });

describe('defaults', () => {
  test('an empty config is a stack with the sandbox', () => {
    const stack = parse({});
    expect(Object.keys(stack.providers)).toEqual(['sandbox']);
    expect(stack.retention).toEqual({ callsDays: 90, payloadsDays: 14, rollupsDays: 730, filesDays: 30 });
    expect(stack.spool).toEqual({ whenFull: 'refuse', maxBytes: 2 * 1024 ** 3 });
    expect(stack.gateway.timeouts).toEqual({
      connectMs: 5_000,
      headersMs: 60_000,
      firstTokenMs: 60_000,
      idleMs: 60_000,
      totalMs: 600_000,
    });
  });

  test('a provider takes type, key and data policy from its name', () => {
    expect(parse({ providers: { acme: null } }).providers.acme).toEqual({
      type: 'acme',
      baseUrl: null,
      apiKey: { env: 'ACME_API_KEY' },
      headers: {},
      default: false,
      dataPolicy: {
        party: 'third',
        allow: ['public', 'internal'],
        regions: [],
        retentionDays: 30,
        trainsOnData: false,
      },
      options: {},
    });
  });

  test('timeouts come from the deployment, then the gateway, then the defaults', () => {
    const stack = parse({
      ...base,
      gateway: { timeouts: { idleMs: 1_000 } },
      deployments: { mini: { provider: 'acme', model: 'm', timeouts: { totalMs: 9_000 } } },
    });
    expect(stack.deployments.mini?.timeouts).toEqual({
      connectMs: 5_000,
      headersMs: 60_000,
      firstTokenMs: 60_000,
      idleMs: 1_000,
      totalMs: 9_000,
    });
  });

  test('prices, limits and addresses are filled in', () => {
    const stack = parse(base);
    expect(stack.deployments.open?.price).toEqual({
      usdPerHour: 2.5,
      outputTokensPerSecond: 'measured',
      inputShare: 0.1,
    });
    expect(stack.providers.gpu?.baseUrl).toBe('http://10.0.0.5:8000/v1');
    expect(stack.deployments.mini?.limits.maxConcurrent).toBeNull();
  });
});

describe('routes', () => {
  test('one name, a list, and an object', () => {
    const stack = parse(
      withTasks({
        a: { route: 'mini' },
        b: { route: ['open', 'mini'] },
        c: { route: { targets: [{ deployment: 'open', weight: 3 }, 'mini'] } },
      }),
    );
    expect(stack.tasks.a?.route).toEqual({ policy: 'ordered', targets: [{ deployment: 'mini', weight: 1 }] });
    expect(stack.tasks.b?.route.targets.map(({ deployment }) => deployment)).toEqual(['open', 'mini']);
    expect(stack.tasks.c?.route).toEqual({
      policy: 'weighted',
      targets: [
        { deployment: 'open', weight: 3 },
        { deployment: 'mini', weight: 1 },
      ],
    });
  });

  test('provider/model adds a deployment of that name', () => {
    const stack = parse(withTasks({ a: { route: 'acme/acme-large' } }));
    expect(stack.deployments['acme/acme-large']).toMatchObject({
      provider: 'acme',
      model: 'acme-large',
      price: null,
    });
  });

  test('a declared deployment may have the name provider/model', () => {
    const price = { inputPerMillion: 1, outputPerMillion: 2 };
    const stack = parse({
      ...base,
      deployments: { 'gpu/org/m': { provider: 'gpu', model: 'org/m', price } },
    });
    expect(stack.deployments['gpu/org/m']?.price).toEqual(price);
  });

  test('a task target is expanded in place and keeps its share', () => {
    const stack = parse(
      withTasks({
        inner: {
          route: {
            targets: [
              { deployment: 'mini', weight: 3 },
              { deployment: 'open', weight: 1 },
            ],
          },
        },
        outer: { route: { policy: 'weighted', targets: ['acme/x', { task: 'inner', weight: 2 }] } },
      }),
    );
    expect(stack.tasks.outer?.route.targets).toEqual([
      { deployment: 'acme/x', weight: 1 },
      { deployment: 'mini', weight: 1.5 },
      { deployment: 'open', weight: 0.5 },
    ]);
  });

  test('a circle is named', () => {
    const error = refusal(withTasks({ a: { route: 'b' }, b: { route: ['mini', 'c'] }, c: { route: 'a' } }));
    expect(error.message).toContain('a -> b -> c -> a');
  });
});

describe('problems', () => {
  test.each([
    [{ provders: {} }, 'provders: unknown key; did you mean "providers"?'],
    [
      { providers: { acme: { api_key: { env: 'X' } } } },
      'providers.acme.api_key: unknown key; did you mean "apiKey"?',
    ],
    [{ providers: { acm: {} } }, 'providers.acm: needs a `type`: "acm" is not one; did you mean "acme"?'],
    [{ providers: { x: { type: 'hoste' } } }, '"hoste" is not a provider type; did you mean "hosted"?'],
    [
      withTasks({ a: { route: 'mni' } }),
      'tasks.a.route: "mni" is not a deployment, `provider/model` or a task; did you mean "mini"?',
    ],
    [withTasks({ a: { route: ['mini', 'amce/x'] } }), 'tasks.a.route[1]: "amce/x" names a provider that'],
    [withTasks({ a: { route: 'basalt/x' } }), 'add it: providers: { "basalt": {} }'],
    [
      withTasks({ a: { route: 'mini', dataClass: 'publik' } }),
      'tasks.a.dataClass: "publik" is not one of public, internal, confidential, restricted; did you mean "public"?',
    ],
    [
      withTasks({ a: { route: { policy: 'orderd', targets: ['mini'] } } }),
      'tasks.a.route.policy: "orderd" is not a routing policy; did you mean "ordered"?',
    ],
    [withTasks({ a: {} }), 'tasks.a.route: is missing; expected'],
    [withTasks({ a: { route: [] } }), 'tasks.a.route: is empty'],
    [withTasks({ a: { route: ['mini', 'mini'] } }), 'stands in this route twice'],
    [withTasks({ mini: { route: 'mini' } }), 'a deployment has the same name'],
    [withTasks({ untasked: { route: 'mini' } }), 'kept for calls that name no task'],
    [withTasks({ 'a/b': { route: 'mini' } }), 'tasks["a/b"]: is not a name'],
    [
      withTasks({ a: { route: { targets: [{ deployment: 'mini', wieght: 2 }] } } }),
      'tasks.a.route.targets[0].wieght: unknown key; did you mean "weight"?',
    ],
    [
      { ...base, deployments: { d: { provider: 'acm', model: 'x' } } },
      'deployments.d.provider: "acm" is not a provider of this stack; did you mean "acme"?',
    ],
    [
      {
        ...base,
        deployments: {
          d: { provider: 'acme', model: 'x', price: { inputPerMilion: 1, outputPerMillion: 2 } },
        },
      },
      'deployments.d.price.inputPerMilion: unknown key; did you mean "inputPerMillion"?',
    ],
    [
      {
        ...base,
        deployments: {
          d: { provider: 'acme', model: 'x', price: { inputPerMillion: -1, outputPerMillion: 2 } },
        },
      },
      'deployments.d.price.inputPerMillion: -1 is too small',
    ],
    [{ providers: { x: { type: 'generic' } } }, 'providers.x.baseUrl: is missing'],
    [{ providers: { acme: { baseUrl: 'https://elsewhere.test/v1' } } }, 'providers.acme.apiKey: is missing'],
    [{ providers: { acme: { passThrough: ['images'] } } }, 'providers.acme.passThrough: must be empty'],
    [
      { providers: { acme: { dataPolicy: { allow: ['public', 'restricted'] } } } },
      'providers.acme.dataPolicy.allow: restricted data goes to own machines or your own cloud account only',
    ],
    [
      { providers: { g: { type: 'generic', baseUrl: 'http://h/v1', dataPolicy: { allow: ['public'] } } } },
      'providers.g.dataPolicy.party: is missing',
    ],
    [
      { providers: { acme: { default: true }, basalt: { default: true } } },
      'providers.basalt.default: acme is the default already',
    ],
    [{ providers: { acme: { options: { speed: 2 } } } }, 'providers.acme.options.speed: unknown option'],
    [{ providers: { sandbox: { type: 'acme' } } }, 'providers.sandbox.type'],
    [{ retention: { callsDays: 0 } }, 'retention.callsDays: 0 is too small'],
    [{ gateway: { maxBodyBytes: '10MB' } }, 'gateway.maxBodyBytes: "10MB" is not a number'],
    ['nonsense', 'config: "nonsense" is not an object'],
  ])('%j', (input, message) => {
    expect(refusal(input).message).toContain(message);
  });

  test('all are reported at once, the first as the field', () => {
    const error = refusal({
      ...base,
      providers: { ...base.providers, basalt: { baseURL: 'x' } },
      tasks: { a: { route: 'mni' }, b: { route: 'opne' } },
    });
    expect(error.code).toBe('config_invalid');
    expect(error.field).toBe('providers.basalt.baseURL');
    expect(error.message).toContain('3 problems');
    expect(error.message).toContain('tasks.a.route');
    expect(error.message).toContain('tasks.b.route');
  });

  test('a name declared wrongly is not reported again where it is used', () => {
    const error = refusal({
      ...base,
      deployments: { mini: { provider: 'acme' } },
      tasks: { a: { route: 'mini' } },
    });
    expect(error.message).toBe('deployments.mini.model: is missing; expected a text');
  });
});

test('credentials are by reference, and by the names their type knows', () => {
  const refused = (type: string, credentials: unknown) => () =>
    parseStack(
      { providers: { p: { type, baseUrl: 'https://x.test', apiKey: null, credentials } } },
      { catalog: testCatalog, policies: testPolicies },
    );
  expect(refused('generic', { token: 'hidden-value-1' })).toThrow(
    /credentials\.token: holds a secret by value/,
  );
  expect(refused('generic', { token: 'hidden-value-1' })).not.toThrow(/hidden-value/);
  expect(refused('generic', { tokem: { env: 'T' } })).toThrow(/credentials\.tokem: .*did you mean "token"/);
  expect(refused('acme', { token: { env: 'T' } })).toThrow(/credentials\.token: .*takes none/);
});

describe('secrets by value', () => {
  const secret = 'sk-verysecret0123456789abcdef';
  test.each([
    [{ acme: { apiKey: secret } }, 'providers.acme.apiKey'],
    [{ acme: { headers: { Authorization: `Bearer ${secret}` } } }, 'providers.acme.headers.Authorization'],
    [{ acme: { headers: { 'api-key': secret } } }, 'providers.acme.headers'],
    [{ acme: { headers: { 'x-api-key': 'short' } } }, 'x-api-key'],
    [{ acme: { headers: { 'x-team': secret } } }, 'x-team'],
    [{ acme: { baseUrl: `https://user:${secret}@host.test/v1` } }, 'providers.acme.baseUrl'],
    [{ acme: { apiKey: { env: ['x'], value: secret } } }, 'providers.acme.apiKey'],
    [{ acme: { apikey: secret } }, 'providers.acme.apikey'],
    [{ acme: { type: secret } }, 'providers.acme.type'],
    [{ acme: { options: { key: secret } } }, 'providers.acme.options'],
  ])('%# is refused at its path and never repeated', (providers, path) => {
    const error = refusal({ providers });
    expect(error.message).toContain(path);
    expect(error.message).not.toContain('verysecret');
  });

  test('a plain header is fine', () => {
    const stack = parse({ providers: { acme: { headers: { 'X-Team': 'support' } } } });
    expect(stack.providers.acme?.headers).toEqual({ 'x-team': 'support' });
  });
});
