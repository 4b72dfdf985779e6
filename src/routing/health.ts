import type { Clock } from '../core/clock.ts';
import type { ErrorCode } from '../core/error.ts';

/** Passive health of the deployments of this process: what calls themselves have shown. */
export interface Health {
  /** An attempt begins. */
  began(deployment: string): void;
  /** It ended; `null`: well. A client that left says nothing about the deployment: pass `'client_left'`. */
  ended(deployment: string, error: ErrorCode | null): void;
  inFlight(deployment: string): number;
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
}

const SLOT_MS = 5_000;
const SLOTS = 12;
/** A deployment nothing was heard of for this long is forgotten. */
const FORGET_AFTER_MS = 600_000;
/** Names kept at most: a `default` provider makes a deployment of any model name an app invents. */
const MAX_NAMES = 5_000;

interface Entry {
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

  began(deployment: string): void {
    this.#entryOf(deployment).inFlight++;
  }

  ended(deployment: string, error: ErrorCode | null): void {
    const entry = this.#entryOf(deployment);
    const now = this.#clock.now();
    entry.inFlight--;
    entry.touchedAt = now;
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

  views(): DeploymentHealth[] {
    this.#forget(FORGET_AFTER_MS);
    const oldest = Math.floor(this.#clock.now() / SLOT_MS) - SLOTS + 1;
    return [...this.#entries].map(([deployment, entry]) => {
      const recent = entry.slots.filter(({ number }) => number >= oldest);
      return {
        deployment,
        calls: recent.reduce((sum, { calls }) => sum + calls, 0),
        failures: recent.reduce((sum, { failures }) => sum + failures, 0),
        inFlight: entry.inFlight,
        lastError: entry.lastError,
        lastOkAt: entry.lastOkAt,
      };
    });
  }

  #entryOf(deployment: string): Entry {
    let entry = this.#entries.get(deployment);
    if (!entry) {
      if (this.#entries.size >= MAX_NAMES) this.#forget(0);
      entry = {
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
