/** The life of a recommendation: proposed -> accepted -> being proved -> adopted or rejected -> realised. */
import { TrimtabError } from '../../core/error.ts';
import type { Recommendation, RecommendationChange, RecommendationState } from '../../core/recommendation.ts';
import { effectInWords } from './effect-words.ts';

/** What a person may do next. `realised` is measured, never set by hand. */
export const NEXT_STATES: Readonly<Record<RecommendationState, readonly RecommendationState[]>> = {
  proposed: ['accepted', 'rejected'],
  accepted: ['proving', 'adopted', 'rejected'],
  proving: ['adopted', 'rejected'],
  adopted: ['rejected'],
  rejected: ['proposed'],
  realised: ['rejected'],
};

/** What may follow for this one. What was measured stays as it is: it is not proposed again, another is. */
export function nextStatesOf({ state, realised }: Recommendation): readonly RecommendationState[] {
  return NEXT_STATES[state].filter((to) => to !== 'proposed' || realised === null);
}

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
  const next = nextStatesOf(recommendation);
  if (!next.includes(change.to)) {
    const possible =
      next.length === 0 ? 'it was measured, and is closed' : `it can become ${next.join(' or ')}`;
    throw new TrimtabError(
      'invalid_request',
      `state: a recommendation that is ${recommendation.state} cannot become ${change.to}; ${possible}`,
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
    doubt: to === recommendation.state ? recommendation.doubt : null,
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

/** When, by whom, and what has changed since the last time, in words. */
export interface Occasion {
  at: number;
  by: string;
  causes: readonly string[];
}

/**
 * Holds today's proposals against those on record.
 * - One that is only proposed is brought up to date, and withdrawn (rejected, with the reason) when nothing advises it.
 * - One that was accepted or is being proved is reopened when its prediction left the interval it was made with. When
 *   nothing advises it any more it stays, since a person decided on it, and is marked as doubtful.
 * - One that was rejected is reopened when its prediction left its interval, or when it was only withdrawn.
 * - One that was adopted stays. One that was measured is closed, also when it was rejected then: another is added when
 *   its prediction moved.
 */
export function reconcile(
  standing: readonly Recommendation[],
  drafts: readonly Draft[],
  occasion: Occasion,
): Reconciled {
  const added: Draft[] = [];
  const changed: Recommendation[] = [];
  for (const draft of drafts) {
    const same = standing.filter(({ target }) => target === draft.target);
    const current = same.find(({ state }) => UNDER_WAY.has(state)) ?? same.at(-1);
    if (!current || (current.realised !== null && hasMoved(current, draft))) added.push(draft);
    else {
      const next = followed(current, draft, occasion);
      if (next) changed.push(next);
    }
  }
  for (const current of standing) {
    if (drafts.some(({ target }) => target === current.target)) continue;
    const next = unadvised(current, occasion);
    if (next) changed.push(next);
  }
  return { added, changed };
}

/** What becomes of one that is advised again; `null`: nothing. */
function followed(current: Recommendation, draft: Draft, occasion: Occasion): Recommendation | null {
  if (current.realised !== null) return null;
  const { at, by } = occasion;
  const isMoved = hasMoved(current, draft);
  const [before, now] = [current, draft].map((one) => effectInWords(one.predictedUsdPerMonth));
  const note = `the prediction was "${before}" and is "${now}"${because(occasion)}`;
  switch (current.state) {
    case 'proposed':
      if (!hasChanged(current, draft)) return null;
      if (isMoved) return { ...moved(current, { to: 'proposed', at, by, note }), ...draft };
      return { ...current, ...draft, changedAt: at };
    case 'accepted':
    case 'proving':
      if (isMoved) return reopened(current, draft, { ...occasion, note: `reopened: ${note}` });
      if (current.doubt === null) return null;
      return {
        ...moved(current, { to: current.state, at, by, note: 'advised again' }),
        doubt: null,
      };
    case 'rejected':
      if (isMoved) return reopened(current, draft, { ...occasion, note: `reopened: ${note}` });
      if (current.history.at(-1)?.by !== by) return null;
      return reopened(current, draft, { ...occasion, note: `advised again${because(occasion)}` });
    default:
      return null;
  }
}

function reopened(
  current: Recommendation,
  draft: Draft,
  { at, by, note }: Occasion & { note: string },
): Recommendation {
  return { ...moved(current, { to: 'proposed', at, by, note }), ...draft };
}

/** What becomes of one that nothing advises any more; `null`: nothing. */
function unadvised(current: Recommendation, occasion: Occasion): Recommendation | null {
  const { at, by } = occasion;
  const note = `no longer advised${because(occasion)}`;
  if (current.state === 'proposed') return moved(current, { to: 'rejected', at, by, note });
  const isDecided = current.state === 'accepted' || current.state === 'proving';
  if (!isDecided || current.doubt !== null) return null;
  return { ...moved(current, { to: current.state, at, by, note }), doubt: note };
}

function because({ causes }: Occasion): string {
  return causes.length === 0 ? '' : `: ${causes.join('; ')}`;
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

/** A new one: proposed, and nothing else yet. */
export function toRecommendation(
  draft: Draft,
  { id, at, by }: { id: string; at: number; by: string },
): Recommendation {
  return {
    ...draft,
    id,
    state: 'proposed',
    realised: null,
    doubt: null,
    createdAt: at,
    changedAt: at,
    adoptedAt: null,
    history: [{ at, from: null, to: 'proposed', by, note: null }],
  };
}
