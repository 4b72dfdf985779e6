import type { Clock, Timer } from '../core/clock.ts';
import type { ErrorCode } from '../core/error.ts';

export type TimeoutCode = Extract<ErrorCode, `timeout_${string}`>;

/** setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Timers count whole milliseconds: what is due within this is due. */
const GRACE_MS = 0.5;

/**
 * One timer for the deadlines of all calls. It is set for the earliest deadline it was told of and stays set when that
 * call ends; when it fires with nothing due it sets itself for what is the earliest then. So neither a call nor a read
 * of a stream costs a timer, as long as another call is under way.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #watches: Watch[] = [];
  #timer: Timer | null = null;
  /** When the timer fires, monotonic milliseconds. */
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The deadline of `watch`, which changed at `now`, is kept from here on. */
  keep(watch: Watch, now: number): void {
    if (watch.place < 0) watch.place = this.#watches.push(watch) - 1;
    if (watch.dueAt < this.#firesAt) this.#arm(watch.dueAt, now);
  }

  drop(watch: Watch): void {
    const { place } = watch;
    if (place < 0) return;
    watch.place = -1;
    const last = this.#watches.pop();
    if (last && last !== watch) {
      this.#watches[place] = last;
      last.place = place;
    }
    if (this.#watches.length === 0) this.#disarm();
  }

  #arm(at: number, now: number): void {
    this.#disarm();
    if (at === Number.POSITIVE_INFINITY) return;
    this.#firesAt = at;
    const ms = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(at - now)));
    this.#timer = this.#clock.after(ms, () => this.#fired());
  }

  #disarm(): void {
    this.#timer?.stop();
    this.#timer = null;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #fired(): void {
    this.#disarm();
    const now = this.#clock.monotonic() + GRACE_MS;
    const due = this.#watches.filter(({ dueAt }) => dueAt <= now);
    // Ending one call may end or begin others.
    for (const watch of due) if (watch.place >= 0 && watch.dueAt <= now) watch.expire();
    let next = Number.POSITIVE_INFINITY;
    // An expired watch stays expired until its call sets another deadline.
    for (const { dueAt } of this.#watches) if (dueAt > now && dueAt < next) next = dueAt;
    if (next < this.#firesAt) this.#arm(next, this.#clock.monotonic());
  }
}

/** The deadlines of one call: that of the whole, and that of the phase it is in. */
export class Watch {
  /** Its place among those that {@link Deadlines} keeps; kept by it alone. -1: not kept. */
  place = -1;
  readonly #deadlines: Deadlines;
  readonly #expired: (code: TimeoutCode) => void;
  /** Monotonic milliseconds. */
  #totalAt = Number.POSITIVE_INFINITY;
  #phaseAt = Number.POSITIVE_INFINITY;
  #code: TimeoutCode = 'timeout_total';

  constructor(deadlines: Deadlines, expired: (code: TimeoutCode) => void) {
    this.#deadlines = deadlines;
    this.#expired = expired;
  }

  get dueAt(): number {
    return this.#totalAt < this.#phaseAt ? this.#totalAt : this.#phaseAt;
  }

  /** The deadline of the whole call, from the next phase on. */
  setTotal(at: number): void {
    this.#totalAt = at;
  }

  /** A phase of `ms` milliseconds begins at `now`; the phase before is over. */
  begin(code: TimeoutCode, ms: number, now: number): void {
    this.#code = code;
    this.#phaseAt = now + ms;
    this.#deadlines.keep(this, now);
  }

  /** No phase runs: only the total deadline counts. */
  rest(now: number): void {
    this.begin('timeout_total', Number.POSITIVE_INFINITY, now);
  }

  stop(): void {
    this.#deadlines.drop(this);
  }

  /** For {@link Deadlines}: the time is up. */
  expire(): void {
    this.#expired(this.#totalAt <= this.#phaseAt ? 'timeout_total' : this.#code);
  }
}
