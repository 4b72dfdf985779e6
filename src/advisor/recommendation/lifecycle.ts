/** The life of a recommendation: proposed -> accepted -> being proved -> adopted or rejected -> realised. */
import { TrimtabError } from '../../core/error.ts';
import type { Recommendation, RecommendationChange, RecommendationState } from '../../core/recommendation.ts';

/** What a person may do next. `realised` is measured, never set by hand. */
export const NEXT_STATES: Readonly<Record<RecommendationState, readonly RecommendationState[]>> = {
  proposed: ['accepted', 'rejected'],
  accepted: ['proving', 'adopted', 'rejected'],
  proving: ['adopted', 'rejected'],
  adopted: ['rejected'],
  rejected: ['proposed'],
  realised: ['rejected'],
};

/** States in which a new proposal of the same kind says nothing new. */
const UNDER_WAY: ReadonlySet<RecommendationState> = new Set(['proposed', 'accepted', 'proving', 'adopted']);

export interface Change {
  to: RecommendationState;
  at: number;
  by: string;
  note: string | null;
}

/** Throws TrimtabError(invalid_request) when this state does not follow, naming what does. */
export function changeState(recommendation: Recommendation, change: Change): Recommendation {
  const next = NEXT_STATES[recommendation.state];
  if (!next.includes(change.to)) {
    throw new TrimtabError(
      'invalid_request',
      `state: a recommendation that is ${recommendation.state} cannot become ${change.to}; it can become ${next.join(' or ')}`,
      { field: 'state' },
    );
  }
  return moved(recommendation, change);
}

/** As {@link changeState}, for what the product itself sees: nothing is asked. */
export function moved(recommendation: Recommendation, { to, at, by, note }: Change): Recommendation {
  const line: RecommendationChange = { at, from: recommendation.state, to, by, note };
  return {
    ...recommendation,
    state: to,
    changedAt: at,
    adoptedAt: to === 'adopted' ? at : to === 'proposed' ? null : recommendation.adoptedAt,
    realised: to === 'proposed' ? null : recommendation.realised,
    history: [...recommendation.history, line],
  };
}

/** What `advise` proposes now, before it has an id and a history. */
export type Draft = Pick<
  Recommendation,
  'task' | 'target' | 'title' | 'why' | 'proof' | 'command' | 'evidence' | 'predictedUsdPerMonth'
>;

export interface Reconciled {
  /** New ones, to be given ids. */
  added: Draft[];
  /** Standing ones with what changed. */
  changed: Recommendation[];
}

/**
 * Holds today's proposals against those on record. One that is only proposed is brought up to date; one that was
 * rejected or realised is reopened when its prediction left the interval it was made with; one that is no longer
 * proposed while nobody took it up is withdrawn (rejected, with the reason).
 */
export function reconcile(
  standing: readonly Recommendation[],
  drafts: readonly Draft[],
  { at, by }: { at: number; by: string },
): Reconciled {
  const added: Draft[] = [];
  const changed: Recommendation[] = [];
  for (const draft of drafts) {
    const same = standing.filter(({ target }) => target === draft.target);
    const current = same.find(({ state }) => UNDER_WAY.has(state)) ?? same.at(-1);
    if (!current) added.push(draft);
    else if (current.state === 'proposed') {
      if (hasChanged(current, draft)) changed.push({ ...current, ...draft, changedAt: at });
    } else if (!UNDER_WAY.has(current.state) && hasMoved(current, draft)) {
      const note = 'what it rested on has changed: the predicted effect left its interval';
      changed.push({ ...moved(current, { to: 'proposed', at, by, note }), ...draft });
    }
  }
  for (const current of standing) {
    if (current.state !== 'proposed' || drafts.some(({ target }) => target === current.target)) continue;
    changed.push(moved(current, { to: 'rejected', at, by, note: 'no longer advised: the evidence changed' }));
  }
  return { added, changed };
}

function hasChanged(current: Recommendation, draft: Draft): boolean {
  const of = ({ title, why, proof, command, evidence, predictedUsdPerMonth }: Draft) =>
    JSON.stringify([title, why, proof, command, evidence, predictedUsdPerMonth]);
  return of(current) !== of(draft);
}

/** The new middle lies outside the old interval: a new price, other traffic, a broken assumption. */
function hasMoved(
  { predictedUsdPerMonth: before }: Recommendation,
  { predictedUsdPerMonth: now }: Draft,
): boolean {
  if (before === null || now === null) return before !== now;
  return now.mid < before.low || now.mid > before.high;
}
