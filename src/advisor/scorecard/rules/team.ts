import { article } from '../../article.ts';
import { any, flagged, is, not, over } from '../condition.ts';
import { type Rule, tuned } from '../rule.ts';

/** Team and execution capacity (article 2.5, 3 and 4). A weaker team never speaks for self-hosting. */
export const TEAM_RULES: readonly Rule[] = [
  {
    id: 'team.new-versions',
    source: article('1.1', 'Fast access to new model versions'),
    cases: [
      {
        when: not(is('data.class', 'restricted')),
        says: 'Hosted APIs get new versions first, and need no contract with a cloud.',
        points: { 'hosted-api': 0.5, 'private-deployment': -0.5 },
      },
    ],
  },
  {
    id: 'team.ran-models',
    source: article('2.5', 'Do we have people who’ve run ML models in production before?'),
    cases: [
      {
        when: is('team.ranModels', 'no'),
        says: 'Nobody has run models in production.',
        points: {
          'hosted-api': 1.5,
          'private-deployment': 0.5,
          'self-hosted': -3,
          hybrid: -1.5,
          'fine-tuned-self-hosted': -3,
        },
      },
      {
        when: is('team.ranModels', 'some'),
        says: 'One or two people have run models.',
        points: { 'hosted-api': 0.5, 'self-hosted': -0.5, 'fine-tuned-self-hosted': -1 },
      },
      {
        when: is('team.ranModels', 'yes'),
        says: 'Several people have run models at scale.',
        points: { 'self-hosted': 1.5, hybrid: 1.5, 'fine-tuned-self-hosted': 1.5 },
      },
    ],
  },
  {
    id: 'team.will-build',
    source: article(
      '4',
      'You have (or are willing to build) the infra and ML capabilities to operate models, or',
    ),
    cases: [
      {
        when: flagged('team.willBuild'),
        says: 'You are willing to build the capability.',
        points: { 'self-hosted': 0.5, hybrid: 0.5 },
      },
      {
        when: flagged('team.willBuild', false),
        says: 'You are not willing to build the capability.',
        points: { 'hosted-api': 0.5, 'self-hosted': -1.5, hybrid: -1, 'fine-tuned-self-hosted': -1.5 },
      },
    ],
  },
  {
    id: 'team.on-call',
    source: article('4', 'Responsible for security, patching, and incident response'),
    cases: [
      {
        when: flagged('team.onCall'),
        says: 'There is an on-call rota.',
        points: { 'self-hosted': 0.5, hybrid: 0.5 },
      },
      {
        when: flagged('team.onCall', false),
        says: 'Nobody is on call.',
        points: { 'self-hosted': -1.5, hybrid: -1 },
      },
    ],
  },
  {
    id: 'team.years',
    source: article('2.5', 'Are we willing to maintain this stack for years?'),
    cases: [
      {
        when: over('team.maintainYears', 2),
        says: 'An own stack would be maintained for years.',
        points: { 'self-hosted': 1, hybrid: 0.5, 'fine-tuned-self-hosted': 0.5 },
      },
      {
        when: not(over('team.maintainYears', 0.99)),
        says: 'Nobody would maintain an own stack for even a year.',
        points: { 'self-hosted': -2, hybrid: -1, ...tuned(-0.5), 'fine-tuned-self-hosted': -1.5 },
      },
    ],
  },
  {
    id: 'team.core',
    source: article('2.5', 'Is LLM infra a core competency we want to own, or a means to an end?'),
    cases: [
      {
        when: is('team.core', 'core'),
        says: 'LLM infrastructure is to be a core competency.',
        points: { 'self-hosted': 1.5, hybrid: 1, 'fine-tuned-self-hosted': 1 },
      },
      {
        when: is('team.core', 'means'),
        says: 'It is a means to an end.',
        points: {
          'hosted-api': 1,
          'private-deployment': 0.5,
          'self-hosted': -1.5,
          hybrid: -0.5,
          'fine-tuned-self-hosted': -1,
        },
      },
    ],
  },
  {
    id: 'team.small',
    source: article('2.5', 'If your team is small, or you’re early in the product, it’s usually better to:'),
    cases: [
      {
        when: not(over('team.engineers', 5)),
        says: 'A small team buys simplicity first, and owns more later if needed.',
        points: {
          'hosted-api': 1,
          'private-deployment': 0.5,
          'self-hosted': -1.5,
          hybrid: -0.5,
          'fine-tuned-self-hosted': -1,
        },
      },
    ],
  },
  {
    id: 'team.early',
    source: article(
      '3',
      'If you’re pre-product/market fit or still validating the AI feature, API-first is almost always the right move.',
    ),
    cases: [
      {
        when: is('product.stage', 'idea', 'pre-mvp', 'validating'),
        says: 'Before product/market fit API-first is almost always right.',
        points: {
          'hosted-api': 3,
          'private-deployment': 0.5,
          'self-hosted': -2,
          hybrid: -2,
          ...tuned(-2.5),
          specialist: -1,
        },
      },
      {
        when: is('product.stage', 'scaling'),
        says: 'At scale, owning more begins to pay.',
        points: { 'self-hosted': 0.5, hybrid: 1.5 },
      },
    ],
  },
  {
    id: 'team.learning',
    source: article('3', 'You’re still learning what users actually need from the AI feature.'),
    cases: [
      {
        when: any(is('product.needs', 'learning'), is('product.speed', 'speed')),
        says: 'Speed of change is worth more than price per token.',
        points: { 'hosted-api': 1.5, 'self-hosted': -1, hybrid: -0.5, ...tuned(-1), prompting: 1 },
      },
      {
        when: is('product.speed', 'ownership'),
        says: 'This quarter is for cutting cost and owning more.',
        points: { hybrid: 1, 'self-hosted': 0.5, 'smaller-model': 0.5 },
      },
    ],
  },
  {
    id: 'team.vendor',
    source: article('5', 'Great when you already rely on that provider and just need specialization'),
    cases: [
      {
        when: flagged('assets.vendor'),
        says: 'You already rely on a vendor.',
        points: { 'fine-tuned-api': 1.5, 'hosted-api': 0.5 },
      },
    ],
  },
  {
    id: 'team.operates',
    source: article('5', 'Best when you already operate models yourself'),
    cases: [
      {
        when: is('stack.serving', 'self-hosted', 'mix'),
        says: 'You already operate models yourself.',
        points: { 'self-hosted': 1, hybrid: 1, 'fine-tuned-self-hosted': 2 },
      },
      {
        when: is('stack.serving', 'nothing', 'api'),
        says: 'You operate no models: training pipelines, tracking and versioning would be new.',
        points: { 'fine-tuned-self-hosted': -1.5 },
      },
    ],
  },
];
