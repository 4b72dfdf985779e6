/**
 * The listening socket. It collects a request's body within limits and hands it on: `/v1` to the gateway, the two
 * probes to itself, everything else to the control plane. Off `node:http` nothing in the gateway knows of sockets.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { TrimtabError } from '../core/error.ts';
import type { Logger } from '../core/log.ts';
import { redact } from '../governance/redact.ts';
import { encodeError } from '../protocols/error-body.ts';
import { DEFAULT_SHUTDOWN } from '../stack/shutdown.ts';
import type { ShutdownConfig } from '../stack/stack.ts';
import type { Gateway, GatewayRequest, GatewayResponse } from './gateway.ts';
import { isCallPath, sendError } from './routes.ts';

export interface ServerOptions {
  gateway: Gateway;
  /** Takes every request that is not `/v1`, `/healthz` or `/readyz`. */
  forward: (request: GatewayRequest & { url: string }, response: GatewayResponse) => void;
  host: string;
  /** 0: any free port. */
  port: number;
  limits: ServerLimits;
  logger: Logger;
}

export interface ServerLimits {
  /** Largest request body, bytes. */
  maxBodyBytes: number;
  /** Largest request line and headers together, bytes. */
  maxHeaderBytes: number;
  /** A request must be here whole within this time. Default 60,000. */
  bodyMs?: number;
  /** What {@link TrimtabServer.close} waits for. Default: `DEFAULT_SHUTDOWN`. */
  shutdown?: ShutdownConfig;
}

export interface TrimtabServer {
  url: string;
  /**
   * `/readyz` fails at once. It listens on: calls that still come are answered, with an error once the notice is over.
   * When those under way have ended or were cut, it closes.
   */
  close(): Promise<void>;
}

const BODY_MS = 60_000;
/** The last bytes of answers have this long to leave, once every call is over. */
const FLUSH_MS = 1_000;
const FLUSH_CHECK_MS = 10;
/** Idle client connections are kept this long: longer than load balancers do, so that the balancer closes first. */
const KEEP_ALIVE_MS = 75_000;
const TIMEOUT_CHECK_MS = 1_000;
const NO_BODY = Buffer.alloc(0);

/** Listens. Rejects with address_unavailable when the port is taken. */
export async function startServer(options: ServerOptions): Promise<TrimtabServer> {
  const { limits, host, port, gateway } = options;
  const bodyMs = limits.bodyMs ?? BODY_MS;
  const serving = { ...options, closing: false };
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: bodyMs,
      // The time of a body is kept in `collect` and `watchUpload`: a large upload may take longer than others.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, bodyMs),
      noDelay: true,
      // Node would answer with an empty body; `receive` answers in the shape of every other error.
      requireHostHeader: false,
    },
    (request, response) => receive(serving, request, response),
  );
  server.on('checkExpectation', (request, response) => {
    const text = 'No `expect` but 100-continue is met here.';
    refuse(new TrimtabError('unsupported_expectation', text), request, response);
  });
  server.on('clientError', refuseConnection);
  await listen(server, host, port);
  const { address, port: actual, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`,
    async close() {
      serving.closing = true;
      await gateway.drain(limits.shutdown ?? DEFAULT_SHUTDOWN);
      await stopListening(server);
    },
  };
}

interface ServingOptions extends ServerOptions {
  closing: boolean;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'another process listens there' : (error.code ?? error.message);
      reject(
        new TrimtabError('address_unavailable', `Cannot listen on ${host}:${port}: ${reason}.`, {
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

async function stopListening(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // A connection kept alive is idle only after the last bytes of its answer have left.
  const check = setInterval(() => server.closeIdleConnections(), FLUSH_CHECK_MS);
  const last = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
  await closed;
  clearInterval(check);
  clearTimeout(last);
}

function receive(options: ServingOptions, request: IncomingMessage, response: ServerResponse): void {
  // RFC 9112 3.2 wants a server to refuse it.
  if (request.headers.host === undefined && request.httpVersion === '1.1') {
    const text = 'The request has no `host` header.';
    refuse(new TrimtabError('invalid_request', text, { field: 'host' }), request, response);
    return;
  }
  const out = new NodeResponse(response, options.closing);
  const url = request.url ?? '/';
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  if (path === '/healthz' || path === '/readyz') {
    request.resume();
    const ready = path === '/healthz' || (!options.closing && options.gateway.takesCalls());
    sendProbe(out, ready);
    return;
  }
  const method = request.method ?? 'GET';
  const query = question < 0 ? '' : url.slice(question + 1);
  const { headers } = request;
  const isCall = isCallPath(path);
  const bodyMs = options.limits.bodyMs ?? BODY_MS;
  if (isCall && hasBody(headers) && options.gateway.streamsBody({ method, path, headers })) {
    watchUpload(request, bodyMs);
    options.gateway.handle({ method, path, query, headers, body: NO_BODY, upload: request }, out);
    return;
  }
  collect(request, { maxBytes: options.limits.maxBodyBytes, bodyMs }, (body, error) => {
    if (error) {
      response.shouldKeepAlive = false;
      sendError(out, error, { redact, path });
      return;
    }
    if (isCall) options.gateway.handle({ method, path, query, headers, body }, out);
    else options.forward({ method, path, headers, body, url }, out);
  });
}

/** RFC 9112 6.3: without a length and without an encoding there is none. */
function hasBody({ 'content-length': length, 'transfer-encoding': encoding }: IncomingHttpHeaders): boolean {
  return encoding !== undefined || (length !== undefined && length !== '0');
}

/** Answers a request that is not taken further; its body is read past, so that the client sees the answer. */
function refuse(error: TrimtabError, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  response.shouldKeepAlive = false;
  sendError(new NodeResponse(response, true), error, { redact });
}

function sendProbe(response: GatewayResponse, ready: boolean): void {
  response.head(ready ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(Buffer.from(ready ? 'ok\n' : 'takes no calls\n'));
}

type Collected = (body: Buffer, error: TrimtabError | null) => void;

/** Reads the body up to the limit. What is too large by its own word is refused before it is read. */
function collect(
  request: IncomingMessage,
  { maxBytes, bodyMs }: { maxBytes: number; bodyMs: number },
  done: Collected,
): void {
  const refuseBody = (error: TrimtabError): void => {
    clearTimeout(timer);
    request.removeAllListeners('data');
    request.removeAllListeners('end');
    // Read on without keeping, so that the client sees the answer instead of a reset; not for longer than that.
    request.resume();
    watchUpload(request, bodyMs);
    done(NO_BODY, error);
  };
  const tooLarge = (): void =>
    refuseBody(new TrimtabError('body_too_large', `The body is larger than ${maxBytes} bytes.`));
  const timer = setTimeout(
    () => refuseBody(new TrimtabError('body_timeout', 'The request did not arrive in time.')),
    bodyMs,
  );
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > maxBytes) {
    tooLarge();
    return;
  }
  let first: Buffer | null = null;
  let more: Buffer[] | null = null;
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) tooLarge();
    else if (!first) first = chunk;
    else if (more) more.push(chunk);
    else more = [first, chunk];
  });
  request.on('end', () => {
    clearTimeout(timer);
    done(more ? Buffer.concat(more, size) : (first ?? NO_BODY), null);
  });
  request.on('close', () => clearTimeout(timer));
}

/** Drops the connection of an upload that stands still for `idleMs`. */
function watchUpload(request: IncomingMessage, idleMs: number): void {
  const { socket } = request;
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    if (request.complete) clearInterval(timer);
    else if (socket.bytesRead === seen) socket.destroy();
    seen = socket.bytesRead;
  }, idleMs);
  timer.unref();
  request.on('close', () => clearInterval(timer));
  request.on('end', () => clearInterval(timer));
}

/** A response on a socket. Head and first bytes go out in one write. */
class NodeResponse implements GatewayResponse {
  readonly #response: ServerResponse;
  readonly #closing: boolean;

  constructor(response: ServerResponse, closing: boolean) {
    this.#response = response;
    this.#closing = closing;
  }

  head(status: number, headers: Record<string, string>): void {
    if (this.#closing) headers.connection = 'close';
    this.#response.writeHead(status, headers);
  }

  write(bytes: Buffer): boolean {
    return this.#response.write(bytes);
  }

  end(bytes?: Buffer): void {
    this.#response.end(bytes);
  }

  cut(): void {
    this.#response.destroy();
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  onClientLeft(listener: () => void): void {
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) listener();
    });
  }
}

/** What node's parser refuses, or gives up waiting for, before there is a request: answered on the bare socket. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code ?? '');
  const body = encodeError(refusal, redact);
  socket.end(
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? 'Bad Request'}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`,
  );
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function refusalOf(code: string): TrimtabError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new TrimtabError('headers_too_large', 'The request headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new TrimtabError('body_timeout', 'The request did not arrive in time.');
  }
  return new TrimtabError('invalid_request', 'The request is not valid HTTP.');
}
