/** Hedges of one task: never more than its share of the calls so far, so that an outage cannot double the traffic. */
export class HedgeBudget {
  #credit = 0;

  /** A call of the task begins. */
  earn(maxShare: number): void {
    this.#credit = Math.min(MOST_SAVED, this.#credit + maxShare);
  }

  /** Whether a hedge may be made; if so it is paid for. */
  take(): boolean {
    // A tenth added ten times is a hair less than one.
    if (this.#credit < 1 - 1e-9) return false;
    this.#credit -= 1;
    return true;
  }

  /** The hedge was not made after all. */
  giveBack(): void {
    this.#credit += 1;
  }
}

/** Hedges of quiet times that may be made at once. */
const MOST_SAVED = 10;
