/**
 * A batch through the official client, against the sandbox: no account is needed.
 *
 *     npm start                       # in another terminal; prints the first virtual key
 *     TRIMTAB_KEY=tt-... node examples/batch/run.ts
 */
import OpenAI, { toFile } from 'openai';

const { TRIMTAB_URL = 'http://127.0.0.1:7070', TRIMTAB_KEY } = process.env;
if (!TRIMTAB_KEY) throw new Error('Set TRIMTAB_KEY to a virtual key: npm run trimtab -- keys create');
const client = new OpenAI({ baseURL: `${TRIMTAB_URL}/v1`, apiKey: TRIMTAB_KEY });

const questions = ['Where is my card?', 'How do I close my account?', 'Why was I charged twice?'];
const lines = questions.map((content, index) =>
  JSON.stringify({
    custom_id: `question-${index + 1}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: index === 0 ? 'sandbox/large' : 'sandbox/small', messages: [{ role: 'user', content }] },
  }),
);

const file = await client.files.create({
  file: await toFile(Buffer.from(lines.join('\n')), 'questions.jsonl'),
  purpose: 'batch',
});
let batch = await client.batches.create({
  input_file_id: file.id,
  endpoint: '/v1/chat/completions',
  completion_window: '24h',
});
while (!['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  batch = await client.batches.retrieve(batch.id);
  const { completed = 0, total = 0 } = batch.request_counts ?? {};
  process.stdout.write(`${batch.status}: ${completed} of ${total}\n`);
}
if (!batch.output_file_id)
  throw new Error(`The batch ended without answers: ${JSON.stringify(batch.errors)}`);

interface Result {
  custom_id: string;
  response: { body: OpenAI.ChatCompletion };
}
const output = await (await client.files.content(batch.output_file_id)).text();
for (const line of output.trim().split('\n')) {
  const { custom_id: id, response } = JSON.parse(line) as Result;
  process.stdout.write(`${id}: ${response.body.choices[0]?.message.content}\n`);
}
