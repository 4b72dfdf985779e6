/** How many calls of batches run at once in this process, whichever batch they are of. */
export class Pace {
  readonly #most: () => number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: () => number) {
    this.#most = most;
  }

  /** Resolves when one more may run: true; or false when the signal is aborted first. */
  async enter(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && this.#running >= this.#most()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = () => resolve();
      this.#waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
    if (signal.aborted) {
      // Whoever woke this one meant to let somebody in.
      this.#waiting.shift()?.();
      return false;
    }
    this.#running++;
    return true;
  }

  leave(): void {
    this.#running--;
    this.#waiting.shift()?.();
  }
}
