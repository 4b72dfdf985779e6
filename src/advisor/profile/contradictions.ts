/** Answers that cannot both be right: named, with both fields, and asked again. */
import type { FactId } from './fields/index.ts';
import type { Contradiction, Profile } from './profile.ts';
import { factValue, isEarly, showValue } from './reader.ts';

interface Clash {
  id: string;
  fields: readonly FactId[];
  /** What cannot be, in words. */
  why: string;
  clashes(profile: Profile): boolean;
}

const SENSITIVE = ['personal', 'health', 'financial', 'secrets'];

/** `null` compares as absent: an unknown fact contradicts nothing. */
const above = (value: number | null, limit: number): boolean => value !== null && value > limit;
const below = (value: number | null, limit: number): boolean => value !== null && value < limit;

/** `none` beside something. */
function noneAndMore(field: 'data.kinds' | 'failures.patterns' | 'levers.tried', id: string): Clash {
  return {
    id,
    fields: [field],
    why: '"none" cannot stand beside others',
    clashes: (profile) => {
      const values: readonly string[] = factValue(profile, field) ?? [];
      return values.includes('none') && values.length > 1;
    },
  };
}

const CLASHES: readonly Clash[] = [
  noneAndMore('data.kinds', 'kinds-none'),
  noneAndMore('failures.patterns', 'failures-none'),
  noneAndMore('levers.tried', 'levers-none'),
  {
    id: 'restricted-allowed',
    fields: ['data.class', 'data.thirdParty'],
    why: 'restricted data may reach no third party, so vendors cannot be allowed',
    clashes: (p) =>
      factValue(p, 'data.class') === 'restricted' &&
      ['terms', 'allowed'].includes(factValue(p, 'data.thirdParty') ?? ''),
  },
  {
    id: 'network-allowed',
    fields: ['data.boundary', 'data.thirdParty'],
    why: 'data that stays in your network reaches no vendor',
    clashes: (p) =>
      factValue(p, 'data.boundary') === 'network' &&
      ['terms', 'allowed'].includes(factValue(p, 'data.thirdParty') ?? ''),
  },
  {
    id: 'public-forbidden',
    fields: ['data.class', 'data.thirdParty'],
    why: 'data anyone may read cannot be forbidden to vendors',
    clashes: (p) =>
      factValue(p, 'data.class') === 'public' && factValue(p, 'data.thirdParty') === 'forbidden',
  },
  {
    id: 'public-sensitive',
    fields: ['data.class', 'data.kinds'],
    why: 'personal, regulated or secret data is not public',
    clashes: (p) =>
      factValue(p, 'data.class') === 'public' &&
      (factValue(p, 'data.kinds') ?? []).some((kind) => SENSITIVE.includes(kind)),
  },
  {
    id: 'personal-measured',
    fields: ['data.kinds', 'data.personalShare'],
    why: 'personal data is in the prompts, and is not among the kinds of data',
    clashes: (p) =>
      above(factValue(p, 'data.personalShare'), 0.02) &&
      factValue(p, 'data.kinds')?.includes('none') === true,
  },
  {
    id: 'regulation-none',
    fields: ['data.regulation', 'data.kinds'],
    why: 'a regulation of health or card data applies only where there is such data',
    clashes: (p) =>
      (factValue(p, 'data.regulation') ?? []).some((name) => /hipaa|pci/i.test(name)) &&
      factValue(p, 'data.kinds')?.includes('none') === true,
  },
  {
    id: 'languages-one',
    fields: ['work.multilingual', 'work.languages'],
    why: 'strong multilingual support needs more than one language',
    clashes: (p) =>
      factValue(p, 'work.multilingual') === true && factValue(p, 'work.languages')?.length === 1,
  },
  {
    id: 'languages-many',
    fields: ['work.multilingual', 'work.languages'],
    why: 'three languages or more need multilingual support',
    clashes: (p) =>
      factValue(p, 'work.multilingual') === false && above(factValue(p, 'work.languages')?.length ?? null, 2),
  },
  {
    id: 'stage-volume-low',
    fields: ['product.stage', 'volume.callsPerMonth'],
    why: 'what is scaling makes more than a thousand calls a month',
    clashes: (p) =>
      factValue(p, 'product.stage') === 'scaling' && below(factValue(p, 'volume.callsPerMonth'), 1_000),
  },
  {
    id: 'stage-spend',
    fields: ['product.stage', 'cost.spendUsdPerMonth'],
    why: 'what is still an idea costs nothing yet',
    clashes: (p) =>
      factValue(p, 'product.stage') === 'idea' && above(factValue(p, 'cost.spendUsdPerMonth'), 1_000),
  },
  {
    id: 'stage-needs',
    fields: ['product.stage', 'product.needs'],
    why: 'what is growing fast has users whose needs are known',
    clashes: (p) =>
      factValue(p, 'product.stage') === 'scaling' && factValue(p, 'product.needs') === 'learning',
  },
  {
    id: 'stage-shrinking',
    fields: ['product.stage', 'volume.growthPerMonth'],
    why: 'what is scaling does not shrink',
    clashes: (p) =>
      factValue(p, 'product.stage') === 'scaling' && below(factValue(p, 'volume.growthPerMonth'), -0.02),
  },
  {
    id: 'context-input',
    fields: ['work.contextTokens', 'tokens.inputPerCall'],
    why: 'the longest prompt is not shorter than the average one',
    clashes: (p) => {
      const average = factValue(p, 'tokens.inputPerCall');
      return average !== null && below(factValue(p, 'work.contextTokens'), average);
    },
  },
  {
    id: 'batch-target',
    fields: ['latency.class', 'latency.ttftP95TargetMs'],
    why: 'work nobody waits for needs no first token within two seconds',
    clashes: (p) =>
      factValue(p, 'latency.class') === 'batch' && below(factValue(p, 'latency.ttftP95TargetMs'), 2_000),
  },
  {
    id: 'interactive-target',
    fields: ['latency.class', 'latency.ttftP95TargetMs'],
    why: 'nobody waits a minute for the first token',
    clashes: (p) =>
      factValue(p, 'latency.class') === 'interactive' &&
      above(factValue(p, 'latency.ttftP95TargetMs'), 60_000),
  },
  {
    id: 'batch-slowdowns',
    fields: ['latency.class', 'latency.slowdowns'],
    why: 'where nobody waits, an occasional slow answer breaks nothing',
    clashes: (p) =>
      factValue(p, 'latency.class') === 'batch' && factValue(p, 'latency.slowdowns') === 'critical',
  },
  {
    id: 'serving-gpus',
    fields: ['stack.serving', 'assets.gpus'],
    why: 'own model servers run on GPUs you have',
    clashes: (p) =>
      ['self-hosted', 'mix'].includes(factValue(p, 'stack.serving') ?? '') &&
      factValue(p, 'assets.gpus') === 'none',
  },
  {
    id: 'serving-people',
    fields: ['stack.serving', 'team.ranModels'],
    why: 'somebody runs the model servers you have',
    clashes: (p) =>
      isEarly(p) === false &&
      ['self-hosted', 'mix'].includes(factValue(p, 'stack.serving') ?? '') &&
      factValue(p, 'team.ranModels') === 'no',
  },
  {
    id: 'serving-forbidden',
    fields: ['stack.serving', 'data.thirdParty'],
    why: 'an API is in use for data no third party may see: stop, or correct the answer',
    clashes: (p) =>
      factValue(p, 'stack.serving') === 'api' && factValue(p, 'data.thirdParty') === 'forbidden',
  },
  {
    id: 'core-years',
    fields: ['team.core', 'team.maintainYears'],
    why: 'a core competency is maintained for longer than a year',
    clashes: (p) => factValue(p, 'team.core') === 'core' && below(factValue(p, 'team.maintainYears'), 1),
  },
  {
    id: 'nobody-ran',
    fields: ['team.engineers', 'team.ranModels'],
    why: 'several people cannot have run models in a team of none',
    clashes: (p) => below(factValue(p, 'team.engineers'), 1) && factValue(p, 'team.ranModels') === 'yes',
  },
  {
    id: 'examples-good',
    fields: ['examples.labelled', 'examples.quality'],
    why: 'there are no examples whose quality could be good',
    clashes: (p) => factValue(p, 'examples.labelled') === 0 && factValue(p, 'examples.quality') === 'good',
  },
  {
    id: 'steady-peak',
    fields: ['volume.predictability', 'volume.peakToMean'],
    why: 'steady traffic has no hour of twenty times the mean',
    clashes: (p) =>
      factValue(p, 'volume.predictability') === 'steady' && above(factValue(p, 'volume.peakToMean'), 20),
  },
  {
    id: 'spend-calls',
    fields: ['cost.spendUsdPerMonth', 'volume.callsPerMonth'],
    why: 'a call cannot cost more than 100 USD on average',
    clashes: (p) => {
      const calls = factValue(p, 'volume.callsPerMonth');
      return calls !== null && above(factValue(p, 'cost.spendUsdPerMonth'), Math.max(1, calls) * 100);
    },
  },
];

export function contradictionsOf(profile: Profile): Contradiction[] {
  return CLASHES.filter(({ clashes }) => clashes(profile)).map(({ id, fields, why }) => ({
    id,
    fields,
    message: `${fields.map((field) => `${field}: ${showValue(field, factValue(profile, field))}`).join('; ')}. But ${why}.`,
  }));
}
