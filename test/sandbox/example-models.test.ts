/** Which models the example picks, from stacks as the control API answers them. */
import { describe, expect, test } from 'vitest';
import { chooseModels, routedModels } from '../../examples/support-desk/runner/models.ts';
import type { StackAnswer } from '../../src/control/api-types.ts';
import { catalog } from '../../src/providers/index.ts';
import { policies } from '../../src/routing/index.ts';
import { parseStack } from '../../src/stack/parse.ts';

function answer(input: unknown): StackAnswer {
  const stack = parseStack(input, { catalog, policies: policies.map(({ name }) => name) });
  const deployments = Object.entries(stack.deployments).map(([name, config]) => {
    const { type, baseUrl, dataPolicy } = stack.providers[config.provider] ?? {};
    const price =
      config.price && 'inputPerMillion' in config.price ? { ...config.price, source: 'config' } : null;
    return {
      name,
      config,
      implicit: false,
      sandbox: type === 'sandbox',
      price,
      provider: { type, baseUrl, dataPolicy },
    };
  });
  return {
    stack,
    deployments,
    revision: 'rev_1',
    source: 'discovered',
    origin: 'test',
    flows: [],
  } as unknown as StackAnswer;
}

const hosted = { providers: { openai: { apiKey: { env: 'OPENAI_API_KEY' } } } };
const local = {
  providers: { gpu: { type: 'vllm', baseUrl: 'http://10.0.0.5:8000/v1' } },
  deployments: {
    big: { provider: 'gpu', model: 'big', price: { inputPerMillion: 2, outputPerMillion: 4 } },
    little: { provider: 'gpu', model: 'little', price: { inputPerMillion: 0.1, outputPerMillion: 0.2 } },
    vectors: { provider: 'gpu', model: 'nomic-embed', price: { inputPerMillion: 0, outputPerMillion: 0 } },
  },
};

describe('without the tasks', () => {
  test('the sandbox where there is nothing else, or when it is asked for', () => {
    expect(chooseModels(answer({}), false)).toMatchObject({ sandbox: true, usdPerMessage: 0 });
    expect(chooseModels(answer(hosted), true)).toMatchObject({ sandbox: true });
  });

  test('a hosted vendor’s suggested models, with what they cost', () => {
    const choice = chooseModels(answer(hosted), false);
    expect(choice.sandbox).toBe(false);
    expect(choice.models[0]).toMatch(/^openai\//);
    expect(choice.usdPerMessage).toBeGreaterThan(0.00001);
    expect(choice.usdPerMessage).toBeLessThan(0.1);
  });

  test('declared deployments first, cheapest first, none for embeddings', () => {
    expect(chooseModels(answer(local), false).models).toEqual(['little', 'big']);
    expect(chooseModels(answer(local), false).usdPerMessage).toBeCloseTo((4390 * 2 + 130 * 4) / 1e6);
  });
});

describe('with the tasks', () => {
  const tasks = (route: unknown) => ({ triage: { route }, 'support-reply': { route: 'sandbox/large' } });

  test('their routes, whether simulated or not, at the price of the dearest', () => {
    expect(routedModels(answer({}))).toBeNull();
    expect(routedModels(answer({ tasks: tasks('sandbox/small') }))).toMatchObject({
      sandbox: true,
      usdPerMessage: 0,
    });
    expect(routedModels(answer({ ...local, tasks: tasks(['little']) }))).toMatchObject({
      models: ['little', 'sandbox/large'],
      sandbox: false,
    });
  });

  test('no price is not known, never nothing', () => {
    const unpriced = {
      ...local,
      deployments: { plain: { provider: 'gpu', model: 'plain' } },
      tasks: tasks('plain'),
    };
    expect(routedModels(answer(unpriced))?.usdPerMessage).toBeNull();
  });
});
