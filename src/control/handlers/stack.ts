import { TrimtabError } from '../../core/error.ts';
import { statedPrice } from '../../evidence/pricing.ts';
import { findProvider } from '../../providers/index.ts';
import { createTargetResolver } from '../../routing/target.ts';
import type { DeploymentConfig, Snapshot, Stack } from '../../stack/stack.ts';
import { stackAnswer } from '../answers.ts';
import type { DeploymentRow, GroupRowWithLatency, StackAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { groupWithLatency, NO_FIGURES, NO_LATENCIES } from '../figures.ts';
import { defineRoute, type Route } from '../route.ts';
import { DAY_MS } from '../window.ts';

const MAX_DEPLOYMENTS = 1000;
const MAX_FLOWS = 500;

export const stackRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/stack',
    summary:
      'The stack that serves: its deployments with price, health and the last day, and where calls flow',
    answer: { status: 200, schema: stackAnswer },
    handle: (_input, deps) => readStack(deps),
  }),
];

async function readStack(deps: ControlDeps): Promise<StackAnswer> {
  const { id, source, origin, stack } = deps.revisions.active();
  const snapshot = deps.revisions.snapshot();
  const until = deps.clock.now();
  const windows = [false, true].map((sandbox) => ({ since: until - DAY_MS, until, sandbox }));
  const { rollups } = deps.store;
  const [groups, flows] = await Promise.all([
    Promise.all(
      windows.map((window) =>
        groupWithLatency(rollups, window, { by: 'deployment', limit: MAX_DEPLOYMENTS }),
      ),
    ),
    Promise.all(windows.map((window) => rollups.group(window, ['task', 'deployment'], MAX_FLOWS))),
  ]);
  const [real, simulated] = groups.map(byDeployment) as [RowsByName, RowsByName];
  const declared = Object.entries(stack.deployments).map(([name, config]) => ({
    name,
    config,
    implicit: false,
  }));
  const named = new Set(Object.keys(stack.deployments));
  const implicit = [...new Set([...real.keys(), ...simulated.keys()])]
    .filter((name) => !named.has(name))
    .flatMap((name) => {
      const config = implicitConfig(stack, name);
      return config ? [{ name, config, implicit: true }] : [];
    });
  const rows = [...declared, ...implicit].map((entry) => {
    const figures = isSandbox(entry.config, snapshot) ? simulated : real;
    return toRow(entry, { snapshot, measured: figures.get(entry.name), deps });
  });
  return {
    revision: id,
    source,
    origin,
    stack,
    deployments: rows,
    flows: flows.flat().map(({ task, deployment, calls, costNanoUsd }) => ({
      task: task ?? '',
      deployment: deployment ?? null,
      calls,
      costNanoUsd,
    })),
  };
}

type RowsByName = Map<string, GroupRowWithLatency>;

function byDeployment(rows: GroupRowWithLatency[]): RowsByName {
  return new Map(rows.map((row) => [row.deployment ?? '', row]));
}

/** The config a `provider/model` name stands for; `undefined` when the stack has no such provider any more. */
function implicitConfig(stack: Stack, name: string): DeploymentConfig | undefined {
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
    figures,
    latency: { ttft, total },
  };
}

function isSandbox(config: DeploymentConfig, { stack }: Snapshot): boolean {
  const type = stack.providers[config.provider]?.type;
  return type !== undefined && findProvider(type)?.sandbox === true;
}

/** Price now; `null` when there is none, or when the provider cannot be bound (its secret is missing). */
function readPrice(
  deployment: DeploymentConfig,
  snapshot: Snapshot,
  now: { at: number; measuredTokensPerSecond: number | null },
): DeploymentRow['price'] {
  const provider = snapshot.stack.providers[deployment.provider];
  const secrets = snapshot.secrets[deployment.provider] ?? { apiKey: null, headers: {} };
  try {
    const connection = provider && findProvider(provider.type)?.connect(provider, secrets);
    return connection ? statedPrice({ deployment, connection, ...now }) : null;
  } catch (error) {
    if (error instanceof TrimtabError) return null;
    throw error;
  }
}
