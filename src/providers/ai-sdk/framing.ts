/** Between the gateway's bytes and a package: what is no stream, or one endless event, is found before the package waits for its end. */
import { crc32 } from 'node:zlib';
import { createSseDecoder, encodeSse } from '../../core/sse.ts';
import { readEventText } from '../event-text.ts';
import { malformed, ownFailure } from '../failure.ts';
import { readObject } from '../json.ts';
import type { Failure } from '../provider.ts';
import { type Reading, readErrorEvent } from './errors.ts';

export interface Framing {
  /** What of these bytes the package is to read; `null`: nothing yet. */
  push(chunk: Buffer): Buffer | null;
  /** The package has decoded something. */
  decoded(): void;
  /** What the bytes were that came last. All before them have been given on. */
  readonly failure: Failure | null;
  /** What the bytes were if nothing in them was an event; asked when the stream is over. */
  foreign(): Failure | null;
}

/** Enough of what is no stream to tell what it is. */
const MAX_HEAD_CHARS = 65_536;
/** Longest single event, or message, that is held. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** By the content type of the stream; empty: not known. */
export function createFraming(streamType: string, reading: Reading): Framing {
  if (streamType === 'text/event-stream') return new EventFraming(reading);
  return streamType === '' ? new ByteFraming(reading) : new MessageFraming(reading);
}

/** Text events: decoded here, and given on whole. */
class EventFraming implements Framing {
  failure: Failure | null = null;
  readonly #reading: Reading;
  readonly #decoder = createSseDecoder({ strict: true });
  /** The first bytes, until an event was decoded. */
  #head: string | null = '';

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.#head !== null && this.#head.length < MAX_HEAD_CHARS) this.#head += chunk.toString('latin1');
    const events = this.#decoder.push(chunk);
    if (events.length > 0) this.#head = null;
    const { vendor } = this.#reading;
    if (this.#decoder.pendingChars > MAX_EVENT_BYTES) this.failure = tooLarge(vendor);
    else if (this.#decoder.foreign && this.#head === null) this.failure = notItsStream(vendor);
    return events.length === 0 ? null : Buffer.from(events.map(encodeSse).join(''));
  }

  decoded(): void {}

  foreign(): Failure | null {
    return this.#head === null ? null : readForeignText(this.#reading, this.#head);
  }
}

/** Not known: only the package can tell where an event ends. It is taken for text. */
class ByteFraming implements Framing {
  failure: Failure | null = null;
  readonly #reading: Reading;
  #head: string | null = '';
  #undecoded = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  push(chunk: Buffer): Buffer {
    if (this.#head !== null && this.#head.length < MAX_HEAD_CHARS) this.#head += chunk.toString('latin1');
    this.#undecoded += chunk.length;
    if (this.#undecoded > MAX_EVENT_BYTES) this.failure = tooLarge(this.#reading.vendor);
    return chunk;
  }

  decoded(): void {
    this.#head = null;
    this.#undecoded = 0;
  }

  foreign(): Failure | null {
    return this.#head === null ? null : readForeignText(this.#reading, this.#head);
  }
}

const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 4;
/** Prelude and checksum: a message has no fewer bytes. */
const MIN_MESSAGE_BYTES = 16;

/**
 * Messages that begin with their length and end with a checksum of all before it, given on whole
 * (https://smithy.io/2.0/aws/amazon-eventstream.html, from memory 2026-11-25). A package that meets a broken one forgets those before it.
 */
class MessageFraming implements Framing {
  failure: Failure | null = null;
  readonly #reading: Reading;
  #held: Buffer[] = [];
  #bytes = 0;
  /** With fewer bytes there is nothing to do. */
  #needed = LENGTH_BYTES;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  push(chunk: Buffer): Buffer | null {
    this.#held.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return null;
    const bytes = Buffer.concat(this.#held);
    const end = this.#findEnd(bytes);
    this.#held = [bytes.subarray(end)];
    this.#bytes = bytes.length - end;
    return end === 0 ? null : bytes.subarray(0, end);
  }

  /** Where the last whole message ends. */
  #findEnd(bytes: Buffer): number {
    this.#needed = LENGTH_BYTES;
    for (let at = 0; ; ) {
      if (bytes.length - at < LENGTH_BYTES) return at;
      const length = bytes.readUInt32BE(at);
      const isMessage = length >= MIN_MESSAGE_BYTES && length <= MAX_EVENT_BYTES;
      if (isMessage && bytes.length - at < length) {
        this.#needed = length;
        return at;
      }
      if (!isMessage || !isSound(bytes.subarray(at, at + length))) {
        this.failure = notItsStream(this.#reading.vendor);
        return at;
      }
      at += length;
    }
  }

  decoded(): void {}

  foreign(): Failure | null {
    return null;
  }
}

function isSound(message: Buffer): boolean {
  const end = message.length - CHECKSUM_BYTES;
  return crc32(message.subarray(0, end)) === message.readUInt32BE(end);
}

function readForeignText(reading: Reading, head: string): Failure | null {
  const text = head.trim();
  if (text === '') return null;
  const error = readErrorEvent(reading, readObject(text));
  return error ?? (readEventText(text).kind === 'foreign' ? notItsStream(reading.vendor) : null);
}

export function notItsStream(vendor: string): Failure {
  return malformed(vendor, 'bytes that are not its stream');
}

function tooLarge(vendor: string): Failure {
  return ownFailure('upstream_too_large', `${vendor} sent an event over 16 MiB`);
}
