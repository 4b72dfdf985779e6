/** Works through the messages: triage, feedback, reply, for several users at once. */
import { readFileSync } from 'node:fs';
import type { Progress } from './progress.ts';

export interface Message {
  text: string;
  intent: string;
}

export interface Desk {
  url: string;
  key: string;
  messages: readonly Message[];
  concurrency: number;
  progress: Progress;
}

export interface DeskResult {
  done: number;
  triaged: number;
  correct: number;
  failed: number;
  /** What went wrong first, and how often each thing did. */
  errors: Map<string, number>;
  /** Calls that ended well, by the gateway's id. */
  calls: number;
  /** The last draft, to show one. */
  sample: { message: string; intent: string; draft: string } | null;
}

const USERS = ['ada', 'ben', 'chloe', 'dinesh', 'elif', 'farid', 'grace', 'hugo'];

export function readMessages(count: number): Message[] {
  const file = new URL('../data/messages.json', import.meta.url);
  const all = JSON.parse(readFileSync(file, 'utf8')) as Message[];
  return all.slice(0, count);
}

/** Runs the app's two files, unchanged, against `url`. */
export async function runDesk({ url, key, messages, concurrency, progress }: Desk): Promise<DeskResult> {
  process.env.OPENAI_BASE_URL = `${url}/v1`;
  process.env.OPENAI_API_KEY = key;
  const { triage } = await import('../triage.ts');
  const { draftReply } = await import('../reply.ts');
  const result: DeskResult = {
    done: 0,
    triaged: 0,
    correct: 0,
    failed: 0,
    errors: new Map(),
    calls: 0,
    sample: null,
  };
  const queue = messages.map((message, index) => ({ message, user: USERS[index % USERS.length] ?? 'ada' }));
  const serveOne = async ({ message, user }: (typeof queue)[number]): Promise<void> => {
    const { intent, callId } = await triage(message.text, user);
    result.calls++;
    result.triaged++;
    const isCorrect = intent === message.intent;
    if (isCorrect) result.correct++;
    if (callId !== null) await sendFeedback(url, key, { callId, isCorrect, correct: message.intent });
    const draft = await draftReply(message.text, { intent, user });
    result.calls++;
    result.sample = { message: message.text, intent, draft };
  };
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        await serveOne(next);
      } catch (error) {
        result.failed++;
        const text = error instanceof Error ? error.message : String(error);
        result.errors.set(text, (result.errors.get(text) ?? 0) + 1);
      }
      result.done++;
      progress.step(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, messages.length) }, work));
  progress.end();
  return result;
}

/** What the person at the desk would click: the intent was right, or this one was. */
async function sendFeedback(
  url: string,
  key: string,
  { callId, isCorrect, correct }: { callId: string; isCorrect: boolean; correct: string },
): Promise<void> {
  const response = await fetch(`${url}/v1/feedback`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      call_id: callId,
      score: isCorrect ? 1 : 0,
      ...(isCorrect ? {} : { correction: correct }),
    }),
  });
  if (!response.ok)
    throw new Error(`Feedback was refused with status ${response.status}: ${await response.text()}`);
}
