/** One try of an operation of a vendor's own API: bytes on their way in both directions, clocks kept. */
import type { AttemptRecord } from '../../core/call-record.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Usage } from '../../core/usage.ts';
import { pickHeaders } from '../../protocols/request.ts';
import type { Failure, OwnExchange } from '../../providers/provider.ts';
import type { Place } from '../../routing/gates.ts';
import type { AllowedDeployment, Call, RunningAttempt } from '../call.ts';
import { describeTimeout } from '../stages/attempt.ts';
import type { AttemptEnd } from '../stages/settle.ts';
import type { Transfer, TransferListener, UpstreamHeaders } from '../upstream/transfer.ts';
import { toFailure, toTrouble } from '../upstream/trouble.ts';
import { type TimeoutCode, Watch } from '../watch.ts';
import { toOwnFailure } from './answer.ts';
import type { OwnBody } from './own-body.ts';
import { Upload, type UploadListener } from './upload.ts';
import { hasOtherTokens, readTail, Tail } from './usage.ts';

/** What it tells. Exactly one of `finished` and `failed` is the last thing told. */
export interface OwnAttemptEvents {
  /** The vendor took the request: from here on the answer is the client's. `length`: its bytes, when known. */
  headed(attempt: OwnAttempt, length: number | null): void;
  flowed(attempt: OwnAttempt, bytes: Buffer): void;
  /** `last` is still owed to the client. */
  finished(attempt: OwnAttempt, last: Buffer | null): void;
  failed(attempt: OwnAttempt, failure: Failure): void;
}

export interface OwnAttemptStart {
  events: OwnAttemptEvents;
  body: OwnBody;
  place: Place;
  record: AttemptRecord;
}

/** App headers that say what is sent and what is wanted back. */
const TRANSPORT = ['content-type', 'accept', 'range'];

export class OwnAttempt implements RunningAttempt, TransferListener, UploadListener {
  readonly call: Call;
  readonly record: AttemptRecord;
  readonly allowed: AllowedDeployment;
  readonly place: Place;
  headers: UpstreamHeaders = {};
  /** @see Health.began */
  round = 0;
  /** The answer is a stream of events. */
  isEvents = false;
  readonly #events: OwnAttemptEvents;
  readonly #body: OwnBody;
  readonly #exchange: OwnExchange;
  readonly #watch: Watch;
  #transfer: Transfer | null = null;
  #over = false;
  #sent = false;
  #paused = false;
  /** The vendor has the whole request. */
  #given = false;
  /** An answer that is read whole before any of it goes on: an error, or one that is mended. */
  #whole: Buffer[] | null = null;
  #wholeBytes = 0;
  /** Bytes of the answer still to come; `null`: not announced. */
  #left: number | null = null;
  /** The bytes that complete an answer of known length: they wait for its record. */
  #last: Buffer | null = null;
  #tail: Tail | null = null;

  /** Throws what the provider's `openOwn` throws: then nothing was sent. */
  constructor(call: Call, allowed: AllowedDeployment, { events, body, place, record }: OwnAttemptStart) {
    this.call = call;
    this.allowed = allowed;
    this.record = record;
    this.place = place;
    this.#events = events;
    this.#body = body;
    this.#watch = new Watch(call.state.deadlines, (code) => this.#timedOut(code));
    this.#exchange = this.#open();
  }

  #open(): OwnExchange {
    const { request, operation } = this.call;
    const { connection, config } = this.allowed;
    if (!connection.openOwn || !operation)
      throw new TrimtabError('operation_not_carried', `"${config.provider}" passes nothing of its API on.`);
    const opened = this.#body.open(this.#body.model === null ? null : config.model);
    return connection.openOwn({
      method: operation.method,
      path: request.path.slice('/v1'.length),
      query: request.query ?? '',
      model: config.model || null,
      headers: pickHeaders(request.headers),
      transport: this.#transport(opened.body !== null, opened.length),
      body: opened.body,
    });
  }

  #transport(hasBody: boolean, length: number | null): string[] {
    const { headers } = this.call.request;
    const flat = TRANSPORT.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' && (hasBody || name !== 'content-type') ? [name, value] : [];
    });
    return hasBody && length !== null ? [...flat, 'content-length', String(length)] : flat;
  }

  send(): void {
    const { connectMs, totalMs } = this.allowed.config.timeouts;
    const { state, begun } = this.call;
    this.#watch.setTotal(begun + totalMs);
    this.#begin('timeout_connect', connectMs);
    if (this.#body instanceof Upload) this.#body.listener = this;
    else this.#given = true;
    const { request } = this.#exchange;
    this.#transfer = state.upstream.send(this.allowed.pass, { request, connectMs, listener: this });
    if (this.#over) this.#transfer.release();
  }

  sent(): void {
    this.#sent = true;
    const { headersMs, idleMs } = this.allowed.config.timeouts;
    if (this.#given) this.#begin('timeout_headers', headersMs);
    else this.#begin('timeout_idle', idleMs);
  }

  /** It is the app that is awaited; a stalled upload is the transport's to end. */
  wanted(): void {
    if (!this.#over && this.record.status === null) this.#rest();
  }

  given(): void {
    if (!this.#over && this.record.status === null)
      this.#begin('timeout_idle', this.allowed.config.timeouts.idleMs);
  }

  /** Of an upload: the vendor was given all of it. */
  uploaded(): void {
    this.#given = true;
    if (this.#over || this.record.status !== null) return;
    this.#begin('timeout_headers', this.allowed.config.timeouts.headersMs);
  }

  headed(status: number, headers: UpstreamHeaders): void {
    if (this.#over) return;
    this.headers = headers;
    this.record.status = status;
    this.record.headersMs = this.call.elapsed();
    this.#begin('timeout_first_token', this.allowed.config.timeouts.firstTokenMs);
    if (status >= 300 || this.#exchange.mend) {
      this.#whole = [];
      return;
    }
    const type = String(headers['content-type'] ?? '');
    this.isEvents = /^text\/event-stream\b/i.test(type);
    const isRead = this.isEvents || /^application\/json\b/i.test(type);
    if (isRead && this.#exchange.readUsage) this.#tail = new Tail();
    const length = headers['content-length'];
    this.#left = typeof length === 'string' && /^\d+$/.test(length) ? Number(length) : null;
    this.#events.headed(this, this.#left);
  }

  received(chunk: Buffer): void {
    if (this.#over) return;
    if (!this.#paused) this.#begin('timeout_idle', this.allowed.config.timeouts.idleMs);
    if (this.#whole) {
      this.#keep(this.#whole, chunk);
      return;
    }
    if (this.isEvents) this.record.firstTokenMs ??= this.call.elapsed();
    this.#tail?.add(chunk);
    if (this.#left !== null) this.#left -= chunk.length;
    if (this.#left === null || this.#left > 0) this.#events.flowed(this, chunk);
    else this.#last = this.#last ? Buffer.concat([this.#last, chunk]) : chunk;
  }

  #keep(whole: Buffer[], chunk: Buffer): void {
    whole.push(chunk);
    this.#wholeBytes += chunk.length;
    const { maxAnswerBytes } = this.call.serving.snapshot.stack.gateway;
    if (this.#wholeBytes <= maxAnswerBytes) return;
    const text = `Deployment "${this.allowed.name}" sent an answer larger than ${maxAnswerBytes} bytes.`;
    this.#fail(toFailure(new TrimtabError('upstream_too_large', text), false));
  }

  ended(): void {
    if (this.#over) return;
    if (this.#whole && (this.record.status ?? 0) >= 300) {
      const answer = { body: Buffer.concat(this.#whole), headers: this.headers };
      this.#fail(this.#bounded(toOwnFailure(this, answer)));
      return;
    }
    if (this.#whole) {
      const whole = Buffer.concat(this.#whole);
      this.#last = this.#exchange.mend?.(whole) ?? whole;
      this.#events.headed(this, this.#last.length);
    }
    this.#end();
    this.#events.finished(this, this.#last);
  }

  broke(error: Error): void {
    if (this.#over) return;
    // What is wrong with an upload is the app's, and known by its own error.
    if (error instanceof TrimtabError) this.#fail(toFailure(error, false));
    else this.#fail(this.#bounded(toTrouble(error, this.allowed.name, this.record.status !== null)));
  }

  #timedOut(code: TimeoutCode): void {
    if (this.#over) return;
    const { name, config } = this.allowed;
    const text = `Deployment "${name}" ${describe(code, config.timeouts, this.record.status !== null)}.`;
    this.#fail(this.#bounded(toFailure(new TrimtabError(code, text), code !== 'timeout_total')));
  }

  /**
   * Only what is known not to be done, or may be done twice, is tried again: nothing was sent, the vendor refused it, or it
   * leaves nothing behind. And only while its body is still here.
   */
  #bounded(failure: Failure): Failure {
    const { status } = this.record;
    const isRefused = status !== null && status >= 400 && status < 500;
    const isSafe = !this.#sent || isRefused || this.call.operation?.repeatable === true;
    return isSafe && this.#body.sendable ? failure : { ...failure, fallback: false };
  }

  pause(): void {
    this.#paused = true;
    this.#transfer?.pause();
    this.#rest();
  }

  resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#begin('timeout_idle', this.allowed.config.timeouts.idleMs);
    this.#transfer?.resume();
  }

  abandon(): void {
    this.#end();
    this.#transfer?.release();
  }

  usage(): Usage {
    return this.measured().usage;
  }

  /**
   * Usage as the vendor reported it; nothing is estimated. A price per token is one of text, and only completions are sure to be
   * text in and out: of anything else the provider must know the price, unless the stack states one of its own.
   */
  measured(): Pick<AttemptEnd, 'usage' | 'priced'> {
    const found = this.#tail && readTail(this.#tail);
    if (!found || !this.#exchange.readUsage) return { usage: {} };
    const usage = this.#exchange.readUsage(found);
    if (this.call.operation?.group === 'completions' && !hasOtherTokens(found)) return { usage };
    const isStated = this.allowed.config.price !== null;
    const priced = isStated ? null : this.#exchange.price?.(found, this.call.startedAt);
    return { usage, priced: priced ?? null };
  }

  get mayHaveUsedTokens(): boolean {
    return this.#sent && (this.record.status === null || this.record.status < 300);
  }

  #fail(failure: Failure): void {
    this.abandon();
    this.#events.failed(this, failure);
  }

  #rest(): void {
    this.#watch.rest(this.call.state.options.clock.monotonic());
  }

  #begin(code: TimeoutCode, ms: number): void {
    this.#watch.begin(code, ms, this.call.state.options.clock.monotonic());
  }

  #end(): void {
    this.#over = true;
    this.#watch.stop();
  }
}

function describe(
  code: TimeoutCode,
  timeouts: AllowedDeployment['config']['timeouts'],
  hasHead: boolean,
): string {
  if (code === 'timeout_first_token') return `sent nothing within ${timeouts.firstTokenMs} ms of its headers`;
  if (code !== 'timeout_idle') return describeTimeout(code, timeouts);
  return hasHead
    ? `fell silent for ${timeouts.idleMs} ms in the middle of its answer`
    : `took nothing of the upload for ${timeouts.idleMs} ms`;
}
