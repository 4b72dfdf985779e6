/** What the endpoints of the stack and its deployments answer. @see answers.ts */
import { z } from 'zod';
import type { DeploymentConfig, ProviderConfig, Stack } from '../stack/stack.ts';
import { configOf, count, figures, latency, nanoUsd, nullable, source, text, time } from './answers.ts';
import type * as api from './api-types.ts';

const health = z.strictObject({
  deployment: text,
  calls: count,
  failures: count,
  inFlight: count,
  waiting: count.describe('Calls that wait for a place.'),
  lastError: z.strictObject({ code: text, at: time }).nullable(),
  lastOkAt: nullable.time,
  circuit: z.strictObject({
    state: z.enum(['closed', 'open', 'half-open', 'ramp']),
    since: nullable.time,
    share: z.number(),
  }),
  measuredTokensPerSecond: z.number().nullable(),
});

const drain = z.strictObject({
  since: time,
  by: text,
  reason: nullable.text,
  idle: z.boolean().describe('No call runs or waits there any more, in this process.'),
});

export const deploymentRow: z.ZodType<api.DeploymentRow> = z.strictObject({
  name: text,
  implicit: z.boolean(),
  config: configOf<DeploymentConfig>('A deployment'),
  provider: configOf<Pick<ProviderConfig, 'type' | 'baseUrl' | 'dataPolicy'>>('Parts of a provider'),
  sandbox: z.boolean(),
  price: z
    .strictObject({ inputPerMillion: z.number(), outputPerMillion: z.number(), source: text })
    .nullable(),
  health: health.nullable(),
  drain: drain.nullable(),
  figures,
  latency,
});

export const deploymentsAnswer: z.ZodType<api.DeploymentsAnswer> = z.strictObject({
  deployments: z.array(deploymentRow),
});

export const stackAnswer: z.ZodType<api.StackAnswer> = z.strictObject({
  revision: text,
  source,
  origin: text,
  stack: configOf<Stack>('The stack'),
  deployments: z.array(deploymentRow),
  flows: z.array(
    z.strictObject({ task: text, deployment: nullable.text, calls: count, costNanoUsd: nanoUsd }),
  ),
});
