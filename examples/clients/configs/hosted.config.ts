import { defineStack, env } from 'trimtab';

/** A hosted model: a third party's, over its API. */
const { HOSTED_BASE_URL = 'https://api.mistral.ai/v1', HOSTED_MODEL = 'mistral-small-latest' } = process.env;

export default defineStack({
  providers: {
    hosted: { type: 'mistral', baseUrl: HOSTED_BASE_URL, apiKey: env('MISTRAL_API_KEY') },
  },
  deployments: { 'hosted-small': { provider: 'hosted', model: HOSTED_MODEL } },
  tasks: { 'support-reply': { dataClass: 'internal', route: 'hosted-small' } },
});
