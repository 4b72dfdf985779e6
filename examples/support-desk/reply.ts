/** Drafts the answer to a customer, word by word. An ordinary app: it knows a base URL, a key and its task's name. */
import OpenAI from 'openai';

const client = new OpenAI(); // OPENAI_BASE_URL, OPENAI_API_KEY

const instruction = `You answer customers of a bank. Be brief and friendly, say what to do next, and promise nothing you cannot know. Three to five sentences.`;

/** Calls `onText` with each piece as it comes; resolves to the whole draft. */
export async function draftReply(
  message: string,
  { intent, user, onText }: { intent: string; user: string; onText?: (piece: string) => void },
): Promise<string> {
  const stream = await client.chat.completions.create({
    model: 'support-reply',
    user,
    stream: true,
    max_completion_tokens: 1000,
    messages: [
      { role: 'system', content: instruction },
      { role: 'user', content: `About: ${intent.replaceAll('_', ' ')}\n\nMessage: ${message}` },
    ],
  });
  let draft = '';
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? '';
    draft += piece;
    if (piece !== '') onText?.(piece);
  }
  return draft;
}
