import { namedAdapters } from './lora.ts';
import type { EngineSpec } from './spec.ts';

export const sglangEngine: EngineSpec = {
  metrics: {
    waiting: 'sglang:num_queue_reqs',
    running: 'sglang:num_running_reqs',
    kvCacheUse: 'sglang:token_usage',
  },
  // That its model list names adapters with their `parent` is from memory, not looked up.
  adapters: (root) =>
    namedAdapters(root, {
      load: '/load_lora_adapter',
      unload: '/unload_lora_adapter',
      modelOf: (name, parent) => `${parent}:${name}`,
      missing: 'start SGLang with --enable-lora',
    }),
  source:
    'https://github.com/sgl-project/sglang/blob/main/docs/references/production_metrics.md, https://github.com/sgl-project/sglang/blob/main/docs/advanced_features/lora.ipynb',
  asOf: '2026-11-25',
};
