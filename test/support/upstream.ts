/** A real HTTP vendor on a free port, for tests: it answers as told, faults included, and remembers what it was sent. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { TestContext } from 'vitest';
import { type Said, type Wire, wireAt } from './wires.ts';

export { USAGE } from './wires.ts';

export type Fault =
  | 'status-400'
  | 'context-length'
  | 'status-401'
  /** With `retry-after`. */
  | 'status-429'
  | 'status-429-bare'
  | 'status-500'
  | 'status-503'
  | 'status-529'
  | 'stall-before-headers'
  | 'stall-after-headers'
  | 'stall-mid-body'
  | 'reset-before-headers'
  | 'reset-mid-body'
  | 'cut'
  /** An event, or a body, that is not JSON. */
  | 'malformed'
  /** Bytes that are no events; instead of a plain answer, events. */
  | 'not-events'
  /** An error with status 200: the body, or the first event. */
  | 'error-body'
  /** An error event among the words of a stream. */
  | 'error-event'
  | 'wrong-type'
  | 'empty'
  | 'oversized'
  | 'endless';

export interface UpstreamCall {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  body: Record<string, unknown>;
  /** Resolves when the connection or answer is over: true if the answer was sent whole. */
  closed: Promise<boolean>;
}

export interface Upstream {
  /** `http://127.0.0.1:port/v1` */
  baseUrl: string;
  readonly calls: UpstreamCall[];
  /** The fault of every call from now on; `null`: none. */
  fault: Fault | null;
  /** Words of the answer. */
  words: string[];
  /** Called between two events of a stream; the stream waits for it. */
  between: ((index: number) => Promise<void> | void) | null;
  /** Replaces the answer altogether. */
  answer: ((call: UpstreamCall, response: ServerResponse) => void) | null;
  /** The call after those already seen. */
  nextCall(): Promise<UpstreamCall>;
}

/** Starts one, and stops it when the test is over. */
export async function startUpstream(onTestFinished: TestContext['onTestFinished']): Promise<Upstream> {
  const waiting: ((call: UpstreamCall) => void)[] = [];
  const server = createServer((request, response) => {
    void receive(request, response);
  });
  const upstream: Upstream = {
    baseUrl: '',
    calls: [],
    fault: null,
    words: ['The', ' quick', ' brown', ' fox', '.'],
    between: null,
    answer: null,
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
  };

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    // What a server asks beside its calls, such as an engine's metrics: not here.
    if (bytes.length === 0) {
      response.writeHead(404).end();
      return;
    }
    const closed = new Promise<boolean>((resolve) => {
      response.on('close', () => resolve(response.writableFinished));
    });
    const body = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const call = { path: request.url ?? '', headers: request.headers, bytes, body, closed };
    upstream.calls.push(call);
    waiting.shift()?.(call);
    if (upstream.answer) upstream.answer(call, response);
    else if (body.stream === true || wireAt(call.path).streams?.(call.path))
      await answerStream(upstream, call, response);
    else answerPlain(upstream, call, response);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstream.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  onTestFinished(() => stop(server));
  return upstream;
}

/** An address where nothing listens. */
export async function closedPort(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/v1`;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Larger than any provider holds of one event. */
const OVERSIZED_EVENT_BYTES = 33 * 1024 * 1024;

export function chatAnswer(upstream: Pick<Upstream, 'words'>, model: unknown): Record<string, unknown> {
  return wireAt('/chat/completions').plain({ words: upstream.words, model });
}

/** Returns true when the fault has taken the answer over. */
function failEarly(fault: Fault | null, wire: Wire, response: ServerResponse): boolean {
  if (fault?.startsWith('status-') || fault === 'context-length') {
    const status = fault === 'context-length' ? 400 : Number(/\d+/.exec(fault)?.[0]);
    const body =
      fault === 'context-length'
        ? wire.errorBody('the prompt is longer than the context of this model', 'context_length_exceeded')
        : wire.errorBody(`the vendor says ${status}`, 'vendor_code');
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(fault === 'status-429' && { 'retry-after': '7' }),
    });
    response.end(JSON.stringify(body));
    return true;
  }
  if (fault === 'reset-before-headers') {
    response.socket?.resetAndDestroy();
    return true;
  }
  return fault === 'stall-before-headers';
}

function answerPlain(upstream: Upstream, call: UpstreamCall, response: ServerResponse): void {
  const { fault } = upstream;
  const wire = wireAt(call.path);
  if (failEarly(fault, wire, response)) return;
  const said: Said = { words: upstream.words, model: call.body.model };
  const isEmbedding = call.path.endsWith('/embeddings');
  const answer = isEmbedding
    ? {
        object: 'list',
        model: call.body.model,
        data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }],
        usage: { prompt_tokens: 8, total_tokens: 8 },
      }
    : wire.plain(said);
  let text = JSON.stringify(answer);
  if (fault === 'malformed') text = text.slice(0, 30);
  if (fault === 'not-events') text = wire.opening(said);
  if (fault === 'error-body') text = JSON.stringify(wire.errorBody('the vendor failed', 'server_error'));
  if (fault === 'wrong-type') text = '<html>Bad gateway</html>';
  if (fault === 'empty') text = '';
  if (fault === 'oversized') text = JSON.stringify({ ...answer, padding: 'x'.repeat(300_000) });
  response.setHeader('content-type', contentType(fault));
  response.setHeader('x-request-id', 'req_vendor');
  response.setHeader('x-ratelimit-remaining-requests', '99');
  response.setHeader('set-cookie', 'vendor=1');
  if (fault === 'stall-after-headers') {
    response.flushHeaders();
  } else if (
    fault === 'stall-mid-body' ||
    fault === 'reset-mid-body' ||
    fault === 'cut' ||
    fault === 'endless'
  ) {
    response.setHeader('content-length', String(Buffer.byteLength(text)));
    response.write(text.slice(0, 40), () => {
      if (fault === 'reset-mid-body') response.socket?.resetAndDestroy();
      if (fault === 'cut') response.socket?.end();
    });
  } else {
    response.end(text);
  }
}

function contentType(fault: Fault | null): string {
  if (fault === 'wrong-type') return 'text/html';
  return fault === 'not-events' ? 'text/event-stream' : 'application/json';
}

async function answerStream(upstream: Upstream, call: UpstreamCall, response: ServerResponse): Promise<void> {
  const { fault } = upstream;
  const wire = wireAt(call.path);
  if (failEarly(fault, wire, response)) return;
  const said: Said = { words: upstream.words, model: call.body.model };
  response.writeHead(200, {
    'content-type': fault === 'wrong-type' ? 'text/html' : 'text/event-stream',
    'x-request-id': 'req_vendor',
  });
  if (fault === 'wrong-type' || fault === 'empty') {
    response.end(fault === 'empty' ? '' : '<html>Bad gateway</html>');
    return;
  }
  response.write(wire.opening(said));
  if (fault === 'stall-after-headers') return;
  if (fault === 'error-body') {
    response.end(wire.errorEvent('the vendor failed', 'server_error'));
    return;
  }
  if (fault === 'oversized') {
    response.write(`data: ${'x'.repeat(OVERSIZED_EVENT_BYTES)}`);
    return;
  }
  for (const index of said.words.keys()) {
    await upstream.between?.(index);
    if (response.destroyed) return;
    if (index === 2 && breakOff(fault, wire, response)) return;
    if (!response.write(wire.word(said, index)) && !response.destroyed) await drained(response);
  }
  const options = call.body.stream_options as { include_usage?: boolean } | undefined;
  response.write(wire.closing(said, options?.include_usage === true));
  if (fault !== 'endless') response.end();
}

/** Faults among the words. Returns true when the fault has taken the answer over. */
function breakOff(fault: Fault | null, wire: Wire, response: ServerResponse): boolean {
  switch (fault) {
    case 'reset-mid-body':
      response.write('', () => response.socket?.resetAndDestroy());
      return true;
    case 'cut':
      response.end();
      return true;
    case 'malformed':
      response.end('data: {"choices": [\n\n');
      return true;
    case 'not-events':
      response.end('HTTP/1.1 502 Bad Gateway\n\n');
      return true;
    case 'error-event':
      response.end(wire.errorEvent('the vendor failed', 'server_error'));
      return true;
    default:
      return fault === 'stall-mid-body';
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
