/** A real HTTP vendor on a free port, for tests: it answers as told, faults included, and remembers what it was sent. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import type { TestContext } from 'vitest';

export type Fault =
  | 'status-400'
  | 'status-401'
  | 'status-429'
  | 'status-500'
  | 'status-503'
  | 'stall-before-headers'
  | 'stall-after-headers'
  | 'stall-mid-body'
  | 'reset-before-headers'
  | 'reset-mid-body'
  | 'cut'
  | 'malformed'
  | 'error-body'
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

export const USAGE = { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 };

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
    const closed = new Promise<boolean>((resolve) => {
      response.on('close', () => resolve(response.writableFinished));
    });
    const body = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const call = { path: request.url ?? '', headers: request.headers, bytes, body, closed };
    upstream.calls.push(call);
    waiting.shift()?.(call);
    if (upstream.answer) upstream.answer(call, response);
    else if (body.stream === true) await answerStream(upstream, call, response);
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

export function chatAnswer(upstream: Pick<Upstream, 'words'>, model: unknown): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [
      { index: 0, message: { role: 'assistant', content: upstream.words.join('') }, finish_reason: 'stop' },
    ],
    usage: USAGE,
  };
}

/** Returns true when the fault has taken the answer over. */
function failEarly(fault: Fault | null, response: ServerResponse): boolean {
  if (fault?.startsWith('status-')) {
    const status = Number(fault.slice('status-'.length));
    const error = {
      message: `the vendor says ${status}`,
      type: 'vendor_type',
      param: null,
      code: 'vendor_code',
    };
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 429 && { 'retry-after': '7' }),
    });
    response.end(JSON.stringify({ error }));
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
  if (failEarly(fault, response)) return;
  const isEmbedding = call.path.endsWith('/embeddings');
  const answer = isEmbedding
    ? {
        object: 'list',
        model: call.body.model,
        data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }],
        usage: { prompt_tokens: 8, total_tokens: 8 },
      }
    : chatAnswer(upstream, call.body.model);
  let text = JSON.stringify(answer);
  if (fault === 'malformed') text = '{"id":"chatcmpl-1","choices":[';
  if (fault === 'error-body')
    text = '{"error":{"message":"the vendor failed","type":"server_error","code":"oops"}}';
  if (fault === 'wrong-type') text = '<html>Bad gateway</html>';
  if (fault === 'empty') text = '';
  if (fault === 'oversized') text = JSON.stringify({ ...answer, padding: 'x'.repeat(300_000) });
  const isHtml = fault === 'wrong-type';
  response.setHeader('content-type', isHtml ? 'text/html' : 'application/json');
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

async function answerStream(upstream: Upstream, call: UpstreamCall, response: ServerResponse): Promise<void> {
  const { fault } = upstream;
  if (failEarly(fault, response)) return;
  response.writeHead(200, {
    'content-type': fault === 'wrong-type' ? 'text/html' : 'text/event-stream',
    'x-request-id': 'req_vendor',
  });
  if (fault === 'stall-after-headers') {
    response.flushHeaders();
    return;
  }
  if (fault === 'wrong-type' || fault === 'empty') {
    response.end(fault === 'empty' ? '' : '<html>Bad gateway</html>');
    return;
  }
  const event = (data: unknown): string =>
    `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
  const chunk = (delta: unknown, finish: string | null = null): string =>
    event({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model: call.body.model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  response.write(chunk({ role: 'assistant', content: '' }));
  if (fault === 'error-body') {
    response.end(event({ error: { message: 'the vendor failed', type: 'server_error', code: 'oops' } }));
    return;
  }
  if (fault === 'oversized') {
    response.write(`data: ${'x'.repeat(300_000)}`);
    response.end();
    return;
  }
  for (const [index, word] of upstream.words.entries()) {
    await upstream.between?.(index);
    if (response.destroyed) return;
    if (fault !== null && index === 2) {
      if (fault === 'reset-mid-body')
        return void response.write('', () => response.socket?.resetAndDestroy());
      if (fault === 'cut') return void response.end();
      if (fault === 'malformed') return void response.end('data: {"choices": [\n\n');
      if (fault === 'stall-mid-body') return;
    }
    if (!response.write(chunk({ content: word })) && !response.destroyed) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          response.off('drain', go).off('close', go);
          resolve();
        };
        response.on('drain', go).on('close', go);
      });
    }
  }
  response.write(chunk({}, 'stop'));
  const options = call.body.stream_options as { include_usage?: boolean } | undefined;
  if (options?.include_usage)
    response.write(
      event({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1_790_000_000,
        model: call.body.model,
        choices: [],
        usage: USAGE,
      }),
    );
  response.write(event('[DONE]'));
  if (fault !== 'endless') response.end();
}
