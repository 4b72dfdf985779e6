/** A rule of the scorecard, as data: the first case that holds gives its points; none: nothing. */
import type { RuleSource } from '../advice.ts';
import type { TargetId } from '../options.ts';
import type { Condition } from './condition.ts';

/** Signed points on a scale where a dimension runs from 0 to 10 and starts at 5. */
export type Points = Partial<Record<TargetId, number>>;

export interface RuleCase {
  when: Condition;
  says: string;
  points: Points;
}

export interface Rule {
  id: string;
  source: RuleSource;
  cases: readonly RuleCase[];
}

/** The same points for both ways of fine-tuning. */
export function tuned(points: number): Points {
  return { 'fine-tuned-api': points, 'fine-tuned-self-hosted': points };
}
