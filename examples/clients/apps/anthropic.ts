/** The official `@anthropic-ai/sdk`. */
import Anthropic from '@anthropic-ai/sdk';

const { TRIMTAB_URL = '', TRIMTAB_KEY = '' } = process.env;
const anthropic = new Anthropic({ baseURL: TRIMTAB_URL, apiKey: TRIMTAB_KEY });

const stream = anthropic.messages.stream({
  model: 'support-reply',
  max_tokens: 500,
  system: 'You answer customers of a bank, in two sentences.',
  messages: [{ role: 'user', content: process.argv[2] ?? 'Where is my card?' }],
});
stream.on('text', (text) => process.stdout.write(text));
await stream.finalMessage();
