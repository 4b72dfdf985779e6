/**
 * A real HTTP vendor that speaks both batch APIs: files and batches of the OpenAI wire, and Message Batches. A batch
 * waits until the test says what becomes of it. Live calls are answered, too, and counted apart.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

export interface BatchLineSeen {
  id: string;
  body: Json;
}

export interface VendorBatchSeen {
  id: string;
  wire: 'files' | 'messages';
  lines: BatchLineSeen[];
  metadata: unknown;
  endpoint: string | null;
  status: 'in_progress' | 'completed' | 'failed' | 'expired' | 'cancelling' | 'cancelled';
  createdAt: number;
  inputFile: string | null;
}

/** What becomes of a line: an answer (default), the vendor's error, or nothing. */
export type Fate = 'answer' | { status: number; type: string } | 'undone';

export interface BatchVendor extends AsyncDisposable {
  origin: string;
  readonly batches: VendorBatchSeen[];
  /** Model and first message of live calls. */
  readonly live: Json[];
  /** `method path` of everything but live calls. */
  readonly asked: string[];
  /** Credentials as they came. */
  readonly credentials: Set<string>;
  readonly files: Map<string, string>;
  fate: (line: BatchLineSeen) => Fate;
  /** Creates are made and their answer is cut off; refused with a status; or fail before anything is made. */
  creating: 'ok' | 'cut' | 400 | 429 | 503;
  /** Lets every batch end so. */
  finish(status?: 'completed' | 'failed' | 'expired'): void;
  /** New batches end at once. */
  isPrompt: boolean;
  now: () => number;
  /** Live calls meet a limit. */
  isBusy: boolean;
}

export const BATCH_USAGE = { input: 1_000, output: 200 };

export async function startBatchVendor(): Promise<BatchVendor> {
  const server = createServer((request, response) => {
    void serve(vendor, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const vendor: BatchVendor = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    batches: [],
    live: [],
    asked: [],
    credentials: new Set(),
    files: new Map(),
    fate: () => 'answer',
    creating: 'ok',
    isPrompt: false,
    now: Date.now,
    isBusy: false,
    finish(status = 'completed') {
      for (const batch of vendor.batches) if (batch.status === 'in_progress') batch.status = status;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return vendor;
}

async function serve(vendor: BatchVendor, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const url = new URL(request.url ?? '/', vendor.origin);
  vendor.credentials.add(
    String(request.headers.authorization ?? request.headers['x-api-key'] ?? request.headers['api-key']),
  );
  const path = url.pathname.replace(/^\/openai/, '');
  const isLive = request.method === 'POST' && /\/(chat\/completions|embeddings|messages)$/.test(path);
  if (isLive) {
    const asked = JSON.parse(body) as Json;
    vendor.live.push(asked);
    if (vendor.isBusy) send(response, 429, { error: { message: 'Later.', type: 'rate_limit_error' } });
    else send(response, 200, answerOf(path, asked));
    return;
  }
  vendor.asked.push(`${request.method} ${path}`);
  const [, , kind, id, action] = path.startsWith('/v1/messages/')
    ? path.slice(3).split('/')
    : path.split('/');
  const call = { method: request.method ?? '', id, action, body, url, response };
  if (path.startsWith('/v1/messages/batches')) messagesApi(vendor, call);
  else if (kind === 'files') filesApi(vendor, call);
  else batchesApi(vendor, call);
}

interface Asked {
  method: string;
  id: string | undefined;
  action: string | undefined;
  body: string;
  url: URL;
  response: ServerResponse;
}

function filesApi(vendor: BatchVendor, { method, id = '', action, body, response }: Asked): void {
  if (method === 'POST') {
    const file = `file-${vendor.files.size + 1}`;
    const text = /filename="[^"]+"\r\n[^\r]*\r\n\r\n([\s\S]*?)\r\n--/.exec(body)?.[1] ?? '';
    vendor.files.set(file, text);
    send(response, 200, { id: file, object: 'file', purpose: 'batch' });
  } else if (method === 'DELETE') {
    vendor.files.delete(id);
    send(response, 200, { id, deleted: true });
  } else if (action === 'content' && vendor.files.has(id)) {
    response.end(vendor.files.get(id));
  } else notFound(response);
}

function batchesApi(vendor: BatchVendor, { method, id, action, body, url, response }: Asked): void {
  if (method === 'POST' && id === undefined) {
    const asked = JSON.parse(body) as { input_file_id: string; endpoint: string; metadata: unknown };
    const text = vendor.files.get(asked.input_file_id) ?? '';
    const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Json]));
    for (const { url: called } of lines)
      if (called !== asked.endpoint) throw new Error(`a line calls ${called}, the batch ${asked.endpoint}`);
    const seen = lines.map((line) => ({ id: String(line.custom_id), body: line.body as Json }));
    const { endpoint, metadata, input_file_id: inputFile } = asked;
    create(vendor, response, { wire: 'files', lines: seen, endpoint, metadata, inputFile });
    return;
  }
  if (id === undefined) {
    list(vendor, url, response, 'files');
    return;
  }
  const batch = vendor.batches.find((one) => one.id === id);
  if (!batch) {
    notFound(response);
    return;
  }
  if (action === 'cancel' && batch.status === 'in_progress') batch.status = 'cancelled';
  send(response, 200, toFilesBatch(vendor, batch));
}

function messagesApi(vendor: BatchVendor, { method, id, action, body, url, response }: Asked): void {
  if (method === 'POST' && id === undefined) {
    const { requests } = JSON.parse(body) as { requests: { custom_id: string; params: Json }[] };
    const lines = requests.map(({ custom_id, params }) => ({ id: custom_id, body: params }));
    create(vendor, response, { wire: 'messages', lines, endpoint: null, metadata: null, inputFile: null });
    return;
  }
  if (id === undefined) {
    list(vendor, url, response, 'messages');
    return;
  }
  const at = vendor.batches.findIndex((one) => one.id === id);
  const batch = vendor.batches[at];
  if (!batch) {
    notFound(response);
    return;
  }
  if (method === 'DELETE') {
    send(response, 200, { id, type: 'message_batch_deleted' });
  } else if (action === 'results') {
    response.end(batch.lines.map((line) => JSON.stringify(toMessagesResult(vendor, line))).join('\n'));
  } else {
    if (action === 'cancel' && batch.status === 'in_progress') batch.status = 'cancelled';
    send(response, 200, toMessagesBatch(vendor, batch));
  }
}

function create(
  vendor: BatchVendor,
  response: ServerResponse,
  made: Pick<VendorBatchSeen, 'wire' | 'lines' | 'endpoint' | 'metadata' | 'inputFile'>,
): void {
  const { creating } = vendor;
  if (typeof creating === 'number') {
    send(response, creating, { type: 'error', error: { type: 'refused', message: 'Not now.' } });
    return;
  }
  const batch: VendorBatchSeen = {
    ...made,
    id: `${made.wire === 'files' ? 'batch' : 'msgbatch'}_${vendor.batches.length + 1}`,
    status: vendor.isPrompt ? 'completed' : 'in_progress',
    createdAt: vendor.now(),
  };
  vendor.batches.push(batch);
  if (creating === 'cut') response.destroy();
  else
    send(response, 200, made.wire === 'files' ? toFilesBatch(vendor, batch) : toMessagesBatch(vendor, batch));
}

function list(vendor: BatchVendor, url: URL, response: ServerResponse, wire: VendorBatchSeen['wire']): void {
  const newest = vendor.batches.filter((batch) => batch.wire === wire).reverse();
  const after = url.searchParams.get('after') ?? url.searchParams.get('after_id');
  const from = after === null ? 0 : newest.findIndex(({ id }) => id === after) + 1;
  const page = newest.slice(from, from + 2);
  const data = page.map((batch) =>
    wire === 'files' ? toFilesBatch(vendor, batch) : toMessagesBatch(vendor, batch),
  );
  send(response, 200, { data, has_more: from + 2 < newest.length, last_id: page.at(-1)?.id ?? null });
}

function toFilesBatch(vendor: BatchVendor, batch: VendorBatchSeen): Json {
  const ended = ['completed', 'expired', 'cancelled'].includes(batch.status);
  const fates = batch.lines.map((line) => ({ line, fate: fateOf(vendor, batch, line) }));
  const good = fates.filter(({ fate }) => fate === 'answer');
  const others = fates.filter(({ fate }) => fate !== 'answer');
  const keep = (kind: string, some: typeof fates) => {
    if (!ended || some.length === 0) return null;
    const file = `${batch.id}-${kind}`;
    const text = some.map(({ line, fate }) => JSON.stringify(toFilesResult(batch, line, fate))).join('\n');
    vendor.files.set(file, `${text}\n`);
    return file;
  };
  return {
    id: batch.id,
    object: 'batch',
    status: batch.status,
    endpoint: batch.endpoint,
    metadata: batch.metadata,
    input_file_id: batch.inputFile,
    output_file_id: keep('output', good),
    error_file_id: keep('error', others),
    created_at: Math.floor(batch.createdAt / 1000),
    request_counts: {
      total: batch.lines.length,
      completed: ended ? good.length : Math.floor(batch.lines.length / 2),
      failed: ended ? others.length : 0,
    },
  };
}

/** A batch that did not complete left its second half undone. */
function fateOf(vendor: BatchVendor, batch: VendorBatchSeen, line: BatchLineSeen): Fate {
  const isLate = batch.lines.indexOf(line) >= batch.lines.length / 2;
  if ((batch.status === 'expired' || batch.status === 'cancelled') && isLate) return 'undone';
  return vendor.fate(line);
}

function toFilesResult({ endpoint }: VendorBatchSeen, line: BatchLineSeen, fate: Fate): Json {
  const head = { id: `req-${line.id}`, custom_id: line.id };
  if (fate === 'undone')
    return { ...head, response: null, error: { code: 'batch_expired', message: 'Not done.' } };
  const response =
    fate === 'answer'
      ? { status_code: 200, request_id: 'r', body: answerOf(endpoint ?? '', line.body) }
      : {
          status_code: fate.status,
          request_id: 'r',
          body: { error: { message: 'Refused.', type: fate.type } },
        };
  return { ...head, response, error: null };
}

function toMessagesBatch(vendor: BatchVendor, batch: VendorBatchSeen): Json {
  const ended = batch.status !== 'in_progress';
  const all = batch.lines.length;
  const good = batch.lines.filter((line) => fateOf(vendor, batch, line) === 'answer').length;
  return {
    id: batch.id,
    type: 'message_batch',
    processing_status: ended ? 'ended' : 'in_progress',
    request_counts: {
      processing: ended ? 0 : all,
      succeeded: ended ? good : 0,
      errored: ended ? all - good : 0,
      canceled: 0,
      expired: 0,
    },
    created_at: new Date(batch.createdAt).toISOString(),
    results_url: ended ? `https://vendor.invalid/${batch.id}/results` : null,
  };
}

function toMessagesResult(vendor: BatchVendor, line: BatchLineSeen): Json {
  const batch = vendor.batches.find(({ lines }) => lines.includes(line)) as VendorBatchSeen;
  const fate = fateOf(vendor, batch, line);
  const head = { custom_id: line.id };
  if (fate === 'undone') return { ...head, result: { type: 'expired' } };
  if (fate === 'answer')
    return { ...head, result: { type: 'succeeded', message: answerOf('/v1/messages', line.body) } };
  const error = { type: 'error', error: { type: fate.type, message: 'Refused.' } };
  return { ...head, result: { type: 'errored', error } };
}

function answerOf(path: string, { model, messages }: Json): Json {
  const text = `Answer to ${textOf(((messages ?? []) as Json[])[0]?.content)}`;
  const { input, output } = BATCH_USAGE;
  if (path.endsWith('/embeddings'))
    return { object: 'list', data: [], model, usage: { prompt_tokens: input, total_tokens: input } };
  if (path.endsWith('/messages'))
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: input, output_tokens: output },
    };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : String((content as Json[] | undefined)?.[0]?.text);
}

function notFound(response: ServerResponse): void {
  send(response, 404, { error: { message: 'No such thing.', type: 'invalid_request_error' } });
}

function send(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
