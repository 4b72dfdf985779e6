/** The deployments of the stack that serves, with what is known of each. */
import { TrimtabError } from '../core/error.ts';
import { findProvider } from '../providers/index.ts';
import { createTargetResolver } from '../routing/target.ts';
import type { DeploymentConfig, Drain, Snapshot, Stack } from '../stack/stack.ts';
import type { DeploymentRow, GroupRowWithLatency } from './api-types.ts';
import type { ControlDeps } from './deps.ts';
import { groupWithLatency, NO_FIGURES, NO_LATENCIES } from './figures.ts';
import { readPrice } from './price-now.ts';
import { DAY_MS } from './window.ts';

const MAX_DEPLOYMENTS = 1000;

/**
 * Those the stack declares, then those that a call of the last day, a drain or `asked` made of a `provider/model` name.
 */
export async function readDeployments(
  deps: ControlDeps,
  asked: readonly string[] = [],
): Promise<DeploymentRow[]> {
  const { stack } = deps.revisions.active();
  const snapshot = deps.revisions.snapshot();
  const until = deps.clock.now();
  const windows = [false, true].map((sandbox) => ({ since: until - DAY_MS, until, sandbox }));
  const groups = await Promise.all(
    windows.map((window) =>
      groupWithLatency(deps.store.rollups, window, { by: 'deployment', limit: MAX_DEPLOYMENTS }),
    ),
  );
  const [real, simulated] = groups.map(byDeployment) as [RowsByName, RowsByName];
  const declared = Object.entries(stack.deployments).map(([name, config]) => ({
    name,
    config,
    implicit: false,
  }));
  const named = new Set(Object.keys(stack.deployments));
  const others = [...real.keys(), ...simulated.keys(), ...Object.keys(snapshot.drained ?? {}), ...asked];
  const implicit = [...new Set(others)]
    .filter((name) => !named.has(name))
    .flatMap((name) => {
      const config = implicitConfig(stack, name);
      return config ? [{ name, config, implicit: true }] : [];
    });
  return [...declared, ...implicit].map((entry) => {
    const figures = isSandbox(entry.config, snapshot) ? simulated : real;
    return toRow(entry, { snapshot, measured: figures.get(entry.name), deps });
  });
}

type RowsByName = Map<string, GroupRowWithLatency>;

function byDeployment(rows: GroupRowWithLatency[]): RowsByName {
  return new Map(rows.map((row) => [row.deployment ?? '', row]));
}

/** The config a `provider/model` name stands for; `undefined` when the stack has no such provider any more. */
export function implicitConfig(stack: Stack, name: string): DeploymentConfig | undefined {
  try {
    const { deployments } = createTargetResolver(stack, new Map()).resolve(name);
    return deployments.find((deployment) => deployment.name === name)?.config;
  } catch (error) {
    if (error instanceof TrimtabError) return undefined;
    throw error;
  }
}

interface RowContext {
  snapshot: Snapshot;
  measured: GroupRowWithLatency | undefined;
  deps: ControlDeps;
}

function toRow(
  { name, config, implicit }: Pick<DeploymentRow, 'name' | 'config' | 'implicit'>,
  { snapshot, measured, deps }: RowContext,
): DeploymentRow {
  const provider = snapshot.stack.providers[config.provider];
  if (!provider) throw new TrimtabError('internal', `deployment \`${name}\` names no provider of its stack`);
  const { ttft, total, deployment: _name, ...figures } = measured ?? { ...NO_FIGURES, ...NO_LATENCIES };
  const health = deps.state.deployments.find(({ deployment }) => deployment === name) ?? null;
  return {
    name,
    implicit,
    config,
    provider: { type: provider.type, baseUrl: provider.baseUrl, dataPolicy: provider.dataPolicy },
    sandbox: isSandbox(config, snapshot),
    price: readPrice(config, snapshot, {
      at: deps.clock.now(),
      measuredTokensPerSecond: health?.measuredTokensPerSecond ?? null,
    }),
    health,
    drain: readDrain(name, {
      snapshot,
      deps,
      isBusy: health !== null && health.inFlight + health.waiting > 0,
    }),
    engine: readEngine(config, deps),
    figures,
    latency: { ttft, total },
  };
}

function readEngine(
  { provider, model }: DeploymentConfig,
  { engines }: ControlDeps,
): DeploymentRow['engine'] {
  const view = engines.views().find((each) => each.provider === provider);
  if (!view) return null;
  const { load, loadAt, trouble } = view;
  return { load, loadAt, trouble, served: engines.serves(provider, model) };
}

interface DrainContext extends Pick<RowContext, 'snapshot' | 'deps'> {
  isBusy: boolean;
}

/** Idle only once the gateway has said that it knows: a report from before the drain proves nothing. */
function readDrain(name: string, { snapshot, deps, isBusy }: DrainContext): DeploymentRow['drain'] {
  const drained = snapshot.drained ?? {};
  if (!Object.hasOwn(drained, name)) return null;
  const { state } = deps;
  const idle = state.process === null || (state.drained.includes(name) && !isBusy);
  return { ...(drained[name] as Drain), idle };
}

function isSandbox(config: DeploymentConfig, { stack }: Snapshot): boolean {
  const type = stack.providers[config.provider]?.type;
  return type !== undefined && findProvider(type)?.sandbox === true;
}
