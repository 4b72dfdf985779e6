/** Vercel's `ai`, with its OpenAI provider. */
import { createOpenAI } from '@ai-sdk/openai';
import { streamText } from 'ai';

const { TRIMTAB_URL, TRIMTAB_KEY = '' } = process.env;
const trimtab = createOpenAI({ baseURL: `${TRIMTAB_URL}/v1`, apiKey: TRIMTAB_KEY });

const { textStream } = streamText({
  model: trimtab.chat('support-reply'),
  system: 'You answer customers of a bank, in two sentences.',
  prompt: process.argv[2] ?? 'Where is my card?',
  onError({ error }) {
    throw error;
  },
});
for await (const text of textStream) process.stdout.write(text);
