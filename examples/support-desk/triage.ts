/** Says what a customer's message is about. An ordinary app: it knows a base URL, a key and the name of its task. */
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

interface Example {
  text: string;
  intent: string;
}

/** Examples shown per intent. Five are there; more cost more and answer better. */
const SHOTS = 2;

const client = new OpenAI(); // OPENAI_BASE_URL, OPENAI_API_KEY

const examples = JSON.parse(
  readFileSync(new URL('./data/examples.json', import.meta.url), 'utf8'),
) as Example[];

export const intents = [...new Set(examples.map((example) => example.intent))].sort();

const lines = intents.flatMap((intent) =>
  examples
    .filter((example) => example.intent === intent)
    .slice(0, SHOTS)
    .map(({ text }) => `${text} -> ${intent}`),
);

const instruction = `You sort messages to the support desk of a bank. Classify the message into exactly one of these intents and answer with the intent alone: ${intents.join(', ')}.

Examples:
${lines.join('\n')}`;

export interface Triage {
  intent: string;
  /** What the gateway calls this call, to report back whether the intent was right; `null` without a gateway. */
  callId: string | null;
}

export async function triage(message: string, user: string): Promise<Triage> {
  const { data, response } = await client.chat.completions
    .create({
      model: 'triage',
      user,
      temperature: 0,
      max_completion_tokens: 500,
      messages: [
        { role: 'system', content: instruction },
        { role: 'user', content: message },
      ],
    })
    .withResponse();
  const intent = data.choices[0]?.message.content?.trim() ?? '';
  return { intent, callId: response.headers.get('x-trimtab-call-id') };
}
