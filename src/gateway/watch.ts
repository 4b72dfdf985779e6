import type { Clock, Timer } from '../core/clock.ts';
import type { ErrorCode } from '../core/error.ts';

export type TimeoutCode = Extract<ErrorCode, `timeout_${string}`>;

/** setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * All timeouts of one call on one timer. A phase begins by noting its deadline; the timer is set again only when a
 * deadline lies before it, and when it fires early it sets itself for what is left. So the silence watch of a
 * stream costs a clock reading per read, not a timer.
 */
export class Watch {
  readonly #clock: Clock;
  readonly #expired: (code: TimeoutCode) => void;
  #timer: Timer | null = null;
  /** When the timer fires, and the deadlines; monotonic milliseconds. */
  #firesAt = Number.POSITIVE_INFINITY;
  #totalAt = Number.POSITIVE_INFINITY;
  #phaseAt = Number.POSITIVE_INFINITY;
  #code: TimeoutCode = 'timeout_total';

  constructor(clock: Clock, expired: (code: TimeoutCode) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** The deadline of the whole call. */
  setTotal(at: number): void {
    this.#totalAt = at;
  }

  /** A phase of `ms` milliseconds begins at `now`; the phase before is over. */
  begin(code: TimeoutCode, ms: number, now: number): void {
    this.#code = code;
    this.#phaseAt = now + ms;
    const next = Math.min(this.#phaseAt, this.#totalAt);
    if (next < this.#firesAt) this.#arm(next, now);
  }

  /** No phase runs: only the total deadline counts. */
  rest(now: number): void {
    this.begin('timeout_total', Number.POSITIVE_INFINITY, now);
  }

  stop(): void {
    this.#timer?.stop();
    this.#timer = null;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #arm(at: number, now: number): void {
    this.#timer?.stop();
    this.#firesAt = at;
    this.#timer = this.#clock.after(Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(at - now))), () =>
      this.#fired(),
    );
  }

  #fired(): void {
    this.#timer = null;
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    const next = Math.min(this.#phaseAt, this.#totalAt);
    // Half a millisecond of grace: timers count whole milliseconds.
    if (next > now + 0.5) this.#arm(next, now);
    else this.#expired(this.#totalAt <= this.#phaseAt ? 'timeout_total' : this.#code);
  }
}
