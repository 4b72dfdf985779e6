/** The words of the keeper: what it keeps of a task, and what may be asked of it. */
import type { Advice } from '../../advisor/advice.ts';
import type { Basis } from '../../advisor/recommendation/basis.ts';
import type { AdviceSummary } from './summary.ts';

export interface KeptAdvice {
  task: string;
  /** Epoch milliseconds it was worked out at. */
  at: number;
  basis: Basis;
  summary: AdviceSummary;
}

/** A task, its advice if it has one, and why that is no longer up to date. */
export interface AdvisedTask {
  task: string;
  kept: KeptAdvice | null;
  /** Empty: up to date. */
  stale: string[];
  /** What it would rest on now; `null`: it is no longer advised. */
  now: Basis | null;
}

export interface AdviceKeeper {
  /** Every task that is advised, by name. Reads what is stored, and computes nothing. */
  list(): Promise<AdvisedTask[]>;
  /** What is stored for a task, or worked out now where nothing is. `null`: no profile and too few calls. */
  find(task: string): Promise<(KeptAdvice & { advice: Advice; stale: string[] }) | null>;
  /**
   * Works the advice out anew, whatever is stored. `now`: what it rests on, where that was just read. `null`: no profile and
   * too few calls.
   */
  renew(task: string, now?: Basis): Promise<(KeptAdvice & { advice: Advice }) | null>;
  /** Forgets the advice of a task that is no longer advised. Its recommendations stay. */
  forget(task: string): Promise<void>;
  stop(): Promise<void>;
}
