import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/error.ts';
import { DEFAULT_BREAKER } from '../stack/limits.ts';
import type { BreakerConfig } from '../stack/stack.ts';
import { Breaker, type BreakerState, type Refusal, type Verdict } from './breaker.ts';

/** Passive health of the deployments of this process: what calls themselves have shown. */
export interface Health {
  /** An attempt begins. Returns the round of the circuit it counts for. `breaker`: absent: the defaults. */
  began(deployment: string, breaker?: BreakerConfig): number;
  /** The first token of its stream is here. */
  answered(deployment: string, round: number): void;
  /** It ended; `null`: well. A client that left says nothing about the deployment: pass `'client_left'`. */
  ended(deployment: string, error: ErrorCode | null, round?: number): void;
  /** Why its circuit lets no call through now; `null` when it does. */
  refusal(deployment: string): Refusal | null;
  /** Share of calls it is well enough for, 0 to 1; less than 1 while its circuit closes. */
  share(deployment: string): number;
  inFlight(deployment: string): number;
  /** A drain of it ended. `breaker`: absent: the defaults. */
  resumed(deployment: string, breaker?: BreakerConfig): void;
  views(): DeploymentHealth[];
}

export interface DeploymentHealth {
  deployment: string;
  /** Attempts that ended within the last minute. */
  calls: number;
  failures: number;
  inFlight: number;
  lastError: { code: string; at: number } | null;
  lastOkAt: number | null;
  circuit: {
    state: BreakerState;
    /** When it opened, or when a drain ended that it ramps up after; `null` when it is closed. */
    since: number | null;
    /** Share of calls it takes, 0 to 1. */
    share: number;
  };
}

/** Failures that say the deployment is not well. A limit of our rate, a credential or a bad request do not. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set([
  'upstream_error',
  'upstream_overloaded',
  'upstream_malformed',
  'upstream_cut',
  'timeout_connect',
  'timeout_headers',
  'timeout_first_token',
  'timeout_idle',
]);

const SLOT_MS = 5_000;
const SLOTS = 12;
/** A deployment nothing was heard of for this long is forgotten. */
const FORGET_AFTER_MS = 600_000;
/** Names kept at most: a `default` provider makes a deployment of any model name an app invents. */
const MAX_NAMES = 5_000;

interface Entry {
  breaker: Breaker;
  slots: { number: number; calls: number; failures: number }[];
  inFlight: number;
  lastError: { code: string; at: number } | null;
  lastOkAt: number | null;
  touchedAt: number;
}

/** A sliding minute in twelve slots per deployment; bounded in names and in time. */
export function createHealth(clock: Clock): Health {
  return new PassiveHealth(clock);
}

class PassiveHealth implements Health {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  began(deployment: string, breaker = DEFAULT_BREAKER): number {
    const entry = this.#entryOf(deployment);
    entry.inFlight++;
    entry.breaker.config = breaker;
    return entry.breaker.began(this.#clock.now());
  }

  answered(deployment: string, round: number): void {
    this.#entries.get(deployment)?.breaker.answered(this.#clock.now(), round);
  }

  refusal(deployment: string): Refusal | null {
    return this.#entries.get(deployment)?.breaker.refusal(this.#clock.now()) ?? null;
  }

  /** Of a probe that is due: 1. */
  share(deployment: string): number {
    const entry = this.#entries.get(deployment);
    if (!entry) return 1;
    const now = this.#clock.now();
    return entry.breaker.state(now) === 'ramp' ? entry.breaker.share(now) : 1;
  }

  ended(deployment: string, error: ErrorCode | null, round = 0): void {
    const entry = this.#entryOf(deployment);
    const now = this.#clock.now();
    entry.inFlight--;
    entry.touchedAt = now;
    entry.breaker.ended(now, verdictOf(error), round);
    if (error === 'client_left') return;
    const number = Math.floor(now / SLOT_MS);
    const slot = entry.slots[number % SLOTS] as Entry['slots'][number];
    if (slot.number !== number) Object.assign(slot, { number, calls: 0, failures: 0 });
    slot.calls++;
    if (error === null) {
      entry.lastOkAt = now;
    } else {
      slot.failures++;
      entry.lastError = { code: error, at: now };
    }
  }

  inFlight(deployment: string): number {
    return this.#entries.get(deployment)?.inFlight ?? 0;
  }

  resumed(deployment: string, breaker = DEFAULT_BREAKER): void {
    const entry = this.#entryOf(deployment);
    entry.touchedAt = this.#clock.now();
    entry.breaker.config = breaker;
    entry.breaker.resume(entry.touchedAt);
  }

  views(): DeploymentHealth[] {
    this.#forget(FORGET_AFTER_MS);
    const now = this.#clock.now();
    const oldest = Math.floor(now / SLOT_MS) - SLOTS + 1;
    return [...this.#entries].map(([deployment, entry]) => {
      const recent = entry.slots.filter(({ number }) => number >= oldest);
      return {
        deployment,
        calls: recent.reduce((sum, { calls }) => sum + calls, 0),
        failures: recent.reduce((sum, { failures }) => sum + failures, 0),
        inFlight: entry.inFlight,
        lastError: entry.lastError,
        lastOkAt: entry.lastOkAt,
        circuit: {
          state: entry.breaker.state(now),
          since: entry.breaker.since(now),
          share: entry.breaker.share(now),
        },
      };
    });
  }

  #entryOf(deployment: string): Entry {
    let entry = this.#entries.get(deployment);
    if (!entry) {
      if (this.#entries.size >= MAX_NAMES) this.#forget(0);
      entry = {
        breaker: new Breaker(),
        slots: Array.from({ length: SLOTS }, () => ({ number: -1, calls: 0, failures: 0 })),
        inFlight: 0,
        lastError: null,
        lastOkAt: null,
        touchedAt: this.#clock.now(),
      };
      this.#entries.set(deployment, entry);
    }
    return entry;
  }

  #forget(afterMs: number): void {
    const before = this.#clock.now() - afterMs;
    for (const [name, entry] of this.#entries) {
      if (entry.inFlight === 0 && entry.touchedAt <= before) this.#entries.delete(name);
    }
  }
}

function verdictOf(error: ErrorCode | null): Verdict {
  if (error === null) return 'well';
  return OUTAGES.has(error) ? 'outage' : 'nothing';
}
