import { choice, choices, flag, number } from '../field.ts';

/** The product and where it is. */
export const PRODUCT_FIELDS = {
  'product.stage': choice({
    label: 'Stage',
    question: 'How far is the AI feature?',
    why: 'Before product/market fit, or while it is being validated, API-first is almost always right.',
    options: {
      idea: 'an idea',
      'pre-mvp': 'being built, no users yet',
      validating: 'first users, value not proven',
      'market-fit': 'users come back for it',
      scaling: 'growing fast or already large',
    },
  }),
  'product.needs': choice({
    label: 'What users need',
    question: 'Do you know what users actually need from it?',
    why: 'While that is still being learned, speed of change is worth more than price per token.',
    options: { learning: 'still learning', clear: 'clear, and written down' },
  }),
  'product.speed': choice({
    label: 'Speed to market',
    question: 'What matters more this quarter: to ship and change fast, or to cut cost and own more?',
    why: 'APIs are the fastest to ship and to iterate on.',
    options: { speed: 'ship and change fast', balance: 'both', ownership: 'cut cost and own more' },
  }),
} as const;

/** Who would run it. Answered honestly, the most under-appreciated dimension. */
export const TEAM_FIELDS = {
  'team.ranModels': choice({
    label: 'Has run models',
    question: 'Do you have people who have run ML models in production before?',
    why: 'Self-hosting without them is learned at the expense of the product.',
    options: { no: 'nobody', some: 'one or two, or on a small scale', yes: 'yes, several, at scale' },
  }),
  'team.willBuild': flag({
    label: 'Willing to build it',
    question: 'Are you willing to build that capability: hire or train people for it?',
    why: 'Self-hosting needs infra and ML capabilities you have or are willing to build.',
  }),
  'team.onCall': flag({
    label: 'On call',
    question: 'Is there an on-call rota that could answer for model servers at night?',
    why: 'Who self-hosts is responsible for patches and incidents.',
  }),
  'team.maintainYears': number({
    label: 'Years it will be maintained',
    question: 'For how many years are you willing to maintain an own stack?',
    why: 'Models and hardware move; an own stack is maintained for years or abandoned.',
    unit: 'years',
    max: 50,
    prior: [0, 1, 4],
    slack: 1.3,
  }),
  'team.core': choice({
    label: 'Core competency',
    question: 'Is LLM infrastructure a core competency you want to own, or a means to an end?',
    why: 'The risk is to be stuck with infrastructure that is not core to the product.',
    options: { means: 'a means to an end', unsure: 'not decided', core: 'a core competency' },
  }),
  'team.engineers': number({
    label: 'Engineers',
    question: 'How many engineers work on the product?',
    why: 'A small team buys simplicity first, and owns more later if needed.',
    unit: 'people',
    max: 1e6,
    prior: [2, 8, 60],
    slack: 1,
  }),
  'team.upkeepPeople': number({
    label: 'People an own stack takes',
    question: 'How many people, in full posts, would run an own stack?',
    why: 'Priced into self-hosting.',
    unit: 'posts',
    max: 50,
    quantity: 'self.people',
  }),
} as const;

/** What is there already: machines, contracts, levers pulled, practice. */
export const ASSET_FIELDS = {
  'assets.gpus': choice({
    label: 'GPUs',
    question: 'Can you get GPUs?',
    why: 'Without any, nothing can be self-hosted.',
    options: {
      none: 'no way to get any',
      rent: 'we can rent them',
      own: 'we own some, or have them reserved',
    },
  }),
  'assets.vendor': flag({
    label: 'A vendor in use',
    question: 'Do you already rely on a model vendor?',
    why: 'Fine-tuning by API is great when you already rely on that provider.',
  }),
  'assets.commitment': flag({
    label: 'Committed cloud spend',
    question: 'Is there committed cloud spend that models could draw on?',
    why: 'Spend that is committed anyway lowers what a private deployment or rented GPUs really cost.',
  }),
  'stack.serving': choice({
    label: 'What runs today',
    question: 'What serves it today?',
    why: 'The roadmap starts where you are.',
    options: {
      nothing: 'nothing yet',
      api: 'API models',
      'self-hosted': 'own model servers',
      mix: 'both',
    },
  }),
  'levers.tried': choices({
    label: 'Levers already pulled',
    question: 'Which of these have been worked through already?',
    why: 'Exhaust prompting, system design and retrieval first: fine-tuning should rarely be step one.',
    options: {
      none: 'none yet',
      prompting: 'prompting',
      design: 'system design: smaller steps, checks, tools',
      retrieval: 'retrieval',
      caching: 'caching or batching',
      routing: 'smaller models with routing',
    },
  }),
  'practice.swappable': flag({
    label: 'Swappable calls',
    question: 'Are the calls behind one interface, so that models can be swapped?',
    why: 'Design for swappability: wrap calls behind interfaces.',
  }),
  'practice.costWatched': flag({
    label: 'Cost watched',
    question: 'Do you see the cost per user and per task?',
    why: 'Monitor it from day one; it is easy to lose track.',
  }),
  'practice.evaluation': flag({
    label: 'Evaluation set and baseline',
    question: 'Is there an evaluation set with a baseline?',
    why: 'Without one a fine-tuned or swapped model cannot be judged, and regressions go unseen.',
  }),
  'practice.rollout': flag({
    label: 'Safe rollout',
    question: 'Can you shift traffic step by step, and back?',
    why: 'Fine-tuning and swapping need governance: A/B tests and gradual shifts.',
  }),
  'practice.operations': flag({
    label: 'Observability and incidents',
    question: 'Are observability, governance and incident response in place for the model calls?',
    why: 'What a mature mix of self-hosted models and APIs is operated with.',
  }),
} as const;

/** How much each dimension weighs: the article leaves that to you. */
const weight = (dimension: string) =>
  number({
    label: `Weight of ${dimension}`,
    question: `How much does ${dimension} weigh, from 0 (nothing) to 3 (three times as much as usual)?`,
    why: 'The article names five dimensions and no weights; unknown weights widen the totals.',
    unit: 'weight',
    max: 3,
    prior: [0.7, 1, 1.5],
    priorWhy: 'Equal weights, give or take half.',
    slack: 1,
  });

export const WEIGHT_FIELDS = {
  'weights.quality': weight('quality and capability'),
  'weights.data': weight('data sensitivity and compliance'),
  'weights.latency': weight('latency and reliability'),
  'weights.cost': weight('cost now and at scale'),
  'weights.team': weight('team and execution capacity'),
} as const;
