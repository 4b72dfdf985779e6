/** Layers on top of a base: whether to put one on now, later, or not. A gate says what must be done before. */
import type { LayerScore, RuleSource, TargetScore } from '../advice.ts';
import { article } from '../article.ts';
import type { LayerId } from '../options.ts';
import type { FactId } from '../profile/fields/index.ts';
import type { Profile } from '../profile/profile.ts';
import { all, any, type Condition, factsOf, flagged, has, holds, is, not } from './condition.ts';

export interface Gate {
  id: string;
  layers: readonly LayerId[];
  /** Open when it holds; closed when it does not, or is not known. */
  open: Condition;
  closed: string;
  source: RuleSource;
}

/** From this total on something speaks for a layer; below, nothing does. */
const WORTH = 5.4;
const TUNED: readonly LayerId[] = ['fine-tuned-api', 'fine-tuned-self-hosted'];

export const GATES: readonly Gate[] = [
  {
    id: 'stage',
    layers: [...TUNED, 'specialist'],
    open: not(is('product.stage', 'idea', 'pre-mvp', 'validating')),
    closed: 'prove the value first: fine-tuning is rarely step one',
    source: article('5', 'Fine-tuning is powerful but should rarely be step one.'),
  },
  {
    id: 'levers',
    layers: TUNED,
    open: all(
      has('levers.tried', 'prompting'),
      has('levers.tried', 'design'),
      any(
        has('levers.tried', 'retrieval'),
        is('work.kind', 'classification', 'extraction', 'translation', 'summary', 'code'),
      ),
    ),
    closed: 'exhaust prompting, system design and retrieval first',
    source: article('5', 'Exhaust prompting, system design, and RAG improvements first.'),
  },
  {
    id: 'evaluation',
    layers: [...TUNED, 'specialist', 'smaller-model'],
    open: flagged('practice.evaluation'),
    closed: 'build an evaluation set with a baseline first',
    source: article('5', 'A clear baseline and evaluation set to compare against'),
  },
  {
    id: 'understood',
    layers: TUNED,
    open: any(
      has('failures.patterns', 'style', 'format', 'jargon'),
      flagged('work.strictFormat'),
      is('work.kind', 'classification', 'extraction'),
    ),
    closed: 'find the systematic failure or the strict format that tuning would mend',
    source: article(
      '5',
      'Reach for fine-tuning when you understand the problem well enough to encode it in data.',
    ),
  },
  {
    id: 'operates',
    layers: ['fine-tuned-self-hosted'],
    open: any(is('stack.serving', 'self-hosted', 'mix'), is('team.ranModels', 'yes')),
    closed: 'operate models yourself first; until then fine-tune by API',
    source: article('5', 'Best when you already operate models yourself'),
  },
];

export function toLayerScore(score: TargetScore, layer: LayerId, profile: Profile): LayerScore {
  const settled = (verdict: LayerScore['verdict'], because: string): LayerScore => ({
    ...score,
    target: layer,
    verdict,
    because,
  });
  const [exclusion] = score.excluded;
  if (exclusion) return settled('excluded', exclusion.reason);
  if (score.total.mid < WORTH) return settled('no', 'What is known does not speak for it.');
  const closed = gatesOf(layer).filter(({ open }) => holds(open, profile) !== true);
  if (closed.length === 0) return settled('now', strongest(score));
  const first = closed.map(
    ({ closed: text, open }) =>
      `${text}${holds(open, profile) === null ? ' (not known whether that is done)' : ''}`,
  );
  return settled('later', `Before it: ${first.join('; ')}.`);
}

export function gatesOf(layer: LayerId): Gate[] {
  return GATES.filter(({ layers }) => layers.includes(layer));
}

/** Facts that hold a layer back. */
export function gateFacts(layer: LayerId): FactId[] {
  return [...new Set(gatesOf(layer).flatMap(({ open }) => factsOf(open)))];
}

function strongest({ dimensions }: TargetScore): string {
  const [first] = dimensions
    .flatMap(({ contributions }) => contributions)
    .filter(({ known }) => known)
    .toSorted((a, b) => b.points.mid - a.points.mid);
  return first?.says ?? 'Nothing stands against it.';
}
