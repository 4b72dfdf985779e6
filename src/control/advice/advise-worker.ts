/** The thread that works out advice: a second of computing and more where machines are sized, which neither gateway nor control bear. */
import { parentPort } from 'node:worker_threads';
import type { Advice } from '../../advisor/advice.ts';
import { adviseTask } from '../../advisor/advise-task.ts';
import type { ProfileInput } from '../../advisor/profile/create.ts';

export interface AdviseQuestion {
  id: number;
  profile: ProfileInput;
  /** Epoch milliseconds the advice is for. */
  at: number;
}

export type AdviseAnswer = { id: number; advice: Advice } | { id: number; why: string };

const port = parentPort;
if (!port) throw new Error('control/advice/advise-worker.ts runs as a worker thread only');

port.on('message', ({ id, profile, at }: AdviseQuestion) => {
  port.postMessage(answer());

  function answer(): AdviseAnswer {
    try {
      return { id, advice: adviseTask(profile, at) };
    } catch (error) {
      return { id, why: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  }
});
