/**
 * The advice for one task: pure and deterministic. Same profile, same answer. Facts go to the economics as intervals;
 * what nobody knows stands there as a stated, wide prior.
 */
import type { Interval } from '../core/interval.ts';
import type { Advice, AdviceInput, Decision, Path, Scorecard } from './advice.ts';
import { decide } from './decision.ts';
import { computeEconomics, DEFAULT_DRAWS } from './economics/compute.ts';
import type { Economics, FlipPoint } from './economics/economics.ts';
import { costFlipPoints } from './economics/flip-points.ts';
import type { Quantity } from './economics/quantity.ts';
import { openQuestionsOf } from './open-questions.ts';
import { type BaseId, labelOf, TARGET_IDS } from './options.ts';
import { range } from './path/answers.ts';
import { walkPath } from './path/path.ts';
import type { Profile } from './profile/profile.ts';
import { proposalsOf } from './proposals.ts';
import { monthlyCost, projectedBill, quantitiesOf } from './quantities.ts';
import { planRoadmap } from './roadmap/roadmap.ts';
import { type Costs, scoreProfile } from './scorecard/scorecard.ts';

const DEFAULT_SEED = 1;

export function advise({ profile, at, seed = DEFAULT_SEED, draws = DEFAULT_DRAWS }: AdviceInput): Advice {
  const quantities = quantitiesOf(profile);
  const { levelGrowthCorrelation = 0 } = profile.grounding ?? {};
  const economics = computeEconomics({ seed, at, quantities, draws, levelGrowthCorrelation });
  const path = walkPath(profile, { apiUsdPerMonth: projectedBill(economics) });
  const scorecard = scoreProfile(profile, { costs: costsOf(economics), seed });
  const decision = decide(path, scorecard);
  return {
    version: 1,
    task: profile.task,
    at,
    finding: findingOf({ profile, path, scorecard, decision, economics }),
    profile,
    contradictions: profile.contradictions,
    path,
    scorecard,
    decision,
    economics,
    flipPoints: flipsAmong(allowedBases(scorecard), quantities),
    levers: economics.levers,
    roadmap: planRoadmap(profile, decision),
    proposals: proposalsOf({ profile, decision, scorecard, economics }),
    watchOuts: path.watchOuts,
    openQuestions: openQuestionsOf(profile, path, scorecard),
  };
}

/** Between fewer than two there is nothing to flip. */
function flipsAmong(options: BaseId[], quantities: Quantity[]): FlipPoint[] {
  return options.length < 2 ? [] : costFlipPoints({ quantities, options });
}

function allowedBases({ bases }: Scorecard): BaseId[] {
  return bases.filter(({ excluded }) => excluded.length === 0).map(({ target }) => target);
}

function costsOf(economics: Economics): Costs {
  const costs: Costs = {};
  for (const target of TARGET_IDS) {
    const option = economics.options.find((one) => one.option === target)?.option;
    const cost = option && monthlyCost(economics, option);
    if (cost) costs[target] = cost;
  }
  return costs;
}

interface Findings {
  profile: Profile;
  path: Path;
  scorecard: Scorecard;
  decision: Decision;
  economics: Economics;
}

/** One sentence that states it. */
function findingOf({ profile, path, scorecard, decision, economics }: Findings): string {
  const { task } = profile;
  const { base, layers, bestShare, agree } = decision;
  if (scorecard.best === null)
    return `${task}: nothing is left that the constraints allow; one of them must change.`;
  if (base === null) {
    const question = path.steps.at(-1)?.text ?? '';
    return `${task}: not settled until one question is answered: "${question}"; so far it leans to ${lower(labelOf(scorecard.best))}.`;
  }
  const [first] = layers;
  const cost: Interval | undefined = monthlyCost(economics, base);
  return [
    `${task}: ${lower(labelOf(base))}`,
    first === undefined ? '' : `, with ${lower(labelOf(first))} next`,
    cost === undefined ? '' : `, at ${range(cost)} USD a month`,
    bestShare === null || !agree
      ? ''
      : `; best of what is allowed in ${Math.round(bestShare * 100)} of 100 draws over what is not known`,
    '.',
  ].join('');
}

function lower(label: string): string {
  return label.slice(0, 1).toLowerCase() + label.slice(1);
}
