import { findEventEnd } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { estimateInput, estimateTokens } from '../estimate.ts';
import { type EventText, readEventText } from '../event-text.ts';
import { malformed, ownFailure } from '../failure.ts';
import { asArray, asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { Failure, StreamReader } from '../provider.ts';
import { errorStatus, isError, type Reading, readError } from './answer.ts';
import { readUsage } from './usage.ts';

/** Longest single event we hold. Above the largest answer a vendor puts into one event (an image in base 64). */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

const LF = 10;
const CR = 13;
const SPACE = 32;
const BRACKET = 91;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const DATA = Buffer.from('data:');

/**
 * Members that make an event worth parsing, in the two spacings that JSON writers emit on one line. Null values,
 * which some vendors repeat in every event, do not match. With any other spacing usage is estimated, and so marked.
 * One expression over the bytes as latin1: 0.2 us per event, where five native byte searches take 1.1 (measured).
 */
const MARK = /"(?:usage": ?\{|finish_reason": ?"|error")/g;

type Verdict = 'forward' | 'drop' | 'done' | 'failed';

/**
 * Passes a stream on, whole events at a time. Events are parsed only until the first token, and where they carry
 * usage, a finish reason or an error: parsing all of them costs 39 us per stream of 53, this about 15 (DESIGN.md 4, and measured here).
 */
export class PassThroughReader implements StreamReader {
  done = false;
  started = false;
  failure: Failure | null = null;
  finishReason: string | null = null;

  readonly #reading: Reading;
  /** We asked for usage, the app did not: the event that carries only usage is ours. */
  readonly #dropUsage: boolean;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #usage: Usage = {};
  /** Events since the first token, their bytes, and the bytes of an event that are not its text. */
  #events = 0;
  #bytes = 0;
  #envelope = 0;
  /** The bytes being read as latin1, and the next mark in them; `Infinity`: none. */
  #text = '';
  #nextMark = 0;

  constructor(reading: Reading, dropUsage: boolean) {
    this.#reading = reading;
    this.#dropUsage = dropUsage;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.done || this.failure) return null;
    if (chunk.indexOf(LF) === -1) return this.#hold(chunk);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
    this.#held = [];
    this.#heldBytes = 0;
    return this.#read(bytes);
  }

  end(): Buffer | null {
    if (this.done || this.failure || this.#heldBytes === 0) return null;
    const rest = Buffer.concat(this.#held).toString().trim();
    this.#held = [];
    this.#heldBytes = 0;
    const event = readEventText(rest);
    if (event.kind === 'foreign') {
      const message = readObject(rest);
      if (message && isError(message)) this.#failWith(message);
      else this.failure = malformed(this.#reading.vendor, 'bytes that are not an event stream');
      return null;
    }
    // Some servers leave out the last blank line; what does not parse was cut.
    if (event.kind !== 'data' || (event.data !== '[DONE]' && !readObject(event.data))) return null;
    return this.#read(Buffer.from(`${rest}\n\n`));
  }

  usage(): Usage {
    const { inputTokens, outputTokens } = this.#usage;
    if (inputTokens !== undefined && outputTokens !== undefined) return this.#usage;
    // A token is rarely less than an event; vendors that put more text into one are counted by its length.
    const text = this.#bytes - this.#events * this.#envelope;
    return {
      ...this.#usage,
      inputTokens: inputTokens ?? estimateInput(this.#reading.request.body),
      outputTokens: outputTokens ?? Math.max(this.#events, estimateTokens(Math.max(0, text))),
      estimated: true,
    };
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
    const out: Buffer[] = [];
    let keptFrom = 0;
    let at = 0;
    this.#text = bytes.toString('latin1');
    this.#seekMark(0);
    for (let end = findEventEnd(bytes, 0); end !== -1; end = findEventEnd(bytes, at)) {
      const verdict = this.#inspect(bytes, at, end);
      if (verdict === 'drop' || verdict === 'failed') {
        if (at > keptFrom) out.push(bytes.subarray(keptFrom, at));
        keptFrom = end;
      }
      at = end;
      if (verdict === 'done' || verdict === 'failed') break;
    }
    if (at > keptFrom) out.push(bytes.subarray(keptFrom, at));
    this.#text = '';
    if (at < bytes.length && !this.done && !this.failure) this.#hold(bytes.subarray(at));
    if (out.length === 0) return null;
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  #inspect(bytes: Buffer, start: number, end: number): Verdict {
    const marked = this.#isMarked(end);
    if (!marked && this.started && isPlainData(bytes, start, end)) {
      this.#count(end - start);
      return 'forward';
    }
    const event = readEventText(bytes.toString('utf8', start, end));
    if (event.kind === 'nothing') return 'forward';
    if (event.kind === 'foreign') return this.#fail('bytes that are not an event stream');
    return this.#take(event, end - start);
  }

  #take(event: EventText & { kind: 'data' }, size: number): Verdict {
    if (event.data === '[DONE]') {
      this.done = true;
      return 'done';
    }
    const message = readObject(event.data);
    if (!message) return this.#fail('an event that is not a JSON object');
    if (isError(message) || event.event === 'error') return this.#failWith(message);
    const usage = readUsage(message);
    if (usage) this.#usage = usage;
    const choices = asArray(message.choices);
    for (const choice of choices) this.#takeChoice(asObject(choice) ?? {}, size);
    if (usage && this.#dropUsage && Array.isArray(message.choices) && choices.length === 0) return 'drop';
    if (this.started) this.#count(size);
    return 'forward';
  }

  #takeChoice(choice: JsonObject, size: number): void {
    const reason = asString(choice.finish_reason);
    if (reason && (choice.index ?? 0) === 0) this.finishReason = reason;
    const said = textLength(asObject(choice.delta) ?? {});
    if (said > 0 && !this.started) {
      this.started = true;
      this.#envelope = Math.max(0, size - said);
    }
  }

  #count(size: number): void {
    this.#events++;
    this.#bytes += size;
  }

  /** Whether an event that ends at `end` holds a mark; moves on past it. */
  #isMarked(end: number): boolean {
    if (this.#nextMark >= end) return false;
    this.#seekMark(end);
    return true;
  }

  #seekMark(from: number): void {
    MARK.lastIndex = from;
    this.#nextMark = MARK.exec(this.#text)?.index ?? Number.POSITIVE_INFINITY;
  }

  #fail(what: string): Verdict {
    this.failure = malformed(this.#reading.vendor, what);
    return 'failed';
  }

  #failWith(message: JsonObject): Verdict {
    const bytes = Buffer.from(JSON.stringify(message));
    const found = { status: errorStatus(message), headers: () => undefined, message, bytes };
    this.failure = readError(this.#reading, found);
    return 'failed';
  }
}

/** `data: {...}` by its first and last bytes: enough to tell an event from rubbish without parsing it. */
function isPlainData(bytes: Buffer, start: number, end: number): boolean {
  for (let i = 0; i < DATA.length; i++) if (bytes[start + i] !== DATA[i]) return false;
  let first = start + DATA.length;
  if (bytes[first] === SPACE) first++;
  if (bytes[first] === BRACKET || bytes[first] !== OPEN_BRACE) return false;
  let last = end - 1;
  while (bytes[last] === LF || bytes[last] === CR) last--;
  return bytes[last] === CLOSE_BRACE;
}

/** Characters of everything a delta says: content, reasoning, refusal, tool calls, audio. */
function textLength(delta: JsonObject): number {
  let chars = 0;
  for (const [member, value] of Object.entries(delta)) {
    if (member === 'role' || value === null || value === undefined) continue;
    if (typeof value === 'string') chars += value.length;
    else if (Array.isArray(value) ? value.length > 0 : typeof value === 'object')
      chars += JSON.stringify(value).length;
  }
  return chars;
}
