/** Which models the example's tasks go to, and what that will roughly cost. */

import type { StackAnswer } from '../../../src/control/api-types.ts';
import { findProvider } from '../../../src/providers/index.ts';
import type { ProviderConfig } from '../../../src/stack/stack.ts';

export interface Choice {
  /** Deployments or `provider/model`, cheapest first. */
  models: string[];
  sandbox: boolean;
  /** USD for one triage and one reply together; `null`: not known. */
  usdPerMessage: number | null;
}

/** Tokens of one triage (prompt with its examples) and one reply, by the sandbox's count. */
const TRIAGE = { inputTokens: 4_300, outputTokens: 10 };
const REPLY = { inputTokens: 90, outputTokens: 120 };

const SANDBOX: Choice = { models: ['sandbox/small', 'sandbox/large'], sandbox: true, usdPerMessage: 0 };

const TASKS = ['triage', 'support-reply'] as const;

/** Where the tasks go already; `null` when one of them is not there. */
export function routedModels({ stack, deployments }: StackAnswer): Choice | null {
  const routes = TASKS.map((task) => stack.tasks[task]?.route);
  if (routes.includes(undefined)) return null;
  const models = [
    ...new Set(routes.flatMap((route) => route?.targets.map(({ deployment }) => deployment) ?? [])),
  ];
  const targets = models.map((name) => {
    const declared = deployments.find((row) => row.name === name && !row.implicit);
    const [provider = '', ...model] = name.split('/');
    const config = stack.providers[declared?.config.provider ?? provider];
    const sandbox = config !== undefined && findProvider(config.type)?.sandbox === true;
    if (sandbox) return { sandbox, usd: 0 };
    if (declared) return { sandbox, usd: declared.price ? costOf(declared.price) : null };
    return { sandbox, usd: config ? priceOf(config, model.join('/')) : null };
  });
  return {
    models,
    sandbox: targets.every(({ sandbox }) => sandbox),
    usdPerMessage: dearest(targets.map(({ usd }) => usd)),
  };
}

/** The first real provider's models, else the sandbox. */
export function chooseModels({ stack, deployments }: StackAnswer, onlySandbox: boolean): Choice {
  if (onlySandbox) return SANDBOX;
  const declared = deployments.filter(
    (row) => !row.sandbox && !row.implicit && !/embed/i.test(row.config.model),
  );
  if (declared.length > 0) {
    const byPrice = declared.sort(
      (a, b) => (a.price?.inputPerMillion ?? 0) - (b.price?.inputPerMillion ?? 0),
    );
    const chosen = byPrice.slice(0, 2);
    const costs = chosen.map(({ price }) => (price ? costOf(price) : null));
    return { models: chosen.map(({ name }) => name), sandbox: false, usdPerMessage: dearest(costs) };
  }
  for (const [name, config] of Object.entries(stack.providers)) {
    const provider = findProvider(config.type);
    const suggested = provider && !provider.sandbox ? provider.suggestedModels.slice(0, 2) : [];
    if (suggested.length === 0) continue;
    const costs = suggested.map((model) => priceOf(config, model));
    return {
      models: suggested.map((model) => `${name}/${model}`),
      sandbox: false,
      usdPerMessage: dearest(costs),
    };
  }
  return SANDBOX;
}

function costOf(price: { inputPerMillion: number; outputPerMillion: number }): number {
  const input = TRIAGE.inputTokens + REPLY.inputTokens;
  const output = TRIAGE.outputTokens + REPLY.outputTokens;
  return (input * price.inputPerMillion + output * price.outputPerMillion) / 1e6;
}

/** From the vendor's price table, which needs no credential. */
function priceOf(config: ProviderConfig, model: string): number | null {
  const connection = findProvider(config.type)?.connect(config, {
    apiKey: 'not needed for prices',
    headers: {},
  });
  const costs = [TRIAGE, REPLY].map(
    (usage) => connection?.price(model, usage, Date.now())?.costNanoUsd ?? null,
  );
  return costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0) / 1e9;
}

function dearest(costs: readonly (number | null)[]): number | null {
  return costs.includes(null) ? null : Math.max(...costs.map((cost) => cost ?? 0));
}

/** The two tasks, as a config file would have them. */
export function toTasks({ models }: Choice): Record<(typeof TASKS)[number], Record<string, unknown>> {
  const shared = { latencyClass: 'interactive' };
  return {
    triage: {
      ...shared,
      description: 'Sort a customer message into one of 77 intents',
      quality: { measure: 'correct intent', target: 0.8 },
      route: { policy: 'weighted', targets: models.map((deployment) => ({ deployment, weight: 1 })) },
    },
    'support-reply': {
      ...shared,
      description: 'Draft the answer to a customer',
      route: { policy: 'ordered', targets: [...models].reverse() },
    },
  };
}
