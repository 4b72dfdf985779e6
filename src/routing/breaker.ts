/**
 * The circuit breaker of one deployment, a state machine on what calls have shown. Closed: all calls. Open: none, for a
 * pause. Then one call goes through as a probe; when it is answered a growing share of calls follows, until all do.
 */

import { DEFAULT_BREAKER } from '../stack/limits.ts';
import type { BreakerConfig } from '../stack/stack.ts';

export type BreakerState = 'closed' | 'open' | 'half-open' | 'ramp';
/** What the end of an attempt says of its deployment. */
export type Verdict = 'well' | 'outage' | 'nothing';

/** Why a deployment takes no call now. */
export interface Refusal {
  reason: string;
  /** Until it may take one. */
  waitMs: number;
}

const SLOT_MS = 5_000;
const SLOTS = 12;

/** Times are epoch milliseconds, given by the caller. */
export class Breaker {
  /** Of the deployment as the last attempt knew it. */
  config: BreakerConfig = DEFAULT_BREAKER;
  #state: BreakerState = 'closed';
  #consecutive = 0;
  #slots: { number: number; calls: number; outages: number }[] = [];
  /** When the outage began that it is open for, or was until the ramp; or when a drain ended. */
  #since = 0;
  #retryAt = 0;
  #pauseMs = 0;
  #rampFrom = 0;
  #answers = 0;
  /** Counts openings: attempts begun before the last one say nothing any more. */
  #round = 0;

  state(now: number): BreakerState {
    if (this.#state === 'ramp' && this.#rampShare(now) >= 1) this.#close();
    return this.#state;
  }

  /** When it opened, or a drain of it ended, unless it is closed. */
  since(now: number): number | null {
    return this.state(now) === 'closed' ? null : this.#since;
  }

  /** Share of calls it takes, 0 to 1. A probe that is due or under way is no share. */
  share(now: number): number {
    const state = this.state(now);
    if (state === 'closed') return 1;
    return state === 'ramp' ? this.#rampShare(now) : 0;
  }

  /** Why no call may begin now; `null` when one may. */
  refusal(now: number): Refusal | null {
    const state = this.state(now);
    if (state === 'half-open') {
      return { reason: `circuit open since ${clockTime(this.#since)}, one call tries it now`, waitMs: 1_000 };
    }
    const waitMs = this.#retryAt - now;
    if (state !== 'open' || waitMs <= 0) return null;
    const seconds = Math.ceil(waitMs / 1000);
    return { reason: `circuit open since ${clockTime(this.#since)}, tries again in ${seconds} s`, waitMs };
  }

  /** An attempt begins, which {@link refusal} did not refuse. Returns its round, for {@link ended}. */
  began(now: number): number {
    if (this.state(now) === 'open') this.#state = 'half-open';
    return this.#round;
  }

  /** The first token of an attempt's stream is here: a probe need not wait for the last one. */
  answered(now: number, round: number): void {
    if (round === this.#round && this.#state === 'half-open') this.#startRamp(now);
  }

  ended(now: number, verdict: Verdict, round: number): void {
    if (round !== this.#round) return;
    switch (this.state(now)) {
      case 'closed':
        this.#count(now, verdict);
        break;
      case 'half-open':
        if (verdict === 'well') this.#startRamp(now);
        else if (verdict === 'outage') this.#open(now);
        // The probe told nothing: the next call is one.
        else this.#state = 'open';
        break;
      case 'ramp':
        if (verdict === 'well') this.#answers++;
        else if (verdict === 'outage') this.#open(now);
        this.state(now);
        break;
      case 'open':
        break;
    }
  }

  /** It is back in service after a drain: a share of calls first, as after an outage. An open circuit stays open. */
  resume(now: number): void {
    if (this.state(now) !== 'closed') return;
    this.#since = now;
    this.#startRamp(now);
  }

  #count(now: number, verdict: Verdict): void {
    if (verdict === 'nothing') return;
    const number = Math.floor(now / SLOT_MS);
    let slot = this.#slots.at(-1);
    if (slot?.number !== number) {
      slot = { number, calls: 0, outages: 0 };
      this.#slots = [...this.#slots.filter((old) => old.number > number - SLOTS), slot];
    }
    slot.calls++;
    if (verdict === 'well') {
      this.#consecutive = 0;
      return;
    }
    slot.outages++;
    this.#consecutive++;
    let calls = 0;
    let outages = 0;
    for (const each of this.#slots) {
      calls += each.calls;
      outages += each.outages;
    }
    const isBad = calls >= this.config.minCalls && outages >= calls * this.config.share;
    if (isBad || this.#consecutive >= this.config.consecutive) this.#open(now);
  }

  #open(now: number): void {
    if (this.#state === 'closed') this.#since = now;
    this.#pauseMs =
      this.#pauseMs === 0 ? this.config.pauseMs : Math.min(this.config.longestPauseMs, this.#pauseMs * 2);
    this.#retryAt = now + this.#pauseMs;
    this.#state = 'open';
    this.#round++;
  }

  #startRamp(now: number): void {
    this.#state = 'ramp';
    this.#rampFrom = now;
    this.#answers = 0;
  }

  #rampShare(now: number): number {
    const grown = Math.max(
      this.#answers / this.config.rampAnswers,
      (now - this.#rampFrom) / this.config.rampMs,
    );
    return Math.min(1, this.config.firstShare + (1 - this.config.firstShare) * grown);
  }

  #close(): void {
    this.#state = 'closed';
    this.#pauseMs = 0;
    this.#consecutive = 0;
    this.#slots = [];
  }
}

/** `10:02:11 UTC` */
function clockTime(at: number): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}
