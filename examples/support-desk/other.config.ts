import { defineStack } from 'trimtab';

/**
 * The support desk on any server that speaks the OpenAI API: llama.cpp, Ollama, vLLM, LM Studio, a hosted vendor.
 * `OTHER_BASE_URL` (for example `http://127.0.0.1:8080/v1`) says where, `OTHER_MODEL` which model,
 * `OTHER_API_KEY` holds the key, if it wants one.
 */
const { OTHER_BASE_URL = 'http://127.0.0.1:8080/v1', OTHER_MODEL = 'default', OTHER_API_KEY } = process.env;

export default defineStack({
  providers: {
    other: {
      type: 'openai-compatible',
      baseUrl: OTHER_BASE_URL,
      apiKey: OTHER_API_KEY === undefined ? null : { env: 'OTHER_API_KEY' },
      // Whose machine the messages reach. `third` for a vendor's.
      dataPolicy: { party: 'own' },
    },
  },
  deployments: {
    model: { provider: 'other', model: OTHER_MODEL, price: { inputPerMillion: 0.1, outputPerMillion: 0.4 } },
  },
  tasks: {
    triage: { description: 'Sort a customer message into one of 77 intents', route: 'model' },
    'support-reply': { description: 'Draft the answer to a customer', route: 'model' },
  },
});
