/** Entry of the control thread. Speaks `link.ts` with `host.ts` in the gateway thread and runs {@link createControl}. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { LogFields, Logger } from '../core/log.ts';
import { type Control, createControl } from './control.ts';
import { createLineCalls } from './line-calls.ts';
import type { ControlOptions, FromControl, ToControl } from './link.ts';
import { createAssets } from './static.ts';
import { ReceivedUpload, SendWindow } from './transfer-window.ts';

type RequestMessage = Extract<ToControl, { type: 'request' }>;

/** Content types of answers that are sent part by part. */
const STREAMED: ReadonlySet<string> = new Set(['text/event-stream', 'application/octet-stream']);
const SPOOL_REPORT_EVERY_MS = 1_000;
/** Requests reach the app by message; this only makes their paths whole URLs. */
const ORIGIN = 'http://control.invalid';

const port = parentPort;
if (!port) throw new Error('control/worker.ts runs as a worker thread only');

const post = (message: FromControl, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
const log = (level: 'info' | 'warn' | 'error') => (fields: LogFields, message: string) =>
  post({ type: 'log', level, fields, message });
const logger: Logger = { info: log('info'), warn: log('warn'), error: log('error') };
const underWay = new Map<number, UnderWay>();
const lineCalls = createLineCalls(post);
let control: Control | undefined;

/** A request that is not answered whole yet. */
interface UnderWay {
  abort: AbortController;
  upload: ReceivedUpload | null;
  /** Of its answer, when that streams. */
  window: SendWindow;
}

port.on('message', (message: ToControl) => {
  handle(message).catch((error: unknown) => {
    // Not ours to survive: the host restarts this thread with a clean state.
    queueMicrotask(() => {
      throw error;
    });
  });
});

async function handle(message: ToControl): Promise<void> {
  switch (message.type) {
    case 'start':
      await start(message.options);
      return;
    case 'spooled':
      control?.spooled();
      return;
    case 'request':
      await answer(message);
      return;
    case 'abort':
      underWay.get(message.id)?.upload?.break();
      underWay.get(message.id)?.abort.abort();
      return;
    case 'part':
      underWay.get(message.id)?.upload?.received(message.body, message.more);
      return;
    case 'taken':
      underWay.get(message.id)?.window.taken(message.bytes);
      return;
    case 'call-ran':
      lineCalls.ran(message);
      return;
    case 'feedback': {
      const taken = await control?.takeFeedback(message.keyId, message.body);
      if (taken) post({ type: 'feedback-taken', id: message.id, ...taken });
      return;
    }
    case 'keep-response':
      await control?.responses.keep(message);
      return;
    case 'find-response': {
      const found = await control?.responses.find(message);
      if (found) post({ type: 'response-found', id: message.id, ...found });
      return;
    }
    case 'health': {
      if (!control) return;
      const { type: _type, ...health } = message;
      Object.assign(control.deps.state, health);
      control.deps.metrics.setProcess({ ...message.process });
      return;
    }
    case 'listening':
      if (control) control.deps.state.url = message.url;
      return;
    case 'rest':
      await control?.rest();
      return;
    case 'stop':
      await stop();
      return;
  }
}

async function start(options: ControlOptions): Promise<void> {
  let ready = false;
  try {
    const started = await createControl({
      options,
      env: process.env,
      clock: systemClock,
      logger,
      mode: 'server',
      assets: createAssets({ logger }),
      calls: lineCalls,
      onSnapshot: (snapshot) => ready && post({ type: 'snapshot', snapshot }),
      onEngines: (reports) => ready && post({ type: 'engines', reports }),
    });
    control = started;
    ready = true;
    post({ type: 'ready', snapshot: started.deps.revisions.snapshot(), notices: started.notices });
    systemClock.every(SPOOL_REPORT_EVERY_MS, reportSpool);
  } catch (error) {
    const code = error instanceof TrimtabError ? error.code : 'internal';
    const text = error instanceof Error ? error.message : String(error);
    if (code === 'internal')
      logger.error({ error: error instanceof Error ? error.stack : text }, 'control start');
    const field = error instanceof TrimtabError ? (error.field ?? null) : null;
    post({ type: 'failed', code, message: text, field });
  }
}

function reportSpool(): void {
  if (!control) return;
  const pendingBytes = control.spoolPendingBytes();
  if (pendingBytes === control.deps.state.spoolPendingBytes) return;
  control.deps.state.spoolPendingBytes = pendingBytes;
  control.deps.metrics.setProcess({ spoolPendingBytes: pendingBytes });
  post({ type: 'spool', pendingBytes });
}

async function stop(): Promise<void> {
  await control?.stop();
  post({ type: 'stopped' });
  port?.close();
}

/** Runs one request and sends its answer back: in one message when it is complete, in chunks when it streams. */
async function answer({ id, keyId, method, url, headers, body, more }: RequestMessage): Promise<void> {
  const abort = new AbortController();
  const upload = more ? new ReceivedUpload((bytes) => post({ type: 'taken', id, bytes })) : null;
  const state: UnderWay = { abort, upload, window: new SendWindow() };
  underWay.set(id, state);
  try {
    const request = new Request(ORIGIN + url, {
      method,
      headers,
      body: upload?.stream ?? (body === null ? null : Buffer.from(body)),
      signal: abort.signal,
      ...(upload && { duplex: 'half' }),
    });
    const response = await (serve(request, keyId) ?? new Response(null, { status: 503 }));
    const head = { type: 'response' as const, id, status: response.status, headers: [...response.headers] };
    if (STREAMED.has(response.headers.get('content-type') ?? '') && response.body) {
      post({ ...head, body: null, more: true });
      // Live events are cut off instead when nobody reads them.
      await sendStream(id, response.body, { ...state, paced: !isLive(response) });
      return;
    }
    const bytes = await response.arrayBuffer();
    post({ ...head, body: new Uint8Array(bytes), more: false }, [bytes]);
  } finally {
    underWay.delete(id);
  }
}

function isLive(response: Response): boolean {
  return response.headers.get('content-type') === 'text/event-stream';
}

function serve(request: Request, keyId: string | null): Promise<Response> | Response | undefined {
  return keyId === null ? control?.app.fetch(request) : control?.keptApi(keyId, request);
}

async function sendStream(
  id: number,
  body: ReadableStream<Uint8Array>,
  { abort: { signal }, window, paced }: UnderWay & { paced: boolean },
): Promise<void> {
  const reader = body.getReader();
  const leave = () => {
    void reader.cancel();
    window.close();
  };
  signal.addEventListener('abort', leave, { once: true });
  for (;;) {
    if (paced) await window.room();
    const { done, value } = await reader.read();
    window.sent(value?.length ?? 0);
    post({ type: 'chunk', id, body: value ?? new Uint8Array(), more: !done });
    if (done) return;
  }
}
