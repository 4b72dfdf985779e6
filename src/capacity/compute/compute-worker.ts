/** The thread of one computation: seconds to a minute of computing, which no thread that serves anybody bears. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ComputationName, type Computations, compute } from './computations.ts';

export interface ComputeQuestion<Name extends ComputationName> {
  name: Name;
  question: Computations[Name]['question'];
}

export type ComputeMessage =
  | { type: 'progress'; share: number; done: string }
  | { type: 'answer'; answer: unknown };

const port = parentPort;
if (!port) throw new Error('capacity/compute/compute-worker.ts runs as a worker thread only');

const post = (message: ComputeMessage): void => port.postMessage(message);
const { name, question } = workerData as ComputeQuestion<ComputationName>;
post({
  type: 'answer',
  answer: compute(name, question, (share, done) => post({ type: 'progress', share, done })),
});
