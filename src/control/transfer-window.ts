/**
 * Bodies between the two threads, in memory of a few chunks: whoever sends stops at {@link WINDOW_BYTES} that the other
 * side has not taken yet.
 */
import type { Readable } from 'node:stream';

const WINDOW_BYTES = 1024 * 1024;

/** Counts what was sent and not yet taken. */
export class SendWindow {
  #waitingBytes = 0;
  #open: (() => void) | null = null;

  get isFull(): boolean {
    return this.#waitingBytes >= WINDOW_BYTES;
  }

  sent(bytes: number): void {
    this.#waitingBytes += bytes;
  }

  taken(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.isFull) return;
    this.#open?.();
    this.#open = null;
  }

  /** Resolves once there is room, or at {@link close}. */
  async room(): Promise<void> {
    if (this.isFull) await new Promise<void>((resolve) => (this.#open = resolve));
  }

  close(): void {
    this.#waitingBytes = 0;
    this.#open?.();
  }
}

/** An upload on its way to the control thread. */
export interface Upload {
  taken(bytes: number): void;
  /** Nothing more is wanted: the rest is read past, so that the client sees its answer. */
  drop(): void;
}

export function sendUpload(source: Readable, post: (body: Uint8Array, more: boolean) => void): Upload {
  const window = new SendWindow();
  let isDropped = false;
  source.on('data', (chunk: Buffer) => {
    if (isDropped) return;
    window.sent(chunk.length);
    // Copied: small buffers share the memory of others, and messages take all of it along.
    post(new Uint8Array(chunk), true);
    if (window.isFull) source.pause();
  });
  source.on('end', () => {
    if (!isDropped) post(new Uint8Array(), false);
  });
  // The response tells that the client left.
  source.on('error', () => {});
  return {
    taken(bytes) {
      window.taken(bytes);
      if (!window.isFull) source.resume();
    },
    drop() {
      isDropped = true;
      source.resume();
    },
  };
}

/** The same upload as the control thread reads it. `taken` is told what was read. */
export class ReceivedUpload {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #untold = 0;

  constructor(taken: (bytes: number) => void) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          const bytes = this.#untold;
          this.#untold = 0;
          if (bytes > 0) taken(bytes);
        },
      },
      { highWaterMark: WINDOW_BYTES / 2, size: (chunk) => chunk.byteLength },
    );
  }

  received(body: Uint8Array, more: boolean): void {
    this.#untold += body.length;
    try {
      if (body.length > 0) this.#controller.enqueue(body);
      if (!more) this.#controller.close();
    } catch {
      // Its reader let go of it.
    }
  }

  break(): void {
    this.#controller.error(new Error('the client left'));
  }
}
