/** `/v1/files` and `/v1/batches`, in OpenAI's shape, for the virtual key that asks. */
import { TrimtabError } from '../../core/error.ts';
import { redact } from '../../governance/redact.ts';
import { toErrorBody } from '../../protocols/error-body.ts';
import type { Batch } from '../../store/batches.ts';
import type { StoredFile } from '../../store/files.ts';
import type { ControlDeps } from '../deps.ts';
import { toPublicError } from '../public-error.ts';
import { cancelBatch, createBatch } from './create.ts';
import { readFile } from './file-writer.ts';
import { toBatchObject, toFileObject } from './objects.ts';
import { takeUpload } from './upload.ts';
import { viewBatch, viewBatches } from './views.ts';

export type KeptApi = (keyId: string, request: Request) => Promise<Response>;

interface Asked {
  keyId: string;
  /** From the path; '' where it has none. */
  id: string;
  url: URL;
  request: Request;
  deps: ControlDeps;
}

type Handler = (asked: Asked) => Promise<unknown>;

/** By method and path; `*` stands for an id. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  'POST /v1/files': async ({ deps, keyId, request }) => toFileObject(await takeUpload(deps, keyId, request)),
  'GET /v1/files': listFiles,
  'GET /v1/files/*': async (asked) => toFileObject(await findFile(asked)),
  'DELETE /v1/files/*': removeFile,
  'GET /v1/files/*/content': sendContent,
  'POST /v1/batches': async ({ deps, keyId, request }) =>
    sendBatch(deps, await createBatch(deps, keyId, await readJson(request))),
  'GET /v1/batches': listBatches,
  'GET /v1/batches/*': async (asked) => sendBatch(asked.deps, await findBatch(asked)),
  'POST /v1/batches/*/cancel': async (asked) =>
    sendBatch(asked.deps, await cancelBatch(asked.deps, await findBatch(asked))),
};

const DEFAULT_FILES = 100;
const MAX_FILES = 10_000;
const DEFAULT_BATCHES = 20;
const MAX_BATCHES = 100;

/** Never rejects: whatever goes wrong is an answer. */
export function createKeptApi(deps: ControlDeps): KeptApi {
  return async (keyId, request) => {
    const url = new URL(request.url);
    try {
      const [, , kind = '', id = '', ...more] = url.pathname.split('/');
      const shape = [`/v1/${kind}`, ...(id === '' ? [] : ['*']), ...more].join('/');
      const handler = HANDLERS[`${request.method} ${shape}`];
      if (!handler) return refuse(request.method, shape, url.pathname);
      const answer = await handler({ keyId, id: decode(id), url, request, deps });
      return answer instanceof Response ? answer : Response.json(answer);
    } catch (error) {
      const known = toPublicError(error, { logger: deps.logger, what: 'files and batches' });
      return toErrorResponse(
        known,
        known.retryAfterSeconds === undefined ? {} : { 'retry-after': String(known.retryAfterSeconds) },
      );
    }
  };
}

function toErrorResponse(error: TrimtabError, headers: Record<string, string>): Response {
  return Response.json(toErrorBody(error, redact), { status: error.status, headers });
}

async function listFiles({ deps, keyId, url }: Asked): Promise<unknown> {
  const query = readQuery(url, ['limit', 'after', 'order', 'purpose']);
  const limit = readLimit(query.limit, DEFAULT_FILES, MAX_FILES);
  const order = query.order ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalid('order', '`order` is `asc` or `desc`.');
  const { purpose, after } = query;
  const page = { ...(purpose !== undefined && { purpose }), ...(after !== undefined && { after }) };
  const files = await deps.store.files.list({ keyId, limit: limit + 1, order, ...page });
  return toPage(files.map(toFileObject), limit);
}

async function listBatches({ deps, keyId, url }: Asked): Promise<unknown> {
  const { limit: text, after } = readQuery(url, ['limit', 'after']);
  const limit = readLimit(text, DEFAULT_BATCHES, MAX_BATCHES);
  const page = { keyId, limit: limit + 1, ...(after !== undefined && { after }) };
  const found = await viewBatches(deps.store, await deps.store.batches.list(page));
  return toPage(found.map(toBatchObject), limit);
}

async function sendBatch({ store }: ControlDeps, batch: Batch): Promise<unknown> {
  return toBatchObject(await viewBatch(store, batch));
}

/** One more than the page holds was asked for. */
function toPage(found: { id: string }[], limit: number): unknown {
  const data = found.slice(0, limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: found.length > limit,
  };
}

async function findFile({ deps, keyId, id }: Asked): Promise<StoredFile> {
  const file = await deps.store.files.get(id);
  if (file?.keyId === keyId && file.expiresAt > deps.clock.now()) return file;
  throw new TrimtabError('unknown_id', `This key has no file \`${id.slice(0, 100)}\`.`, { field: 'file_id' });
}

async function findBatch({ deps, keyId, id }: Asked) {
  const batch = await deps.store.batches.get(id);
  if (batch?.keyId === keyId) return batch;
  throw new TrimtabError('unknown_id', `This key has no batch \`${id.slice(0, 100)}\`.`, {
    field: 'batch_id',
  });
}

async function removeFile(asked: Asked): Promise<unknown> {
  const { id } = await findFile(asked);
  await asked.deps.store.files.remove(id);
  return { id, object: 'file', deleted: true };
}

async function sendContent(asked: Asked): Promise<Response> {
  const file = await findFile(asked);
  const chunks = readFile(asked.deps.store.files, file);
  return new Response(ReadableStream.from(chunks) as ReadableStream<Uint8Array>, {
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(file.bytes) },
  });
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    throw new TrimtabError('invalid_json', 'The body is not valid JSON.', { cause });
  }
}

function readQuery(url: URL, known: readonly string[]): Readonly<Record<string, string | undefined>> {
  for (const name of url.searchParams.keys())
    if (!known.includes(name)) throw invalid(name, `There is no query \`${name.slice(0, 100)}\`.`);
  return Object.fromEntries(url.searchParams);
}

function readLimit(text: string | undefined, standard: number, most: number): number {
  if (text === undefined) return standard;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw invalid('limit', `\`limit\` is a whole number from 1 to ${most}.`);
}

function refuse(method: string, shape: string, path: string): Response {
  const allowed = Object.keys(HANDLERS)
    .map((entry) => entry.split(' '))
    .filter(([, known]) => known === shape)
    .map(([name]) => name);
  const shown = path.slice(0, 200);
  if (allowed.length === 0)
    return toErrorResponse(new TrimtabError('not_found', `There is nothing at "${shown}".`), {});
  const text = `"${shown}" takes ${allowed.join(' or ')}, not ${method}.`;
  return toErrorResponse(new TrimtabError('method_not_allowed', text), { allow: allowed.join(', ') });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('invalid_request', message, { field: field.slice(0, 100) });
}
