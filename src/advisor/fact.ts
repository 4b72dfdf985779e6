/** A fact of a profile: its value, where it comes from, and how sure it is. */
import type { Interval } from '../core/interval.ts';

export type FactSource =
  /** A person said so. `at`: epoch milliseconds; `null`: a file without a date. */
  | { kind: 'declared'; by: string; at: number | null }
  /** Seen in calls. Epoch milliseconds. */
  | {
      kind: 'measured';
      from: number;
      to: number;
      calls: number;
      /** Id of the load test that these were the calls of. Absent: the task's own. */
      loadTest?: string;
    }
  /** Published by somebody else. */
  | { kind: 'published'; by: string; url: string; date: string }
  /** Nobody knows: a stated prior, wide. */
  | { kind: 'prior'; why: string };

export interface Fact<T> {
  /** Dotted name: `volume.callsPerMonth`. */
  id: string;
  /** `null`: unknown, and no prior can stand for it. */
  value: T | null;
  /** Of a number; `null`: not a number, or unknown. */
  interval: Interval | null;
  source: FactSource;
  /** 0 (a guess) to 1 (measured over many calls). */
  confidence: number;
  /** What a person declared and a measurement overruled. */
  overruled: { value: T; by: string; disagrees: boolean } | null;
}
