/** The three phases of the article (section 7), and how each is left. */
import type { Phase, PhaseId, RuleSource } from '../advice.ts';
import { article } from '../article.ts';
import { all, any, type Condition, flagged, has, is, not } from '../scorecard/condition.ts';

export const PHASES: readonly Phase[] = [
  {
    id: 'learn',
    label: 'Phase 1: learn fast',
    focus: ['API models only', 'Focus on UX, retrieval, and understanding user value'],
  },
  {
    id: 'optimise',
    label: 'Phase 2: optimise and specialise',
    focus: [
      'Introduce fine-tuning for key tasks',
      'Add caching, routing, and lightweight evaluation',
      'Start experimenting with open-source where it’s a clear win',
    ],
  },
  {
    id: 'own',
    label: 'Phase 3: scale and own more',
    focus: [
      'Operate a mix of self-hosted models + selective APIs',
      'Mature observability, governance, and incident response',
      'Continuously refine which tasks go to which model',
    ],
  },
];

export interface Criterion {
  id: string;
  phase: PhaseId;
  text: string;
  met: Condition;
  source: RuleSource;
}

export const CRITERIA: readonly Criterion[] = [
  {
    id: 'value-proven',
    phase: 'learn',
    text: 'Users come back for the feature',
    met: is('product.stage', 'market-fit', 'scaling'),
    source: article('7', 'Focus on UX, retrieval, and understanding user value'),
  },
  {
    id: 'needs-clear',
    phase: 'learn',
    text: 'What users need is clear',
    met: is('product.needs', 'clear'),
    source: article('3', 'You’re still learning what users actually need from the AI feature.'),
  },
  {
    id: 'swappable',
    phase: 'learn',
    text: 'Calls stand behind one interface',
    met: flagged('practice.swappable'),
    source: article(
      '3',
      'Design your architecture to be modular: wrap calls behind interfaces so you can swap models later.',
    ),
  },
  {
    id: 'cost-watched',
    phase: 'learn',
    text: 'Cost per user and task is watched',
    met: flagged('practice.costWatched'),
    source: article('3', 'Monitor cost per user / per task from day one. It’s easy to lose track.'),
  },
  {
    id: 'levers-pulled',
    phase: 'optimise',
    text: 'Prompting, caching and routing are worked through',
    met: all(
      has('levers.tried', 'prompting'),
      has('levers.tried', 'caching'),
      has('levers.tried', 'routing'),
    ),
    source: article('7', 'Add caching, routing, and lightweight evaluation'),
  },
  {
    id: 'evaluated',
    phase: 'optimise',
    text: 'An evaluation set with a baseline exists',
    met: flagged('practice.evaluation'),
    source: article('7', 'Add caching, routing, and lightweight evaluation'),
  },
  {
    id: 'failures-known',
    phase: 'optimise',
    text: 'Systematic failures are mended, by fine-tuning or otherwise',
    met: has('failures.patterns', 'none'),
    source: article('7', 'Introduce fine-tuning for key tasks'),
  },
  {
    id: 'open-tried',
    phase: 'optimise',
    text: 'An open model was tried on own examples',
    met: not(is('quality.openModelEnough', 'untried')),
    source: article('7', 'Start experimenting with open-source where it’s a clear win'),
  },
  {
    id: 'mix',
    phase: 'own',
    text: 'A mix of self-hosted models and selected APIs serves',
    met: any(is('stack.serving', 'mix'), is('stack.serving', 'self-hosted')),
    source: article('7', 'Operate a mix of self-hosted models + selective APIs'),
  },
  {
    id: 'mature',
    phase: 'own',
    text: 'Observability, governance and incident response are in place',
    met: flagged('practice.operations'),
    source: article('7', 'Mature observability, governance, and incident response'),
  },
  {
    id: 'rollouts',
    phase: 'own',
    text: 'Traffic shifts step by step, and back, so that tasks keep moving to the model that suits them',
    met: flagged('practice.rollout'),
    source: article('7', 'Continuously refine which tasks go to which model'),
  },
];
