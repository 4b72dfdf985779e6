/** LangChain.js, with its OpenAI model. */
import { ChatOpenAI } from '@langchain/openai';

const { TRIMTAB_URL, TRIMTAB_KEY = '' } = process.env;
const model = new ChatOpenAI({
  model: 'support-reply',
  apiKey: TRIMTAB_KEY,
  configuration: { baseURL: `${TRIMTAB_URL}/v1` },
});

const stream = await model.stream([
  ['system', 'You answer customers of a bank, in two sentences.'],
  ['user', process.argv[2] ?? 'Where is my card?'],
]);
for await (const chunk of stream) process.stdout.write(chunk.text);
