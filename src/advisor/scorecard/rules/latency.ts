import { article, judgement } from '../../article.ts';
import { all, any, flagged, is, not, over } from '../condition.ts';
import { type Rule, tuned } from '../rule.ts';

/** Latency and reliability (article 2.3). */
export const LATENCY_RULES: readonly Rule[] = [
  {
    id: 'latency.slowdowns',
    source: article('2.3', 'How sensitive is the experience to occasional slowdowns?'),
    cases: [
      {
        when: is('latency.slowdowns', 'critical'),
        says: 'A slow answer breaks the product: shared capacity is a risk, two ways to serve are the remedy.',
        points: { 'hosted-api': -1.5, 'private-deployment': 0.5, 'self-hosted': 1, hybrid: 1.5 },
      },
      {
        when: is('latency.slowdowns', 'annoying'),
        says: 'People notice slow answers.',
        points: { 'hosted-api': -0.5, 'self-hosted': 0.5, hybrid: 0.5 },
      },
    ],
  },
  {
    id: 'latency.near',
    source: article('2.3', 'Ability to colocate models nearer to your data and services'),
    cases: [
      {
        when: flagged('latency.nearRegions'),
        says: 'Low latency in given regions: own models can stand there.',
        points: { 'hosted-api': -1, 'private-deployment': 0.5, 'self-hosted': 1.5, hybrid: 1 },
      },
    ],
  },
  {
    id: 'latency.serving',
    source: article('2.3', '…but only if you invest in proper serving and autoscaling.'),
    cases: [
      {
        when: is('team.ranModels', 'no'),
        says: 'Nobody has run model servers: own serving would be less reliable at first.',
        points: { 'self-hosted': -2, hybrid: -1 },
      },
      {
        when: is('team.ranModels', 'some'),
        says: 'Serving has been done on a small scale.',
        points: { 'self-hosted': -0.5 },
      },
      {
        when: is('team.ranModels', 'yes'),
        says: 'The team knows serving and autoscaling.',
        points: { 'self-hosted': 1, hybrid: 0.5 },
      },
    ],
  },
  {
    id: 'latency.fast-target',
    source: article(
      '5',
      'You want to replace a large generic model with a smaller specialized one for cost/latency reasons.',
    ),
    cases: [
      {
        when: all(
          any(is('latency.class', 'interactive'), is('latency.class', 'standard')),
          not(over('latency.ttftP95TargetMs', 400)),
        ),
        says: 'The target is tight: a smaller model or an own one meets it more easily.',
        points: {
          'hosted-api': -1,
          'self-hosted': 1,
          hybrid: 0.5,
          'smaller-model': 1.5,
          specialist: 2,
          ...tuned(0.5),
        },
      },
    ],
  },
  {
    id: 'latency.batch',
    source: article(
      '2.3',
      'Is this user-facing and interactive (sub-second to a few seconds), or batch / offline?',
    ),
    cases: [
      {
        when: is('latency.class', 'batch'),
        says: 'Nobody waits: shared capacity is no risk, and calls can be batched.',
        points: { 'hosted-api': 1, 'private-deployment': 0.5, 'self-hosted': 0.5, hybrid: 0.5, caching: 2 },
      },
      {
        when: is('latency.class', 'interactive'),
        says: 'Somebody waits: repeated answers and prompts should come from a cache.',
        points: { caching: 1, 'smaller-model': 0.5 },
      },
    ],
  },
  {
    id: 'latency.errors',
    source: judgement(
      'More than 2 % of failed calls is an outage in slices; a second way to serve mends it.',
    ),
    cases: [
      {
        when: over('reliability.errorShare', 0.02),
        says: 'Calls fail today: a second deployment behind the task is needed.',
        points: { 'hosted-api': -1, hybrid: 1 },
      },
    ],
  },
  {
    id: 'latency.shared-capacity',
    source: article(
      '2.3',
      'API models can be very fast, but you are subject to external network hops and shared capacity.',
    ),
    cases: [
      {
        when: is('volume.predictability', 'spiky'),
        says: 'Spikes are the provider’s to absorb; own servers must be sized for them.',
        points: { 'hosted-api': 0.5, 'self-hosted': -1 },
      },
    ],
  },
];
