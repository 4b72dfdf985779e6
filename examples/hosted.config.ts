/** Two hosted vendors: the second answers when the first does not. */
import { defineStack, env } from 'trimtab';

export default defineStack({
  providers: {
    openai: { default: true },
    anthropic: { apiKey: env('ANTHROPIC_API_KEY') },
  },
  deployments: {
    mini: { provider: 'openai', model: 'gpt-5-mini' },
    haiku: { provider: 'anthropic', model: 'claude-haiku-4-5' },
    large: {
      provider: 'openai',
      model: 'gpt-5',
      timeouts: { totalMs: 120_000 },
      limits: { maxConcurrent: 20 },
    },
  },
  tasks: {
    triage: {
      description: 'Sort a customer message into one of 77 intents',
      latencyClass: 'interactive',
      route: ['mini', 'haiku'],
      budget: { usd: 20, per: 'day' },
    },
    'support-reply': {
      description: 'Draft the answer to a customer',
      latencyClass: 'interactive',
      // One call in ten goes to the dearer model, so that its worth shows in the figures.
      route: {
        policy: 'weighted',
        targets: [
          { deployment: 'mini', weight: 9 },
          { deployment: 'large', weight: 1 },
        ],
      },
      quality: { measure: 'thumbs up', target: 0.9 },
    },
    // The route of another task, with a last resort after it.
    'night-summary': { latencyClass: 'batch', route: [{ task: 'triage' }, 'openai/gpt-5-nano'] },
  },
});
