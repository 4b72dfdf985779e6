/** Calls that the control thread makes through the gateway: lines of a batch. */
import { randomBytes } from 'node:crypto';
import { TrimtabError } from '../core/error.ts';
import type { GatewayRequest, GatewayResponse } from '../gateway/gateway.ts';

export interface LineCall {
  /** The virtual key it is made for, as it is now. */
  keyId: string;
  batchId: string;
  /** `/v1/chat/completions` */
  path: string;
  /** JSON, of a plain answer. */
  body: Uint8Array;
}

export interface LineReply {
  status: number;
  /** Seconds. */
  retryAfter: number | null;
  callId: string | null;
  body: Uint8Array;
}

export type RunCall = { type: 'run-call'; id: string } & LineCall;
export type CallRan = { type: 'call-ran'; id: string } & LineReply;

/** The control thread's side. */
export interface LineCalls {
  /** Makes a call through the gateway, on the record like any other. Never rejects for what the call meets. */
  run(call: LineCall): Promise<LineReply>;
  ran(reply: CallRan): void;
}

export function createLineCalls(post: (message: RunCall) => void): LineCalls {
  // Answers to a thread that died must not be taken for those of the next.
  const boot = randomBytes(6).toString('hex');
  const waiting = new Map<string, (reply: LineReply) => void>();
  let count = 0;
  return {
    run(call) {
      const id = `${boot}-${count++}`;
      const { promise, resolve } = Promise.withResolvers<LineReply>();
      waiting.set(id, resolve);
      post({ type: 'run-call', id, ...call });
      return promise;
    },
    ran({ id, status, retryAfter, callId, body }) {
      waiting.get(id)?.({ status, retryAfter, callId, body });
      waiting.delete(id);
    },
  };
}

type Serve = (request: GatewayRequest, response: GatewayResponse) => void;

/** The gateway thread's side. */
export function serveLineCall(
  { id, ...call }: RunCall,
  serve: Serve,
  post: (message: CallRan) => void,
): void {
  const request: GatewayRequest = {
    method: 'POST',
    path: call.path,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(call.body),
    acting: { keyId: call.keyId, batchId: call.batchId },
  };
  serve(request, new CollectedResponse((reply) => post({ type: 'call-ran', id, ...reply })));
}

/** For a control plane without a gateway. */
export const NO_LINE_CALLS: Pick<LineCalls, 'run'> = {
  run: () => Promise.reject(new TrimtabError('internal', 'Calls are made by a server only.')),
};

class CollectedResponse implements GatewayResponse {
  readonly #done: (reply: LineReply) => void;
  readonly #parts: Buffer[] = [];
  #status = 500;
  #headers: Record<string, string> = {};

  constructor(done: (reply: LineReply) => void) {
    this.#done = done;
  }

  head(status: number, headers: Record<string, string>): void {
    this.#status = status;
    this.#headers = headers;
  }

  write(bytes: Buffer): boolean {
    this.#parts.push(bytes);
    return true;
  }

  end(bytes?: Buffer): void {
    if (bytes) this.#parts.push(bytes);
    const after = Number(this.#headers['retry-after'] ?? Number.NaN);
    this.#done({
      status: this.#status,
      retryAfter: Number.isFinite(after) ? after : null,
      callId: this.#headers['x-trimtab-call-id'] ?? null,
      body: new Uint8Array(Buffer.concat(this.#parts)),
    });
  }

  /** Calls of a protocol end in an error event, so this comes of no line. */
  cut(): void {
    this.end();
  }

  onDrain(): void {}
  onClientLeft(): void {}
}
