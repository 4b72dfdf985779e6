export const BENCH_KEY = `tt-${'b'.repeat(32)}`;

/** One own vendor with a stated price, one task. */
export function benchConfig(vendor: string): Record<string, unknown> {
  return {
    providers: {
      bench: {
        type: 'openai-compatible',
        baseUrl: `${vendor}/v1`,
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
