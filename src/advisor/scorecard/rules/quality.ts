import { article, judgement } from '../../article.ts';
import { all, any, flagged, has, is, not, over } from '../condition.ts';
import { type Rule, tuned } from '../rule.ts';

/** Quality and capability (article 2.1, and what fine-tuning mends, 5). */
export const QUALITY_RULES: readonly Rule[] = [
  {
    id: 'quality.difficulty',
    source: article('2.1', 'For many teams, top-tier API models still win on raw capability'),
    cases: [
      {
        when: is('work.difficulty', 'hard'),
        says: 'Hard tasks are where top-tier models win.',
        points: {
          'hosted-api': 2,
          'private-deployment': 1.5,
          hybrid: 1,
          'self-hosted': -2,
          'smaller-model': -1.5,
          specialist: -3,
        },
      },
      {
        when: is('work.difficulty', 'moderate'),
        says: 'A moderate task is safe with a top-tier model, and often within reach of an open one.',
        points: { 'hosted-api': 1, 'private-deployment': 0.5, hybrid: 1, 'smaller-model': 0.5 },
      },
      {
        when: is('work.difficulty', 'simple'),
        says: 'A simple task needs no frontier model.',
        points: { 'self-hosted': 1, hybrid: 0.5, 'smaller-model': 2, specialist: 1 },
      },
    ],
  },
  {
    id: 'quality.reasoning',
    source: article('2.1', 'Simple classification vs multi-step reasoning, code, or complex instructions'),
    cases: [
      {
        when: is('work.kind', 'reasoning', 'code'),
        says: 'Reasoning and code lean on raw capability.',
        points: {
          'hosted-api': 1,
          'private-deployment': 0.5,
          hybrid: 0.5,
          'self-hosted': -1,
          'smaller-model': -1,
          ...tuned(-0.5),
        },
      },
      {
        when: is('work.kind', 'classification', 'extraction'),
        says: 'A closed, structured task can be learned by a small model.',
        points: { 'self-hosted': 1, hybrid: 0.5, 'smaller-model': 1, specialist: 1.5, ...tuned(1) },
      },
    ],
  },
  {
    id: 'quality.structured',
    source: article(
      '1.3',
      'More predictable outputs for structured tasks (classification, formatting, style)',
    ),
    cases: [
      {
        when: flagged('work.strictFormat'),
        says: 'Strict formats become more predictable with fine-tuning.',
        points: { ...tuned(1.5), prompting: 0.5 },
      },
    ],
  },
  {
    id: 'quality.long-context',
    source: article('2.1', 'Long-context understanding'),
    cases: [
      {
        when: over('work.contextTokens', 100_000),
        says: 'Very long contexts are a strength of hosted models.',
        points: { 'hosted-api': 1.5, 'private-deployment': 1, 'self-hosted': -2, 'smaller-model': -1 },
      },
      {
        when: over('work.contextTokens', 32_000),
        says: 'Long contexts cost an open model quality and memory.',
        points: { 'hosted-api': 1, 'private-deployment': 0.5, 'self-hosted': -1 },
      },
    ],
  },
  {
    id: 'quality.focused',
    source: article(
      '2.1',
      'Open-source has been catching up fast, especially for shorter contexts, focused tasks, or where you can constrain the problem with good prompting and retrieval.',
    ),
    cases: [
      {
        when: all(not(over('work.contextTokens', 8_000)), is('work.difficulty', 'simple', 'moderate')),
        says: 'Short and focused: open models have caught up here.',
        points: { 'self-hosted': 1, hybrid: 0.5, 'smaller-model': 0.5 },
      },
    ],
  },
  {
    id: 'quality.multilingual',
    source: article('2.1', 'Do we need strong multilingual support?'),
    cases: [
      {
        when: flagged('work.multilingual'),
        says: 'Strong multilingual support favours large hosted models.',
        points: {
          'hosted-api': 1,
          'private-deployment': 0.5,
          'self-hosted': -1,
          'smaller-model': -0.5,
          specialist: -0.5,
        },
      },
    ],
  },
  {
    id: 'quality.nuance',
    source: article('2.1', 'Do we care about subtle writing style, tone, or domain nuance?'),
    cases: [
      {
        when: is('work.nuance', 'critical'),
        says: 'Where the tone is the product, top-tier models lead, and fine-tuning makes a style your own.',
        points: { 'hosted-api': 1, 'private-deployment': 0.5, 'self-hosted': -0.5, ...tuned(1.5) },
      },
      {
        when: is('work.nuance', 'some'),
        says: 'Natural language of high quality comes easiest from a top-tier model.',
        points: { 'hosted-api': 0.5, 'private-deployment': 0.5, ...tuned(0.5) },
      },
    ],
  },
  {
    id: 'quality.open-model',
    source: judgement('An evaluation on the own data outweighs any general claim about open models.'),
    cases: [
      {
        when: is('quality.openModelEnough', 'yes'),
        says: 'An open model was tried and is good enough.',
        points: { 'self-hosted': 2, hybrid: 1, 'smaller-model': 1.5 },
      },
      {
        when: is('quality.openModelEnough', 'mostly'),
        says: 'An open model is good enough for the common cases.',
        points: { hybrid: 2, 'self-hosted': 0.5, 'smaller-model': 1 },
      },
      {
        when: is('quality.openModelEnough', 'no'),
        says: 'An open model was tried and is not good enough.',
        points: { 'self-hosted': -3, hybrid: -2, 'smaller-model': -1 },
      },
      {
        when: is('quality.openModelEnough', 'untried'),
        says: 'No open model was tried on the own data.',
        points: { 'self-hosted': -0.5, hybrid: -0.5 },
      },
    ],
  },
  {
    id: 'quality.tunable-failures',
    source: article(
      '5',
      'You see consistent failure patterns that prompt engineering + retrieval can’t fix.',
    ),
    cases: [
      {
        when: has('failures.patterns', 'style', 'format', 'jargon'),
        says: 'Failures of style, format or jargon keep coming back: fine-tuning mends these.',
        points: tuned(2.5),
      },
      {
        when: has('failures.patterns', 'none'),
        says: 'No systematic failure is there to be mended.',
        points: tuned(-2),
      },
    ],
  },
  {
    id: 'quality.knowledge-failures',
    source: article('6', 'invest more in RAG, UX, and evaluation before fine-tuning'),
    cases: [
      {
        when: has('failures.patterns', 'knowledge'),
        says: 'It does not know your facts: that is for retrieval.',
        points: { retrieval: 3, ...tuned(-1) },
      },
      {
        when: is('work.kind', 'answers'),
        says: 'Answers from documents live on retrieval.',
        points: { retrieval: 2 },
      },
    ],
  },
  {
    id: 'quality.hard-cases',
    source: article('4', 'Use a hosted frontier model only for the hardest cases, or as a backup'),
    cases: [
      {
        when: has('failures.patterns', 'reasoning'),
        says: 'Hard cases lose the thread: keep a frontier model for these.',
        points: { 'hosted-api': 1, 'private-deployment': 0.5, hybrid: 1, 'self-hosted': -1, prompting: 1 },
      },
    ],
  },
  {
    id: 'quality.prompting-first',
    source: article('5', 'Exhaust prompting, system design, and RAG improvements first.'),
    cases: [
      {
        when: all(has('levers.tried', 'prompting'), has('levers.tried', 'design')),
        says: 'Prompting and system design have been worked through.',
        points: { prompting: -1, ...tuned(1) },
      },
      {
        when: any(not(has('levers.tried', 'prompting')), not(has('levers.tried', 'design'))),
        says: 'Prompting and system design have not been worked through.',
        points: { prompting: 2.5, ...tuned(-1) },
      },
    ],
  },
  {
    id: 'quality.retrieval-first',
    source: article('7', 'Focus on UX, retrieval, and understanding user value'),
    cases: [
      {
        when: all(
          not(has('levers.tried', 'retrieval')),
          is('work.kind', 'answers', 'chat', 'writing', 'reasoning'),
        ),
        says: 'Retrieval has not been tried.',
        points: { retrieval: 1.5 },
      },
      {
        when: is('work.kind', 'classification', 'translation', 'summary', 'extraction'),
        says: 'Everything the task needs stands in its input.',
        points: { retrieval: -1.5 },
      },
    ],
  },
  {
    id: 'quality.examples',
    source: article('5', 'You have (or can create) high-quality labeled examples of desired behavior.'),
    cases: [
      {
        when: is('examples.quality', 'noisy'),
        says: 'The examples are noisy: a model would learn the noise.',
        points: { ...tuned(-1), specialist: -1 },
      },
      {
        when: over('examples.labelled', 499),
        says: 'Hundreds of labelled examples are at hand.',
        points: { ...tuned(1.5), specialist: 1.5 },
      },
      {
        when: flagged('examples.canCreate'),
        says: 'Good examples can be made.',
        points: { ...tuned(0.5), specialist: 0.5 },
      },
    ],
  },
  {
    id: 'quality.evaluation',
    source: article('1.3', 'Risk of over-fitting or regressions if evaluation is weak'),
    cases: [
      {
        when: flagged('practice.evaluation', false),
        says: 'Without an evaluation set, regressions of a tuned model go unseen.',
        points: { ...tuned(-2), 'smaller-model': -0.5, specialist: -1 },
      },
    ],
  },
];
