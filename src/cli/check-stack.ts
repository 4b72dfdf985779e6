import { UNTASKED } from '../core/call-record.ts';
import { TrimtabError } from '../core/error.ts';
import type { OperationGroup } from '../core/operation.ts';
import type { DataClass } from '../core/protocol.ts';
import { type StatedPrice, statedPrice } from '../evidence/pricing.ts';
import { checkEgress } from '../governance/egress.ts';
import { findProvider } from '../providers/index.ts';
import type { Connection } from '../providers/provider.ts';
import { formatPath } from '../stack/config-path.ts';
import { partsOf } from '../stack/pass-through.ts';
import { resolveSecrets } from '../stack/secrets.ts';
import type { ProviderSecrets, Stack } from '../stack/stack.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What would happen to a task's calls at one deployment. */
export interface RouteCheck {
  task: string;
  dataClass: DataClass;
  deployment: string;
  provider: string;
  allowed: boolean;
  /** Why not; `null` when allowed. */
  reason: string | null;
  /** `null`: unpriced, or {@link measured}. */
  price: StatedPrice | null;
  /** Priced by the hour at the throughput its calls will show. */
  measured: boolean;
}

export interface StackCheck {
  /** Secrets that are not there. */
  secrets: string[];
  /** Settings a provider does not accept. */
  connections: string[];
  routes: RouteCheck[];
  /** Tasks that no deployment of their route may serve. */
  unservable: string[];
  /** Parts of its own API that keys may use, of each provider that passes any on. */
  passThrough: Record<string, readonly OperationGroup[]>;
  warnings: string[];
}

/** Everything about a parsed stack that can be known without calling anyone. */
export function checkStack(stack: Stack, env: Environment, now: number): StackCheck {
  const secrets: string[] = [];
  const problems: string[] = [];
  const connections = new Map<string, Connection>();
  for (const [name, provider] of Object.entries(stack.providers)) {
    const found = readSecrets(name, stack, env);
    if (typeof found === 'string') secrets.push(found);
    try {
      const known = typeof found === 'string' ? { apiKey: 'not-there', headers: {} } : found;
      const connection = findProvider(provider.type)?.connect(provider, known);
      if (connection) connections.set(name, connection);
    } catch (error) {
      if (!(error instanceof TrimtabError)) throw error;
      problems.push(`${formatPath(['providers', name])}: ${error.message}`);
    }
  }
  const routes = checkRoutes(stack, connections, now);
  const tasks = Object.keys(stack.tasks);
  const unservable = tasks.filter((task) => !routes.some((route) => route.task === task && route.allowed));
  return {
    secrets,
    connections: problems,
    routes,
    unservable,
    passThrough: passedOn(stack),
    warnings: [...plainAddresses(stack), ...unenforced(stack), ...warningsOf(routes, unservable)],
  };
}

function passedOn({ providers }: Stack): StackCheck['passThrough'] {
  const parts = Object.entries(providers).map(
    ([name, config]) => [name, partsOf(config, findProvider(config.type)?.ownApi)] as const,
  );
  return Object.fromEntries(parts.filter(([, groups]) => groups.length > 0));
}

/** The secrets of one provider, or what is wrong with them. */
export function readSecrets(name: string, stack: Stack, env: Environment): ProviderSecrets | string {
  const provider = stack.providers[name];
  if (!provider) return `there is no provider ${name}`;
  try {
    return (
      resolveSecrets({ ...stack, providers: { [name]: provider } }, env)[name] ?? {
        apiKey: null,
        headers: {},
      }
    );
  } catch (error) {
    if (error instanceof TrimtabError) return error.message;
    throw error;
  }
}

function checkRoutes(stack: Stack, connections: Map<string, Connection>, now: number): RouteCheck[] {
  const check = (task: string, dataClass: DataClass, name: string): RouteCheck[] => {
    const deployment = stack.deployments[name];
    const policy = deployment && stack.providers[deployment.provider]?.dataPolicy;
    if (!deployment || !policy) return [];
    const connection = connections.get(deployment.provider);
    const reason = refusalOf({ provider: deployment.provider, policy, dataClass });
    return [
      {
        task,
        dataClass,
        deployment: name,
        provider: deployment.provider,
        allowed: reason === null,
        reason,
        price: connection ? statedPrice({ deployment, connection, at: now }) : null,
        measured:
          deployment.price !== null &&
          'usdPerHour' in deployment.price &&
          deployment.price.outputTokensPerSecond === 'measured',
      },
    ];
  };
  const routed = Object.entries(stack.tasks).flatMap(([task, { dataClass, route }]) =>
    route.targets.flatMap(({ deployment }) => check(task, dataClass, deployment)),
  );
  const { dataClass } = stack.gateway.untasked;
  const named = Object.keys(stack.deployments).flatMap((name) => check(UNTASKED, dataClass, name));
  return [...routed, ...named];
}

function refusalOf(question: Parameters<typeof checkEgress>[0]): string | null {
  try {
    checkEgress(question);
    return null;
  } catch (error) {
    if (error instanceof TrimtabError) return error.message;
    throw error;
  }
}

/** Hosts whose traffic stays on this machine or a private network. */
const PRIVATE_HOST =
  /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[|[^.]+$|.*\.(?:local|internal|invalid|svc)$)/;

function plainAddresses(stack: Stack): string[] {
  return Object.entries(stack.providers).flatMap(([name, { baseUrl }]) => {
    const url = baseUrl === null ? null : new URL(baseUrl);
    if (url?.protocol !== 'http:' || PRIVATE_HOST.test(url.hostname)) return [];
    const path = formatPath(['providers', name, 'baseUrl']);
    return [`${path}: http, so credentials and data travel unencrypted to ${url.hostname}. Use https`];
  });
}

/** Settings that are stored and shown, and hold nobody back: to be said before someone relies on them. */
function unenforced(stack: Stack): string[] {
  const budgets = Object.entries(stack.tasks)
    .filter(([, { budget }]) => budget !== null)
    .map(([task]) => formatPath(['tasks', task, 'budget']));
  return budgets.map((path) => `${path}: stored and shown, not enforced yet`);
}

function warningsOf(routes: readonly RouteCheck[], unservable: readonly string[]): string[] {
  const unpriced = [
    ...new Set(
      routes.filter(({ price, measured }) => price === null && !measured).map(({ deployment }) => deployment),
    ),
  ];
  const refused = routes.filter(
    ({ task, allowed }) => !allowed && task !== UNTASKED && !unservable.includes(task),
  );
  return [
    ...refused.map(
      ({ task, deployment, reason }) =>
        `${formatPath(['tasks', task])}: ${deployment} is never tried. ${reason}`,
    ),
    ...unpriced.map(
      (name) =>
        `${formatPath(['deployments', name])}: no price is known; its calls count as unpriced. Set \`price\``,
    ),
  ];
}
