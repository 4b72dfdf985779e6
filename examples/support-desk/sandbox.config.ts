import { defineStack } from 'trimtab';

/** The support desk on simulated models: no account, no cost. */
export default defineStack({
  tasks: {
    triage: {
      description: 'Sort a customer message into one of 77 intents',
      latencyClass: 'interactive',
      quality: { measure: 'correct intent', target: 0.8 },
      // Half to each, so that the figures show what the dearer model is worth.
      route: {
        policy: 'weighted',
        targets: [
          { deployment: 'sandbox/small', weight: 1 },
          { deployment: 'sandbox/large', weight: 1 },
        ],
      },
    },
    'support-reply': {
      description: 'Draft the answer to a customer',
      latencyClass: 'interactive',
      route: ['sandbox/large', 'sandbox/small'],
    },
  },
});
