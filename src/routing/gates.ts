/**
 * The limits of each deployment, held by this process: how many attempts may run at once, where calls wait for a place,
 * and how many attempts and tokens may begin within a minute.
 */
import type { Clock, Timer } from '../core/clock.ts';
import type { LatencyClass } from '../core/protocol.ts';
import { DEFAULT_QUEUE } from '../stack/limits.ts';
import type { Limits } from '../stack/stack.ts';
import { MinuteWindow } from './minute-window.ts';

export interface Gates {
  /** Takes a place for one attempt, or says why there is none. Nobody overtakes those who wait. */
  enter(deployment: string, wish: Wish): Place | GateRefusal;
  /** Waits for a place at the first of these deployments that has one; `null`: every queue is full or there is none. */
  wait(line: Line): Timer | null;
  waiting(deployment: string): number;
}

export interface Wish {
  limits: Limits;
  /** The estimated prompt, tokens. */
  tokens: number;
}

export interface Line {
  /** Those that refused for `full`, in the order of the plan. */
  deployments: readonly (Wish & { deployment: string })[];
  latencyClass: LatencyClass;
  /** Milliseconds; the wait is over then, or after the longest `maxWaitMs` of the queues. */
  longestMs: number;
  /** Exactly one of these is called, once, unless the timer that `wait` returned is stopped before. */
  served(place: Place): void;
  refused(): void;
}

export interface GateRefusal {
  cause: 'full' | 'rate';
  /** In words: `at its limit of 4 concurrent calls, 2 waiting`. */
  reason: string;
  /** Until it is worth trying again. */
  waitMs: number;
}

/** Held by an attempt from its start to its end. */
export interface Place {
  readonly deployment: string;
  /** Gives it back, once; later calls do nothing. `tokens`: what was used, `null`: not known. */
  leave(tokens: number | null): void;
  /** Gives it back unused: nothing was sent. */
  undo(): void;
}

/** Interactive calls are served before standard ones, and these before batch. */
const RANKS: Readonly<Record<LatencyClass, number>> = { interactive: 0, standard: 1, batch: 2 };
/** Weight of the newest attempt in how long one takes. */
const NEWEST = 0.1;
const LONGEST_ADVICE_MS = 60_000;

export function createGates(clock: Clock): Gates {
  const gates = new Map<string, Gate>();
  const gateOf = (deployment: string): Gate => {
    let gate = gates.get(deployment);
    if (!gate) {
      gate = new Gate(deployment, clock, () => gates.delete(deployment));
      gates.set(deployment, gate);
    }
    return gate;
  };
  return {
    enter: (deployment, wish) => gateOf(deployment).enter(wish),
    wait(line) {
      const joined = line.deployments.filter(({ deployment, limits }) => gateOf(deployment).hasRoom(limits));
      if (joined.length === 0) return null;
      const waits = joined.map(({ limits }) => queueOf(limits)?.maxWaitMs ?? 0);
      const waiter = new Waiter(line);
      const timer = clock.after(Math.min(Math.max(...waits), line.longestMs), () => {
        waiter.quit();
        line.refused();
      });
      waiter.timer = timer;
      for (const wish of joined) waiter.join(gateOf(wish.deployment), wish);
      return { stop: () => waiter.quit() };
    },
    waiting: (deployment) => gates.get(deployment)?.waiters.length ?? 0,
  };
}

function queueOf({ queue }: Limits): Limits['queue'] {
  return queue === undefined ? DEFAULT_QUEUE : queue;
}

/** One call in the queues of one or more deployments. */
class Waiter {
  readonly line: Line;
  readonly rank: number;
  timer: Timer | null = null;
  #places: { gate: Gate; place: QueuedPlace }[] = [];

  constructor(line: Line) {
    this.line = line;
    this.rank = RANKS[line.latencyClass];
  }

  join(gate: Gate, wish: Wish): void {
    this.#places.push({ gate, place: gate.join(this, wish) });
  }

  /** Leaves every queue. */
  quit(): void {
    this.#leave(null);
  }

  /** `gate` has a place for it, which it holds from here on. */
  serve(gate: Gate): void {
    const place = this.#leave(gate);
    if (place) this.line.served(place);
  }

  #leave(kept: Gate | null): QueuedPlace | null {
    const places = this.#places;
    this.#places = [];
    this.timer?.stop();
    let held: QueuedPlace | null = null;
    for (const { gate, place } of places) {
      gate.waiters = gate.waiters.filter((waiter) => waiter !== this);
      if (gate === kept) held = place;
      else place.undo();
    }
    held?.begin();
    return held;
  }
}

class Gate {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #empty: () => void;
  waiters: Waiter[] = [];
  #running = 0;
  #maxConcurrent: number | null = null;
  #requests: MinuteWindow | null = null;
  #tokens: MinuteWindow | null = null;
  /** How long an attempt takes, milliseconds. */
  #holdMs = 0;
  #serving = false;

  constructor(name: string, clock: Clock, empty: () => void) {
    this.#name = name;
    this.#clock = clock;
    this.#empty = empty;
  }

  enter(wish: Wish): Place | GateRefusal {
    this.#maxConcurrent = wish.limits.maxConcurrent;
    const rate = this.#rateRefusal(wish);
    if (rate) return rate;
    // A new revision may have raised the limit since.
    this.#serve();
    const max = this.#maxConcurrent;
    if (max !== null && (this.#running >= max || this.waiters.length > 0)) return this.#fullRefusal(max);
    const place = this.#reserve(wish);
    place.begin();
    return place;
  }

  hasRoom(limits: Limits): boolean {
    const queue = queueOf(limits);
    return queue !== null && queue !== undefined && this.waiters.length < queue.maxWaiting;
  }

  /** Takes its share of the minute now, so that whoever is served from the queue is within the limits. */
  join(waiter: Waiter, wish: Wish): QueuedPlace {
    const behind = this.waiters.findLastIndex(({ rank }) => rank <= waiter.rank);
    this.waiters = this.waiters.toSpliced(behind + 1, 0, waiter);
    return this.#reserve(wish);
  }

  began(): void {
    this.#running++;
  }

  ended(heldMs: number): void {
    this.#running--;
    this.#holdMs = this.#holdMs === 0 ? heldMs : this.#holdMs + NEWEST * (heldMs - this.#holdMs);
    this.#serve();
    this.forgetIfIdle();
  }

  correct(at: number, change: { requests: number; tokens: number }): void {
    this.#requests?.correct(at, change.requests);
    this.#tokens?.correct(at, change.tokens);
  }

  forgetIfIdle(): void {
    const isIdle = this.#running === 0 && this.waiters.length === 0;
    if (isIdle && !this.#requests && !this.#tokens) this.#empty();
  }

  /** Serving one can end another, which would serve again: one loop does it all. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      for (let next = this.waiters[0]; next && this.#hasPlace(); next = this.waiters[0]) next.serve(this);
    } finally {
      this.#serving = false;
    }
  }

  #hasPlace(): boolean {
    return this.#maxConcurrent === null || this.#running < this.#maxConcurrent;
  }

  #reserve({ limits, tokens }: Wish): QueuedPlace {
    const now = this.#clock.monotonic();
    if (limits.requestsPerMinute !== null) this.#requests ??= new MinuteWindow();
    if (limits.tokensPerMinute !== null) this.#tokens ??= new MinuteWindow();
    this.#requests?.add(now, 1);
    this.#tokens?.add(now, tokens);
    return new QueuedPlace(this, this.#name, { clock: this.#clock, reservedAt: now, tokens });
  }

  #rateRefusal({ limits, tokens }: Wish): GateRefusal | null {
    const now = this.#clock.monotonic();
    const requestsMs = waitFor(this.#requests, now, { amount: 1, limit: limits.requestsPerMinute });
    const tokensMs = waitFor(this.#tokens, now, { amount: tokens, limit: limits.tokensPerMinute });
    const waitMs = Math.max(requestsMs, tokensMs);
    if (waitMs <= 0) return null;
    const [limit, unit] =
      requestsMs >= tokensMs
        ? [limits.requestsPerMinute, 'requests per minute']
        : [limits.tokensPerMinute, 'tokens per minute'];
    const seconds = Math.ceil(waitMs / 1000);
    return { cause: 'rate', reason: `at its limit of ${limit} ${unit}, room again in ${seconds} s`, waitMs };
  }

  #fullRefusal(max: number): GateRefusal {
    const waiting = this.waiters.length;
    const words = waiting === 0 ? '' : `, ${waiting} waiting`;
    const waitMs = Math.min(LONGEST_ADVICE_MS, (this.#holdMs * (waiting + 1)) / max);
    return { cause: 'full', reason: `at its limit of ${max} concurrent calls${words}`, waitMs };
  }
}

function waitFor(
  window: MinuteWindow | null,
  now: number,
  { amount, limit }: { amount: number; limit: number | null },
): number {
  return window && limit !== null ? window.waitMs(now, amount, limit) : 0;
}

interface PlaceParts {
  clock: Clock;
  reservedAt: number;
  tokens: number;
}

/** First only reserved, while its call waits; held from {@link begin} on. */
class QueuedPlace implements Place {
  readonly deployment: string;
  readonly #gate: Gate;
  readonly #parts: PlaceParts;
  #state: 'reserved' | 'held' | 'left' = 'reserved';
  #heldFrom = 0;

  constructor(gate: Gate, deployment: string, parts: PlaceParts) {
    this.#gate = gate;
    this.deployment = deployment;
    this.#parts = parts;
  }

  begin(): void {
    this.#state = 'held';
    this.#heldFrom = this.#parts.clock.monotonic();
    this.#gate.began();
  }

  leave(tokens: number | null): void {
    const { reservedAt, tokens: reserved } = this.#parts;
    if (this.#state === 'left') return;
    if (tokens !== null) this.#gate.correct(reservedAt, { requests: 0, tokens: tokens - reserved });
    this.#end();
  }

  undo(): void {
    const { reservedAt, tokens } = this.#parts;
    if (this.#state === 'left') return;
    this.#gate.correct(reservedAt, { requests: -1, tokens: -tokens });
    this.#end();
  }

  #end(): void {
    const wasHeld = this.#state === 'held';
    this.#state = 'left';
    if (wasHeld) this.#gate.ended(this.#parts.clock.monotonic() - this.#heldFrom);
    else this.#gate.forgetIfIdle();
  }
}
