import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import { didYouMean } from '../../stack/nearest.ts';
import type { DeploymentRow, DeploymentsAnswer } from '../api-types.ts';
import { implicitConfig, readDeployments } from '../deployment-rows.ts';
import type { ControlDeps } from '../deps.ts';
import { addDrain, removeDrain } from '../drains.ts';
import { defineRoute, type Route } from '../route.ts';
import { deploymentRow, deploymentsAnswer } from '../stack-answers.ts';

const pathName = z.strictObject({
  name: z.string().min(1).max(400).describe('Percent-encoded where it holds a slash: `acme%2Flarge`.'),
});
const drainBody = z.strictObject({
  by: z.string().trim().min(1).max(100).default('API').describe('Who asks for it, as calls are told.'),
  reason: z.string().trim().min(1).max(200).nullable().default(null),
});

export const deploymentRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/deployments',
    summary: 'The deployments with price, health, drain and the last day',
    answer: { status: 200, schema: deploymentsAnswer },
    async handle(_input, deps): Promise<DeploymentsAnswer> {
      return { deployments: await readDeployments(deps) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/deployments/:name',
    summary: 'One deployment',
    params: pathName,
    answer: { status: 200, schema: deploymentRow },
    handle: ({ params }, deps) => findRow(params.name, deps),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/deployments/:name/drain',
    summary: 'Begin no further call there, in any replica, until it is resumed; calls that run there finish',
    params: pathName,
    body: drainBody,
    answer: { status: 200, schema: deploymentRow },
    async handle({ params, body }, deps): Promise<DeploymentRow> {
      const { name } = params;
      if (!isKnown(name, deps)) throw unknown(name, deps);
      const drain = await addDrain(deps.store.settings, name, { since: deps.clock.now(), ...body });
      await deps.revisions.refresh();
      deps.logger.info({ deployment: name, ...drain }, 'deployment drained');
      return findRow(name, deps);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/deployments/:name/resume',
    summary: 'Take calls there again, first a share of them as after an outage',
    params: pathName,
    body: drainBody.pick({ by: true }),
    answer: { status: 200, schema: deploymentRow },
    async handle({ params, body }, deps): Promise<DeploymentRow> {
      const { name } = params;
      if (!isKnown(name, deps)) throw unknown(name, deps);
      await removeDrain(deps.store.settings, name);
      await deps.revisions.refresh();
      deps.logger.info({ deployment: name, by: body.by }, 'deployment resumed');
      return findRow(name, deps);
    },
  }),
];

/** Declared, or the name that a `provider/model` of this stack has. */
function isKnown(name: string, { revisions }: ControlDeps): boolean {
  const { stack } = revisions.active();
  return Object.hasOwn(stack.deployments, name) || implicitConfig(stack, name) !== undefined;
}

async function findRow(name: string, deps: ControlDeps): Promise<DeploymentRow> {
  const row = (await readDeployments(deps, [name])).find((each) => each.name === name);
  if (!row) throw unknown(name, deps);
  return row;
}

function unknown(name: string, { revisions }: ControlDeps): TrimtabError {
  const hint = didYouMean(name, Object.keys(revisions.active().stack.deployments));
  return new TrimtabError('not_found', `no deployment is called \`${name}\`${hint}`, { field: 'name' });
}
