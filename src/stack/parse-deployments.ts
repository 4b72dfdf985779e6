import { checkShape } from './check-shape.ts';
import { NO_LIMITS } from './limits.ts';
import { didYouMean } from './nearest.ts';
import { checkName, definedOf, type Entries, type ParseContext, type Parsed } from './parse-context.ts';
import { deploymentSchema } from './schema.ts';
import type { DeploymentConfig, ProviderConfig, Timeouts } from './stack.ts';

export interface DeploymentContext extends ParseContext {
  providers: Parsed<ProviderConfig>;
  /** For deployments that set none. */
  timeouts: Timeouts;
}

/** Parses `deployments`. */
export function parseDeployments(entries: Entries, context: DeploymentContext): Parsed<DeploymentConfig> {
  const valid = new Map<string, DeploymentConfig>();
  for (const [name, value] of entries) {
    const path = ['deployments', name];
    const input = checkShape(deploymentSchema, value, { path, problems: context.problems });
    const isOwnName = input !== undefined && name === `${input.provider}/${input.model}`;
    if (!isOwnName && name.includes('/')) {
      context.problems.add(
        path,
        'a name with a / must be exactly `provider/model` of its own provider and model',
      );
      continue;
    }
    const isNamed = isOwnName || checkName(name, path, context.problems);
    const provider = input ? input.provider : providerOf(value);
    const isKnown = provider === undefined || context.providers.written.has(provider);
    if (!isKnown) {
      context.problems.addValue([...path, 'provider'], provider, unknownProvider(provider, context));
    }
    if (!isNamed || !isKnown || !input) continue;
    valid.set(name, {
      ...makeDeployment(input.provider, input.model, context.timeouts),
      region: input.region ?? null,
      price: input.price ? definedOf(input.price) : null,
      limits: {
        maxConcurrent: input.limits?.maxConcurrent ?? null,
        requestsPerMinute: input.limits?.requestsPerMinute ?? null,
        tokensPerMinute: input.limits?.tokensPerMinute ?? null,
        ...(input.limits?.queue === undefined ? {} : { queue: input.limits.queue }),
      },
      timeouts: { ...context.timeouts, ...definedOf(input.timeouts ?? {}) },
      ...(input.contextTokens === undefined ? {} : { contextTokens: input.contextTokens }),
      ...(input.breaker === undefined ? {} : { breaker: input.breaker }),
      ...(input.batch === undefined ? {} : { batch: input.batch }),
    });
  }
  return { valid, written: new Set(entries.map(([name]) => name)) };
}

/** The provider that a deployment names which is wrong elsewhere. */
function providerOf(deployment: unknown): string | undefined {
  if (typeof deployment !== 'object' || deployment === null || !('provider' in deployment)) return undefined;
  return typeof deployment.provider === 'string' ? deployment.provider : undefined;
}

/** A deployment with nothing but a provider and a model: what `provider/model` means. */
export function makeDeployment(provider: string, model: string, timeouts: Timeouts): DeploymentConfig {
  return {
    provider,
    model,
    region: null,
    price: null,
    limits: NO_LIMITS,
    timeouts,
  };
}

/** Why a provider's name is wrong, in words. */
export function unknownProvider(
  name: string,
  context: Pick<DeploymentContext, 'providers' | 'catalog'>,
): string {
  if (context.catalog.types().some(({ type }) => type === name)) {
    return `is not declared; add it: providers: { ${JSON.stringify(name)}: {} }`;
  }
  const declared = [...context.providers.written];
  const hint = didYouMean(name, declared);
  return `is not a provider of this stack${hint === '' ? `; there are ${declared.join(', ')}` : hint}`;
}
