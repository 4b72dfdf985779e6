/** What a load test may still spend: calls, and money where it has a price. */
import type { CallResult } from './call.ts';

export interface AllowanceOptions {
  /** At least 1. */
  maxCalls: number;
  /** `null`: no limit. */
  maxCostUsd: number | null;
  /** What a call is expected to cost, until calls tell; `null`: unpriced. */
  expectedCallUsd: number | null;
}

/** Money of calls under way is set aside at what calls cost so far, so that the limit holds while they run. */
export class Allowance {
  readonly #options: AllowanceOptions;
  #begun = 0;
  #ended = 0;
  #priced = 0;
  #spentUsd = 0;
  #unpriced = 0;

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  get calls(): number {
    return this.#begun;
  }

  /** `null`: at least one call has no price. */
  get costUsd(): number | null {
    return this.#unpriced > 0 ? null : this.#spentUsd;
  }

  /** Why no further call may begin; `null`: it may. */
  exhausted(): 'max-calls' | 'max-usd' | null {
    const { maxCalls, maxCostUsd } = this.#options;
    if (this.#begun >= maxCalls) return 'max-calls';
    if (maxCostUsd === null) return null;
    const open = this.#begun - this.#ended + this.#unpriced + 1;
    return this.#spentUsd + open * this.#callUsd() > maxCostUsd ? 'max-usd' : null;
  }

  begin(): void {
    this.#begun++;
  }

  end({ costUsd }: Pick<CallResult, 'costUsd'>): void {
    this.#ended++;
    if (costUsd === null) this.#unpriced++;
    else {
      this.#priced++;
      this.#spentUsd += costUsd;
    }
  }

  /** The dearer of what was expected and what calls cost on average. */
  #callUsd(): number {
    const mean = this.#priced > 0 ? this.#spentUsd / this.#priced : 0;
    return Math.max(mean, this.#options.expectedCallUsd ?? 0);
  }
}
