import { article, judgement } from '../../article.ts';
import { all, flagged, has, is, not, over } from '../condition.ts';
import { type Rule, tuned } from '../rule.ts';

/** Cost now and at scale (article 2.4). The comparison in USD is added by the economics, see `scorecard.ts`. */
export const COST_RULES: readonly Rule[] = [
  {
    id: 'cost.scale',
    source: article('2.4', 'At low to moderate scale, APIs often win because you avoid infra overhead.'),
    cases: [
      {
        when: over('volume.callsPerMonth', 10_000_000),
        says: 'At very high scale own models can be much cheaper per token.',
        points: {
          'hosted-api': -1,
          'self-hosted': 1,
          hybrid: 1,
          'fine-tuned-self-hosted': 1,
          'smaller-model': 1,
          caching: 1,
        },
      },
      {
        when: over('volume.callsPerMonth', 1_000_000),
        says: 'The volume is high enough for every saving to count.',
        points: { 'self-hosted': 0.5, hybrid: 0.5, 'smaller-model': 1, caching: 1 },
      },
      {
        when: not(over('volume.callsPerMonth', 100_000)),
        says: 'At low volume the API avoids infra overhead.',
        points: { 'hosted-api': 1, 'self-hosted': -1.5, hybrid: -1, 'fine-tuned-self-hosted': -1.5 },
      },
    ],
  },
  {
    id: 'cost.predictability',
    source: article('2.4', 'Do we expect spiky or steady traffic?'),
    cases: [
      {
        when: is('volume.predictability', 'steady'),
        says: 'Steady traffic keeps own machines busy.',
        points: { 'self-hosted': 1, hybrid: 0.5 },
      },
      {
        when: is('volume.predictability', 'spiky'),
        says: 'Spiky traffic leaves own machines idle.',
        points: { 'hosted-api': 1, 'self-hosted': -1 },
      },
      {
        when: is('volume.predictability', 'uncertain'),
        says: 'You might scale a lot, or not: pay by use.',
        points: { 'hosted-api': 1.5, 'self-hosted': -1.5, hybrid: -0.5 },
      },
    ],
  },
  {
    id: 'cost.stance',
    source: article(
      '2.4',
      'Are we okay with Opex (API spend) or do we want to move part of it into Capex / infra?',
    ),
    cases: [
      {
        when: is('cost.stance', 'opex'),
        says: 'Paying by use is wanted.',
        points: { 'hosted-api': 1, 'self-hosted': -1 },
      },
      {
        when: is('cost.stance', 'capex'),
        says: 'Part of the spend should become own infrastructure.',
        points: { 'hosted-api': -0.5, 'self-hosted': 1, hybrid: 0.5 },
      },
    ],
  },
  {
    id: 'cost.growth',
    source: article('2.4', 'What is our expected volume in the next 6–12 months?'),
    cases: [
      {
        when: over('volume.growthPerMonth', 0.1),
        says: 'It doubles within eight months or less.',
        points: { hybrid: 0.5, 'smaller-model': 0.5, caching: 0.5 },
      },
    ],
  },
  {
    id: 'cost.small-specialised',
    source: article(
      '2.4',
      'Fine-tuning can improve quality and allow smaller models to replace larger ones, further reducing cost—but it adds its own training and maintenance costs.',
    ),
    cases: [
      {
        when: all(over('volume.callsPerMonth', 1_000_000), is('work.difficulty', 'simple', 'moderate')),
        says: 'Enough calls of a bounded task for a smaller, tuned model to pay for its training.',
        points: { ...tuned(1.5), specialist: 1.5 },
      },
      {
        when: not(over('volume.callsPerMonth', 100_000)),
        says: 'Too few calls for training and upkeep to pay off.',
        points: { ...tuned(-1) },
      },
    ],
  },
  {
    id: 'cost.repeats',
    source: article('6', 'stay with APIs and optimize prompts, caching, and calling patterns'),
    cases: [
      {
        when: over('tokens.repeatedShare', 0.1),
        says: 'Many calls repeat: a cache saves them.',
        points: { caching: 2.5 },
      },
      {
        when: not(has('levers.tried', 'caching')),
        says: 'Caching and batching have not been tried.',
        points: { caching: 1.5 },
      },
    ],
  },
  {
    id: 'cost.routing',
    source: article('3', 'Easy to mix different models (e.g. smaller for routing, larger for final answers)'),
    cases: [
      {
        when: all(not(has('levers.tried', 'routing')), is('work.difficulty', 'simple', 'moderate')),
        says: 'A smaller model has not been tried on the easy calls.',
        points: { 'smaller-model': 1.5 },
      },
    ],
  },
  {
    id: 'cost.at-hand',
    source: judgement('Machines and spend that are committed anyway cost little more when they are used.'),
    cases: [
      {
        when: is('assets.gpus', 'own'),
        says: 'GPUs are at hand.',
        points: { 'self-hosted': 1, hybrid: 1, 'fine-tuned-self-hosted': 1 },
      },
      {
        when: flagged('assets.commitment'),
        says: 'Cloud spend is committed anyway.',
        points: { 'private-deployment': 1, 'self-hosted': 0.5, hybrid: 0.5 },
      },
    ],
  },
];
