import { defineStack } from 'trimtab';

/** A self-hosted model: vLLM on a machine of our own, which may be sent anything. */
const { VLLM_BASE_URL = 'http://127.0.0.1:8000/v1', VLLM_MODEL = 'Qwen/Qwen3-8B' } = process.env;

export default defineStack({
  providers: { 'our-vllm': { type: 'vllm', baseUrl: VLLM_BASE_URL, dataPolicy: { party: 'own' } } },
  deployments: {
    'own-small': {
      provider: 'our-vllm',
      model: VLLM_MODEL,
      price: { usdPerHour: 1.2, outputTokensPerSecond: 900 },
    },
  },
  tasks: { 'support-reply': { dataClass: 'restricted', route: 'own-small' } },
});
