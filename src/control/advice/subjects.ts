/** Which tasks are advised, and what is cheap to know of each: enough to see that an advice is stale. */
import type { Basis } from '../../advisor/recommendation/basis.ts';
import { LOAD_TEST, UNTASKED } from '../../core/call-record.ts';
import type { Snapshot } from '../../stack/stack.ts';
import type { ControlDeps } from '../deps.ts';
import { readPrice } from '../price-now.ts';
import { DAY_MS } from '../window.ts';

/** Calls, or imported rows, that make a task without a profile worth advising. */
export const MIN_CALLS = 100;
const CALLS_DAYS = 30;
export const MAX_TASKS = 5_000;
/** Calls that named a model, and those of load tests: no use case that could be advised as one. */
export const NO_TASKS: ReadonlySet<string> = new Set([UNTASKED, LOAD_TEST]);

export type SubjectDeps = Pick<ControlDeps, 'store' | 'revisions' | 'clock' | 'state'>;

/** Tasks with a profile, and those with enough real calls or history, by name. */
export async function readSubjects(deps: SubjectDeps): Promise<Map<string, Basis>> {
  const { store, clock, revisions } = deps;
  const now = clock.now();
  const since = (days: number) => ({ since: now - days * DAY_MS, until: now, sandbox: false });
  const [profiles, month, week, history] = await Promise.all([
    store.advice.profiles(),
    store.rollups.group(since(CALLS_DAYS), ['task'], MAX_TASKS),
    store.rollups.group(since(7), ['task'], MAX_TASKS),
    store.history.tasks(),
  ]);
  const kept = new Map(profiles.map((profile) => [profile.task, profile]));
  const weekly = new Map(week.map(({ task, calls, refused }) => [task ?? '', calls - refused]));
  const imported = new Map(history.map(({ task, rows }) => [task, rows]));
  const called = month.filter(({ calls, refused }) => calls - refused >= MIN_CALLS);
  const names = new Set([
    ...kept.keys(),
    ...called.flatMap(({ task }) => (task && !NO_TASKS.has(task) ? [task] : [])),
    ...history.filter(({ rows }) => rows >= MIN_CALLS).map(({ task }) => task),
  ]);
  const read = routeReader(revisions.snapshot(), now);
  const shared = { revision: revisions.active().id, version: deps.state.version };
  return new Map(
    [...names].sort().map((task) => {
      const profile = kept.get(task);
      const basis: Basis = {
        profileAt: profile?.at ?? null,
        profileBy: profile?.by ?? null,
        ...shared,
        ...read(task),
        callsPerWeek: weekly.get(task) ?? 0,
        importedRows: imported.get(task) ?? 0,
      };
      return [task, basis];
    }),
  );
}

/** Route and prices of tasks. The prices are those of today: a dated table changes them without a change of the stack. */
function routeReader(snapshot: Snapshot, at: number): (task: string) => Pick<Basis, 'route' | 'prices'> {
  const { tasks, deployments } = snapshot.stack;
  const known = new Map<string, Basis['prices'][string]>();
  const priceOf = (name: string): Basis['prices'][string] => {
    const deployment = deployments[name];
    // A price by measured speed moves with every call: that is no change of price.
    const price = deployment && readPrice(deployment, snapshot, { at, measuredTokensPerSecond: null });
    return price ? { input: price.inputPerMillion, output: price.outputPerMillion } : null;
  };
  return (task) => {
    const config = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
    if (!config) return { route: null, prices: {} };
    const route = config.route.targets.map(({ deployment }) => deployment);
    for (const name of route) if (!known.has(name)) known.set(name, priceOf(name));
    return { route, prices: Object.fromEntries(route.map((name) => [name, known.get(name) ?? null])) };
  };
}
