/** Which of many open recommendations to take up first. */
import type { Recommendation } from '../../core/recommendation.ts';

/** States in which somebody can still do something about it. */
const OPEN: ReadonlySet<Recommendation['state']> = new Set(['proposed', 'accepted', 'proving']);

/**
 * Best first: what saves most by the middle of its interval, then what has no effect on cost, as the advice orders it,
 * then what costs. One in doubt stands last. A proposal nobody decided on and one under way rank alike: both wait for
 * the next act of a person.
 */
export function rankMoves(recommendations: readonly Recommendation[]): Recommendation[] {
  const gain = ({ predictedUsdPerMonth }: Recommendation) => -(predictedUsdPerMonth?.mid ?? 0);
  const isDoubtful = ({ doubt }: Recommendation) => (doubt === null ? 0 : 1);
  return recommendations
    .filter(({ state }) => OPEN.has(state))
    .toSorted((a, b) => isDoubtful(a) - isDoubtful(b) || gain(b) - gain(a));
}
