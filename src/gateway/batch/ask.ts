/** One request to a vendor's batch API and its answer, whole or chunk by chunk. Every one of them passes the egress check. */
import type { Clock, Timer } from '../../core/clock.ts';
import { TrimtabError } from '../../core/error.ts';
import type { EgressPass } from '../../governance/egress.ts';
import type { BatchReply } from '../../providers/batch-api.ts';
import type { HeaderLookup, UpstreamRequest } from '../../providers/provider.ts';
import type { Transfer, TransferListener, UpstreamHeaders } from '../upstream/transfer.ts';
import { toTrouble } from '../upstream/trouble.ts';
import type { Upstream } from '../upstream/upstream.ts';

export interface Asking {
  upstream: Upstream;
  clock: Clock;
  pass: EgressPass;
  /** For messages. */
  deployment: string;
  connectMs: number;
}

/** An answer whose body is still coming. */
export interface StreamedReply {
  status: number;
  headers: HeaderLookup;
  body: AsyncIterable<Buffer>;
}

/** Longest silence: a vendor that takes in a file of many megabytes says nothing meanwhile. */
const SILENCE_MS = 180_000;
/** Bytes that wait to be read before the vendor has to. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Of an answer that is read whole: a batch, or a page of them. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Rejects with a TrimtabError when no complete answer comes. */
export async function ask(asking: Asking, request: UpstreamRequest): Promise<BatchReply> {
  const { status, headers, body } = await askStream(asking, request);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new TrimtabError(
        'upstream_too_large',
        `Deployment "${asking.deployment}" sent too long an answer.`,
      );
    chunks.push(chunk);
  }
  return { status, headers, body: Buffer.concat(chunks) };
}

/** Resolves once the head of the answer is here. Leaving its body early ends the transfer. */
export function askStream(asking: Asking, request: UpstreamRequest): Promise<StreamedReply> {
  const reading = new Reading(asking);
  reading.begin(
    asking.upstream.send(asking.pass, { request, connectMs: asking.connectMs, listener: reading }),
  );
  return reading.head;
}

class Reading implements TransferListener {
  readonly head: Promise<StreamedReply>;
  readonly #asking: Asking;
  readonly #headed: PromiseWithResolvers<StreamedReply>;
  #transfer: Transfer | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #over = false;
  #error: TrimtabError | null = null;
  #wake: () => void = () => {};
  #silence: Timer | null = null;
  #isHeaded = false;

  constructor(asking: Asking) {
    this.#asking = asking;
    this.#headed = Promise.withResolvers();
    this.head = this.#headed.promise;
    this.#listen();
  }

  begin(transfer: Transfer): void {
    this.#transfer = transfer;
    if (this.#over) transfer.release();
  }

  sent(): void {
    this.#listen();
  }

  headed(status: number, headers: UpstreamHeaders): void {
    this.#listen();
    this.#isHeaded = true;
    const lookup: HeaderLookup = (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    this.#headed.resolve({ status, headers: lookup, body: this.#read() });
  }

  received(chunk: Buffer): void {
    this.#listen();
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= MAX_WAITING_BYTES) this.#pause();
    this.#wake();
  }

  ended(): void {
    this.#end(null);
  }

  broke(error: Error): void {
    this.#end(toTrouble(error, this.#asking.deployment, this.#isHeaded).error);
  }

  async *#read(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        this.#chunks = [];
        this.#bytes = 0;
        yield* chunks;
        if (this.#chunks.length > 0) continue;
        if (this.#error) throw this.#error;
        if (this.#over) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        this.#resume();
        await promise;
      }
    } finally {
      this.#silence?.stop();
      this.#transfer?.release();
    }
  }

  #pause(): void {
    this.#silence?.stop();
    this.#transfer?.pause();
  }

  #resume(): void {
    this.#listen();
    this.#transfer?.resume();
  }

  #listen(): void {
    this.#silence?.stop();
    if (this.#over) return;
    this.#silence = this.#asking.clock.after(SILENCE_MS, () => {
      const text = `Deployment "${this.#asking.deployment}" was silent for ${SILENCE_MS} ms.`;
      this.#end(new TrimtabError('timeout_idle', text));
      this.#transfer?.release();
    });
  }

  #end(error: TrimtabError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#silence?.stop();
    this.#headed.reject(error ?? new TrimtabError('upstream_cut', 'The answer ended before its head.'));
    this.#wake();
  }
}
