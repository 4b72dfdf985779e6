/** The official `openai` client, Responses. */
import OpenAI from 'openai';

const { TRIMTAB_URL, TRIMTAB_KEY = '' } = process.env;
const openai = new OpenAI({ baseURL: `${TRIMTAB_URL}/v1`, apiKey: TRIMTAB_KEY });

const stream = await openai.responses.create({
  model: 'support-reply',
  instructions: 'You answer customers of a bank, in two sentences.',
  input: process.argv[2] ?? 'Where is my card?',
  stream: true,
});
for await (const event of stream)
  if (event.type === 'response.output_text.delta') process.stdout.write(event.delta);
