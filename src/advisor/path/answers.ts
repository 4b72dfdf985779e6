/** How each question of the path is answered from facts. Unknown stays unknown. */
import type { Interval } from '../../core/interval.ts';
import type { Answer, PathStep, QuestionId } from '../advice.ts';
import type { FactId } from '../profile/fields/index.ts';
import type { Profile } from '../profile/profile.ts';
import { evidenceOf, factValue, intervalOf, isEarly, isKnown, showValue } from '../profile/reader.ts';
import { QUESTIONS } from './questions.ts';

/** What the API bill is projected to be, USD a month, within the next 12 months. */
export interface Projection {
  apiUsdPerMonth: Interval;
}

interface Finding {
  answer: Answer;
  certainty: PathStep['certainty'];
  because: string;
  facts: FactId[];
}

const ANSWERERS: Readonly<Record<QuestionId, (profile: Profile, projection: Projection) => Finding>> = {
  'third-party': isForbidden,
  validating: isValidating,
  painful: willHurt,
  failures: failsSystematically,
};

/** Failures that fine-tuning mends: the article's style, formatting and domain jargon. */
const TUNABLE = ['style', 'format', 'jargon'] as const;

export function answerQuestion(question: QuestionId, profile: Profile, projection: Projection): PathStep {
  const { facts, ...found } = ANSWERERS[question](profile, projection);
  return { question, ...QUESTIONS[question], ...found, evidence: evidenceOf(profile, facts) };
}

function sure(answer: 'yes' | 'no', because: string, facts: FactId[]): Finding {
  return { answer, certainty: 'sure', because, facts };
}

function unknown(because: string, facts: FactId[]): Finding {
  return { answer: 'unknown', certainty: 'unknown', because, facts };
}

function isForbidden(profile: Profile): Finding {
  const rule = factValue(profile, 'data.thirdParty');
  const dataClass = factValue(profile, 'data.class');
  const boundary = factValue(profile, 'data.boundary');
  if (rule === 'forbidden')
    return sure('yes', 'Policy lets no third-party model see this data.', ['data.thirdParty']);
  if (dataClass === 'restricted') {
    return sure('yes', 'Restricted data may reach no third party.', ['data.class']);
  }
  if (boundary === 'network')
    return sure('yes', 'The data may not leave your own network.', ['data.boundary']);
  if (rule === 'terms') {
    return sure('no', 'Vendors are allowed under strict terms.', ['data.thirdParty', 'data.class']);
  }
  if (rule === 'allowed') return sure('no', 'No rule forbids a vendor.', ['data.thirdParty', 'data.class']);
  if (dataClass === 'public') return sure('no', 'Public data may be read by anyone.', ['data.class']);
  return unknown('Nobody has said whether a vendor may see this data: ask legal or security.', [
    'data.thirdParty',
    'data.class',
    'data.boundary',
  ]);
}

function isValidating(profile: Profile): Finding {
  const early = isEarly(profile);
  const needs = factValue(profile, 'product.needs');
  const stage = showValue('product.stage', factValue(profile, 'product.stage'));
  if (early === true) return sure('yes', `The feature is at the stage: ${stage}.`, ['product.stage']);
  if (early === false && needs === 'learning') {
    return {
      answer: 'yes',
      certainty: 'likely',
      because: 'The feature is past validation, and yet you are still learning what users need.',
      facts: ['product.stage', 'product.needs'],
    };
  }
  if (early === false)
    return sure('no', `The feature is at the stage: ${stage}.`, ['product.stage', 'product.needs']);
  if (needs === 'learning') {
    return sure('yes', 'You are still learning what users need.', ['product.needs']);
  }
  return unknown('The stage of the feature is not known.', ['product.stage', 'product.needs']);
}

function willHurt(profile: Profile, { apiUsdPerMonth: bill }: Projection): Finding {
  const facts: FactId[] = [
    'volume.callsPerMonth',
    'volume.growthPerMonth',
    'tokens.inputPerCall',
    'tokens.outputPerCall',
    'cost.painUsdPerMonth',
  ];
  const limit = intervalOf(profile, 'cost.painUsdPerMonth');
  if (limit === null) return unknown('From which bill on it hurts is not known.', facts);
  const text = `Within a year the API bill is projected at ${range(bill)} USD a month; it hurts from ${range(limit)}.`;
  if (!isKnown(profile, 'volume.callsPerMonth') && !isKnown(profile, 'cost.spendUsdPerMonth')) {
    return unknown(`${text} The volume is not known, so it could go either way.`, facts);
  }
  if (bill.low > limit.high) return sure('yes', text, facts);
  if (bill.high < limit.low) return sure('no', text, facts);
  if (!isKnown(profile, 'cost.painUsdPerMonth')) {
    return unknown(`${text} Nobody has said what would hurt, and the two ranges overlap.`, facts);
  }
  const answer = bill.mid >= limit.mid ? 'yes' : 'no';
  return { answer, certainty: 'likely', because: `${text} The ranges overlap.`, facts };
}

function failsSystematically(profile: Profile): Finding {
  const patterns = factValue(profile, 'failures.patterns');
  const strict = factValue(profile, 'work.strictFormat');
  const facts: FactId[] = ['failures.patterns', 'work.strictFormat', 'levers.tried'];
  if (patterns === null) {
    return unknown('Which failures keep coming back is not known: nothing was collected.', facts);
  }
  const tunable = patterns.filter((pattern) => TUNABLE.some((one) => one === pattern));
  if (tunable.length > 0) {
    const format = strict === true ? ' The format is strict, too.' : '';
    return sure('yes', `Failures of ${tunable.join(' and ')} keep coming back.${format}`, facts);
  }
  const other = patterns.filter((pattern) => pattern !== 'none');
  const because =
    other.length === 0
      ? 'No systematic failure is seen.'
      : `What fails (${other.join(' and ')}) is for retrieval, system design or a better model, not for fine-tuning.`;
  return sure('no', because, facts);
}

/** `800 to 2,000`, to two digits. */
export function range({ low, high }: Interval): string {
  const shown = [low, high].map((value) => Number(value.toPrecision(2)).toLocaleString('en-US'));
  return shown[0] === shown[1] ? (shown[0] as string) : shown.join(' to ');
}
