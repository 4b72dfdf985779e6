/** The Messages API for apps that speak it: what the vendor sends is read, and passed on as it came. */
import { findEventEnd } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { completeUsage, estimateTokens } from '../estimate.ts';
import { readEventText } from '../event-text.ts';
import { malformed, ownFailure } from '../failure.ts';
import { asArray, asCount, asObject, asString, type JsonObject, readObject } from '../json.ts';
import { spliceBody } from '../openai-compatible/request.ts';
import type { Answer, AppRequest, Exchange, Failure, HeaderLookup, StreamReader } from '../provider.ts';
import { type Reading, readError, readUsage } from './answer.ts';

/** Longest single event we hold. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;
const CLOSE_BRACE = 125;

/** How a delta's event begins; nearly all events are deltas, and after the first they are not parsed. */
const DELTA = Buffer.from('event: content_block_delta\n');
/** Bytes of a delta's event that are not its text. */
const DELTA_ENVELOPE = 120;

/** An instance's address and credential. */
export interface NativeBinding {
  vendor: string;
  origin: string;
  path: string;
  /** Flat form, the default `anthropic-version` among them. */
  headers: string[];
  /** Headers the config sets: they stand, whatever the app says. */
  pinned: Readonly<Record<string, string>>;
  secrets: readonly string[];
}

/** The app's own bytes, version and betas; only the model's name is replaced. */
export function openNative(binding: NativeBinding, request: AppRequest): Exchange {
  const { vendor, origin, path, secrets } = binding;
  const reading: Reading = { vendor, request, secrets, created: 0 };
  return {
    request: {
      origin,
      path: `${path}/v1/messages${request.counting ? '/count_tokens' : ''}`,
      method: 'POST',
      headers: toNativeHeaders(binding, request.headers),
      body: toNativeBody(request),
    },
    readAnswer: (...[status, , body, headers]) => readNativeAnswer(reading, { status, body, headers }),
    readStream: () => new NativeStreamReader(reading),
  };
}

/**
 * Thoughts without a signature come from a deployment of another vendor, which had this conversation before. This one refuses them, so
 * the turn is sent without, as to any model that did not think them.
 */
function toNativeBody(request: AppRequest): Buffer {
  const messages = asArray(request.body.messages);
  if (!messages.some((message) => contentOf(message).some(isForeignThought)))
    return spliceBody(request, false);
  const own = messages.flatMap((message) => {
    const content = contentOf(message);
    if (!content.some(isForeignThought)) return [message];
    const rest = content.filter((block) => !isForeignThought(block));
    return rest.length === 0 ? [] : [{ ...asObject(message), content: rest }];
  });
  return Buffer.from(JSON.stringify({ ...request.body, model: request.model, messages: own }));
}

function contentOf(message: unknown): readonly unknown[] {
  return asArray(asObject(message)?.content);
}

function isForeignThought(block: unknown): boolean {
  const { type, signature } = asObject(block) ?? {};
  return type === 'thinking' && (signature === '' || signature === undefined);
}

const FORWARDED = ['anthropic-version', 'anthropic-beta', 'idempotency-key'];

export function toNativeHeaders(
  { headers, pinned }: Pick<NativeBinding, 'headers' | 'pinned'>,
  given: Readonly<Record<string, string>>,
): string[] {
  const isPinned = (name: string) => Object.keys(pinned).some((pin) => pin.toLowerCase() === name);
  let all = headers;
  for (const name of FORWARDED) {
    const value = given[name];
    if (value === undefined || isPinned(name)) continue;
    const at = all.indexOf(name);
    all = at === -1 ? [...all, name, value] : all.with(at + 1, value);
  }
  return all;
}

/** A complete answer of any status; a good one keeps its bytes. */
function readNativeAnswer(
  reading: Reading,
  answer: { status: number; body: Buffer; headers: HeaderLookup },
): Answer | Failure {
  const { status, body, headers } = answer;
  const message = readObject(body);
  if (status < 200 || status >= 300) return readError(reading, { status, headers, message });
  if (!message) return malformed(reading.vendor, 'an answer that is not a JSON object');
  if (message.type === 'error') return readError(reading, { status: null, headers, message });
  if (reading.request.counting) return readCount(reading, message, body);
  if (!Array.isArray(message.content)) return malformed(reading.vendor, 'an answer without `content`');
  const reported = readUsage(asObject(message.usage) ?? {});
  const usage = completeUsage(reading.request, reported, () => estimateTokens(charsOf(message.content)));
  return { kind: 'answer', body, usage, finishReason: asString(message.stop_reason) ?? null };
}

/** A count costs nothing and uses nothing. */
function readCount(reading: Reading, message: JsonObject, body: Buffer): Answer | Failure {
  if (asCount(message.input_tokens) === undefined)
    return malformed(reading.vendor, 'a count without `input_tokens`');
  return { kind: 'answer', body, usage: { inputTokens: 0, outputTokens: 0 }, finishReason: null };
}

function charsOf(content: unknown): number {
  return asArray(content).reduce<number>((sum, value) => {
    const { text, thinking, input } = asObject(value) ?? {};
    return (
      sum +
      (asString(text)?.length ?? 0) +
      (asString(thinking)?.length ?? 0) +
      (input === undefined ? 0 : JSON.stringify(input).length)
    );
  }, 0);
}

type Verdict = 'forward' | 'done' | 'failed';

/** Passes a message stream on, whole events at a time. */
class NativeStreamReader implements StreamReader {
  done = false;
  started = false;
  failure: Failure | null = null;
  finishReason: string | null = null;

  readonly #reading: Reading;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #usage: Usage = {};
  #deltas = 0;
  #chars = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.done || this.failure) return null;
    if (chunk.indexOf(LF) === -1) return this.#hold(chunk);
    return this.#read(this.#takeHeld(chunk));
  }

  end(): Buffer | null {
    if (this.done || this.failure || this.#heldBytes === 0) return null;
    const rest = this.#takeHeld().toString().trim();
    const event = readEventText(rest);
    if (event.kind === 'foreign') {
      const message = readObject(rest);
      if (message?.type === 'error') this.#failWith(message);
      else this.#fail('bytes that are not an event stream');
      return null;
    }
    // A last blank line may be missing; what does not parse was cut.
    return event.kind === 'data' && readObject(event.data) ? this.#read(Buffer.from(`${rest}\n\n`)) : null;
  }

  usage(): Usage {
    return completeUsage(this.#reading.request, this.#usage, () =>
      Math.max(this.#deltas, estimateTokens(this.#chars)),
    );
  }

  #takeHeld(chunk?: Buffer): Buffer {
    const parts = chunk ? [...this.#held, chunk] : this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  #hold(bytes: Buffer): null {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_EVENT_BYTES) {
      this.failure = ownFailure('upstream_too_large', `${this.#reading.vendor} sent an event over 16 MiB`);
      this.#held = [];
    }
    return null;
  }

  #read(bytes: Buffer): Buffer | null {
    let at = 0;
    for (let end = findEventEnd(bytes, 0); end !== -1; end = findEventEnd(bytes, at)) {
      const verdict = this.#inspect(bytes, at, end);
      if (verdict === 'failed') break;
      at = end;
      if (verdict === 'done') break;
    }
    if (at < bytes.length && !this.done && !this.failure) this.#hold(bytes.subarray(at));
    return at === 0 ? null : bytes.subarray(0, at);
  }

  #inspect(bytes: Buffer, start: number, end: number): Verdict {
    if (this.started && isPlainDelta(bytes, start, end)) {
      this.#count(Math.max(0, end - start - DELTA_ENVELOPE));
      return 'forward';
    }
    const event = readEventText(bytes.toString('utf8', start, end));
    if (event.kind === 'nothing') return 'forward';
    const message = event.kind === 'data' ? readObject(event.data) : undefined;
    if (!message) return this.#fail('bytes that are not a message stream');
    return this.#take(message, end - start);
  }

  #take(message: JsonObject, size: number): Verdict {
    switch (message.type) {
      case 'message_start': {
        // `output_tokens` here counts what was made before the first event, not the answer.
        const { outputTokens: _, ...usage } = readUsage(asObject(asObject(message.message)?.usage) ?? {});
        this.#usage = usage;
        return 'forward';
      }
      case 'content_block_start':
        // A block that is more than an empty text or thought is a token already.
        if (!isQuiet(asObject(message.content_block)?.type)) this.started = true;
        return 'forward';
      case 'content_block_delta':
        this.started = true;
        this.#count(Math.max(0, size - DELTA_ENVELOPE));
        return 'forward';
      case 'message_delta':
        return this.#finish(message);
      case 'message_stop':
        this.done = true;
        return 'done';
      case 'error':
        return this.#failWith(message);
      default:
        return 'forward';
    }
  }

  #finish(message: JsonObject): Verdict {
    this.#usage = mergeUsage(this.#usage, asObject(message.usage) ?? {});
    this.finishReason = asString(asObject(message.delta)?.stop_reason) ?? this.finishReason;
    return 'forward';
  }

  #count(chars: number): void {
    this.#deltas++;
    this.#chars += chars;
  }

  #fail(what: string): Verdict {
    this.failure = malformed(this.#reading.vendor, what);
    return 'failed';
  }

  #failWith(message: JsonObject): Verdict {
    this.failure = readError(this.#reading, { status: null, headers: () => undefined, message });
    return 'failed';
  }
}

/**
 * Counts are cumulative. Those of the input are repeated only by some models, and then perhaps without the cached
 * parts, which the total must hold.
 */
function mergeUsage(before: Usage, found: JsonObject): Usage {
  const after = readUsage(found);
  if (after.inputTokens === undefined) return { ...before, ...after };
  const known = {
    input_tokens: found.input_tokens,
    cache_read_input_tokens: asCount(found.cache_read_input_tokens) ?? before.cacheReadTokens,
    cache_creation_input_tokens: asCount(found.cache_creation_input_tokens) ?? before.cacheWriteTokens,
  };
  return { ...before, ...after, ...readUsage(known) };
}

function isQuiet(type: unknown): boolean {
  return type === 'text' || type === 'thinking';
}

function isPlainDelta(bytes: Buffer, start: number, end: number): boolean {
  if (bytes.compare(DELTA, 0, DELTA.length, start, Math.min(end, start + DELTA.length)) !== 0) return false;
  let last = end - 1;
  while (bytes[last] === LF || bytes[last] === CR) last--;
  return bytes[last] === CLOSE_BRACE;
}
