import { describe, expect, test } from 'vitest';
import { TrimtabError } from '../core/error.ts';
import type { Connection } from '../providers/provider.ts';
import type { DeploymentConfig, ProviderConfig, Stack } from '../stack/stack.ts';
import { createTargetResolver } from './target.ts';

const TIMEOUTS = { connectMs: 1, headersMs: 2, firstTokenMs: 3, idleMs: 4, totalMs: 5 };

function provider(isDefault = false): ProviderConfig {
  const dataPolicy = { party: null, allow: [], regions: [], retentionDays: null, trainsOnData: null };
  return { type: 'x', baseUrl: null, apiKey: null, headers: {}, default: isDefault, dataPolicy, options: {} };
}

function deployment(name: string, model: string): DeploymentConfig {
  const limits = { maxConcurrent: null, requestsPerMinute: null, tokensPerMinute: null };
  return { provider: name, model, region: null, price: null, limits, timeouts: { ...TIMEOUTS, totalMs: 99 } };
}

/** Providers by name with the models they offer; `*` marks the default. */
function resolver(offers: Record<string, string[]>, deployments: Record<string, DeploymentConfig> = {}) {
  const providers = Object.fromEntries(
    Object.entries(offers).map(([name, models]) => [name, provider(models.includes('*'))]),
  );
  const stack: Stack = {
    providers,
    deployments,
    tasks: {
      reply: {
        description: null,
        dataClass: 'confidential',
        latencyClass: 'interactive',
        capture: 'full',
        route: {
          policy: 'weighted',
          targets: Object.keys(deployments).map((name) => ({ deployment: name, weight: 2 })),
        },
        retries: { attempts: 0, backoffMs: 0, maxWaitMs: 0 },
        budget: null,
        quality: null,
      },
    },
    gateway: {
      maxBodyBytes: 1,
      maxAnswerBytes: 1,
      maxHeaderBytes: 1,
      maxFileBytes: 1,
      maxBatchCalls: 1,
      shutdown: { noticeMs: 0, deadlineMs: 0 },
      untasked: { dataClass: 'public', capture: 'none' },
      timeouts: TIMEOUTS,
    },
    spool: { whenFull: 'refuse', maxBytes: 1 },
    retention: { callsDays: 1, payloadsDays: 1, rollupsDays: 1, filesDays: 1 },
  };
  const connections = new Map(
    Object.entries(offers).map(([name, models]) => [
      name,
      { offers: (model: string) => models.includes(model) } as unknown as Connection,
    ]),
  );
  return createTargetResolver(stack, connections);
}

function codeOf(run: () => unknown): [string, string] {
  try {
    run();
  } catch (error) {
    if (error instanceof TrimtabError) return [error.code, error.message];
    throw error;
  }
  throw new Error('it did not throw');
}

describe('what an app meant by model', () => {
  const declared = {
    big: deployment('north', 'large'),
    eu: deployment('south', 'large'),
    eu2: deployment('south', 'large'),
  };

  test('a task, with its route in order', () => {
    const target = resolver({ north: [], south: [] }, declared).resolve('reply');
    expect(target).toMatchObject({ task: 'reply', dataClass: 'confidential', capture: 'full' });
    expect(target.deployments.map(({ name }) => name)).toEqual(['big', 'eu', 'eu2']);
  });

  test('provider/model: the declared deployments of it, else one made on the spot', () => {
    const { resolve } = resolver({ north: [], south: [] }, declared);
    expect(resolve('south/large').deployments.map(({ name }) => name)).toEqual(['eu', 'eu2']);
    const made = resolve('south/family/new:7b');
    expect(made).toMatchObject({ task: 'untasked', dataClass: 'public', capture: 'none' });
    expect(made.deployments).toEqual([
      {
        name: 'south/family/new:7b',
        config: { ...deployment('south', 'family/new:7b'), timeouts: TIMEOUTS },
      },
    ]);
  });

  test('a vendor model that one provider offers', () => {
    const { resolve } = resolver({ north: ['family/large'], south: ['small'] });
    expect(resolve('small').deployments[0]?.name).toBe('south/small');
    expect(resolve('family/large').deployments[0]?.name).toBe('north/family/large');
  });

  test('a vendor model that two offer needs a spelling, or a default among them', () => {
    const [code, message] = codeOf(() => resolver({ north: ['m'], south: ['m'] }).resolve('m'));
    expect(code).toBe('ambiguous_model');
    expect(message).toContain('`north/m` or `south/m`');
    expect(resolver({ north: ['m'], south: ['m', '*'] }).resolve('m').deployments[0]?.name).toBe('south/m');
  });

  test('the default takes names nobody has heard of, not those another offers', () => {
    const { resolve } = resolver({ north: ['m'], south: ['*'] });
    expect(resolve('brand-new').deployments[0]?.name).toBe('south/brand-new');
    expect(resolve('m').deployments[0]?.name).toBe('north/m');
  });

  test.each([
    ['rply', 'reply'],
    ['Reply', 'reply'],
    ['north/lagre', 'north/large'],
  ])('%s: did you mean %s?', (written, meant) => {
    // Only `provider/model` of a provider that does not exist is unknown: any other is for the vendor to judge.
    const { resolve } = resolver({ south: [] }, { big: deployment('north', 'large') });
    const [code, message] = codeOf(() => resolve(written));
    expect(code).toBe('unknown_model');
    expect(message).toContain(`Did you mean "${meant}"?`);
  });

  test.each(['__proto__', 'constructor', 'toString', 'north/', '/large', 'x'.repeat(100_000)])(
    '%# is nothing',
    (written) => {
      const [code, message] = codeOf(() => resolver({ north: [] }, declared).resolve(written));
      expect(code).toBe('unknown_model');
      expect(message.length).toBeLessThan(400);
    },
  );
});
