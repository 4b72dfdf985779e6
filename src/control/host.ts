/**
 * The gateway thread's side of the control thread: starts it, hands it requests, streams its answers back, keeps it
 * alive. A control thread that dies is started again with backoff while calls go on being served; their records wait
 * in the spool.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { Logger } from '../core/log.ts';
import type { GatewayRequest, GatewayResponse, KeptResponses } from '../gateway/gateway.ts';
import type { EngineReports } from '../routing/engine-loads.ts';
import type { Snapshot } from '../stack/stack.ts';
import { answerError, feedbackUnavailable, lookupFailed } from './host-answers.ts';
import { serveLineCall } from './line-calls.ts';
import type { ControlOptions, FromControl, Notice, ToControl } from './link.ts';
import { sendUpload, type Upload } from './transfer-window.ts';

/** Largest request body the control API takes. Configs and feedback are far smaller. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Largest part of a streamed answer that may wait for a slow reader before it is cut off. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** V8's default lets short-lived objects of the drain take 48 MB of resident memory; nothing here gains by it. */
const YOUNG_GENERATION_MB = 12;
const FIRST_RESTART_MS = 250;
const MAX_RESTART_MS = 10_000;
const STOP_DEADLINE_MS = 10_000;

export interface HostOptions {
  control: ControlOptions;
  /** Environment of the control thread; only there are secrets resolved. */
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
  onSnapshot: (snapshot: Snapshot) => void;
  onEngines: (reports: EngineReports) => void;
  onNotice: (notice: Notice) => void;
  /** Serves a call that the control thread makes. */
  serve: (request: GatewayRequest, response: GatewayResponse) => void;
}

export interface ControlHost {
  /** The snapshot to start with and what to say. Rejects when the control thread cannot start. */
  readonly ready: Promise<{ snapshot: Snapshot; notices: Notice[] }>;
  /** Takes a request the gateway does not serve itself. */
  forward(request: GatewayRequest & { url: string }, response: GatewayResponse): void;
  /** Takes a request of a virtual key for files and batches. */
  keptApi(keyId: string, request: GatewayRequest, response: GatewayResponse): void;
  feedback(keyId: string, body: unknown): Promise<{ status: number; body: unknown }>;
  /** Responses that apps may continue; see `link.ts`. */
  readonly responses: KeptResponses;
  /** Bytes were appended to the spool. */
  spooled(): void;
  send(message: Extract<ToControl, { type: 'health' | 'listening' | 'rest' }>): void;
  /** Bytes of the spool the store does not have yet, as last reported. */
  spoolPendingBytes(): number;
  /** Ends every answer under way (live streams too), so that the server can close. */
  endAnswers(): void;
  /** Drains the spool as far as the store takes it, closes the store, ends the thread. */
  stop(): Promise<void>;
}

interface Pending {
  response: GatewayResponse;
  headed: boolean;
  /** Bytes written since the reader last kept up. */
  waitingBytes: number;
  upload: Upload | null;
}

/** Starts the control thread. */
export function createControlHost(options: HostOptions): ControlHost {
  return new WorkerHost(options);
}

class WorkerHost implements ControlHost {
  readonly ready: Promise<{ snapshot: Snapshot; notices: Notice[] }>;
  private readonly options: HostOptions;
  private readonly pending = new Map<number, Pending>();
  private readonly lookups = new Map<number, PromiseWithResolvers<string | null>>();
  private readonly feedbacks = new Map<number, (answer: { status: number; body: unknown }) => void>();
  private worker: Worker;
  private nextId = 1;
  private isReady = false;
  private wasReady = false;
  private stopping = false;
  private restartMs = FIRST_RESTART_MS;
  private pendingBytes = 0;
  private url: string | undefined;
  private settleReady: {
    resolve(value: { snapshot: Snapshot; notices: Notice[] }): void;
    reject(error: Error): void;
  };
  private onStopped: () => void = () => {};

  constructor(options: HostOptions) {
    this.options = options;
    const { promise, resolve, reject } = Promise.withResolvers<{ snapshot: Snapshot; notices: Notice[] }>();
    this.ready = promise;
    this.settleReady = { resolve, reject };
    this.worker = this.launch();
  }

  forward(request: GatewayRequest & { url: string }, response: GatewayResponse): void {
    this.pass(request, response, null);
  }

  keptApi(keyId: string, request: GatewayRequest, response: GatewayResponse): void {
    const url = request.query ? `${request.path}?${request.query}` : request.path;
    this.pass({ ...request, url }, response, keyId);
  }

  private pass(
    request: GatewayRequest & { url: string },
    response: GatewayResponse,
    keyId: string | null,
  ): void {
    const { upload } = request;
    if (!this.isReady) {
      upload?.resume();
      answerError(response, 'store_unavailable', 'the control thread is starting again; calls are served');
      return;
    }
    if (request.body.length > MAX_BODY_BYTES) {
      answerError(response, 'body_too_large', `the control API takes up to ${MAX_BODY_BYTES} bytes`);
      return;
    }
    const id = this.nextId++;
    const entry: Pending = { response, headed: false, waitingBytes: 0, upload: null };
    this.pending.set(id, entry);
    response.onClientLeft(() => this.abort(id));
    response.onDrain(() => this.credit(id, entry));
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD' && request.body.length > 0;
    this.post({
      type: 'request',
      id,
      keyId,
      method: request.method,
      url: request.url,
      headers: flatten(request.headers),
      body: hasBody ? new Uint8Array(request.body) : null,
      more: upload !== undefined,
    });
    if (!upload) return;
    entry.upload = sendUpload(upload, (body, more) => {
      if (this.isReady) this.post({ type: 'part', id, body, more });
    });
  }

  /** What was sent to the client has left; the control thread may send more. */
  private credit(id: number, entry: Pending): void {
    const bytes = entry.waitingBytes;
    entry.waitingBytes = 0;
    if (bytes > 0 && this.isReady && this.pending.has(id)) this.post({ type: 'taken', id, bytes });
  }

  feedback(keyId: string, body: unknown): Promise<{ status: number; body: unknown }> {
    if (!this.isReady) return Promise.resolve(feedbackUnavailable());
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.feedbacks.set(id, resolve);
      this.post({ type: 'feedback', id, keyId, body });
    });
  }

  readonly responses: KeptResponses = {
    keep: (keyId, { request, answer }) => {
      if (!this.isReady) return;
      // Copied: small buffers share the memory of others, and messages take all of it along.
      this.post({
        type: 'keep-response',
        keyId,
        request: new Uint8Array(request),
        answer: new Uint8Array(answer),
      });
    },
    find: (keyId, previous) => {
      if (!this.isReady) return Promise.reject(lookupFailed('the control thread is starting again'));
      const id = this.nextId++;
      const lookup = Promise.withResolvers<string | null>();
      this.lookups.set(id, lookup);
      this.post({ type: 'find-response', id, keyId, ...previous });
      return lookup.promise;
    },
  };

  spooled(): void {
    if (this.isReady) this.post({ type: 'spooled' });
  }

  send(message: Extract<ToControl, { type: 'health' | 'listening' | 'rest' }>): void {
    if (message.type === 'listening') this.url = message.url;
    if (this.isReady) this.post(message);
  }

  spoolPendingBytes(): number {
    return this.pendingBytes;
  }

  endAnswers(): void {
    this.failPending('the server is stopping');
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const stopped = new Promise<void>((resolve) => {
      this.onStopped = resolve;
    });
    if (this.isReady) {
      this.post({ type: 'stop' });
      const deadline = Promise.withResolvers<void>();
      const timer = this.options.clock.after(STOP_DEADLINE_MS, deadline.resolve);
      await Promise.race([stopped, deadline.promise]);
      timer.stop();
    }
    await this.worker.terminate();
  }

  private launch(): Worker {
    const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    const { NODE_COMPILE_CACHE } = process.env;
    const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
    const worker = new Worker(file, {
      env: { ...cache, ...this.options.env },
      name: 'trimtab-control',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker.on('message', (message: FromControl) => this.receive(message));
    worker.on('error', (error) => {
      this.options.logger.error({ error: error.stack ?? error.message }, 'the control thread failed');
    });
    worker.on('exit', () => this.onExit(worker));
    worker.postMessage({ type: 'start', options: this.options.control } satisfies ToControl);
    return worker;
  }

  private onExit(worker: Worker): void {
    if (worker !== this.worker) return;
    this.isReady = false;
    this.onStopped();
    this.failPending('the control thread ended');
    if (this.stopping || !this.wasReady) {
      this.settleReady.reject(new TrimtabError('internal', 'the control thread ended while starting'));
      return;
    }
    const { clock, logger } = this.options;
    logger.error(
      { restartMs: this.restartMs },
      'the control thread ended; calls are served, it starts again',
    );
    clock.after(this.restartMs, () => {
      if (!this.stopping) this.worker = this.launch();
    });
    this.restartMs = Math.min(MAX_RESTART_MS, this.restartMs * 2);
  }

  private receive(message: FromControl): void {
    switch (message.type) {
      case 'ready':
        this.onReady(message.snapshot, message.notices);
        break;
      case 'snapshot':
        this.options.onSnapshot(message.snapshot);
        break;
      case 'engines':
        this.options.onEngines(message.reports);
        break;
      case 'failed':
        this.onFailed(toError(message));
        break;
      case 'response':
        this.onResponse(message);
        break;
      case 'chunk':
        this.onChunk(message);
        break;
      case 'taken':
        this.pending.get(message.id)?.upload?.taken(message.bytes);
        break;
      case 'run-call':
        serveLineCall(message, this.options.serve, (reply) => this.isReady && this.post(reply));
        break;
      case 'feedback-taken':
        this.feedbacks.get(message.id)?.({ status: message.status, body: message.body });
        this.feedbacks.delete(message.id);
        break;
      case 'response-found':
        this.onFound(message);
        break;
      case 'spool':
        this.pendingBytes = message.pendingBytes;
        break;
      case 'notice':
        this.options.onNotice(message.notice);
        break;
      case 'log':
        this.options.logger[message.level](message.fields, message.message);
        break;
      case 'stopped':
        this.onStopped();
    }
  }

  private onReady(snapshot: Snapshot, notices: Notice[]): void {
    const again = this.wasReady;
    this.isReady = true;
    this.wasReady = true;
    this.restartMs = FIRST_RESTART_MS;
    if (this.url !== undefined) this.post({ type: 'listening', url: this.url });
    if (again) this.options.logger.warn({}, 'the control thread is back');
    this.options.onSnapshot(snapshot);
    this.settleReady.resolve({ snapshot, notices });
  }

  /** At first start this is fatal and the caller says so; after a crash it is tried again. */
  private onFailed(error: TrimtabError): void {
    this.settleReady.reject(error);
    if (this.wasReady) {
      this.options.logger.error(
        { code: error.code, error: error.message },
        'the control thread did not start',
      );
    }
    void this.worker.terminate();
  }

  private onFound({ id, items, error }: Extract<FromControl, { type: 'response-found' }>): void {
    const lookup = this.lookups.get(id);
    this.lookups.delete(id);
    if (error === null) lookup?.resolve(items);
    else lookup?.reject(new TrimtabError(error.code, error.message));
  }

  private onResponse(message: Extract<FromControl, { type: 'response' }>): void {
    const entry = this.pending.get(message.id);
    if (!entry) return;
    entry.headed = true;
    entry.upload?.drop();
    const headers = Object.fromEntries(message.headers);
    if (!message.more) {
      this.pending.delete(message.id);
      const body = Buffer.from(message.body ?? []);
      entry.response.head(message.status, { ...headers, 'content-length': String(body.length) });
      entry.response.end(body);
      return;
    }
    entry.response.head(message.status, headers);
  }

  private onChunk({ id, body, more }: Extract<FromControl, { type: 'chunk' }>): void {
    const entry = this.pending.get(id);
    if (!entry) return;
    if (!more) {
      this.pending.delete(id);
      entry.response.end(Buffer.from(body));
      return;
    }
    entry.waitingBytes += body.length;
    if (entry.response.write(Buffer.from(body))) this.credit(id, entry);
    if (entry.waitingBytes <= MAX_WAITING_BYTES) return;
    this.abort(id);
    entry.response.end();
  }

  private abort(id: number): void {
    if (this.pending.delete(id) && this.isReady) this.post({ type: 'abort', id });
  }

  private failPending(why: string): void {
    for (const [id, { response, headed, upload }] of this.pending) {
      this.abort(id);
      upload?.drop();
      if (headed) response.end();
      else answerError(response, 'store_unavailable', why);
    }
    this.pending.clear();
    for (const resolve of this.feedbacks.values()) resolve(feedbackUnavailable());
    this.feedbacks.clear();
    for (const lookup of this.lookups.values()) lookup.reject(lookupFailed(why));
    this.lookups.clear();
  }

  private post(message: ToControl): void {
    this.worker.postMessage(message);
  }
}

function toError({ code, message, field }: Extract<FromControl, { type: 'failed' }>): TrimtabError {
  return new TrimtabError(code, message, field === null ? {} : { field });
}

function flatten(headers: GatewayRequest['headers']): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    return [[name, Array.isArray(value) ? value.join(', ') : value]];
  });
}
