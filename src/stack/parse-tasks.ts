import { LOAD_TEST, UNTASKED } from '../core/call-record.ts';
import { checkShape } from './check-shape.ts';
import type { ConfigPath } from './config-path.ts';
import { didYouMean } from './nearest.ts';
import { checkName, type Entries, type Parsed } from './parse-context.ts';
import { type DeploymentContext, makeDeployment, unknownProvider } from './parse-deployments.ts';
import { routeSchema, type TargetInput, type TaskInput, taskSchema } from './schema.ts';
import type { DeploymentConfig, RouteConfig, TaskConfig } from './stack.ts';

/** The policy that weights mean when no policy is named. */
const WEIGHTED = 'weighted';

interface TaskContext extends DeploymentContext {
  /** Gains the deployments that `provider/model` targets imply. */
  deployments: Parsed<DeploymentConfig>;
}

type Target =
  | { kind: 'deployment'; name: string; weight: number | undefined }
  | { kind: 'task'; name: string; weight: number | undefined };

interface WrittenRoute {
  policy: string;
  targets: Target[];
}

/** Parses `tasks` and expands their routes to deployments. */
export function parseTasks(entries: Entries, context: TaskContext): Map<string, TaskConfig> {
  const { problems } = context;
  const inputs = new Map<string, TaskInput>();
  /** Also those of tasks with something else wrong: one run names every reference that leads nowhere. */
  const readable = new Map<string, TaskInput['route']>();
  const written = new Set(entries.map(([name]) => name));
  for (const [name, value] of entries) {
    const path = ['tasks', name];
    const input = checkShape(taskSchema, value, { path, problems });
    if (!checkName(name, path, problems)) continue;
    if (name === UNTASKED) problems.add(path, 'this name is kept for calls that name no task');
    if (name === LOAD_TEST) problems.add(path, 'this name is kept for the calls of load tests');
    if (context.deployments.written.has(name)) {
      problems.add(path, 'a deployment has the same name; a route that names it could mean either');
    }
    if (input) inputs.set(name, input);
    const route = input ? input.route : routeOf(value);
    if (route !== undefined) readable.set(name, route);
  }
  const routes = new Map<string, WrittenRoute>();
  for (const [name, route] of readable) {
    routes.set(name, readRoute(route, ['tasks', name, 'route'], { ...context, written }));
  }
  reportCycles(routes, context);
  const tasks = new Map<string, TaskConfig>();
  const expanded = new Map<string, RouteConfig>();
  if (problems.count > 0) return tasks;
  for (const [name, input] of inputs) {
    tasks.set(name, {
      description: input.description ?? null,
      dataClass: input.dataClass,
      latencyClass: input.latencyClass,
      capture: input.capture,
      route: expandRoute(name, routes, expanded),
      retries: input.retries,
      ...(input.hedge ? { hedge: input.hedge } : {}),
      ...(input.lenient ? { lenient: true } : {}),
      ...(input.batch === undefined ? {} : { batch: input.batch }),
      budget: input.budget ?? null,
      quality: input.quality
        ? { measure: input.quality.measure, target: input.quality.target ?? null }
        : null,
    });
  }
  return tasks;
}

/** The route of a task that is wrong elsewhere. */
function routeOf(task: unknown): TaskInput['route'] | undefined {
  if (typeof task !== 'object' || task === null || !('route' in task)) return undefined;
  return routeSchema.safeParse(task.route).data;
}

function readRoute(
  route: TaskInput['route'],
  path: ConfigPath,
  context: TaskContext & { written: Set<string> },
): WrittenRoute {
  const isShort = typeof route === 'string' || Array.isArray(route);
  const written: TargetInput[] =
    typeof route === 'string' ? [route] : Array.isArray(route) ? route : route.targets;
  const named = isShort ? undefined : route.policy;
  const at = (index: number): ConfigPath =>
    typeof route === 'string' ? path : [...path, ...(isShort ? [] : ['targets']), index];
  const seen = new Set<string>();
  const targets = written.flatMap((target, index) => {
    const resolved = resolveTarget(target, at(index), context);
    if (!resolved) return [];
    if (seen.has(resolved.name))
      context.problems.addValue(at(index), resolved.name, 'stands in this route twice');
    seen.add(resolved.name);
    return [resolved];
  });
  const isWeighted =
    targets.some(({ weight }) => weight !== undefined) && context.policies.includes(WEIGHTED);
  const policy = named ?? (isWeighted ? WEIGHTED : (context.policies[0] as string));
  if (!context.policies.includes(policy)) {
    const hint = didYouMean(policy, context.policies);
    const known = hint === '' ? `; there are ${context.policies.join(', ')}` : hint;
    context.problems.addValue([...path, 'policy'], policy, `is not a routing policy${known}`);
  }
  return { policy, targets };
}

function resolveTarget(
  target: TargetInput,
  path: ConfigPath,
  context: TaskContext & { written: Set<string> },
): Target | undefined {
  const { problems, deployments, written } = context;
  if (typeof target === 'object' && 'task' in target) {
    if (written.has(target.task)) return { kind: 'task', name: target.task, weight: target.weight };
    problems.addValue([...path, 'task'], target.task, `is not a task${didYouMean(target.task, written)}`);
    return undefined;
  }
  const name = typeof target === 'string' ? target : target.deployment;
  const weight = typeof target === 'string' ? undefined : target.weight;
  const at = typeof target === 'string' ? path : [...path, 'deployment'];
  if (deployments.written.has(name)) return { kind: 'deployment', name, weight };
  if (typeof target === 'string' && written.has(name)) return { kind: 'task', name, weight };
  const slash = name.indexOf('/');
  if (slash > 0 && slash < name.length - 1) {
    const provider = name.slice(0, slash);
    if (!context.providers.written.has(provider)) {
      problems.addValue(at, name, `names a provider that ${unknownProvider(provider, context)}`);
      return undefined;
    }
    deployments.valid.set(name, makeDeployment(provider, name.slice(slash + 1), context.timeouts));
    deployments.written.add(name);
    return { kind: 'deployment', name, weight };
  }
  const known = [...deployments.written, ...(typeof target === 'string' ? written : [])];
  const kinds =
    typeof target === 'string'
      ? 'a deployment, `provider/model` or a task'
      : 'a deployment or `provider/model`';
  problems.addValue(at, name, `is not ${kinds}${didYouMean(name, known)}`);
  return undefined;
}

function reportCycles(routes: Map<string, WrittenRoute>, { problems }: TaskContext): void {
  const done = new Set<string>();
  const follow = (name: string, trail: string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) {
      const cycle = [...trail.slice(at), name].join(' -> ');
      problems.add(['tasks', name, 'route'], `routes go in a circle: ${cycle}`);
      return;
    }
    if (done.has(name)) return;
    for (const target of routes.get(name)?.targets ?? []) {
      if (target.kind === 'task') follow(target.name, [...trail, name]);
    }
    done.add(name);
  };
  for (const name of routes.keys()) follow(name, []);
}

/**
 * Puts a task's deployments in place of a task target. Their weights are scaled to the target's own, so that it keeps
 * its share. A deployment that comes twice keeps its first place and the sum of its weights.
 */
function expandRoute(
  name: string,
  routes: Map<string, WrittenRoute>,
  expanded: Map<string, RouteConfig>,
): RouteConfig {
  const known = expanded.get(name);
  if (known) return known;
  const { policy, targets } = routes.get(name) as WrittenRoute;
  const weights = new Map<string, number>();
  for (const target of targets) {
    const own = target.weight ?? 1;
    const inner =
      target.kind === 'deployment'
        ? [{ deployment: target.name, weight: 1 }]
        : expandRoute(target.name, routes, expanded).targets;
    const sum = inner.reduce((total, { weight }) => total + weight, 0);
    for (const { deployment, weight } of inner) {
      weights.set(deployment, (weights.get(deployment) ?? 0) + (own * weight) / sum);
    }
  }
  const route = { policy, targets: [...weights].map(([deployment, weight]) => ({ deployment, weight })) };
  expanded.set(name, route);
  return route;
}
