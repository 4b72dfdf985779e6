/** Three ways a batch may go: a vendor's own batch API, ours line by line, and a deployment made for batches alone. */
import { defineStack, env } from 'trimtab';

export default defineStack({
  providers: {
    openai: { default: true },
    azure: {
      type: 'azure-openai',
      baseUrl: 'https://acme.openai.azure.com',
      apiKey: env('AZURE_OPENAI_API_KEY'),
    },
  },
  deployments: {
    mini: { provider: 'openai', model: 'gpt-5-mini' },
    // A deployment of the type Global Batch takes no live calls, so no task that is called directly should name it.
    'azure-nightly': { provider: 'azure', model: 'nightly', batch: 'vendor' },
  },
  tasks: {
    // Half the price, within a day.
    digest: { latencyClass: 'batch', route: ['mini'] },
    // The same model, as soon as there is room.
    alerts: { route: ['mini'], batch: 'queue' },
    archive: { latencyClass: 'batch', route: ['azure-nightly'] },
  },
});
