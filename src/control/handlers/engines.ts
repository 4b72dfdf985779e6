import { z } from 'zod';
import type { AdaptersAnswer, EngineRow, EnginesAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { listAdapters, loadAdapter, unloadAdapter } from '../engines/adapters.ts';
import type { EngineView } from '../engines/watch.ts';
import { defineRoute, type Route } from '../route.ts';
import { adaptersAnswer, engineRow, enginesAnswer } from '../stack-answers.ts';

const providerName = z.string().min(1).max(200);
const pathProvider = z.strictObject({ provider: providerName });
const adapterName = z.string().trim().min(1).max(200);
const adapterBody = z.strictObject({
  name: adapterName,
  path: z
    .string()
    .trim()
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .describe(
      'Where the engine, not this server, finds the weights: a folder of its disk, or a name on a hub.',
    ),
});

export const engineRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/engines',
    summary: 'Self-hosted engines: how busy they are and what they serve, as they last said',
    answer: { status: 200, schema: enginesAnswer },
    async handle(_input, deps): Promise<EnginesAnswer> {
      return { engines: deps.engines.views().map((view) => toRow(view, deps)) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/engines/:provider',
    summary: 'The engine of one provider, asked now; no tokens are spent',
    params: pathProvider,
    answer: { status: 200, schema: engineRow },
    async handle({ params }, deps): Promise<EngineRow> {
      return toRow(await deps.engines.refresh(deps.engines.find(params.provider)), deps);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/engines/:provider/adapters',
    summary: 'Its LoRA adapters, asked now',
    params: pathProvider,
    answer: { status: 200, schema: adaptersAnswer },
    handle: ({ params }, { engines }): Promise<AdaptersAnswer> => listAdapters(engines, params.provider),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/engines/:provider/adapters',
    summary: 'Load a LoRA adapter, or switch on one it was started with',
    params: pathProvider,
    body: adapterBody,
    answer: { status: 200, schema: adaptersAnswer },
    async handle({ params, body }, { engines, logger }): Promise<AdaptersAnswer> {
      const answer = await loadAdapter(engines, params.provider, body);
      logger.info({ provider: params.provider, adapter: body.name }, 'LoRA adapter loaded');
      return answer;
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/engines/:provider/adapters/:name',
    summary: 'Unload a LoRA adapter, or switch it off',
    params: z.strictObject({ provider: providerName, name: adapterName }),
    answer: { status: 200, schema: adaptersAnswer },
    async handle({ params }, { engines, logger }): Promise<AdaptersAnswer> {
      const answer = await unloadAdapter(engines, params.provider, params.name);
      logger.info({ provider: params.provider, adapter: params.name }, 'LoRA adapter unloaded');
      return answer;
    },
  }),
];

function toRow(view: EngineView, { engines }: ControlDeps): EngineRow {
  return { ...view, adapters: engines.find(view.provider).engine.adapters?.kind ?? null };
}
