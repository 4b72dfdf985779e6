/**
 * The decision path of the article (section 6) as a pure function. The first three questions say where the model runs;
 * the fourth, whether to put fine-tuning on top, and is asked once the feature is past validation: "Fine-tuning is
 * powerful but should rarely be step one." An unknown answer is not guessed: both branches are walked and shown.
 */

import type { Path, PathEnd, PathLayer, PathStep, QuestionId } from '../advice.ts';
import type { BaseId } from '../options.ts';
import type { Profile } from '../profile/profile.ts';
import { isEarly } from '../profile/reader.ts';
import { answerQuestion, type Projection } from './answers.ts';
import { watchOutsFor } from './watch-outs.ts';

const ENDS: Readonly<Record<PathEnd, string>> = {
  'private-or-self-hosted': 'Start with self-hosted or private-cloud models, open-source or vendor-managed.',
  'api-first': 'Start API-first, and design for swappability.',
  hybrid: 'Explore hybrid: an open model for the common paths, an API for the hard cases.',
  'api-optimise': 'Stay with APIs and optimize prompts, caching and calling patterns.',
};

const LAYERS: Readonly<Record<PathLayer, string>> = {
  'fine-tune': 'Consider fine-tuning: by API first, then self-hosted if needed.',
  'improve-first': 'Invest more in retrieval, UX and evaluation before fine-tuning.',
};

/** Bases that carry out an end of the path. */
export const BASES_OF_END: Readonly<Record<PathEnd, readonly BaseId[]>> = {
  'private-or-self-hosted': ['self-hosted', 'private-deployment'],
  'api-first': ['hosted-api'],
  hybrid: ['hybrid'],
  'api-optimise': ['hosted-api'],
};

type BaseQuestion = Exclude<QuestionId, 'failures'>;
type Node = { ask: BaseQuestion; yes: Next; no: Next };
type Next = BaseQuestion | PathEnd;

const NODES: Readonly<Record<BaseQuestion, Node>> = {
  'third-party': { ask: 'third-party', yes: 'private-or-self-hosted', no: 'validating' },
  validating: { ask: 'validating', yes: 'api-first', no: 'painful' },
  painful: { ask: 'painful', yes: 'hybrid', no: 'api-optimise' },
};

export function walkPath(profile: Profile, projection: Projection): Path {
  const answers = (question: QuestionId): PathStep => answerQuestion(question, profile, projection);
  return walkFrom('third-party', { profile, answers });
}

interface Walk {
  profile: Profile;
  answers(question: QuestionId): PathStep;
}

function walkFrom(start: Next, walk: Walk): Path {
  const steps: PathStep[] = [];
  let next = start;
  while (isQuestion(next)) {
    const node: Node = NODES[next];
    const step = walk.answers(node.ask);
    steps.push(step);
    if (step.answer === 'unknown') {
      const fork = { question: node.ask, ifYes: walkFrom(node.yes, walk), ifNo: walkFrom(node.no, walk) };
      return open(steps, fork, walk.profile);
    }
    next = step.answer === 'yes' ? node.yes : node.no;
  }
  return finish(steps, next, walk);
}

function isQuestion(next: Next): next is BaseQuestion {
  return Object.hasOwn(NODES, next);
}

/** Past the third question: the base is settled, the fourth question decides the layer. */
function finish(steps: PathStep[], end: PathEnd, { profile, answers }: Walk): Path {
  if (end === 'api-first' || isEarly(profile) === true) return closed(steps, end, { layer: null, profile });
  const step = answers('failures');
  const layer = step.answer === 'unknown' ? null : step.answer === 'yes' ? 'fine-tune' : 'improve-first';
  const path = closed([...steps, step], end, { layer, profile });
  if (layer !== null) return path;
  return {
    ...path,
    fork: {
      question: 'failures',
      ifYes: closed([], end, { layer: 'fine-tune', profile }),
      ifNo: closed([], end, { layer: 'improve-first', profile }),
    },
  };
}

function closed(
  steps: PathStep[],
  end: PathEnd,
  { layer, profile }: { layer: PathLayer | null; profile: Profile },
): Path {
  const recommendation = layer === null ? ENDS[end] : `${ENDS[end]} ${LAYERS[layer]}`;
  const watchOuts = watchOutsFor(profile, layer === null ? [end] : [end, layer]);
  return { steps, end, layer, recommendation, watchOuts, fork: null };
}

function open(steps: PathStep[], fork: NonNullable<Path['fork']>, profile: Profile): Path {
  const [yes, no] = [endsOf(fork.ifYes), endsOf(fork.ifNo)];
  const question = steps.at(-1)?.text ?? '';
  const recommendation = `Not settled: "${question}" has no answer yet. Yes leads to: ${fork.ifYes.recommendation} No leads to: ${fork.ifNo.recommendation}`;
  const same = yes.length === 1 && no.length === 1 && yes[0] === no[0];
  return {
    steps,
    end: same ? (yes[0] ?? null) : null,
    layer: null,
    recommendation: same
      ? `Whatever the answer to "${question}": ${fork.ifYes.recommendation}`
      : recommendation,
    watchOuts: watchOutsFor(profile, [...yes, ...no]),
    fork,
  };
}

/** Every end the path may still come to. */
export function endsOf(path: Path): PathEnd[] {
  if (path.end !== null) return [path.end];
  if (path.fork === null) return [];
  return [...new Set([...endsOf(path.fork.ifYes), ...endsOf(path.fork.ifNo)])];
}

/** Bases of every end the path may still come to. */
export function basesOfPath(path: Path): BaseId[] {
  return [...new Set(endsOf(path).flatMap((end) => BASES_OF_END[end]))];
}
