/** A handle that stops a timer. Stopping twice is harmless. */
export interface Timer {
  stop(): void;
}

/** Time, injected: production uses {@link systemClock}, tests a clock they turn by hand. */
export interface Clock {
  /** Wall time, epoch milliseconds (integer). */
  now(): number;
  /** Monotonic milliseconds with sub-millisecond digits; only differences mean anything. */
  monotonic(): number;
  /** Runs `task` once after `ms` milliseconds. */
  after(ms: number, task: () => void): Timer;
  /** Runs `task` every `ms` milliseconds; does not keep the process alive. */
  every(ms: number, task: () => void): Timer;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return { stop: () => clearTimeout(timer) };
  },
  every(ms, task) {
    const timer = setInterval(task, ms);
    timer.unref();
    return { stop: () => clearInterval(timer) };
  },
};

/** A clock that moves only when told. `turn(ms)` runs every timer that falls due on the way, in order. */
export interface ManualClock extends Clock {
  turn(ms: number): void;
}

/** A {@link ManualClock} that starts at `start` (epoch milliseconds). */
export function createManualClock(start: number): ManualClock {
  interface Due {
    at: number;
    task: () => void;
    every?: number;
  }
  let now = start;
  const due = new Set<Due>();
  const add = (entry: Due): Timer => {
    due.add(entry);
    return { stop: () => due.delete(entry) };
  };
  return {
    now: () => Math.floor(now),
    monotonic: () => now,
    after: (ms, task) => add({ at: now + ms, task }),
    every: (ms, task) => add({ at: now + ms, task, every: ms }),
    turn(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...due].filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        now = next.at;
        if (next.every === undefined) due.delete(next);
        else next.at += next.every;
        next.task();
      }
      now = end;
    },
  };
}
