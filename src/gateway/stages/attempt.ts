/** One try at one deployment: its request on the wire, its answer read, its clocks kept. It decides nothing about the call. */
import type { AttemptRecord } from '../../core/call-record.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Usage } from '../../core/usage.ts';
import { openExchange } from '../../protocols/index.ts';
import { openLeniently } from '../../protocols/lenient.ts';
import type {
  Answer,
  Errand,
  Exchange,
  Failure,
  StreamReader,
  UpstreamRequest,
} from '../../providers/provider.ts';
import type { Place } from '../../routing/gates.ts';
import type { AllowedDeployment, Call, RunningAttempt } from '../call.ts';
import type { Transfer, TransferListener, UpstreamHeaders } from '../upstream/transfer.ts';
import { atDeployment, toFailure, toTrouble } from '../upstream/trouble.ts';
import { type TimeoutCode, Watch } from '../watch.ts';
import { ErrandListener } from './errand.ts';
import type { OpenAttempt } from './next-attempt.ts';

/** What an attempt tells the pipeline. Exactly one of `answered`, `finished` and `failed` is the last thing told. */
export interface AttemptEvents {
  answered(attempt: Attempt, answer: Answer): void;
  /** The stream's first token was read: from here on its bytes belong to the client. */
  started(attempt: Attempt): void;
  flowed(attempt: Attempt, bytes: Buffer): void;
  /** The protocol's own end was read; `last` are the bytes still owed to the client. */
  finished(attempt: Attempt, last: Buffer | null, reader: StreamReader): void;
  failed(attempt: Attempt, failure: Failure): void;
}

/** Makes attempts that tell `events`. */
export function opener(events: AttemptEvents): OpenAttempt<Attempt> {
  return (call, allowed, start) => new Attempt(call, allowed, { ...start, events });
}

/** After a stream's own end the vendor has this long to end its HTTP answer, else the connection is dropped. */
const LINGER_MS = 2_000;
/** Bytes of events without a token that are held back at most, waiting for the first one. */
const MAX_HELD_BYTES = 256 * 1024;

export class Attempt implements RunningAttempt, TransferListener {
  readonly record: AttemptRecord;
  readonly allowed: AllowedDeployment;
  readonly place: Place;
  headers: UpstreamHeaders = {};
  reader: StreamReader | null = null;
  /** @see Health.began */
  round = 0;
  readonly call: Call;
  readonly #watch: Watch;
  readonly #events: AttemptEvents;
  readonly #exchange: Exchange;
  #transfer: Transfer | null = null;
  #over = false;
  /** The vendor has closed its stream; a reader may still be decoding. */
  #ended = false;
  #sent = false;
  #paused = false;
  #started = false;
  /** Of a plain answer all chunks; of a stream those of the read under way. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  #held: Buffer[] = [];

  /** Throws what the provider's `open` throws: then nothing was sent. */
  constructor(call: Call, allowed: AllowedDeployment, { events, place, record }: AttemptStart) {
    this.call = call;
    this.#watch = new Watch(call.state.deadlines, (code) => this.#timedOut(code));
    this.allowed = allowed;
    this.record = record;
    this.place = place;
    this.#events = events;
    if (!call.parsed) throw new TrimtabError('internal', 'An attempt began before its request was read.');
    const { connection } = allowed;
    const request = call.parsed.forModel(allowed.config.model);
    this.#exchange = call.target?.lenient
      ? openLeniently(connection, request, (parameter) => noteDropped(record, parameter))
      : openExchange(connection, request);
  }

  send(): void {
    const { begun } = this.call;
    const { connectMs, totalMs } = this.allowed.config.timeouts;
    this.#watch.setTotal(begun + totalMs);
    this.#begin('timeout_connect', connectMs);
    this.#prepare();
  }

  /** Runs the errands of the exchange, then asks for its request. */
  #prepare(): void {
    const errand = this.#exchange.errand?.() ?? null;
    if (errand) this.#run(errand);
    else this.#request();
  }

  #run(errand: Errand): void {
    const { config, name, pass } = this.allowed;
    const { connectMs, headersMs } = config.timeouts;
    this.#begin('timeout_headers', headersMs);
    const listener = new ErrandListener(errand, {
      deployment: name,
      over: (failure) => {
        if (this.#over) return;
        this.#transfer?.release();
        this.#begin('timeout_connect', connectMs);
        if (failure) this.#fail(atDeployment(failure, name));
        else this.#prepare();
      },
    });
    this.#transfer = this.call.state.upstream.send(pass, { request: errand.request, connectMs, listener });
  }

  #request(): void {
    const { request } = this.#exchange;
    if (request instanceof Promise)
      request.then(
        (ready) => this.#dispatch(ready),
        (error) => this.broke(error),
      );
    else this.#dispatch(request);
  }

  #dispatch(request: UpstreamRequest): void {
    if (this.#over) return;
    const { connectMs } = this.allowed.config.timeouts;
    this.#transfer = this.call.state.upstream.send(this.allowed.pass, { request, connectMs, listener: this });
    if (this.#over) this.#transfer.release();
  }

  sent(): void {
    this.#sent = true;
    this.#begin('timeout_headers', this.allowed.config.timeouts.headersMs);
  }

  headed(status: number, headers: UpstreamHeaders): void {
    this.headers = headers;
    this.record.status = status;
    this.record.headersMs = this.call.elapsed();
    const isStream =
      this.call.parsed?.stream &&
      status < 300 &&
      isStreamType(headers['content-type'], this.#exchange.streamType);
    if (isStream) this.#openReader();
    this.#begin('timeout_first_token', this.allowed.config.timeouts.firstTokenMs);
  }

  #openReader(): void {
    this.reader = this.#exchange.readStream();
    this.reader.later?.listen(() => runOn(this, collect));
  }

  /** Takes what a reader has decoded since. */
  collect(): void {
    const { reader } = this;
    if (this.#over || !reader?.later) return;
    this.#emit(reader.later.collect(), reader);
    if (this.#ended) this.#expectEnd(reader);
  }

  received(chunk: Buffer): void {
    if (this.#over) return;
    this.#chunks.push(chunk);
    if (this.reader) {
      // The chunks of one read arrive in one turn: they are read, and written on, as one.
      if (this.#chunks.length === 1) process.nextTick(runOn, this, readChunks);
      return;
    }
    this.#bytes += chunk.length;
    const { maxAnswerBytes } = this.call.serving.snapshot.stack.gateway;
    if (this.#bytes <= maxAnswerBytes) return;
    const text = `Deployment "${this.allowed.name}" sent an answer larger than ${maxAnswerBytes} bytes.`;
    this.#fail(toFailure(new TrimtabError('upstream_too_large', text), false));
  }

  /** Reads the chunks that have come since. */
  readChunks(): void {
    if (this.#over || !this.reader || this.#chunks.length === 0) return;
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#emit(this.reader.push(bytes), this.reader);
  }

  ended(): void {
    if (this.#over) return;
    if (!this.reader) {
      this.#readAnswer();
      return;
    }
    this.readChunks();
    if (this.#over) return;
    this.#ended = true;
    this.#emit(this.reader.end(), this.reader);
    this.#expectEnd(this.reader);
  }

  /** The vendor has closed: a stream that is not at its own end by now was cut. */
  #expectEnd({ later }: StreamReader): void {
    if (this.#over || later?.settled === false) return;
    const text = `Deployment "${this.allowed.name}" ended its stream before it was complete.`;
    this.#fail(toFailure(new TrimtabError('upstream_cut', text)));
  }

  broke(error: Error): void {
    if (this.#over) return;
    if (this.reader && this.#chunks.length > 0) this.readChunks();
    if (this.#over) return;
    this.#fail(toTrouble(error, `Deployment "${this.allowed.name}"`, this.record.status !== null));
  }

  #timedOut(code: TimeoutCode): void {
    if (this.#over) return;
    const { name, config } = this.allowed;
    const text = `Deployment "${name}" ${describeTimeout(code, config.timeouts)}.`;
    this.#fail(toFailure(new TrimtabError(code, text), code !== 'timeout_total'));
  }

  pause(): void {
    this.#paused = true;
    this.#transfer?.pause();
    this.#watch.rest(this.call.state.options.clock.monotonic());
  }

  resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#begin('timeout_idle', this.allowed.config.timeouts.idleMs);
    this.#transfer?.resume();
  }

  abandon(): void {
    this.#end();
    this.#exchange.close?.();
    this.#transfer?.release();
  }

  usage(): Usage {
    if (this.reader) return this.reader.usage();
    return this.mayHaveUsedTokens && this.call.parsed?.stream ? this.#exchange.readStream().usage() : {};
  }

  get mayHaveUsedTokens(): boolean {
    return this.#sent && (this.record.status === null || this.record.status < 300);
  }

  #emit(out: Buffer | null, reader: StreamReader): void {
    if (reader.started && this.record.firstTokenMs === null) this.record.firstTokenMs = this.call.elapsed();
    if (reader.failure) {
      if (out && this.#started) this.#events.flowed(this, out);
      this.#fail(atDeployment(reader.failure, this.allowed.name));
    } else if (reader.done) {
      this.#finish(out, reader);
    } else if (this.#started) {
      if (!this.#paused) this.#begin('timeout_idle', this.allowed.config.timeouts.idleMs);
      if (out) this.#events.flowed(this, out);
    } else {
      this.#hold(out, reader);
    }
  }

  /** Nothing goes to the client before the first token: until then another deployment may still answer. */
  #hold(out: Buffer | null, reader: StreamReader): void {
    if (out) {
      this.#held.push(out);
      this.#bytes += out.length;
    }
    if (!reader.started && this.#bytes < MAX_HELD_BYTES) return;
    this.#begin('timeout_idle', this.allowed.config.timeouts.idleMs);
    this.#start();
    const held = this.#held;
    this.#held = [];
    const [only] = held;
    if (only) this.#events.flowed(this, held.length === 1 ? only : Buffer.concat(held));
  }

  #start(): void {
    this.#started = true;
    this.#events.started(this);
  }

  #finish(out: Buffer | null, reader: StreamReader): void {
    this.#end();
    if (!this.#started) this.#start();
    const transfer = this.#transfer;
    transfer?.detach();
    if (transfer && !transfer.over) {
      transfer.resume();
      this.call.state.options.clock.after(LINGER_MS, () => transfer.release());
    }
    const last = this.#held.length === 0 ? out : Buffer.concat(out ? [...this.#held, out] : this.#held);
    this.#events.finished(this, last, reader);
  }

  #readAnswer(): void {
    const { headers } = this;
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    const status = this.record.status ?? 0;
    const read = this.#exchange.readAnswer(status, headers['content-type'] ?? '', body, (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    });
    if (read instanceof Promise)
      read.then(
        (late) => this.#take(late),
        (error) => this.broke(error),
      );
    else this.#take(read);
  }

  #take(read: Answer | Failure): void {
    if (this.#over) return;
    if (read.kind === 'failure') {
      this.#fail(atDeployment(read, this.allowed.name));
    } else if (this.call.parsed?.stream) {
      const text = `Deployment "${this.allowed.name}" was asked for a stream and sent a whole answer.`;
      this.#fail(toFailure(new TrimtabError('upstream_malformed', text)));
    } else {
      this.#end();
      this.#events.answered(this, read);
    }
  }

  #fail(failure: Failure): void {
    this.#end();
    this.#exchange.close?.();
    this.#transfer?.release();
    this.#events.failed(this, failure);
  }

  #begin(code: TimeoutCode, ms: number): void {
    this.#watch.begin(code, ms, this.call.state.options.clock.monotonic());
  }

  #end(): void {
    this.#over = true;
    this.#watch.stop();
  }
}

export interface AttemptStart {
  events: AttemptEvents;
  place: Place;
  record: AttemptRecord;
}

function noteDropped(record: AttemptRecord, parameter: string): void {
  record.dropped = [...(record.dropped ?? []), parameter];
}

function readChunks(attempt: Attempt): void {
  attempt.readChunks();
}

function collect(attempt: Attempt): void {
  attempt.collect();
}

/** Runs a step of its own turn: a throw ends the attempt. */
function runOn(attempt: Attempt, step: (attempt: Attempt) => void): void {
  try {
    step(attempt);
  } catch (error) {
    attempt.broke(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A stream without a content type is taken for what was asked. */
function isStreamType(type: string | undefined, expected = 'text/event-stream'): boolean {
  return type === undefined || type.startsWith(expected);
}

export function describeTimeout(
  code: TimeoutCode,
  timeouts: AllowedDeployment['config']['timeouts'],
): string {
  switch (code) {
    case 'timeout_connect':
      return `did not accept a connection within ${timeouts.connectMs} ms`;
    case 'timeout_headers':
      return `sent no response headers within ${timeouts.headersMs} ms`;
    case 'timeout_first_token':
      return `sent no token within ${timeouts.firstTokenMs} ms of its headers`;
    case 'timeout_idle':
      return `fell silent for ${timeouts.idleMs} ms in the middle of its stream`;
    case 'timeout_total':
      return `did not finish within the ${timeouts.totalMs} ms this call may take`;
  }
}
