/** Written scenarios: every example and rule of the article, and hard mixtures. What is not stated is not known. */
import type { PathEnd, PathLayer } from '../../src/advisor/advice.ts';
import type { BaseId, LayerId } from '../../src/advisor/options.ts';
import type { AnswerValue } from '../../src/advisor/profile/create.ts';
import type { FactId } from '../../src/advisor/profile/fields/index.ts';

type Said = Partial<Record<FactId, AnswerValue>>;

export interface Case {
  name: string;
  said: Said;
  /** `null`: not settled, a question must be answered first. */
  end: PathEnd | null;
  layer?: PathLayer | null;
  base: BaseId | null;
  layers?: Partial<Record<LayerId, 'now' | 'later' | 'no' | 'excluded'>>;
  /** Must stand somewhere in the advice. */
  reason: string;
}

/** Past product/market fit, vendors allowed, a modest bill. */
const FIT: Said = {
  'data.class': 'internal',
  'data.thirdParty': 'allowed',
  'product.stage': 'market-fit',
  'product.needs': 'clear',
  'volume.callsPerMonth': 50_000,
  'volume.growthPerMonth': 0.03,
  'volume.predictability': 'steady',
  'tokens.inputPerCall': 800,
  'tokens.outputPerCall': 200,
  'cost.painUsdPerMonth': 20_000,
  'work.difficulty': 'moderate',
  'work.kind': 'writing',
  'team.ranModels': 'no',
  'team.willBuild': true,
  'team.core': 'means',
  'assets.gpus': 'rent',
  'stack.serving': 'api',
  'failures.patterns': ['none'],
  'practice.evaluation': true,
};
const MVP: Said = {
  ...FIT,
  'product.stage': 'pre-mvp',
  'product.needs': 'learning',
  'stack.serving': 'nothing',
  'failures.patterns': ['none'],
};
const ABLE: Said = {
  'team.ranModels': 'yes',
  'team.willBuild': true,
  'team.onCall': true,
  'team.maintainYears': 4,
  'team.core': 'core',
  'team.engineers': 40,
};
const WEAK: Said = {
  'team.ranModels': 'no',
  'team.willBuild': false,
  'team.onCall': false,
  'team.maintainYears': 0,
  'team.core': 'means',
  'team.engineers': 3,
};
const HUGE: Said = {
  'volume.callsPerMonth': 60_000_000,
  'tokens.inputPerCall': 2_000,
  'tokens.outputPerCall': 400,
  'product.stage': 'scaling',
  'cost.painUsdPerMonth': 20_000,
};
const FORBIDDEN: Said = { 'data.class': 'restricted', 'data.thirdParty': 'forbidden' };
const TRIED: Said = { 'levers.tried': ['prompting', 'design', 'retrieval', 'caching', 'routing'] };
const EXAMPLES: Said = { 'examples.labelled': 2_000, 'examples.quality': 'good', 'examples.canCreate': true };
const STYLE: Said = { 'failures.patterns': ['style', 'jargon'] };
const API_STAY = 'Stay with APIs and optimize prompts, caching and calling patterns.';

const path = (name: string, said: Said, expected: Omit<Case, 'name' | 'said'>): Case => ({
  name,
  said,
  ...expected,
});
const early = (name: string, said: Said, reason: string): Case =>
  path(name, said, { end: 'api-first', layer: null, base: 'hosted-api', reason });
const stay = (name: string, said: Said, reason = API_STAY): Case =>
  path(name, said, { end: 'api-optimise', layer: 'improve-first', base: 'hosted-api', reason });

export const CASES: readonly Case[] = [
  // Section 3 and question 2: API-first.
  early('first MVP', MVP, 'Start API-first, and design for swappability.'),
  early(
    'an idea',
    { ...MVP, 'product.stage': 'idea' },
    'Before product/market fit API-first is almost always right.',
  ),
  early(
    'validating with first users',
    { ...MVP, 'product.stage': 'validating' },
    'validating (first users, value not proven)',
  ),
  early(
    'still learning what users need',
    { ...FIT, 'product.needs': 'learning' },
    'you are still learning what users need',
  ),
  early('MVP with an able team', { ...MVP, ...ABLE }, 'Start API-first'),
  early('MVP that expects a large volume', { ...MVP, 'volume.callsPerMonth': 5_000_000 }, 'Start API-first'),
  early(
    'MVP, volume uncertain',
    { ...MVP, 'volume.predictability': 'uncertain' },
    'You might scale a lot, or not: pay by use.',
  ),
  early('MVP without anyone who ran models', { ...MVP, ...WEAK }, 'Nobody has run models in production.'),
  early(
    'MVP under strict terms',
    { ...MVP, 'data.thirdParty': 'terms' },
    'Policy allows a vendor under strict terms only.',
  ),
  early(
    'MVP, speed first',
    { ...MVP, 'product.speed': 'speed' },
    'Speed of change is worth more than price per token.',
  ),
  early(
    'MVP, cost not watched',
    { ...MVP, 'practice.costWatched': false },
    'Cost per user and task is not watched today.',
  ),
  early(
    'MVP, calls not swappable',
    { ...MVP, 'practice.swappable': false },
    'The calls are not behind one interface today.',
  ),
  early('MVP, terms not read', { ...MVP, 'data.termsKnown': false }, 'Nobody has read the terms yet.'),
  early(
    'MVP of a hard reasoning task',
    { ...MVP, 'work.kind': 'reasoning', 'work.difficulty': 'hard' },
    'Hard tasks are where top-tier models win.',
  ),
  early(
    'MVP with failures of style: tuning is not step one',
    { ...MVP, ...STYLE },
    'Start API-first, and design for swappability.',
  ),
  // Question 3, no: stay with APIs.
  stay('modest bill', FIT),
  stay('modest bill and an able team', {
    ...FIT,
    ...ABLE,
    'volume.predictability': 'spiky',
    'cost.stance': 'opex',
  }),
  stay(
    'spiky traffic',
    { ...FIT, 'volume.predictability': 'spiky' },
    'Spiky traffic leaves own machines idle.',
  ),
  stay('opex wanted', { ...FIT, 'cost.stance': 'opex' }, 'Paying by use is wanted.'),
  stay('small team', { ...FIT, 'team.engineers': 3 }, 'A small team buys simplicity first'),
  stay(
    'long contexts',
    { ...FIT, 'work.contextTokens': 200_000 },
    'Very long contexts are a strength of hosted models.',
  ),
  stay(
    'strongly multilingual',
    { ...FIT, 'work.multilingual': true },
    'Strong multilingual support favours large hosted models.',
  ),
  stay(
    'code',
    { ...FIT, 'work.kind': 'code', 'work.difficulty': 'hard' },
    'Reasoning and code lean on raw capability.',
  ),
  stay('tone is the product', { ...FIT, 'work.nuance': 'critical' }, 'Where the tone is the product'),
  stay('public data', { ...FIT, 'data.class': 'public' }, 'Public data may go anywhere.'),
  stay('batch work', { ...FIT, 'latency.class': 'batch' }, 'calls can be batched'),
  stay('many repeats', { ...FIT, 'tokens.repeatedShare': 0.4 }, 'Many calls repeat: a cache saves them.'),
  stay(
    'open model tried, not good enough',
    { ...FIT, 'quality.openModelEnough': 'no' },
    'An open model was tried and is not good enough.',
  ),
  stay('no GPUs to be had', { ...FIT, 'assets.gpus': 'none' }, 'There is no way to get GPUs.'),
  // Question 4, no: retrieval, UX, evaluation.
  stay(
    'wrong facts are for retrieval',
    { ...FIT, 'failures.patterns': ['knowledge'], 'work.kind': 'answers' },
    'It does not know your facts: that is for retrieval.',
  ),
  stay(
    'hard cases are not for tuning',
    { ...FIT, 'failures.patterns': ['reasoning'] },
    'not for fine-tuning',
  ),
  stay('no systematic failure', { ...FIT, ...TRIED, ...EXAMPLES }, 'No systematic failure is seen.'),
  // Question 4, yes: fine-tuning.
  path(
    'style and jargon, everything tried, good examples',
    { ...FIT, ...STYLE, ...TRIED, ...EXAMPLES, 'assets.vendor': true, 'volume.callsPerMonth': 200_000 },
    {
      end: 'api-optimise',
      layer: 'fine-tune',
      base: 'hosted-api',
      layers: { 'fine-tuned-api': 'now' },
      reason: 'Consider fine-tuning: by API first',
    },
  ),
  path(
    'style fails, levers not exhausted',
    {
      ...FIT,
      ...STYLE,
      ...EXAMPLES,
      'levers.tried': ['none'],
      'assets.vendor': true,
      'volume.callsPerMonth': 200_000,
      'work.strictFormat': true,
    },
    {
      end: 'api-optimise',
      layer: 'fine-tune',
      base: 'hosted-api',
      layers: { 'fine-tuned-api': 'later', prompting: 'now' },
      reason: 'exhaust prompting, system design and retrieval first',
    },
  ),
  path(
    'format fails, no evaluation set',
    {
      ...FIT,
      ...TRIED,
      ...EXAMPLES,
      'failures.patterns': ['format'],
      'work.strictFormat': true,
      'practice.evaluation': false,
      'assets.vendor': true,
      'volume.callsPerMonth': 200_000,
    },
    { end: 'api-optimise', layer: 'fine-tune', base: 'hosted-api', reason: 'There is no evaluation set.' },
  ),
  path(
    'style fails, no examples possible',
    { ...FIT, ...STYLE, ...TRIED, 'examples.labelled': 0, 'examples.canCreate': false },
    {
      end: 'api-optimise',
      layer: 'fine-tune',
      base: 'hosted-api',
      layers: { 'fine-tuned-api': 'excluded' },
      reason: 'There are no labelled examples, and nobody can make them.',
    },
  ),
  path(
    'noisy examples',
    { ...FIT, ...STYLE, ...TRIED, 'examples.labelled': 2_000, 'examples.quality': 'noisy' },
    {
      end: 'api-optimise',
      layer: 'fine-tune',
      base: 'hosted-api',
      reason: 'The examples are raw or one-sided.',
    },
  ),
  path(
    'no safe rollout',
    { ...FIT, ...STYLE, ...TRIED, ...EXAMPLES, 'practice.rollout': false },
    {
      end: 'api-optimise',
      layer: 'fine-tune',
      base: 'hosted-api',
      reason: 'Traffic cannot be shifted step by step today.',
    },
  ),
  path(
    'tuning forbidden data by API',
    {
      ...FIT,
      ...FORBIDDEN,
      ...ABLE,
      ...STYLE,
      ...TRIED,
      ...EXAMPLES,
      'stack.serving': 'self-hosted',
      'quality.openModelEnough': 'yes',
    },
    {
      end: 'private-or-self-hosted',
      layer: 'fine-tune',
      base: 'self-hosted',
      layers: { 'fine-tuned-api': 'excluded', 'fine-tuned-self-hosted': 'now' },
      reason: 'You already operate models yourself.',
    },
  ),
  path(
    'failures not known',
    { ...FIT, 'failures.patterns': 'unknown' },
    {
      end: 'api-optimise',
      layer: null,
      base: 'hosted-api',
      reason: 'Which failures keep coming back is not known',
    },
  ),
  // Question 3, yes: hybrid.
  path(
    'large bill, able team',
    { ...FIT, ...ABLE, ...HUGE, 'quality.openModelEnough': 'mostly' },
    { end: 'hybrid', layer: 'improve-first', base: 'hybrid', reason: 'an open model for the common paths' },
  ),
  path(
    'large bill, growing fast',
    { ...FIT, ...ABLE, ...HUGE, 'volume.growthPerMonth': 0.2, 'quality.openModelEnough': 'mostly' },
    { end: 'hybrid', base: 'hybrid', reason: 'It doubles within eight months or less.' },
  ),
  path(
    'large bill, slow answers break it',
    { ...FIT, ...ABLE, ...HUGE, 'latency.slowdowns': 'critical' },
    { end: 'hybrid', base: 'hybrid', reason: 'two ways to serve are the remedy' },
  ),
  path(
    'large bill, no people',
    { ...FIT, ...HUGE, ...WEAK },
    { end: 'hybrid', base: 'hosted-api', reason: 'The path leads to hybrid' },
  ),
  path(
    'large bill, no GPUs',
    { ...FIT, ...ABLE, ...HUGE, 'assets.gpus': 'none' },
    { end: 'hybrid', base: 'hosted-api', reason: 'which is ruled out' },
  ),
  path(
    'large bill, weak but willing',
    { ...FIT, ...HUGE, 'team.onCall': false },
    { end: 'hybrid', base: 'hybrid', reason: 'There is no on-call rota.' },
  ),
  path(
    'large bill, GPUs owned',
    { ...FIT, ...ABLE, ...HUGE, 'assets.gpus': 'own' },
    { end: 'hybrid', base: 'hybrid', reason: 'GPUs are at hand.' },
  ),
  path(
    'hybrid in use',
    { ...FIT, ...ABLE, ...HUGE, 'stack.serving': 'mix' },
    { end: 'hybrid', base: 'hybrid', reason: 'Own model servers are in use past validation.' },
  ),
  path(
    'large bill, classification at scale',
    {
      ...FIT,
      ...ABLE,
      ...HUGE,
      ...EXAMPLES,
      ...TRIED,
      'work.kind': 'classification',
      'work.difficulty': 'simple',
    },
    {
      end: 'hybrid',
      base: 'hybrid',
      layers: { specialist: 'now' },
      reason: 'A closed, structured task can be learned by a small model.',
    },
  ),
  // Question 1, yes: self-hosted or private.
  path(
    'forbidden, able team',
    {
      ...FIT,
      ...FORBIDDEN,
      ...ABLE,
      'quality.openModelEnough': 'yes',
      'stack.serving': 'nothing',
      'volume.callsPerMonth': 5_000_000,
    },
    {
      end: 'private-or-self-hosted',
      base: 'self-hosted',
      reason: 'Policy lets no third-party model see this data.',
    },
  ),
  path(
    'forbidden, no people',
    { ...FIT, ...FORBIDDEN, ...WEAK, 'stack.serving': 'nothing' },
    {
      end: 'private-or-self-hosted',
      base: 'private-deployment',
      reason: 'nobody is willing to build the capability',
    },
  ),
  path(
    'forbidden, no GPUs',
    { ...FIT, ...FORBIDDEN, ...ABLE, 'assets.gpus': 'none', 'stack.serving': 'nothing' },
    { end: 'private-or-self-hosted', base: 'private-deployment', reason: 'There is no way to get GPUs.' },
  ),
  path(
    'forbidden, private refused',
    { ...FIT, ...FORBIDDEN, 'data.privateCloud': false, 'stack.serving': 'nothing' },
    { end: 'private-or-self-hosted', base: 'self-hosted', reason: 'not even in your own cloud' },
  ),
  path(
    'forbidden, private refused, no people',
    { ...FIT, ...FORBIDDEN, ...WEAK, 'data.privateCloud': false, 'stack.serving': 'nothing' },
    { end: 'private-or-self-hosted', base: null, reason: 'Nothing is left' },
  ),
  path(
    'restricted class alone',
    { ...FIT, 'data.class': 'restricted', 'data.thirdParty': 'forbidden', 'stack.serving': 'nothing' },
    {
      end: 'private-or-self-hosted',
      base: 'private-deployment',
      reason: 'No third-party model may see this data.',
    },
  ),
  path(
    'data stays in the network',
    {
      ...FIT,
      ...ABLE,
      'data.thirdParty': 'unknown',
      'data.boundary': 'network',
      'quality.openModelEnough': 'yes',
      'volume.callsPerMonth': 5_000_000,
      'stack.serving': 'nothing',
    },
    {
      end: 'private-or-self-hosted',
      base: 'self-hosted',
      reason: 'The data may not leave your own network.',
    },
  ),
  path(
    'forbidden MVP',
    { ...MVP, ...FORBIDDEN },
    {
      end: 'private-or-self-hosted',
      layer: null,
      base: 'private-deployment',
      reason: 'Start with self-hosted or private-cloud models',
    },
  ),
  path(
    'forbidden and huge',
    {
      ...FIT,
      ...FORBIDDEN,
      ...ABLE,
      ...HUGE,
      'quality.openModelEnough': 'yes',
      'stack.serving': 'self-hosted',
    },
    {
      end: 'private-or-self-hosted',
      base: 'self-hosted',
      reason: 'At very high scale own models can be much cheaper per token.',
    },
  ),
  path(
    'health data, forbidden',
    { ...FIT, ...FORBIDDEN, 'data.kinds': ['health'], 'stack.serving': 'nothing' },
    {
      end: 'private-or-self-hosted',
      base: 'private-deployment',
      reason: 'Regulated data or trade secrets raise what a vendor must promise.',
    },
  ),
  path(
    'million-token context, forbidden',
    { ...FIT, ...FORBIDDEN, ...ABLE, 'work.contextTokens': 1_500_000, 'stack.serving': 'nothing' },
    {
      end: 'private-or-self-hosted',
      base: 'private-deployment',
      reason: 'A context of more than a million tokens',
    },
  ),
  path(
    'no vendor in the region',
    { ...FIT, 'data.boundary': 'region', 'data.vendorInRegion': false },
    { end: 'api-optimise', base: 'private-deployment', reason: 'no vendor serves it there' },
  ),
  // Unknown answers: named, with what each would lead to.
  path(
    'nothing is known',
    {},
    { end: null, base: null, reason: 'Nobody has said whether a vendor may see this data' },
  ),
  path(
    'policy not known',
    { ...FIT, 'data.thirdParty': 'unknown' },
    { end: null, base: null, reason: 'ask legal or security' },
  ),
  path(
    'stage not known',
    { ...FIT, 'product.stage': 'unknown', 'product.needs': 'unknown' },
    { end: null, base: 'hosted-api', reason: 'The stage of the feature is not known.' },
  ),
  path(
    'volume not known',
    { ...FIT, 'volume.callsPerMonth': 'unknown' },
    { end: null, base: null, reason: 'The volume is not known, so it could go either way.' },
  ),
  path(
    'pain not known, bill near it',
    { ...FIT, 'volume.callsPerMonth': 2_000_000, 'cost.painUsdPerMonth': 'unknown' },
    { end: null, base: null, reason: 'Nobody has said what would hurt' },
  ),
];
