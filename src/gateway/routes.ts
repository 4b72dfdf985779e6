/** What stands where under `/v1`. */
import { TrimtabError } from '../core/error.ts';
import type { Protocol } from '../core/protocol.ts';
import type { Redact } from '../governance/redact.ts';
import { toTrimtabError } from '../protocols/error-body.ts';
import { codecAt } from '../protocols/index.ts';
import { parseObject } from '../protocols/request.ts';
import type { KeySnapshot } from '../stack/stack.ts';
import { countTokens } from './count-tokens.ts';
import type { GatewayRequest, GatewayResponse } from './gateway.ts';
import { isKept, serveKept, streamsBody as streamsKept } from './kept.ts';
import { findModel, listModels } from './models.ts';
import {
  belowProvider,
  decodeName,
  findOperation,
  isBelowProvider,
  methodsOfOperations,
  streamsOperation,
} from './pass-through/find.ts';
import { servePassThrough } from './pass-through/serve.ts';
import { serveCall } from './pipeline.ts';
import { serveResponse } from './responses.ts';
import { checkBody } from './stages/admit.ts';
import type { GatewayState } from './state.ts';

const CALLS: ReadonlyMap<string, Protocol> = new Map([
  ['/v1/chat/completions', 'chat'],
  ['/v1/embeddings', 'embeddings'],
  ['/v1/messages', 'messages'],
  ['/v1/responses', 'responses'],
]);
const COUNT_TOKENS = '/v1/messages/count_tokens';
const MODELS = '/v1/models';
const FEEDBACK = '/v1/feedback';

/** Whether a path is an app's, not the control plane's. */
export function isCallPath(path: string): boolean {
  return path.startsWith('/v1/') || path === '/v1' || isBelowProvider(path);
}

/** @see Gateway.streamsBody */
export function streamsBody(request: Pick<GatewayRequest, 'method' | 'path' | 'headers'>): boolean {
  const { method, path } = request;
  return !CALLS.has(path) && (streamsKept(method, path) || streamsOperation(request));
}

/** The protocol of the calls at a path; `undefined`: no call is made there. */
export function protocolAt(path: string): Protocol | undefined {
  return CALLS.get(path);
}

/** Sends a request to its place. Never throws. */
export function route(state: GatewayState, incoming: GatewayRequest, response: GatewayResponse): void {
  const request = belowProvider(incoming);
  const isBelow = request.provider !== undefined;
  const protocol = CALLS.get(request.path);
  if (protocol === 'responses' && request.method === 'POST' && state.options.responses && !isBelow) {
    const refuse = (thrown: unknown) =>
      sendError(response, logged(state, thrown), { ...state.serving, path: request.path });
    serveResponse(state, { request, response, kept: state.options.responses, refuse });
    return;
  }
  if (protocol !== undefined && request.method === 'POST') {
    serveCall(state, protocol, { request, response });
    return;
  }
  if (request.path === COUNT_TOKENS && request.method === 'POST') {
    countTokens(state, { request, response });
    return;
  }
  const operation = findOperation(state, request);
  if (operation) {
    servePassThrough(state, operation, { request, response });
    return;
  }
  try {
    if (!isBelow && isKept(state, request)) serveKept(state, request, response);
    else if (request.method === 'OPTIONS') answerOptions(request, response);
    else serveOther(state, request, response);
  } catch (thrown) {
    request.upload?.resume();
    sendError(response, logged(state, thrown), { ...state.serving, path: request.path });
  }
}

function serveOther(state: GatewayState, request: GatewayRequest, response: GatewayResponse): void {
  const allowed = methodsOf(request);
  if (!allowed) throw new TrimtabError('not_found', `There is nothing at "${request.path.slice(0, 200)}".`);
  if (!allowed.includes(request.method)) {
    const error = new TrimtabError(
      'method_not_allowed',
      `"${request.path.slice(0, 200)}" takes ${allowed.join(' or ')}, not ${request.method}.`,
    );
    sendError(response, error, {
      ...state.serving,
      path: request.path,
      headers: { allow: allowed.join(', ') },
    });
    return;
  }
  const key = state.serving.keyring.authenticate(request.headers);
  if (request.path === FEEDBACK) takeFeedback(state, key, { request, response });
  else sendModels(state, key, { request, response });
}

function sendModels(state: GatewayState, key: KeySnapshot, { request, response }: Exchange): void {
  const headOnly = request.method === 'HEAD';
  if (request.path === MODELS) {
    sendJson(response, { status: 200, body: { object: 'list', data: listModels(state, key) }, headOnly });
    return;
  }
  const id = decodeName(request.path.slice(MODELS.length + 1));
  sendJson(response, { status: 200, body: findModel(state, key, id), headOnly });
}

function takeFeedback(state: GatewayState, key: KeySnapshot, { request, response }: Exchange): void {
  checkBody(state, request);
  state.options.feedback(key.id, parseObject(request.body)).then(
    ({ status, body }) => sendJson(response, { status, body }),
    (thrown: unknown) => sendError(response, logged(state, thrown), state.serving),
  );
}

interface Exchange {
  request: GatewayRequest;
  response: GatewayResponse;
}

function methodsOf(request: GatewayRequest): string[] | undefined {
  const { path, provider } = request;
  if (CALLS.has(path) || path === COUNT_TOKENS) return ['POST'];
  const own = methodsOfOperations(request);
  if (own.length > 0) return own;
  if (provider !== undefined) return undefined;
  if (path === FEEDBACK) return ['POST'];
  if (path === MODELS || (path.startsWith(`${MODELS}/`) && path.length > MODELS.length + 1))
    return ['GET', 'HEAD'];
  return undefined;
}

/** No page of another origin may call: browsers get no CORS headers, so a preflight ends here. */
function answerOptions(request: GatewayRequest, response: GatewayResponse): void {
  const allowed = methodsOf(request);
  if (!allowed) throw new TrimtabError('not_found', `There is nothing at "${request.path.slice(0, 200)}".`);
  response.head(204, { allow: [...allowed, 'OPTIONS'].join(', ') });
  response.end();
}

function logged(state: GatewayState, thrown: unknown): TrimtabError {
  const error = toTrimtabError(thrown);
  if (error.code === 'internal') {
    const cause = error.cause instanceof Error ? error.cause.stack : String(error.cause);
    state.options.logger.error({ cause }, 'A request met a fault in Trimtab');
  }
  return error;
}

interface JsonReply {
  status: number;
  body: unknown;
  headOnly?: boolean;
}

function sendJson(response: GatewayResponse, { status, body, headOnly }: JsonReply): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.head(status, { 'content-type': 'application/json', 'content-length': String(bytes.length) });
  response.end(headOnly ? undefined : bytes);
}

export interface ErrorSending {
  redact: Redact;
  /** Its protocol decides the shape of the error. Default: the OpenAI one. */
  path?: string;
  headers?: Record<string, string>;
}

/** An error outside a call, in the shape of the protocol at its path. */
export function sendError(response: GatewayResponse, error: TrimtabError, sending: ErrorSending): void {
  const body = codecAt(sending.path ?? '').encodeError(error, sending.redact);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...sending.headers,
  };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  response.head(error.status, headers);
  response.end(body);
}
