/** Calls that the control thread makes through the gateway: lines of a batch, calls of a load test. */
import { randomBytes } from 'node:crypto';
import type { CallRecord } from '../core/call-record.ts';
import { TrimtabError } from '../core/error.ts';
import type { ActingForKey, ActingForTest, GatewayRequest, GatewayResponse } from '../gateway/gateway.ts';

export interface LineCall {
  /** For a virtual key, as it is now; or for a load test. */
  acting: ActingForKey | Omit<ActingForTest, 'recorded'>;
  /** `/v1/chat/completions` */
  path: string;
  /** JSON. For a key: of a plain answer. */
  body: Uint8Array;
}

/** What a load test reads of the record of its call. */
export type CallMeasure = Pick<
  CallRecord,
  'outcome' | 'errorCode' | 'errorMessage' | 'durationMs' | 'ttftMs' | 'usage' | 'costNanoUsd' | 'sandbox'
>;

export interface LineReply {
  status: number;
  /** Seconds. */
  retryAfter: number | null;
  callId: string | null;
  /** Empty for a load test. */
  body: Uint8Array;
  /** For a load test; `null`: the call left no record. */
  measure: CallMeasure | null;
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
    ran({ id, status, retryAfter, callId, body, measure }) {
      waiting.get(id)?.({ status, retryAfter, callId, body, measure });
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
  let measure: CallMeasure | null = null;
  const recorded = (record: CallRecord): void => {
    const { outcome, errorCode, errorMessage, durationMs, ttftMs, usage, costNanoUsd, sandbox } = record;
    measure = { outcome, errorCode, errorMessage, durationMs, ttftMs, usage, costNanoUsd, sandbox };
  };
  const isTest = 'loadTestId' in call.acting;
  const request: GatewayRequest = {
    method: 'POST',
    path: call.path,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(call.body),
    acting: 'loadTestId' in call.acting ? { ...call.acting, recorded } : call.acting,
  };
  const done = (reply: CollectedReply) => post({ type: 'call-ran', id, ...reply, measure });
  serve(request, new CollectedResponse(done, { keep: !isTest }));
}

/** For a control plane without a gateway. */
export const NO_LINE_CALLS: Pick<LineCalls, 'run'> = {
  run: () => Promise.reject(new TrimtabError('internal', 'Calls are made by a server only.')),
};

type CollectedReply = Omit<LineReply, 'measure'>;

class CollectedResponse implements GatewayResponse {
  readonly #done: (reply: CollectedReply) => void;
  readonly #keep: boolean;
  readonly #parts: Buffer[] = [];
  #status = 500;
  #headers: Record<string, string> = {};

  /** `keep`: whether anybody wants the body. */
  constructor(done: (reply: CollectedReply) => void, { keep }: { keep: boolean }) {
    this.#done = done;
    this.#keep = keep;
  }

  head(status: number, headers: Record<string, string>): void {
    this.#status = status;
    this.#headers = headers;
  }

  write(bytes: Buffer): boolean {
    if (this.#keep) this.#parts.push(bytes);
    return true;
  }

  end(bytes?: Buffer): void {
    if (bytes && this.#keep) this.#parts.push(bytes);
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
