/** What could go wrong with a task as it is run today, each with where it shows and what it weighs. Pure, as data. */
import type { Advice } from '../advice.ts';

export interface Risk {
  id: string;
  /** In words, with the figure it rests on. */
  text: string;
  /** 1: worth knowing. 2: worth a plan. 3: worth acting on now. */
  weight: 1 | 2 | 3;
}

/** What is known of a task beside its advice. Shares are of its real calls; `null`: none, or not known. */
export interface TaskFacts {
  errorShare: number | null;
  unpricedShare: number | null;
  /** Deployments of its route; `null`: the stack does not declare it. */
  deployments: readonly string[] | null;
  evidenceCalls: number;
}

/** Below this share of calls that failed, or have no price, nobody worries. */
const WORTH_KNOWING = 0.01;
const WORTH_ACTING = 0.05;

export function risksOf(advice: Advice, facts: TaskFacts): Risk[] {
  return [...dataRisks(advice), ...adviceRisks(advice), ...servingRisks(facts)].toSorted(
    (a, b) => b.weight - a.weight,
  );
}

function risk(id: string, weight: Risk['weight'], text: string): Risk {
  return { id, weight, text };
}

function dataRisks({ path, scorecard, profile }: Advice): Risk[] {
  const first = path.steps.find(({ question }) => question === 'third-party');
  const possible = scorecard.bases.flatMap(({ possiblyExcluded }) => possiblyExcluded)[0];
  const serving = profile.facts['stack.serving'].value;
  const isVendor = serving === 'api' || serving === 'mix';
  return [
    ...(first?.answer === 'yes' && isVendor
      ? [risk('data-at-vendor', 3, 'A vendor serves it, and its data may go to no third party.')]
      : []),
    ...(first?.answer === 'unknown'
      ? [risk('data-unanswered', 2, 'Whether a vendor may see its data has no answer.')]
      : []),
    ...(first?.answer !== 'unknown' && possible
      ? [risk('possibly-excluded', 1, `An unknown fact may rule an option out: ${possible.reason}`)]
      : []),
  ];
}

function adviceRisks({ contradictions, decision, flipPoints, profile }: Advice): Risk[] {
  const unsafe = flipPoints.find(({ withinInterval }) => withinInterval);
  const [contradiction] = contradictions;
  return [
    ...(contradiction ? [risk('contradiction', 2, contradiction.message)] : []),
    ...(decision.base !== null && !decision.agree
      ? [risk('disagreement', 1, 'Decision path and scorecard differ on what to run.')]
      : []),
    ...(unsafe
      ? [risk('flip', 1, `The cheapest option is not safe: ${unsafe.label} within what is known changes it.`)]
      : []),
    ...(profile.facts['practice.evaluation'].value === true
      ? []
      : [risk('no-evaluation', 1, 'No evaluation set is known: a worse model would not be noticed.')]),
  ];
}

function servingRisks({ errorShare, unpricedShare, deployments, evidenceCalls }: TaskFacts): Risk[] {
  const failed = errorShare ?? 0;
  const unpriced = unpricedShare ?? 0;
  return [
    ...(failed >= WORTH_KNOWING
      ? [risk('errors', failed >= WORTH_ACTING ? 3 : 2, `${percent(failed)} of its calls failed.`)]
      : []),
    ...(deployments?.length === 1
      ? [risk('no-fallback', 2, `It has no fallback: every call goes to ${deployments[0]}.`)]
      : []),
    ...(unpriced >= WORTH_KNOWING
      ? [risk('unpriced', 2, `${percent(unpriced)} of its calls have no price: spend is not known.`)]
      : []),
    ...(evidenceCalls === 0
      ? [risk('unmeasured', 1, 'Nothing was measured: the advice rests on what was declared.')]
      : []),
  ];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
