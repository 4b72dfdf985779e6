/** The cautions of the article, by what is recommended; those the facts speak for come first. */
import type { PathEnd, PathLayer, WatchOut } from '../advice.ts';
import { article } from '../article.ts';
import type { Profile } from '../profile/profile.ts';
import { factValue } from '../profile/reader.ts';

interface Caution extends Omit<WatchOut, 'because'> {
  for: readonly (PathEnd | PathLayer)[];
  /** What makes it more than a general caution; `null`: nothing seen. */
  seen(profile: Profile): string | null;
}

const API: readonly PathEnd[] = ['api-first', 'api-optimise', 'hybrid'];
const OWN: readonly PathEnd[] = ['private-or-self-hosted', 'hybrid'];

function when(holds: boolean, text: string): string | null {
  return holds ? text : null;
}

export const CAUTIONS: readonly Caution[] = [
  {
    id: 'cost-watched',
    for: API,
    text: 'Monitor cost per user and per task from day one.',
    source: article('3', 'Monitor cost per user / per task from day one. It’s easy to lose track.'),
    see: 'trimtab costs --by task,user',
    seen: (profile) =>
      when(
        factValue(profile, 'practice.costWatched') === false,
        'Cost per user and task is not watched today.',
      ),
  },
  {
    id: 'swappable',
    for: API,
    text: 'Keep the calls behind one interface, so that a model can be swapped without touching the app.',
    source: article(
      '3',
      'Design your architecture to be modular: wrap calls behind interfaces so you can swap models later.',
    ),
    see: 'trimtab start: the app names a task, not a model',
    seen: (profile) =>
      when(
        factValue(profile, 'practice.swappable') === false,
        'The calls are not behind one interface today.',
      ),
  },
  {
    id: 'vendor-terms',
    for: API,
    text: 'Read the data usage and retention policy of the vendor, and declare it in the stack.',
    source: article('3', 'Understand your provider’s data usage and retention policies clearly.'),
    see: 'trimtab check: data policy of every provider',
    seen: (profile) =>
      when(factValue(profile, 'data.termsKnown') === false, 'Nobody has read the terms yet.'),
  },
  {
    id: 'strict-terms',
    for: API,
    text: 'Use enterprise terms with data controls: privacy still matters where policy is flexible.',
    source: article(
      '2.2',
      'using API models with strict enterprise terms and data controls can be acceptable and much faster to get started',
    ),
    see: 'docs/config.md: dataPolicy',
    seen: (profile) =>
      when(
        factValue(profile, 'data.thirdParty') === 'terms',
        'Policy allows a vendor under strict terms only.',
      ),
  },
  {
    id: 'network-hops',
    for: API,
    text: 'Network hops and shared capacity are outside your control: keep a second deployment behind the task.',
    source: article('2.3', 'you are subject to external network hops and shared capacity'),
    see: 'docs/config.md: route with fallback, retries',
    seen: (profile) =>
      when(
        factValue(profile, 'latency.slowdowns') === 'critical',
        'An occasional slow answer breaks the product.',
      ),
  },
  {
    id: 'operations',
    for: OWN,
    text: 'You manage deployment, scaling, monitoring and upgrades.',
    source: article('4', 'Need to manage deployment, scaling, monitoring, and upgrades'),
    see: 'trimtab plan: the machines a model takes',
    seen: (profile) =>
      when(factValue(profile, 'team.ranModels') === 'no', 'Nobody here has run models in production.'),
  },
  {
    id: 'incidents',
    for: OWN,
    text: 'Security, patching and incident response are yours.',
    source: article('4', 'Responsible for security, patching, and incident response'),
    see: 'the report: people in the cost of self-hosting',
    seen: (profile) => when(factValue(profile, 'team.onCall') === false, 'There is no on-call rota.'),
  },
  {
    id: 'not-core',
    for: OWN,
    text: 'Do not get stuck maintaining infrastructure that is not core to the product.',
    source: article('4', 'Risk of getting stuck maintaining infra that’s not core to your product'),
    see: 'the scorecard: team and execution capacity',
    seen: (profile) =>
      when(factValue(profile, 'team.core') === 'means', 'LLM infrastructure is a means to an end here.'),
  },
  {
    id: 'serving',
    for: OWN,
    text: 'Control over latency comes only with proper serving and autoscaling.',
    source: article('2.3', '…but only if you invest in proper serving and autoscaling.'),
    see: 'trimtab plan',
    seen: (profile) => when(factValue(profile, 'volume.predictability') === 'spiky', 'The traffic is spiky.'),
  },
  {
    id: 'training-data',
    for: ['fine-tune'],
    text: 'Training data must be diverse, representative and not noisy.',
    source: article('5', 'Good training data (diverse, representative, not noisy)'),
    see: 'profile: examples',
    seen: (profile) =>
      when(factValue(profile, 'examples.quality') === 'noisy', 'The examples are raw or one-sided.'),
  },
  {
    id: 'baseline',
    for: ['fine-tune'],
    text: 'Have a clear baseline and an evaluation set to compare against, or regressions go unseen.',
    source: article('5', 'A clear baseline and evaluation set to compare against'),
    see: 'profile: practice.evaluation',
    seen: (profile) =>
      when(factValue(profile, 'practice.evaluation') === false, 'There is no evaluation set.'),
  },
  {
    id: 'safe-rollout',
    for: ['fine-tune', 'hybrid'],
    text: 'Shift traffic gradually, with a way back.',
    source: article('5', 'Governance and safe rollout (A/B tests, gradual traffic shifting)'),
    see: 'trimtab revisions rollback',
    seen: (profile) =>
      when(factValue(profile, 'practice.rollout') === false, 'Traffic cannot be shifted step by step today.'),
  },
  {
    id: 'levers-first',
    for: ['fine-tune'],
    text: 'Exhaust prompting, system design and retrieval first.',
    source: article('5', 'Exhaust prompting, system design, and RAG improvements first.'),
    see: 'the scorecard: layers',
    seen: (profile) => {
      const tried = factValue(profile, 'levers.tried');
      const missing = (['prompting', 'design', 'retrieval'] as const).filter((one) => !tried?.includes(one));
      return when(tried !== null && missing.length > 0, `Not worked through yet: ${missing.join(', ')}.`);
    },
  },
];

export function watchOutsFor(profile: Profile, ends: readonly (PathEnd | PathLayer)[]): WatchOut[] {
  return CAUTIONS.filter((caution) => caution.for.some((one) => ends.includes(one)))
    .map(({ id, text, source, see, seen }) => ({ id, text, source, see, because: seen(profile) }))
    .toSorted((a, b) => Number(a.because === null) - Number(b.because === null));
}
