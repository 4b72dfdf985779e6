/** The official `openai` client, chat completions. */
import OpenAI from 'openai';

const { TRIMTAB_URL, TRIMTAB_KEY = '' } = process.env;
const openai = new OpenAI({ baseURL: `${TRIMTAB_URL}/v1`, apiKey: TRIMTAB_KEY });

const stream = await openai.chat.completions.create({
  model: 'support-reply',
  messages: [
    { role: 'system', content: 'You answer customers of a bank, in two sentences.' },
    { role: 'user', content: process.argv[2] ?? 'Where is my card?' },
  ],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
