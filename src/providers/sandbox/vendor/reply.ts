/** Puts an answer on the wire at the pace of a latency, and makes the faults happen. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { StreamEvent } from './chat-encode.ts';
import type { Fault } from './fault.ts';
import type { Latency } from './latency.ts';
import { errorBody, VendorError } from './vendor-error.ts';

export interface Reply {
  response: ServerResponse;
  fault: Fault | null;
  /** Aborted when the connection is gone. */
  signal: AbortSignal;
}

/** Share of TTFT after which headers come. */
const HEADERS_AT = 0.3;
/** Lets bytes reach the client before a reset would drop them. */
const BEFORE_RESET_MS = 20;

const JSON_HEADERS = { 'content-type': 'application/json' };
const MALFORMED = '{"id":"chatcmpl-sandbox","choices":[{"index":0,"delta":{"content":"bro';

export function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Makes a fault that happens before any good byte; true when it took the request over. */
export async function failBefore({ response, fault, signal }: Reply): Promise<boolean> {
  if (fault?.kind === 'slow') {
    await wait(fault.ms, undefined, { signal });
    return false;
  }
  if (fault?.kind === 'status') {
    const error = new VendorError(fault.status, `Simulated status ${fault.status}.`, {
      code: 'sandbox_fault',
    });
    if (fault.retryAfter !== null) response.setHeader('retry-after', String(fault.retryAfter));
    sendJson(response, fault.status, errorBody(error));
    return true;
  }
  if (fault?.kind === 'error-body-200') {
    sendJson(response, 200, errorBody(new VendorError(500, 'Simulated error under status 200.')));
    return true;
  }
  if (fault?.kind === 'wrong-content-type') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>Simulated page</title><p>This is not an API answer.</p>');
    return true;
  }
  if (fault?.kind === 'reset') {
    response.socket?.resetAndDestroy();
    return true;
  }
  if (fault?.kind === 'stall-headers') {
    await closed(signal);
    return true;
  }
  return false;
}

export async function sendPlain(reply: Reply, body: string): Promise<void> {
  const { response, fault } = reply;
  if (fault?.kind === 'malformed-json' || fault?.kind === 'malformed-sse') {
    sendJson(response, 200, MALFORMED);
    return;
  }
  if (fault?.kind === 'error-event') {
    sendJson(response, 200, errorBody(new VendorError(500, 'Simulated error under status 200.')));
    return;
  }
  if (!breaksOff(fault)) {
    sendJson(response, 200, body);
    return;
  }
  response.writeHead(200, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(body) });
  await write(response, Buffer.from(body).subarray(0, Math.floor(body.length / 2)));
  await breakOff(reply);
}

/** Sends events, tokens spaced by `interTokenMs` after the first at `ttftMs`. */
export async function sendStream(
  reply: Reply,
  events: Iterable<StreamEvent>,
  latency: Latency,
): Promise<void> {
  const { response, fault, signal } = reply;
  const startedAt = performance.now();
  const until = async (ms: number): Promise<void> => {
    const left = startedAt + ms - performance.now();
    if (ms > 0 && left > 0) await wait(left, undefined, { signal });
    signal.throwIfAborted();
  };
  await until(latency.ttftMs * HEADERS_AT);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
  let tokens = 0;
  for (const event of events) {
    const ends = event.data === '[DONE]';
    if (fault && happensMidStream(fault) && (event.token || ends) && (tokens >= fault.after || ends)) {
      await failMidStream(reply);
      return;
    }
    if (event.token) await until(latency.ttftMs + latency.interTokenMs * tokens++);
    else if (tokens === 0) await until(latency.ttftMs);
    await write(response, `data: ${event.data}\n\n`);
  }
  response.end();
}

function happensMidStream(fault: Fault): boolean {
  return breaksOff(fault) || ['malformed-sse', 'malformed-json', 'error-event'].includes(fault.kind);
}

async function failMidStream(reply: Reply): Promise<void> {
  const { response, fault } = reply;
  if (fault?.kind === 'malformed-json') response.end(`data: ${MALFORMED}\n\ndata: [DONE]\n\n`);
  else if (fault?.kind === 'malformed-sse') response.end(`\u0000\u0001${MALFORMED}\n<html>\n\n`);
  else if (fault?.kind === 'error-event') {
    response.end(`data: ${errorBody(new VendorError(500, 'Simulated error in a stream.'))}\n\n`);
  } else await breakOff(reply);
}

function breaksOff(fault: Fault | null): boolean {
  return fault !== null && ['stall-mid-stream', 'reset-mid-stream', 'cut'].includes(fault.kind);
}

async function breakOff({ response, fault, signal }: Reply): Promise<void> {
  if (fault?.kind === 'stall-mid-stream') {
    await closed(signal);
  } else if (fault?.kind === 'reset-mid-stream') {
    await wait(BEFORE_RESET_MS, undefined, { signal });
    response.socket?.resetAndDestroy();
  } else {
    response.socket?.end();
  }
}

async function closed(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Resolves when more may be written. */
async function write(response: ServerResponse, bytes: string | Buffer): Promise<void> {
  if (response.destroyed) return;
  if (!response.write(bytes)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
}
