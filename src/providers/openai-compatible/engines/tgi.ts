import { asCount, asString, readObject } from '../../json.ts';
import type { EngineSpec } from './spec.ts';

export const tgiEngine: EngineSpec = {
  metrics: { waiting: 'tgi_queue_size', running: 'tgi_batch_current_size' },
  // `/info` and its members are from memory, not looked up.
  models: (root) => ({
    requests: [root.get('/info')],
    read([body]) {
      const info = body && readObject(body);
      const id = info && asString(info.model_id);
      if (!info || !id) return null;
      return [{ id, contextTokens: asCount(info.max_total_tokens) ?? null, loaded: true, parent: null }];
    },
  }),
  // It has one model, whatever that is called in a request, so `serves` is not said.
  source:
    'https://github.com/huggingface/text-generation-inference/blob/main/docs/source/reference/metrics.md',
  asOf: '2026-11-25',
};
