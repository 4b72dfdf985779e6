import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Advice } from '../../advisor/advice.ts';
import type { ProfileInput } from '../../advisor/profile/create.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { TrimtabError } from '../../core/error.ts';
import type { AdviseAnswer, AdviseQuestion } from './advise-worker.ts';

/** A thread of its own for advice, there while it is needed. */
export interface AdviseThread {
  /** Throws TrimtabError(internal) when the advice could not be worked out, shutting_down. */
  advise(profile: ProfileInput, at: number): Promise<Advice>;
  stop(): Promise<void>;
}

/** It holds tens of megabytes: after so long without a question it ends. */
const IDLE_MS = 60_000;

interface Waiting {
  done(advice: Advice): void;
  fail(error: TrimtabError): void;
}

export function createAdviseThread(clock: Clock): AdviseThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let idle: Timer | null = null;
  let asked = 0;
  let isStopped = false;

  function failAll(error: TrimtabError): void {
    for (const { fail } of waiting.values()) fail(error);
    waiting.clear();
  }

  function end(): Promise<unknown> {
    idle?.stop();
    const ended = worker?.terminate() ?? Promise.resolve(0);
    worker = null;
    return ended;
  }

  function started(): Worker {
    const file = new URL(`./advise-worker${extname(import.meta.url)}`, import.meta.url);
    const thread = new Worker(file, { name: 'advice' });
    thread.on('message', (answer: AdviseAnswer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('advice' in answer) asker?.done(answer.advice);
      else asker?.fail(new TrimtabError('internal', `the advice could not be worked out: ${answer.why}`));
      if (waiting.size === 0) idle = clock.after(IDLE_MS, () => void end());
    });
    const died = (why: string, cause?: Error) => {
      // One that was ended, or that another has taken the place of, owes nobody an answer.
      if (worker !== thread) return;
      worker = null;
      failAll(new TrimtabError('internal', `the thread of the advice died: ${why}`, { cause }));
    };
    thread.on('error', (cause) => died(cause.message, cause));
    thread.on('exit', (code) => died(`exit code ${code}`));
    return thread;
  }

  return {
    advise(profile, at) {
      if (isStopped) return Promise.reject(new TrimtabError('shutting_down', 'the server stops'));
      idle?.stop();
      worker ??= started();
      const question: AdviseQuestion = { id: ++asked, profile, at };
      return new Promise((done, fail) => {
        waiting.set(question.id, { done, fail });
        worker?.postMessage(question);
      });
    },
    async stop() {
      isStopped = true;
      failAll(new TrimtabError('shutting_down', 'the server stops'));
      await end();
    },
  };
}
