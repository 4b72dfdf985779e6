/** The facts: open models, GPUs and their prices. Data in JSON beside this file; every row says where it stands. */
import type { GpuFacts, GpuPrice, ModelFacts } from '../capacity.ts';
import { type PublishedModel, toModelFacts } from './config.ts';
import gpuRows from './gpus.json' with { type: 'json' };
import modelRows from './models.json' with { type: 'json' };
import priceRows from './prices.json' with { type: 'json' };

/** As published, before anything is computed. */
export const publishedModels = modelRows as readonly PublishedModel[];
export const models: readonly ModelFacts[] = publishedModels.map(toModelFacts);
export const gpus: readonly GpuFacts[] = gpuRows;
export const gpuPrices = priceRows as readonly GpuPrice[];

const modelsByName = new Map(
  models.flatMap((model) => [model.id, model.hubName].map((name) => [name.toLowerCase(), model])),
);
const gpusById = new Map(gpus.map((gpu) => [gpu.id, gpu]));

/** By id or hub name, in any case; `undefined`: not among the facts. */
export function findModel(name: string): ModelFacts | undefined {
  return modelsByName.get(name.toLowerCase());
}

/** By id, in any case; `undefined`: not among the facts. */
export function findGpu(id: string): GpuFacts | undefined {
  return gpusById.get(id.toLowerCase());
}
