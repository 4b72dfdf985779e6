import { defineStack, env } from 'trimtab';

/**
 * A private deployment: a vendor's model in the team's own cloud account. Here a model of Amazon Bedrock at its OpenAI-compatible
 * address; Azure, Vertex and Bedrock's own API are types of their own.
 */
const {
  PRIVATE_BASE_URL = 'https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1',
  PRIVATE_MODEL = 'openai.gpt-oss-20b-1:0',
} = process.env;

export default defineStack({
  providers: {
    'our-cloud': {
      type: 'openai-compatible',
      baseUrl: PRIVATE_BASE_URL,
      apiKey: env('AWS_BEARER_TOKEN_BEDROCK'),
      dataPolicy: { party: 'private' },
    },
  },
  deployments: {
    'cloud-small': {
      provider: 'our-cloud',
      model: PRIVATE_MODEL,
      price: { inputPerMillion: 0.1, outputPerMillion: 0.4 },
    },
  },
  // What may go to our own cloud account may be more than a third party gets.
  tasks: { 'support-reply': { dataClass: 'confidential', route: 'cloud-small' } },
});
