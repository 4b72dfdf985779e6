/**
 * The sandbox vendor: a simulated vendor that speaks OpenAI's protocol over real HTTP. `POST /v1/chat/completions`
 * (plain, streamed), `POST /v1/embeddings`, `GET /v1/models`. Models: `small`, `large`, `embed`.
 *
 * The same request gets the same text and usage, plain or streamed; only latency and `probability` vary from call to
 * call. Any key, or none, is taken. Unknown members are ignored.
 *
 * How a request is served is scripted by its member `sandbox`, or shorter by the model's name (`small!cut`,
 * `large!status-503`, `small!cut-5`):
 *
 * - `timeScale`: multiplies every duration; 0 answers at once. Default: header `x-sandbox-time-scale`, else 1.
 * - `outputTokens`: makes the text exactly this long.
 * - `fault`: what goes wrong, with `probability` (default 1) and
 *   - `status`: answers with `status` (default 503) and, if given, `retryAfter` seconds
 *   - `stall-headers`: never answers
 *   - `stall-mid-stream`: falls silent after `after` tokens (default 3); plain: after half of the body
 *   - `reset`: resets the connection before headers; `reset-mid-stream`: after `after` tokens, plain: mid-body
 *   - `cut`: closes the connection after `after` tokens without `[DONE]`; plain: mid-body
 *   - `malformed-sse`, `malformed-json`: bytes that are not the protocol after `after` tokens; plain: as the body
 *   - `error-body-200`: status 200 with an error body; `error-event`: an error event after `after` tokens
 *   - `wrong-content-type`: an HTML page with status 200
 *   - `slow`: waits `ms` (default 5000) more before headers
 *   - `omit-usage`: a good answer without usage
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { answerChat } from './chat-answer.ts';
import { completionBody, streamEvents, toReplyHead } from './chat-encode.ts';
import { CHAT_MODELS, isRecord, parseChatRequest } from './chat-request.ts';
import { embeddingsAnswer, parseEmbeddingsRequest } from './embeddings.ts';
import { readScript } from './fault.ts';
import { drawEmbeddingMs, drawLatency } from './latency.ts';
import type { Reply } from './reply.ts';
import { failBefore, sendJson, sendPlain, sendStream } from './reply.ts';
import { createRandom, hash32 } from './text.ts';
import { errorBody, VendorError } from './vendor-error.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const EMBEDDING_MODEL = 'embed';

/** The server, not listening yet. */
export function createVendorServer(): Server {
  let calls = 0;
  const server = createServer((request, response) => {
    serve(request, response, calls++).catch((error: unknown) => answerError(response, error));
  });
  server.keepAliveTimeout = 65_000;
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, call: number): Promise<void> {
  response.setHeader('x-request-id', `req_sandbox_${call}`);
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path === '/v1/models' || path.startsWith('/v1/models/')) return answerModels(path, request, response);
  if (path !== '/v1/chat/completions' && path !== '/v1/embeddings') {
    throw new VendorError(404, `Unknown request URL: ${request.method} ${path}.`, { code: 'unknown_url' });
  }
  if (request.method !== 'POST') throw new VendorError(405, `Not allowed to ${request.method} on ${path}.`);
  const raw = await readBody(request);
  const body = parseBody(raw);
  if (typeof body.model !== 'string' || body.model === '') {
    throw new VendorError(400, 'You must provide a model parameter.', { param: 'model' });
  }
  const script = readScript(body, Number(request.headers['x-sandbox-time-scale'] ?? 1) || 0);
  const random = createRandom(hash32(raw, call));
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const fault = script.fault && random() < script.fault.probability ? script.fault : null;
  const reply: Reply = { response, fault, signal: gone.signal };
  const served = path.endsWith('embeddings')
    ? serveEmbeddings(body, reply, () => drawEmbeddingMs(random, script.timeScale))
    : serveChat(body, reply, { ...script, random });
  await served.catch((error: unknown) => {
    if (!gone.signal.aborted) throw error;
  });
}

async function serveChat(
  body: Record<string, unknown>,
  reply: Reply,
  script: { model: string; timeScale: number; outputTokens: number | null; random: () => number },
): Promise<void> {
  const model = CHAT_MODELS.find((name) => name === script.model);
  if (!model) throw unknownModel(script.model);
  const request = parseChatRequest(body, model);
  const answer = answerChat(request, script.outputTokens);
  const latency = drawLatency(model, script.random, script.timeScale);
  if (await failBefore(reply)) return;
  const head = toReplyHead(model, { withUsage: reply.fault?.kind !== 'omit-usage', created: Date.now() });
  if (request.stream) {
    await sendStream(reply, streamEvents(answer, head, request.includeUsage), latency);
    return;
  }
  const longest = Math.max(...answer.choices.map((choice) => choice.text.length), 1);
  await pause(latency.ttftMs + latency.interTokenMs * (longest - 1), reply.signal);
  await sendPlain(reply, completionBody(answer, head));
}

async function serveEmbeddings(
  body: Record<string, unknown>,
  reply: Reply,
  drawMs: () => number,
): Promise<void> {
  const model = String(body.model).split('!')[0] ?? '';
  if (model !== EMBEDDING_MODEL) throw unknownModel(model);
  const answer = embeddingsAnswer(parseEmbeddingsRequest(body), model);
  if (await failBefore(reply)) return;
  await pause(drawMs(), reply.signal);
  const { usage, ...unmetered } = answer;
  await sendPlain(
    reply,
    JSON.stringify(reply.fault?.kind === 'omit-usage' ? unmetered : { ...unmetered, usage }),
  );
}

function answerModels(path: string, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET') throw new VendorError(405, `Not allowed to ${request.method} on ${path}.`);
  const toModel = (id: string) => ({ id, object: 'model', created: 1_767_225_600, owned_by: 'sandbox' });
  const names = [...CHAT_MODELS, EMBEDDING_MODEL];
  const asked = decodeURIComponent(path.slice('/v1/models/'.length));
  if (asked !== '' && !names.some((name) => name === asked)) throw unknownModel(asked);
  const answer = asked === '' ? { object: 'list', data: names.map(toModel) } : toModel(asked);
  sendJson(response, 200, JSON.stringify(answer));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new VendorError(413, 'The request body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(raw: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    throw new VendorError(400, 'We could not parse the JSON body of your request.');
  }
  if (!isRecord(body)) throw new VendorError(400, 'The JSON body of your request must be an object.');
  return body;
}

function unknownModel(model: string): VendorError {
  return new VendorError(404, `The model '${model}' does not exist.`, {
    param: 'model',
    code: 'model_not_found',
  });
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known =
    error instanceof VendorError
      ? error
      : new VendorError(500, 'The server had an error processing your request.');
  sendJson(response, known.status, errorBody(known));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, undefined, { signal });
}
