/**
 * What was taken within the last minute, in slots of a second. A slot counts until all of it is older than 60 seconds,
 * so what {@link MinuteWindow.waitMs} lets through never exceeds its limit within any 60 seconds.
 */
const SLOT_MS = 1_000;
const SLOTS = 61;

/** Times are monotonic or epoch milliseconds, given by the caller and never going back. Memory: at most 61 slots. */
export class MinuteWindow {
  /** Oldest first. */
  #slots: { number: number; amount: number }[] = [];
  #sum = 0;

  add(now: number, amount: number): void {
    this.#forget(now);
    const number = Math.floor(now / SLOT_MS);
    const last = this.#slots.at(-1);
    if (last?.number === number) last.amount += amount;
    else this.#slots.push({ number, amount });
    this.#sum += amount;
  }

  /** What was added at `at` turned out to be more, or less, by `change`. What is over a minute old is left as it was. */
  correct(at: number, change: number): void {
    const number = Math.floor(at / SLOT_MS);
    const slot = this.#slots.find((candidate) => candidate.number === number);
    if (!slot) return;
    const corrected = Math.max(0, slot.amount + change);
    this.#sum += corrected - slot.amount;
    slot.amount = corrected;
  }

  sum(now: number): number {
    this.#forget(now);
    return this.#sum;
  }

  /** Milliseconds until `amount` more stay within `limit`; 0: now. More than the limit fits once nothing else is there. */
  waitMs(now: number, amount: number, limit: number): number {
    let over = this.sum(now) + Math.min(amount, limit) - limit;
    if (over <= 0) return 0;
    for (const { number, amount: freed } of this.#slots) {
      over -= freed;
      if (over <= 0) return (number + SLOTS) * SLOT_MS - now;
    }
    return SLOTS * SLOT_MS;
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / SLOT_MS) - SLOTS + 1;
    for (let first = this.#slots[0]; first && first.number < oldest; first = this.#slots[0]) {
      this.#slots.shift();
      this.#sum -= first.amount;
    }
  }
}
