/** Load, closed (so many calls in flight) or open (calls come by their own clock, whatever the endpoint does). */
import type { Clock } from '../../core/clock.ts';
import type { Workload } from '../simulator/workload.ts';
import type { Allowance } from './allowance.ts';
import type { CallSize, MadeCall, MakeCall } from './call.ts';
import type { LoadPoint } from './load-test.ts';
import { toPoint } from './point.ts';

export interface Generator {
  call: MakeCall;
  clock: Pick<Clock, 'monotonic' | 'after'>;
  allowance: Allowance;
  /** No further call begins; those under way end and count. */
  signal: AbortSignal;
  /** Share of a stretch, 0 to 1, that is warm-up and does not count. */
  warmUpShare: number;
  onCall(): void;
}

/** Ended calls below which a closed stretch goes on, up to {@link LONGEST} times its length. */
const LEAST_CALLS = 20;
const LONGEST = 4;
/** Failed calls in a row at the beginning of a stretch that end it: it says nothing but that. */
const MOST_FAILURES = 20;

/** Calls made in one stretch, and when it began. */
class Sent {
  readonly made: MadeCall[] = [];
  readonly #generator: Generator;
  readonly #begin: number;
  readonly #open = new Set<Promise<void>>();
  #answered = false;

  constructor(generator: Generator) {
    this.#generator = generator;
    this.#begin = generator.clock.monotonic();
  }

  nowMs(): number {
    return this.#generator.clock.monotonic() - this.#begin;
  }

  /** Whether another call may begin. */
  goesOn(): boolean {
    const { signal, allowance } = this.#generator;
    return !signal.aborted && allowance.exhausted() === null && !this.isHopeless;
  }

  /** Nothing but failures, warm or not. */
  get isHopeless(): boolean {
    return !this.#answered && this.made.length >= MOST_FAILURES;
  }

  /** When calls begin to count. */
  warmMs(lengthMs: number): number {
    return this.isHopeless ? 0 : lengthMs * this.#generator.warmUpShare;
  }

  send(size: CallSize, dueMs: number): Promise<void> {
    const { allowance, call, onCall } = this.#generator;
    allowance.begin();
    const sentMs = this.nowMs();
    const ended = call(size).then((result) => {
      allowance.end(result);
      if (result.error === null) this.#answered = true;
      this.made.push({ ...result, dueMs, sentMs, endMs: this.nowMs() });
      this.#open.delete(ended);
      onCall();
    });
    this.#open.add(ended);
    return ended;
  }

  async rest(): Promise<void> {
    await Promise.all(this.#open);
  }

  /** Until a moment of the stretch, or until it shall end. */
  until(ms: number): Promise<void> {
    const { clock, signal } = this.#generator;
    const waitMs = ms - this.nowMs();
    if (waitMs <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        timer.stop();
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = clock.after(waitMs, over);
      signal.addEventListener('abort', over, { once: true });
    });
  }
}

export interface ClosedLoad {
  concurrency: number;
  lengthMs: number;
  /** Sizes in turn. */
  sizes: Workload;
  /** Place in `sizes` to begin at. */
  from: number;
}

/** Keeps `concurrency` calls in flight. */
export async function runClosed(
  generator: Generator,
  { concurrency, lengthMs, sizes, from }: ClosedLoad,
): Promise<LoadPoint> {
  const sent = new Sent(generator);
  let next = from;
  let ended = 0;
  const isOver = (): boolean =>
    !sent.goesOn() ||
    (sent.nowMs() >= lengthMs && (ended >= LEAST_CALLS || sent.nowMs() >= LONGEST * lengthMs));
  const work = async (): Promise<void> => {
    while (!isOver()) {
      await sent.send(sizeAt(sizes, next++), sent.nowMs());
      if (sent.nowMs() >= sent.warmMs(lengthMs)) ended++;
    }
  };
  const workers = Array.from({ length: concurrency }, work);
  // Calls that end while the others run out belong to a load that is no more.
  await Promise.race(workers);
  const endMs = sent.nowMs();
  await Promise.all(workers);
  return toPoint({ kind: 'concurrency', concurrency, warmMs: sent.warmMs(lengthMs), endMs }, sent.made);
}

export interface OpenLoad {
  kind: 'replay' | 'search';
  /** Arrivals as they stand; what comes after `lengthMs` is not sent. */
  arrivals: Workload;
  lengthMs: number;
}

/** Sends every call when it is due, however many are in flight. */
export async function runOpen(
  generator: Generator,
  { kind, arrivals, lengthMs }: OpenLoad,
): Promise<LoadPoint> {
  const sent = new Sent(generator);
  let endMs = lengthMs;
  for (let call = 0; call < arrivals.atMs.length; call++) {
    const dueMs = arrivals.atMs[call] as number;
    if (dueMs >= lengthMs) break;
    await sent.until(dueMs);
    if (!sent.goesOn()) {
      endMs = Math.min(lengthMs, sent.nowMs());
      break;
    }
    void sent.send(sizeAt(arrivals, call), dueMs);
  }
  const lastMs = arrivals.atMs.at(-1) ?? 0;
  // A trace that ends earlier offers nothing after its last call.
  if (lastMs < lengthMs) endMs = Math.min(endMs, lastMs + 1);
  await sent.rest();
  const warmMs = Math.min(sent.warmMs(lengthMs), endMs);
  return toPoint({ kind, concurrency: null, warmMs, endMs }, sent.made);
}

function sizeAt({ inputTokens, outputTokens }: Workload, at: number): CallSize {
  const place = at % inputTokens.length;
  return { inputTokens: inputTokens[place] ?? 1, outputTokens: outputTokens[place] ?? 1 };
}
