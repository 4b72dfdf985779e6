import type { StackAnswer } from '../api-types.ts';
import { readDeployments } from '../deployment-rows.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';
import { stackAnswer } from '../stack-answers.ts';
import { DAY_MS } from '../window.ts';

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
  const until = deps.clock.now();
  const windows = [false, true].map((sandbox) => ({ since: until - DAY_MS, until, sandbox }));
  const [deployments, flows] = await Promise.all([
    readDeployments(deps),
    Promise.all(windows.map((window) => deps.store.rollups.group(window, ['task', 'deployment'], MAX_FLOWS))),
  ]);
  return {
    revision: id,
    source,
    origin,
    stack,
    deployments,
    flows: flows.flat().map(({ task, deployment, calls, costNanoUsd }) => ({
      task: task ?? '',
      deployment: deployment ?? null,
      calls,
      costNanoUsd,
    })),
  };
}
