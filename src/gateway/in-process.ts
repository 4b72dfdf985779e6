/** The gateway as a `fetch`, for an app in the same process: the same pipeline without the sockets. */
import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Gateway, GatewayResponse } from './gateway.ts';

/** Bytes of a stream that wait unread before the vendor is paused. */
const BUFFERED_BYTES = 64 * 1024;

/**
 * A `fetch` that answers every request from the gateway, whatever its host, and behaves as the server does: an
 * aborted signal, or a body cancelled, is a client that left. It never touches the network itself.
 */
export function createFetch(gateway: Gateway): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const headers: Record<string, string> = {};
    request.headers.forEach((value, name) => {
      headers[name] = value;
    });
    const { pathname: path, search } = new URL(request.url);
    const upload =
      request.body && gateway.streamsBody({ method: request.method, path, headers })
        ? Readable.fromWeb(request.body as WebStream<Uint8Array>)
        : undefined;
    const body = upload ? Buffer.alloc(0) : Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const response = new FetchResponse(request, resolve, reject);
      const query = search.slice(1);
      gateway.handle(
        { method: request.method, path, query, headers, body, ...(upload && { upload }) },
        response,
      );
    });
  };
}

class FetchResponse implements GatewayResponse {
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #request: Request;
  #head: { status: number; headers: Record<string, string> } = { status: 500, headers: {} };
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  #drained: (() => void) | null = null;
  #left: (() => void) | null = null;
  #ended = false;

  constructor(request: Request, resolve: (response: Response) => void, reject: (reason: unknown) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    request.signal.addEventListener('abort', () => this.#abort());
  }

  head(status: number, headers: Record<string, string>): void {
    this.#head = { status, headers };
  }

  write(bytes: Buffer): boolean {
    if (this.#ended) return true;
    this.#stream ??= this.#begin();
    this.#stream.enqueue(bytes);
    return (this.#stream.desiredSize ?? 0) > 0;
  }

  end(bytes?: Buffer): void {
    if (this.#ended) return;
    if (this.#stream) {
      if (bytes && bytes.length > 0) this.#stream.enqueue(bytes);
      this.#ended = true;
      this.#stream.close();
      return;
    }
    this.#ended = true;
    const { status, headers } = this.#head;
    const isEmpty = status === 204 || this.#request.method === 'HEAD';
    this.#resolve(
      new Response(isEmpty ? null : ((bytes ?? null) as Uint8Array<ArrayBuffer> | null), { status, headers }),
    );
  }

  cut(): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = new TypeError('terminated');
    if (this.#stream) this.#stream.error(error);
    else this.#reject(error);
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  onClientLeft(listener: () => void): void {
    this.#left = listener;
  }

  #begin(): ReadableStreamDefaultController<Uint8Array> {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (started) => {
          controller = started;
        },
        pull: () => this.#drained?.(),
        cancel: () => this.#leave(),
      },
      { highWaterMark: BUFFERED_BYTES, size: (chunk) => chunk.byteLength },
    );
    this.#resolve(new Response(body, this.#head));
    return controller as ReadableStreamDefaultController<Uint8Array>;
  }

  #abort(): void {
    if (this.#ended) return;
    const { reason } = this.#request.signal;
    if (this.#stream) this.#stream.error(reason);
    else this.#reject(reason);
    this.#leave();
  }

  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#left?.();
  }
}
