export const BENCH_KEY = `tt-${'b'.repeat(32)}`;

/** One own vendor with a stated price, one task. `translated`: the vendor speaks messages, the app chat. */
export function benchConfig(vendor: string, translated = false): Record<string, unknown> {
  return {
    providers: {
      bench: {
        type: translated ? 'anthropic' : 'openai-compatible',
        baseUrl: translated ? vendor : `${vendor}/v1`,
        apiKey: { env: 'BENCH_VENDOR_KEY' },
        dataPolicy: { party: 'own' },
      },
    },
    deployments: {
      main: { provider: 'bench', model: 'bench-model', price: { inputPerMillion: 1, outputPerMillion: 4 } },
    },
    tasks: { 'support-reply': { route: { policy: 'ordered', targets: ['main'] } } },
  };
}
