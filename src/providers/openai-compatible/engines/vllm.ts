import { namedAdapters } from './lora.ts';
import { byListedName, type EngineSpec } from './spec.ts';

export const vllmEngine: EngineSpec = {
  metrics: {
    waiting: 'vllm:num_requests_waiting',
    running: 'vllm:num_requests_running',
    // The second is the name of older versions; the source calls it deprecated.
    kvCacheUse: 'vllm:kv_cache_usage_perc vllm:gpu_cache_usage_perc',
  },
  serves: byListedName,
  adapters: (root) =>
    namedAdapters(root, {
      load: '/v1/load_lora_adapter',
      unload: '/v1/unload_lora_adapter',
      modelOf: (name) => name,
      missing: 'start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True',
    }),
  // The names of the gauges are those of the source code (vllm/v1/metrics).
  source:
    'https://github.com/vllm-project/vllm/blob/main/docs/usage/metrics.md, https://github.com/vllm-project/vllm/blob/main/docs/features/lora.md',
  asOf: '2026-11-25',
};
