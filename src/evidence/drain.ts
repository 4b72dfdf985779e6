/**
 * The durable spool, reading side: tails the segments in order and inserts their records in batches. It keeps no
 * checkpoint on disk: inserting is idempotent by call id, and a drained segment is deleted within seconds (the
 * writer begins a new one every 10 s), so a restart reads at most a few seconds of records twice. That is cheaper
 * than a checkpoint write per batch, and one file less that can be wrong.
 *
 * A segment is deleted only when a newer one was seen before it was read to its end: the writer never returns to an
 * older one, so no line being appended is lost. An offset moves only past whole lines and only after their insert.
 */
import { appendFileSync, closeSync, fdatasync, mkdirSync, openSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { CallRecord } from '../core/call-record.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import type { Logger } from '../core/log.ts';
import { parseLine } from './record-line.ts';
import { listSegments, type Segment } from './segments.ts';

export interface DrainOptions {
  dir: string;
  /** Stores the records not yet there, all or none. Throws TrimtabError(store_unavailable) when it cannot now. */
  insert: (records: readonly CallRecord[]) => Promise<{ inserted: number }>;
  logger: Logger;
  clock: Clock;
  /**
   * Called after a batch of which at least one record was new. After a restart or an ambiguous commit a batch may
   * hold records that were there before.
   */
  onInserted?: (records: readonly CallRecord[]) => void;
}

export interface Drain {
  /** There is something new: read at once, or 250 ms after the pass before. Without it the drain looks once a second. */
  wake(): void;
  /** Bytes in the spool that are not in the store yet. */
  pendingBytes(): number;
  /** Drains what can be drained without waiting, then ends. Call it after the writer closed. */
  stop(): Promise<void>;
}

const BATCH_RECORDS = 1000;
const BATCH_BYTES = 1024 * 1024;
const NEWLINE = 10;
const POLL_MS = 1000;
/** Passes begin at least this far apart: larger batches cost a third of the CPU per record of small ones. */
const PACE_MS = 250;
const SYNC_MS = 100;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;
/** Failed tries between two log lines of one outage: about a minute. */
const LOG_EVERY = 12;
/** Tries of a whole batch, that fail though the store answers, before its records are tried one by one. */
const BATCH_TRIES = 3;
/** Later records tried to learn whether the store works at all. */
const WITNESSES = 20;
const REJECTED = 'rejected.jsonl';

/** Starts draining at once: first what earlier processes left. */
export function createDrain(options: DrainOptions): Drain {
  return new SpoolDrain(options);
}

interface Batch {
  records: CallRecord[];
  /** Lines that are not call records. */
  broken: string[];
  /** Where the next batch begins. */
  next: number;
}

/** Records that come after a batch. */
type Later = () => Iterable<readonly CallRecord[]>;

class SpoolDrain implements Drain {
  readonly #options: DrainOptions;
  /** Drained bytes of segments not yet deleted. */
  readonly #offsets = new Map<string, number>();
  readonly #buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  readonly #done: Promise<void>;
  #stopping = false;
  #woken = false;
  #sleeper: (() => void) | undefined;
  #backoff: (() => void) | undefined;
  #syncArmed = false;
  /** The newest segment and its size at the last sync. */
  #synced = '';

  constructor(options: DrainOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    this.#done = this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#sleeper?.();
    this.#armSync();
  }

  #armSync(): void {
    if (this.#syncArmed || this.#stopping) return;
    this.#syncArmed = true;
    this.#options.clock.after(SYNC_MS, () => this.#sync());
  }

  pendingBytes(): number {
    let pending = 0;
    for (const { name, bytes } of listSegments(this.#options.dir)) {
      pending += Math.max(0, bytes - (this.#offsets.get(name) ?? 0));
    }
    return pending;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sleeper?.();
    this.#backoff?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (;;) {
      const last = this.#stopping;
      const began = this.#options.clock.monotonic();
      this.#woken = false;
      try {
        await this.#pass();
      } catch (error) {
        this.#options.logger.error({ error: String(error) }, 'The spool could not be read');
      }
      if (last) return;
      if (!this.#woken && !this.#stopping) await this.#sleep();
      const rest = began + PACE_MS - this.#options.clock.monotonic();
      if (rest > 0 && !this.#stopping) await this.#wait(rest);
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#options.clock.after(POLL_MS, resolve);
      this.#sleeper = () => {
        timer.stop();
        this.#sleeper = undefined;
        resolve();
      };
    });
  }

  /** Reads every segment to its end. Ends early only when stopping. */
  async #pass(): Promise<void> {
    const segments = listSegments(this.#options.dir);
    const names = new Set(segments.map(({ name }) => name));
    for (const name of this.#offsets.keys()) if (!names.has(name)) this.#offsets.delete(name);
    for (const [index, segment] of segments.entries()) {
      const finished = index < segments.length - 1;
      if (!(await this.#drainSegment(segment, finished))) return;
    }
  }

  /** `finished`: a newer segment exists, so this one gets no more lines. Returns false when stopping cut it short. */
  async #drainSegment(segment: Segment, finished: boolean): Promise<boolean> {
    const fd = openSync(segment.path, 'r');
    try {
      for (;;) {
        const offset = this.#offsets.get(segment.name) ?? 0;
        const batch = this.#read(fd, offset, finished);
        if (!batch) break;
        if (!(await this.#store(batch, () => this.#later(segment, batch.next)))) return false;
        this.#offsets.set(segment.name, batch.next);
      }
    } finally {
      closeSync(fd);
    }
    if (finished) {
      unlinkSync(segment.path);
      this.#offsets.delete(segment.name);
    }
    return true;
  }

  /** The next whole lines from `offset`; `undefined` when there are none. */
  #read(fd: number, offset: number, finished: boolean): Batch | undefined {
    let buffer = this.#buffer;
    let length = readSync(fd, buffer, 0, buffer.length, offset);
    while (length === buffer.length && buffer.indexOf(NEWLINE) < 0) {
      buffer = Buffer.allocUnsafe(buffer.length * 2);
      length = readSync(fd, buffer, 0, buffer.length, offset);
    }
    const batch: Batch = { records: [], broken: [], next: offset };
    let start = 0;
    while (start < length && batch.records.length + batch.broken.length < BATCH_RECORDS) {
      const end = buffer.subarray(0, length).indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#addLine(batch, buffer.toString('utf8', start, end));
      start = end + 1;
    }
    if (start === 0 && length > 0 && finished) {
      this.#addTornTail(batch, buffer.toString('utf8', 0, length));
      start = length;
    }
    batch.next = offset + start;
    return start === 0 ? undefined : batch;
  }

  #addLine(batch: Batch, line: string): void {
    const record = parseLine(line);
    if (record) batch.records.push(record);
    else batch.broken.push(line);
  }

  /** A last line without its end: a call no client saw finish, or a disk that lost power. Whole after all: taken. */
  #addTornTail(batch: Batch, tail: string): void {
    const record = parseLine(tail);
    if (record) batch.records.push(record);
    else this.#options.logger.warn({ bytes: tail.length }, 'A torn last line of a spool segment was skipped');
  }

  /** The batches after `offset` of a segment, then those of later segments. */
  *#later(from: Segment, offset: number): Generator<CallRecord[]> {
    for (const segment of listSegments(this.#options.dir)) {
      if (segment.name < from.name || segment.bytes === 0) continue;
      const fd = openSync(segment.path, 'r');
      try {
        let at = segment.name === from.name ? offset : 0;
        for (let batch = this.#read(fd, at, false); batch; batch = this.#read(fd, at, false)) {
          at = batch.next;
          yield batch.records;
        }
      } finally {
        closeSync(fd);
      }
    }
  }

  /** Stores a batch, however long it takes. Returns false when stopping ended the wait. */
  async #store(batch: Batch, later: Later): Promise<boolean> {
    const { logger } = this.#options;
    let answered = 0;
    for (let tries = 0; ; tries++) {
      try {
        if (answered < BATCH_TRIES) await this.#insert(batch.records);
        else await this.#storeOneByOne(batch.records, later);
        for (const line of batch.broken) this.#putAside(line, 'not a call record');
        if (tries > 0) logger.warn({ tries }, 'The store takes records again');
        return true;
      } catch (error) {
        if (!isAway(error)) answered++;
        if (tries % LOG_EVERY === 0) {
          const fields = { error: String(error), records: batch.records.length, tries: tries + 1 };
          logger.error(fields, 'The store does not take records; they wait in the spool');
        }
        if (this.#stopping) return false;
        await this.#wait(Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(tries, 10)));
      }
    }
  }

  /** Returns how many of them the store did not have. */
  async #insert(records: readonly CallRecord[]): Promise<number> {
    if (records.length === 0) return 0;
    const { inserted } = await this.#options.insert(records);
    if (inserted === 0) return 0;
    try {
      this.#options.onInserted?.(records);
    } catch (error) {
      this.#options.logger.error({ error: String(error) }, 'A listener to stored records failed');
    }
    return inserted;
  }

  /**
   * Finds the records the store refuses by halving, and puts them aside, but only when some other record could be
   * stored: of this batch, or a later one. Else the store is at fault, whatever it says: throws, and all wait. One the
   * store already had shows nothing: after a crash the spool begins with those, and taking them again writes nothing.
   */
  async #storeOneByOne(records: readonly CallRecord[], later: Later): Promise<void> {
    const refused: CallRecord[] = [];
    let stored = 0;
    let trouble: unknown;
    const groups: (readonly CallRecord[])[] = [records];
    for (let group = groups.pop(); group; group = groups.pop()) {
      try {
        stored += await this.#insert(group);
      } catch (error) {
        if (isAway(error)) throw error;
        const half = group.length >> 1;
        if (half > 0) groups.push(group.slice(half), group.slice(0, half));
        else refused.push(...group);
        trouble = error;
      }
    }
    if (refused.length > 0 && stored === 0 && !(await this.#canStore(later()))) throw trouble;
    for (const record of refused) await this.#lastTry(record);
  }

  /** The store works by now, so what it refuses again is refused for good. */
  async #lastTry(record: CallRecord): Promise<void> {
    try {
      await this.#insert([record]);
    } catch (error) {
      if (isAway(error)) throw error;
      this.#putAside(JSON.stringify(record), String(error));
    }
  }

  /** Looks on past batches the store has already, up to one it does not have: a few of that one settle it. */
  async #canStore(later: Iterable<readonly CallRecord[]>): Promise<boolean> {
    for (const records of later) {
      let refusals = 0;
      for (const group of [records, ...records.slice(0, WITNESSES).map((record) => [record])]) {
        try {
          if ((await this.#insert(group)) > 0) return true;
          if (group === records) break;
        } catch (error) {
          if (isAway(error)) throw error;
          refusals++;
        }
      }
      if (refusals > WITNESSES) return false;
    }
    return false;
  }

  #putAside(line: string, reason: string): void {
    const { dir, clock, logger } = this.#options;
    const path = join(dir, REJECTED);
    appendFileSync(path, `${JSON.stringify({ at: clock.now(), reason, line })}\n`, { mode: 0o600 });
    logger.error({ reason, file: path }, 'A record the store refuses was put aside');
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(ms, resolve);
      this.#backoff = () => {
        timer.stop();
        resolve();
      };
    });
  }

  /** Puts what only the spool has onto the disk itself, off every thread that serves, for as long as it grows. */
  #sync(): void {
    this.#syncArmed = false;
    const warn = (error: unknown): void =>
      this.#options.logger.warn({ error: String(error) }, 'The spool could not be synced to disk');
    try {
      const newest = listSegments(this.#options.dir).at(-1);
      if (!newest || newest.bytes <= (this.#offsets.get(newest.name) ?? 0)) return;
      const synced = `${newest.name} ${newest.bytes}`;
      if (synced === this.#synced) return;
      this.#synced = synced;
      this.#armSync();
      const fd = openSync(newest.path, 'r+');
      fdatasync(fd, (error) => {
        closeSync(fd);
        if (!error) return;
        this.#synced = '';
        warn(error);
      });
    } catch (error) {
      warn(error);
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof TrimtabError && error.code === 'store_unavailable';
}
