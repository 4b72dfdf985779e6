/** Facts nobody knows, by how much hangs on each: what to find out next. */
import type { OpenQuestion, Path, Scorecard } from './advice.ts';
import { FACT_IDS, type FactId, fieldOf } from './profile/fields/index.ts';
import type { Profile } from './profile/profile.ts';
import { isKnown } from './profile/reader.ts';

/** An exclusion that may yet come, and an open question of the path, outweigh any rule. */
const EXCLUSION_POINTS = 4;
const PATH_POINTS = 10;

/** Facts that calls answer by themselves. */
const MEASURABLE = /^(?:volume|tokens|reliability)\.|^latency\.(?:ttft|endToEnd)P95Ms$|^cost\.spend/;

export function openQuestionsOf(profile: Profile, path: Path, scorecard: Scorecard): OpenQuestion[] {
  const points = new Map<FactId, number>();
  const add = (facts: readonly FactId[], weight: number): void => {
    const unknown = facts.filter((fact) => !isKnown(profile, fact));
    for (const fact of unknown) points.set(fact, (points.get(fact) ?? 0) + weight / unknown.length);
  };
  for (const { dimensions, possiblyExcluded } of [...scorecard.bases, ...scorecard.layers]) {
    for (const { facts } of possiblyExcluded) add(facts, EXCLUSION_POINTS);
    for (const { known, facts, points: range } of dimensions.flatMap(({ contributions }) => contributions)) {
      if (!known) add(facts, range.high - range.low);
    }
  }
  for (const { answer, evidence } of path.steps) {
    if (answer === 'unknown')
      add(
        evidence.map(({ fact }) => fact),
        PATH_POINTS,
      );
  }
  return FACT_IDS.flatMap((fact) => {
    const hangsOnIt = points.get(fact) ?? 0;
    const { label, question, why } = fieldOf(fact);
    const command = MEASURABLE.test(fact) ? 'trimtab costs --by task' : null;
    return hangsOnIt === 0 ? [] : [{ fact, label, question, why, hangsOnIt, command }];
  }).toSorted((a, b) => b.hangsOnIt - a.hangsOnIt);
}
