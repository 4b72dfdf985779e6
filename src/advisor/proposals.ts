/** What is proposed, with its predicted effect: the first state of a recommendation that is later proved or rejected. */
import type { Interval } from '../core/interval.ts';
import type { Decision, Proposal, Scorecard, TargetScore } from './advice.ts';
import type { Economics, Lever } from './economics/economics.ts';
import { type BaseId, type LayerId, labelOf } from './options.ts';
import type { FactId } from './profile/fields/index.ts';
import type { Profile } from './profile/profile.ts';
import { evidenceOf, factValue } from './profile/reader.ts';
import { difference, figureValue, monthlyCost } from './quantities.ts';

const LEVER_OF_LAYER: Partial<Record<LayerId, Lever['id']>> = {
  caching: 'prompt-cache',
  'smaller-model': 'smaller-model',
  prompting: 'shorter-prompts',
};

const PROOF: Readonly<Record<BaseId | LayerId, string>> = {
  'hosted-api': 'Serve a first share of calls; answers, cost and latency are recorded.',
  'private-deployment': 'Answer the evaluation set by the private deployment, and compare with the baseline.',
  'self-hosted':
    'Answer the evaluation set by the open model, load-test the deployment, then shift traffic in steps.',
  hybrid:
    'Answer the evaluation set by the open model, measure the share it cannot answer, then shift traffic in steps.',
  prompting: 'Answer the evaluation set by the new prompt.',
  retrieval: 'Answer the evaluation set with and without retrieval.',
  caching: 'Compare cost per call before and after; answers must not change.',
  'smaller-model': 'Answer the evaluation set by the smaller model: not worse than the baseline.',
  'fine-tuned-api': 'The tuned model beats the baseline on held-out examples, then traffic shifts in steps.',
  'fine-tuned-self-hosted':
    'The tuned model beats the baseline on held-out examples, then traffic shifts in steps.',
  specialist: 'Coverage and accuracy on held-out examples, then traffic shifts in steps.',
};

const COMMANDS: Partial<Record<BaseId | LayerId, string>> = {
  'hosted-api': 'trimtab init',
  'private-deployment': 'trimtab check',
  'self-hosted': 'trimtab plan',
  hybrid: 'trimtab plan',
};

export interface ProposalInput {
  profile: Profile;
  decision: Decision;
  scorecard: Scorecard;
  economics: Economics;
}

export function proposalsOf({ profile, decision, scorecard, economics }: ProposalInput): Proposal[] {
  const bases = decision.base === null || serves(profile, decision.base) ? [] : [decision.base];
  const scores = new Map<string, TargetScore>(
    [...scorecard.bases, ...scorecard.layers].map((score) => [score.target, score]),
  );
  return [...bases, ...decision.layers].map((target) => {
    const strongest = (scores.get(target)?.dimensions ?? [])
      .flatMap(({ contributions }) => contributions)
      .filter(({ known, points }) => known && points.mid > 0)
      .toSorted((a, b) => b.points.mid - a.points.mid)
      .slice(0, 3);
    const facts: FactId[] = [...new Set(strongest.flatMap((one) => one.facts))];
    return {
      id: target,
      target,
      title: labelOf(target),
      why: strongest.map(({ says }) => says).join(' '),
      evidence: evidenceOf(profile, facts),
      effectUsdPerMonth: effectOf(target, economics),
      proof: PROOF[target],
      command: COMMANDS[target] ?? null,
    };
  });
}

/** What runs already needs no proposal. */
function serves(profile: Profile, base: BaseId): boolean {
  const serving = factValue(profile, 'stack.serving');
  return (
    (base === 'hosted-api' && serving === 'api') ||
    (base === 'self-hosted' && serving === 'self-hosted') ||
    (base === 'hybrid' && serving === 'mix')
  );
}

/** Change of the month's cost against the hosted API; `null`: not one of cost. */
function effectOf(target: BaseId | LayerId, economics: Economics): Interval | null {
  const lever = economics.levers.find(({ id }) => id === LEVER_OF_LAYER[target as LayerId]);
  const saves = lever && figureValue(economics, lever.saves);
  if (saves) return { low: -saves.high, mid: -saves.mid, high: -saves.low };
  const option = economics.options.find((one) => one.option === target)?.option;
  const own = option && monthlyCost(economics, option);
  const hosted = monthlyCost(economics, 'hosted-api');
  return own && hosted && option !== 'hosted-api' ? difference(own, hosted) : null;
}
