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

const gauge = z.number().min(0).nullable();
const toldShape = {
  load: z
    .strictObject({
      waiting: gauge.describe('Requests that wait in the engine, of all its clients.'),
      running: gauge,
      kvCacheUse: gauge.describe('Share of the KV cache in use, 0 to 1.'),
    })
    .nullable()
    .describe('null: it does not tell, or was not heard of for 15 s.'),
  loadAt: nullable.time,
  trouble: nullable.text.describe('Why it did not answer the last time.'),
};
const adaptersKind = z.enum(['callable', 'applied']);

export const engineRow: z.ZodType<api.EngineRow> = z.strictObject({
  provider: text,
  type: text,
  ...toldShape,
  models: z
    .array(
      z.strictObject({
        id: text,
        contextTokens: count.nullable(),
        loaded: z.boolean().nullable(),
        parent: nullable.text.describe('Of a LoRA adapter the model it stands on.'),
      }),
    )
    .nullable(),
  modelsAt: nullable.time,
  adapters: adaptersKind.nullable(),
});

export const enginesAnswer: z.ZodType<api.EnginesAnswer> = z.strictObject({ engines: z.array(engineRow) });

export const adaptersAnswer: z.ZodType<api.AdaptersAnswer> = z.strictObject({
  provider: text,
  kind: adaptersKind.describe(
    '`callable` by name; or `applied` to every answer of the model while it is on.',
  ),
  adapters: z.array(
    z.strictObject({
      name: text,
      path: nullable.text,
      model: nullable.text.describe('The model name that asks for it.'),
      scale: z.number().nullable(),
    }),
  ),
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
  engine: z
    .strictObject({
      ...toldShape,
      served: z.boolean().nullable().describe("Whether it takes the deployment's model name."),
    })
    .nullable(),
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
