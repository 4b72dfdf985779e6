/**
 * What an app meant by `model`: a task; `provider/model`; or a vendor's own model name. The first reading that fits
 * counts, in this order. A deployment nobody declared is made on the spot from the gateway's defaults.
 */
import { LOAD_TEST, UNTASKED } from '../core/call-record.ts';
import { TrimtabError } from '../core/error.ts';
import type { Capture, DataClass, LatencyClass } from '../core/protocol.ts';
import type { Connection } from '../providers/provider.ts';
import { NO_LIMITS } from '../stack/limits.ts';
import { nearest } from '../stack/nearest.ts';
import { DEFAULT_RETRIES } from '../stack/retries.ts';
import type { DeploymentConfig, HedgeConfig, RetryConfig, RouteConfig, Stack } from '../stack/stack.ts';

/** A deployment under the name that records and pages show. */
export interface NamedDeployment {
  readonly name: string;
  readonly config: DeploymentConfig;
}

export interface Target {
  /** Task name, or {@link UNTASKED}. */
  task: string;
  dataClass: DataClass;
  capture: Capture;
  route: RouteConfig;
  retries: RetryConfig;
  /** `null`: its calls are not hedged. */
  hedge: HedgeConfig | null;
  /** Parameters a deployment cannot carry are left out, not refused. */
  lenient: boolean;
  latencyClass: LatencyClass;
  /** The deployments of the route, in its order. */
  deployments: readonly NamedDeployment[];
}

export interface TargetResolver {
  /** Throws TrimtabError(unknown_model | ambiguous_model). */
  resolve(model: string): Target;
  /** What a request that names no model asks of a provider of this stack. */
  ofProvider(provider: string): Target;
  /**
   * What a load test calls: one deployment, declared or `provider/model`, with made-up and so public text, without retries or
   * fallback. Throws TrimtabError(unknown_model).
   */
  ofLoadTest(deployment: string): Target;
}

/** Resolved names kept. Names that resolve to nothing are not kept. */
const MAX_CACHED = 1_000;
const SHOWN_CHARS = 100;

/** One resolver per snapshot: its cache lives as long as the snapshot. */
export function createTargetResolver(
  stack: Stack,
  connections: ReadonlyMap<string, Connection>,
): TargetResolver {
  const cache = new Map<string, Target>();
  return {
    resolve(model) {
      let target = cache.get(model);
      if (!target) {
        target = taskTarget(stack, model) ?? modelTarget(stack, connections, model);
        if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value as string);
        cache.set(model, target);
      }
      return target;
    },
    ofProvider: (provider) => untasked(stack, [onTheSpot(stack, provider, null)]),
    ofLoadTest: (name) => ({
      ...untasked(stack, [named(stack, name)]),
      task: LOAD_TEST,
      dataClass: 'public',
      capture: 'none',
      retries: { ...DEFAULT_RETRIES, attempts: 0 },
    }),
  };
}

function taskTarget(stack: Stack, name: string): Target | null {
  if (!Object.hasOwn(stack.tasks, name)) return null;
  const { hedge, retries, route, ...task } = stack.tasks[name] as Stack['tasks'][string];
  const deployments = route.targets.flatMap(({ deployment }) => {
    const config = stack.deployments[deployment];
    return config ? [{ name: deployment, config }] : [];
  });
  const { dataClass, capture, latencyClass, lenient = false } = task;
  const parts = { hedge: hedge ?? null, retries: retries ?? DEFAULT_RETRIES, route, deployments };
  return { task: name, dataClass, capture, latencyClass, lenient, ...parts };
}

function modelTarget(stack: Stack, connections: ReadonlyMap<string, Connection>, model: string): Target {
  return untasked(stack, deploymentsOf(stack, connections, model));
}

function deploymentsOf(
  stack: Stack,
  connections: ReadonlyMap<string, Connection>,
  model: string,
): NamedDeployment[] {
  const slash = model.indexOf('/');
  const prefix = slash > 0 ? model.slice(0, slash) : '';
  if (prefix !== '' && slash < model.length - 1 && Object.hasOwn(stack.providers, prefix)) {
    return onProvider(stack, prefix, model.slice(slash + 1));
  }
  const offering = new Set<string>();
  for (const { provider, model: declared } of Object.values(stack.deployments)) {
    if (declared === model) offering.add(provider);
  }
  for (const [provider, connection] of connections) if (connection.offers(model)) offering.add(provider);
  const [only] = offering;
  if (offering.size === 1) return onProvider(stack, only as string, model);
  const fallbacks = Object.keys(stack.providers).filter((name) => stack.providers[name]?.default);
  const chosen =
    fallbacks.find((name) => offering.has(name)) ?? (offering.size === 0 ? fallbacks[0] : undefined);
  if (chosen !== undefined) return onProvider(stack, chosen, model);
  if (offering.size > 1) throw ambiguous(model, [...offering]);
  throw unknown(stack, model);
}

/** The one deployment of this name, or one made on the spot for `provider/model`. */
export function named(stack: Stack, name: string): NamedDeployment {
  const config = Object.hasOwn(stack.deployments, name) ? stack.deployments[name] : undefined;
  if (config) return { name, config };
  const [provider = '', ...model] = name.split('/');
  if (Object.hasOwn(stack.providers, provider) && model.join('/') !== '')
    return onTheSpot(stack, provider, model.join('/'));
  throw unknown(stack, name);
}

/** The declared deployments of this model in their order, or one made on the spot. */
function onProvider(stack: Stack, provider: string, model: string): NamedDeployment[] {
  const declared = Object.entries(stack.deployments)
    .filter(([, config]) => config.provider === provider && config.model === model)
    .map(([name, config]) => ({ name, config }));
  return declared.length > 0 ? declared : [onTheSpot(stack, provider, model)];
}

/** `model` `null`: none is named, and the deployment stands for the provider as a whole. */
function onTheSpot(stack: Stack, provider: string, model: string | null): NamedDeployment {
  const config: DeploymentConfig = {
    provider,
    model: model ?? '',
    region: null,
    price: null,
    limits: NO_LIMITS,
    timeouts: stack.gateway.timeouts,
  };
  return { name: `${provider}/${model ?? '*'}`, config };
}

function untasked(stack: Stack, deployments: NamedDeployment[]): Target {
  return {
    task: UNTASKED,
    ...stack.gateway.untasked,
    route: {
      policy: 'ordered',
      targets: deployments.map(({ name }) => ({ deployment: name, weight: 1 })),
    },
    retries: DEFAULT_RETRIES,
    hedge: null,
    lenient: false,
    latencyClass: 'standard',
    deployments,
  };
}

function ambiguous(model: string, providers: string[]): TrimtabError {
  const spellings = providers.map((provider) => `\`${provider}/${model}\``).join(' or ');
  return new TrimtabError(
    'ambiguous_model',
    `More than one provider offers "${model}": write ${spellings}, or mark one provider \`default\`.`,
    { field: 'model' },
  );
}

function unknown(stack: Stack, model: string): TrimtabError {
  const known = [
    ...Object.keys(stack.tasks),
    ...Object.values(stack.deployments).flatMap(({ provider, model: name }) => [name, `${provider}/${name}`]),
  ];
  const shown = model.length > SHOWN_CHARS ? `${model.slice(0, SHOWN_CHARS)}...` : model;
  const near = nearest(model.slice(0, SHOWN_CHARS), known);
  const advice = near
    ? `Did you mean "${near}"?`
    : 'No task has that name and no provider is known to offer such a model; `GET /v1/models` lists what there is.';
  return new TrimtabError('unknown_model', `Unknown model "${shown}". ${advice}`, { field: 'model' });
}
