import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ComputationName, Computations, OnProgress } from './computations.ts';
import type { ComputeMessage } from './compute-worker.ts';

export interface ComputeOptions {
  /** Aborted: the thread is ended at once, and the promise rejects with the signal's reason. */
  signal: AbortSignal;
  onProgress?: OnProgress;
}

/** Works something out in a thread of its own. Rejects with what the computation threw. */
export async function computeApart<Name extends ComputationName>(
  name: Name,
  question: Computations[Name]['question'],
  { signal, onProgress }: ComputeOptions,
): Promise<Computations[Name]['answer']> {
  signal.throwIfAborted();
  const file = new URL(`./compute-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(file, { name: 'capacity', workerData: { name, question } });
  const { promise, resolve, reject } = Promise.withResolvers<Computations[Name]['answer']>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  worker.on('message', (message: ComputeMessage) => {
    if (message.type === 'progress') onProgress?.(message.share, message.done);
    else resolve(message.answer as Computations[Name]['answer']);
  });
  worker.on('error', reject);
  worker.on('exit', () => reject(new Error('the thread ended without an answer')));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
