/** Between a package that calls `fetch` and a gateway that owns the sockets: one request out, one answer in. */
import type { UpstreamRequest } from '../provider.ts';

/**
 * A `fetch` that sends nothing. The request it is called with is kept for the gateway to send; the bytes the gateway
 * reads are fed in and become the body of the response. So the egress check, timeouts, abort and backpressure of the
 * one upstream path hold for packages too.
 */
export class Wire {
  /** Resolves when the package has asked; rejects when the request may not go out. */
  readonly request: Promise<UpstreamRequest>;
  readonly #asked = Promise.withResolvers<UpstreamRequest>();
  readonly #response = Promise.withResolvers<Response>();
  readonly #streamed: boolean;
  readonly #streamType: string;
  #body: ReadableStreamDefaultController<Uint8Array> | null = null;
  #used = false;
  #closed = false;

  /** `streamType`: the answer is a stream of this content type, whose response is there before its bytes; `null`: plain. */
  constructor(streamType: string | null) {
    this.#streamed = streamType !== null;
    this.#streamType = streamType ?? '';
    this.request = this.#asked.promise;
    // Whoever waits sees the rejection; nobody may be waiting any more.
    this.request.catch(() => {});
    this.#response.promise.catch(() => {});
  }

  /** Whether the package has asked. */
  get asked(): boolean {
    return this.#used;
  }

  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    // A package that asks twice wants to retry or to fetch something else: neither is its business.
    if (this.#used) throw new Error('the package asked for a second request');
    this.#used = true;
    const headers = new Headers(init?.headers);
    this.#asked.resolve(
      toUpstreamRequest(new URL(input instanceof Request ? input.url : input), init, headers),
    );
    return this.#streamed ? this.#openStream() : this.#response.promise;
  };

  push(chunk: Buffer): void {
    if (!this.#closed) this.#body?.enqueue(chunk);
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#body?.close();
  }

  answer(status: number, headers: Record<string, string>, body: Buffer): void {
    this.#response.resolve(new Response(new Uint8Array(body), { status, headers }));
  }

  /** Nothing more comes: whatever still waits for it is let go. */
  fail(error: Error): void {
    this.#asked.reject(error);
    this.#response.reject(error);
    if (this.#closed) return;
    this.#closed = true;
    this.#body?.error(error);
  }

  #openStream(): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
      },
      // A package that cannot read on lets go of it.
      cancel: () => {
        this.#closed = true;
      },
    });
    return new Response(body, {
      status: 200,
      headers: { 'content-type': this.#streamType || 'text/event-stream' },
    });
  }
}

function toUpstreamRequest(url: URL, init: RequestInit | undefined, headers: Headers): UpstreamRequest {
  const flat: string[] = [];
  headers.forEach((value, name) => {
    if (name !== 'content-length' && name !== 'host') flat.push(name, value);
  });
  const { body } = init ?? {};
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new Error('the package sent a body that is neither text nor bytes');
  }
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'POST',
    headers: flat,
    body: Buffer.from(body as string),
  };
}
