/**
 * The durable spool, writing side. A record is one line (record-line.ts), appended with one synchronous write() (measured:
 * see bench/spool.ts) to the newest segment file. After write() the line is in the page cache, so it survives the
 * death of this process at any moment. Against power loss the drain syncs what the store does not have yet, about
 * every 100 ms; a line torn by power loss is skipped, counted and logged by the drain.
 *
 * When the disk refuses a write, the torn line is cut off again, the record waits in memory (bounded), `state` turns
 * `full` so that the gateway stops admitting calls, and a timer tries again. Over `maxBytes` the state is `full` too,
 * but calls already under way are still written, up to an eighth more.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRecord } from '../core/call-record.ts';
import { type Clock, systemClock, type Timer } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import { toLine } from './record-line.ts';
import type { Recorder } from './recorder.ts';
import { listSegments, nextSegmentName } from './segments.ts';

export interface SpoolOptions {
  /** Made when missing, readable by its owner only: payloads may stand in it. */
  dir: string;
  /** All segments together, bytes. Above it the state is `full`. */
  maxBytes: number;
  logger: Logger;
  /** Tells that records were appended: 25 ms after the first, then at most once per 100 ms, always after the last. */
  onAppend: () => void;
  /** A segment is followed by a new one from this size on. Default 8 MB, at most a quarter of `maxBytes`. */
  segmentBytes?: number;
  /** Bytes of records that may wait in memory while the disk refuses them. Default 64 MB. */
  maxQueuedBytes?: number;
  clock?: Clock;
}

const SEGMENT_BYTES = 8 * 1024 * 1024;
const QUEUE_BYTES = 64 * 1024 * 1024;
const BUFFER_BYTES = 64 * 1024;
const NEWLINE = 10;
const APPEND_NOTICE_MS = 25;
/** A notice to another thread costs about as much as ten records. */
const NOTICE_PACE_MS = 100;
const RETRY_MS = 250;
/** A segment with records is closed after this long, so that drained records (and payloads) leave the disk. */
const SEGMENT_AGE_MS = 10_000;
/** `full` ends when the segments are under this share of `maxBytes`, so that it does not flicker. */
const RESUME_SHARE = 0.9;
const OVERRUN_SHARE = 1.125;
const NO_FILE = -1;

/** Opens the spool for writing; never throws: a folder that cannot be written shows as state `full`. */
export function openSpool(options: SpoolOptions): Recorder {
  return new Spool(options);
}

class Spool implements Recorder {
  state: 'ok' | 'full' = 'ok';
  readonly #dir: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #maxQueuedBytes: number;
  readonly #logger: Logger;
  readonly #onAppend: () => void;
  readonly #clock: Clock;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #ageTimer: Timer;
  #retryTimer: Timer | undefined;
  #noticePending = false;
  #lastNotice = Number.NEGATIVE_INFINITY;
  #closed = false;
  #fd = NO_FILE;
  /** Bytes of whole lines in the current segment. */
  #size = 0;
  /** Bytes of the other segments when last counted. */
  #otherBytes = 0;
  #segment = '';
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #lost = 0;

  constructor(options: SpoolOptions) {
    this.#dir = options.dir;
    this.#maxBytes = options.maxBytes;
    this.#segmentBytes = Math.min(options.segmentBytes ?? SEGMENT_BYTES, Math.ceil(options.maxBytes / 4));
    this.#maxQueuedBytes = options.maxQueuedBytes ?? QUEUE_BYTES;
    this.#logger = options.logger;
    this.#onAppend = options.onAppend;
    this.#clock = options.clock ?? systemClock;
    this.#ageTimer = this.#clock.every(SEGMENT_AGE_MS, () => {
      if (this.#size > 0) this.#begin();
    });
    const trouble = this.#begin();
    if (trouble) this.#turnFull(trouble);
    else this.#checkSize();
  }

  take(record: CallRecord): void {
    const text = this.#toLine(record);
    if (text === undefined) return;
    if (text.length * 3 >= BUFFER_BYTES) {
      const line = Buffer.from(`${text}\n`);
      this.#put(line, line.length);
      return;
    }
    const length = this.#buffer.write(text);
    this.#buffer[length] = NEWLINE;
    this.#put(this.#buffer, length + 1);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ageTimer.stop();
    this.#retryTimer?.stop();
    this.#flushQueue();
    if (this.#size > 0) this.#begin();
    this.#closeFile();
    this.#lost += this.#queue.length;
    if (this.#lost > 0) {
      this.#logger.error({ lost: this.#lost }, 'The spool closed with records it could not write');
    }
    this.#onAppend();
  }

  #toLine(record: CallRecord): string | undefined {
    try {
      return toLine(record);
    } catch (error) {
      this.#logger.error(
        { call: record.id, error: String(error) },
        'A call record could not be written as JSON',
      );
      return undefined;
    }
  }

  #put(line: Buffer, length: number): void {
    const trouble =
      this.#queue.length > 0 || this.#closed ? 'records are waiting already' : this.#append(line, length);
    if (trouble) {
      this.#enqueue(line, length);
      this.#turnFull(trouble);
    }
  }

  /** Appends one line. Returns what went wrong, in words; then nothing of the line is in the file. */
  #append(line: Buffer, length: number): string | undefined {
    if (this.#size >= this.#segmentBytes || this.#fd === NO_FILE) {
      const trouble = this.#begin();
      if (trouble && this.#fd === NO_FILE) return trouble;
    }
    if (this.#size + this.#otherBytes + length > this.#maxBytes * OVERRUN_SHARE) return this.#overSize();
    try {
      let written = writeSync(this.#fd, line, 0, length);
      while (written < length) written += writeSync(this.#fd, line, written, length - written);
    } catch (error) {
      this.#cutTornLine();
      return String(error);
    }
    this.#size += length;
    if (this.#size + this.#otherBytes > this.#maxBytes) this.#checkSize();
    if (!this.#noticePending) this.#notice();
    return undefined;
  }

  #notice(): void {
    this.#noticePending = true;
    const pace = this.#lastNotice + NOTICE_PACE_MS - this.#clock.monotonic();
    this.#clock.after(Math.max(APPEND_NOTICE_MS, pace), () => {
      this.#noticePending = false;
      this.#lastNotice = this.#clock.monotonic();
      if (!this.#closed) this.#onAppend();
    });
  }

  /** Cuts off what a failed write left. When even that fails the file is left to the drain, which skips the tail. */
  #cutTornLine(): void {
    try {
      ftruncateSync(this.#fd, this.#size);
    } catch {
      this.#closeFile();
    }
  }

  /** Begins a new segment, which lets the drain delete the one before. On trouble the old one stays in use. */
  #begin(): string | undefined {
    try {
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
      const name = nextSegmentName(this.#dir, this.#clock.now());
      const fd = openSync(join(this.#dir, name), 'ax', 0o600);
      this.#closeFile();
      this.#fd = fd;
      this.#segment = name;
      this.#size = 0;
      this.#count();
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  #closeFile(): void {
    const fd = this.#fd;
    this.#fd = NO_FILE;
    try {
      if (fd !== NO_FILE) closeSync(fd);
    } catch (error) {
      this.#logger.warn({ error: String(error) }, 'A spool segment did not close cleanly');
    }
  }

  /** Counts the other segments again: the drain deletes them behind our back. */
  #count(): void {
    this.#otherBytes = 0;
    for (const { name, bytes } of listSegments(this.#dir))
      if (name !== this.#segment) this.#otherBytes += bytes;
  }

  #checkSize(): void {
    this.#count();
    if (this.#size + this.#otherBytes > this.#maxBytes) this.#turnFull(this.#overSize());
  }

  #overSize(): string {
    return `over spool.maxBytes (${this.#maxBytes})`;
  }

  #enqueue(line: Buffer, length: number): void {
    if (this.#closed || this.#queuedBytes + length > this.#maxQueuedBytes) {
      this.#lost++;
      if (this.#lost === 1)
        this.#logger.error({}, 'The spool has no room left in memory: records are being lost');
      return;
    }
    this.#queue.push(Buffer.from(line.subarray(0, length)));
    this.#queuedBytes += length;
  }

  /** Begins an episode: says so once, and tries again until it is over. */
  #turnFull(trouble: string): void {
    if (this.state === 'full' || this.#closed) return;
    this.state = 'full';
    this.#logger.error({ dir: this.#dir, trouble }, 'The spool cannot take more records; see spool.whenFull');
    this.#retryTimer = this.#clock.every(RETRY_MS, () => this.#retry());
  }

  #retry(): void {
    try {
      if (this.#size > 0 || this.#fd === NO_FILE) this.#begin();
      this.#count();
    } catch {
      return;
    }
    const waited = this.#queue.length;
    this.#flushQueue();
    const bytes = this.#size + this.#otherBytes;
    if (this.#fd === NO_FILE || this.#queue.length > 0 || bytes > this.#maxBytes * RESUME_SHARE) return;
    this.#retryTimer?.stop();
    this.state = 'ok';
    this.#logger.warn({ waited, lost: this.#lost }, 'The spool takes records again');
    this.#lost = 0;
  }

  #flushQueue(): void {
    let written = 0;
    for (const line of this.#queue) {
      if (this.#append(line, line.length) !== undefined) break;
      this.#queuedBytes -= line.length;
      written++;
    }
    if (written > 0) this.#queue = this.#queue.slice(written);
  }
}
