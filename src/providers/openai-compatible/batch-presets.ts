/** The batch APIs of vendors of this API, as data for their entries in `presets.ts`. */
import type { BatchPreset } from './batch.ts';

const AS_OF = '2026-11-25';
const ENDPOINTS = ['/v1/chat/completions', '/v1/embeddings', '/v1/responses'];

export const OPENAI_BATCH: BatchPreset = {
  priceShare: 0.5,
  endpoints: ENDPOINTS,
  source: 'https://platform.openai.com/docs/guides/batch',
  asOf: AS_OF,
};

/** It wants a deployment of a batch type, which takes no live calls: so only where a deployment says so. */
export const AZURE_BATCH: BatchPreset = {
  isDefault: false,
  priceShare: 0.5,
  prefix: '/openai/v1',
  endpoints: ENDPOINTS,
  source: 'https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch',
  asOf: AS_OF,
};

export const GROQ_BATCH: BatchPreset = {
  priceShare: 0.5,
  endpoints: ['/v1/chat/completions'],
  source: 'https://console.groq.com/docs/batch',
  asOf: AS_OF,
};
