/** What people do with a recommendation. */
import { changeState } from '../../advisor/recommendation/lifecycle.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Recommendation, RecommendationState } from '../../core/recommendation.ts';
import type { ControlDeps } from '../deps.ts';

export interface Act {
  to: RecommendationState;
  by: string;
  note: string | null;
}

/** Throws not_found. */
export async function findRecommendation(
  { store }: Pick<ControlDeps, 'store'>,
  id: string,
): Promise<Recommendation> {
  const found = await store.advice.recommendation(id);
  if (found) return found;
  throw new TrimtabError('not_found', `no recommendation has the id \`${id}\``, { field: 'id' });
}

/** Throws not_found, invalid_request when this state does not follow, conflict when another changed it at once. */
export async function act(
  deps: Pick<ControlDeps, 'store' | 'clock'>,
  id: string,
  { to, by, note }: Act,
): Promise<Recommendation> {
  const current = await findRecommendation(deps, id);
  // Later than the last change, also within its millisecond: that is how the store tells the two apart.
  const at = Math.max(deps.clock.now(), current.changedAt + 1);
  const next = changeState(current, { to, at, by, note });
  if (await deps.store.advice.save(next, { expected: current.changedAt })) return next;
  throw new TrimtabError(
    'conflict',
    `\`${id}\` was changed by another at the same time, or its task has another open recommendation of the same kind`,
    { field: 'id' },
  );
}
