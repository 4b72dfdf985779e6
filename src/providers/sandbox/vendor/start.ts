import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Requests leave nothing behind, so a small nursery keeps the thread's memory small. */
const YOUNG_GENERATION_MB = 8;

export interface Vendor {
  host: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Starts the sandbox vendor in its own thread, so that its work never runs where calls are served. The thread does
 * not keep the process alive. Rejects when the thread ends before it listens.
 */
export async function startVendor(): Promise<Vendor> {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    name: 'sandbox-vendor',
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const started = new AbortController();
  const ended = once(worker, 'exit', { signal: started.signal }).then(([code]) => {
    throw new Error(`The sandbox vendor's thread ended with code ${String(code)} before it listened.`);
  });
  try {
    const [message] = await Promise.race([once(worker, 'message'), ended]);
    worker.unref();
    return {
      host: '127.0.0.1',
      port: (message as { port: number }).port,
      close: async () => {
        await worker.terminate();
      },
    };
  } finally {
    started.abort();
    ended.catch(() => undefined);
  }
}
