/**
 * Where each question, sign, caution, rule of thumb and phase of the article stands in the product. Fails when one loses
 * its place. Sections are those of Arctura AI, "Choosing the right LLM stack", 26 November 2024.
 */
import { describe, expect, test } from 'vitest';
import { BASE_IDS, LAYER_IDS } from '../../src/advisor/options.ts';
import { QUESTIONS } from '../../src/advisor/path/questions.ts';
import { CAUTIONS } from '../../src/advisor/path/watch-outs.ts';
import { FACT_IDS } from '../../src/advisor/profile/fields/index.ts';
import { CRITERIA, PHASES } from '../../src/advisor/roadmap/phases.ts';
import { STEPS } from '../../src/advisor/roadmap/steps.ts';
import { CONSTRAINTS } from '../../src/advisor/scorecard/constraints.ts';
import { GATES } from '../../src/advisor/scorecard/layers.ts';
import { DIMENSIONS } from '../../src/advisor/scorecard/rules/index.ts';

const PLACES = new Set<string>([
  ...FACT_IDS.map((id) => `fact ${id}`),
  ...Object.keys(QUESTIONS).map((id) => `question ${id}`),
  ...CAUTIONS.map(({ id }) => `caution ${id}`),
  ...CRITERIA.map(({ id }) => `criterion ${id}`),
  ...PHASES.map(({ id }) => `phase ${id}`),
  ...STEPS.map(({ id }) => `step ${id}`),
  ...CONSTRAINTS.map(({ id }) => `constraint ${id}`),
  ...GATES.map(({ id }) => `gate ${id}`),
  ...DIMENSIONS.flatMap(({ id, rules }) => [`dimension ${id}`, ...rules.map((rule) => `rule ${rule.id}`)]),
  ...[...BASE_IDS, ...LAYER_IDS].map((id) => `option ${id}`),
]);

const COVERAGE: readonly [section: string, what: string, places: string[]][] = [
  ['1.1', 'hosted API models; new versions fast', ['option hosted-api', 'rule team.new-versions']],
  ['1.1', 'API costs that scale with usage', ['question painful', 'rule cost.scale']],
  ['1.1', 'data governance by provider and region', ['rule data.terms', 'constraint no-vendor-in-region']],
  ['1.2', 'self-hosted; control over where data lives', ['option self-hosted', 'rule data.class']],
  [
    '1.2',
    'engineering overhead and maintenance',
    ['caution operations', 'rule team.years', 'fact team.upkeepPeople'],
  ],
  ['1.2', 'in-house ML and infra expertise', ['constraint no-people', 'rule team.ran-models']],
  [
    '1.3',
    'fine-tuning by API or self-hosted, a layer',
    ['option fine-tuned-api', 'option fine-tuned-self-hosted'],
  ],
  ['1.3', 'predictable outputs for structured tasks', ['rule quality.structured', 'rule quality.reasoning']],
  [
    '1.3',
    'curated data; regressions where evaluation is weak',
    ['constraint no-examples', 'rule quality.evaluation'],
  ],
  [
    '2',
    'five dimensions',
    ['dimension quality', 'dimension data', 'dimension latency', 'dimension cost', 'dimension team'],
  ],
  ['2.1', 'how hard is the task', ['fact work.difficulty', 'rule quality.difficulty']],
  ['2.1', 'strong multilingual support', ['fact work.multilingual', 'rule quality.multilingual']],
  ['2.1', 'style, tone, domain nuance', ['fact work.nuance', 'rule quality.nuance']],
  ['2.1', 'long-context understanding', ['fact work.contextTokens', 'rule quality.long-context']],
  ['2.1', 'open source for short contexts and focused tasks', ['rule quality.focused']],
  ['2.2', 'does data leave VPC or region', ['fact data.boundary', 'rule data.boundary']],
  [
    '2.2',
    'PII, regulated data, trade secrets',
    ['fact data.kinds', 'fact data.regulation', 'rule data.kinds'],
  ],
  ['2.2', 'what legal requires for vendors', ['fact data.thirdParty', 'rule data.policy']],
  [
    '2.2',
    'no third-party model: self-hosted or private',
    ['constraint third-party-forbidden', 'option private-deployment', 'constraint private-forbidden'],
  ],
  ['2.2', 'strict enterprise terms', ['caution strict-terms']],
  ['2.3', 'interactive or batch', ['fact latency.class', 'rule latency.batch']],
  ['2.3', 'occasional slowdowns', ['fact latency.slowdowns', 'rule latency.slowdowns']],
  ['2.3', 'low latency in regions; colocation', ['fact latency.nearRegions', 'rule latency.near']],
  ['2.3', 'network hops and shared capacity', ['caution network-hops', 'rule latency.shared-capacity']],
  ['2.3', 'only with proper serving and autoscaling', ['caution serving', 'rule latency.serving']],
  ['2.4', 'volume in 6 to 12 months', ['fact volume.growthPerMonth', 'rule cost.growth']],
  ['2.4', 'spiky or steady', ['fact volume.predictability', 'rule cost.predictability']],
  ['2.4', 'opex or capex', ['fact cost.stance', 'rule cost.stance']],
  ['2.4', 'low to moderate and very high scale', ['rule cost.scale']],
  [
    '2.4',
    'fine-tuning lets smaller models replace larger, at its own cost',
    ['rule cost.small-specialised', 'option smaller-model', 'option specialist'],
  ],
  ['2.5', 'people who ran models', ['fact team.ranModels', 'rule team.ran-models']],
  ['2.5', 'maintain for years', ['fact team.maintainYears', 'rule team.years']],
  ['2.5', 'core competency or means to an end', ['fact team.core', 'rule team.core']],
  ['2.5', 'small or early: simplicity first, own more later', ['rule team.small', 'rule team.early']],
  [
    '3',
    'still learning; speed to market',
    ['fact product.needs', 'fact product.speed', 'rule team.learning'],
  ],
  ['3', 'volume is uncertain', ['fact volume.predictability', 'rule cost.predictability']],
  ['3', 'mix models, smaller for routing', ['rule cost.routing', 'step smaller-model']],
  [
    '3',
    'monitor cost per user and task',
    ['caution cost-watched', 'criterion cost-watched', 'step watch-cost'],
  ],
  ['3', 'modular, swappable', ['caution swappable', 'criterion swappable', 'step interface']],
  ['3', 'usage and retention policies', ['caution vendor-terms', 'step read-terms']],
  ['3', 'pre-product/market fit: API-first', ['question validating', 'rule team.early']],
  ['4', 'data cannot leave', ['constraint third-party-forbidden', 'question third-party']],
  ['4', 'capabilities one has or is willing to build', ['fact team.willBuild', 'rule team.will-build']],
  ['4', 'usage high and predictable', ['rule cost.scale', 'rule cost.predictability']],
  ['4', 'manage, patch, respond', ['caution operations', 'caution incidents', 'rule team.on-call']],
  ['4', 'stuck with infra that is not core', ['caution not-core']],
  [
    '4',
    'hybrid: mid-size open model, frontier for hard cases or backup',
    ['option hybrid', 'rule quality.hard-cases', 'step plan-hybrid'],
  ],
  ['5', 'rarely step one', ['gate stage']],
  ['5', 'consistent failure patterns', ['fact failures.patterns', 'rule quality.tunable-failures']],
  ['5', 'very specific formats or styles', ['fact work.strictFormat', 'gate understood']],
  [
    '5',
    'replace a large model for cost or latency',
    ['rule latency.fast-target', 'rule cost.small-specialised'],
  ],
  [
    '5',
    'labelled examples at hand or to be made',
    ['fact examples.labelled', 'fact examples.canCreate', 'rule quality.examples', 'step collect-examples'],
  ],
  [
    '5',
    'API tuning where one relies on the provider',
    ['fact assets.vendor', 'rule team.vendor', 'step tune-api'],
  ],
  ['5', 'own tuning where one operates models', ['gate operates', 'rule team.operates', 'step tune-own']],
  ['5', 'good training data', ['fact examples.quality', 'caution training-data']],
  ['5', 'baseline and evaluation set', ['gate evaluation', 'caution baseline', 'step evaluation-set']],
  ['5', 'governance and safe rollout', ['caution safe-rollout', 'fact practice.rollout', 'step safe-shift']],
  [
    '5',
    'exhaust prompting, design and retrieval first',
    [
      'gate levers',
      'caution levers-first',
      'rule quality.prompting-first',
      'option prompting',
      'option retrieval',
    ],
  ],
  [
    '6',
    'the four questions',
    ['question third-party', 'question validating', 'question painful', 'question failures'],
  ],
  [
    '6',
    'optimise prompts, caching and calling patterns',
    ['rule cost.repeats', 'option caching', 'step caching'],
  ],
  [
    '6',
    'invest in retrieval, UX and evaluation',
    ['rule quality.knowledge-failures', 'step retrieval', 'step understand-users'],
  ],
  [
    '7',
    'phase 1: learn fast',
    ['phase learn', 'criterion value-proven', 'criterion needs-clear', 'rule quality.retrieval-first'],
  ],
  [
    '7',
    'phase 2: optimise and specialise',
    [
      'phase optimise',
      'criterion levers-pulled',
      'criterion evaluated',
      'criterion failures-known',
      'criterion open-tried',
    ],
  ],
  [
    '7',
    'phase 3: scale and own more',
    ['phase own', 'criterion mix', 'criterion mature', 'criterion rollouts'],
  ],
  ['7', 'a roadmap, not a one-time decision', ['step advise-again']],
];

describe('the article', () => {
  test.each(COVERAGE)('%s: %s', (_section, _what, places) => {
    expect(places.filter((place) => !PLACES.has(place))).toEqual([]);
  });

  test('every rule says what it stands on', () => {
    const sources = [
      ...DIMENSIONS.flatMap(({ rules }) => rules),
      ...CONSTRAINTS,
      ...CAUTIONS,
      ...CRITERIA,
      ...GATES,
    ].map(({ source }) => source);
    for (const { by, sentence } of sources) {
      expect(by).toMatch(/^(article [1-7](\.\d)?|judgement)$/);
      expect(sentence.length).toBeGreaterThan(15);
    }
  });

  test('every rule that stands on the article is in the table', () => {
    const covered = new Set(COVERAGE.flatMap(([, , places]) => places));
    for (const { rules } of DIMENSIONS) {
      const missing = rules.filter(
        ({ id, source }) => source.by !== 'judgement' && !covered.has(`rule ${id}`),
      );
      expect(missing.map(({ id }) => id)).toEqual([]);
    }
  });
});
