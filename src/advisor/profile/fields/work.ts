import { choice, choices, flag, list, number } from '../field.ts';

/** The task itself: what it is, how hard, what the answers must look like, what goes wrong. */
export const WORK_FIELDS = {
  'work.kind': choice({
    label: 'Kind of work',
    question: 'What does the model do?',
    why: 'A closed set of labels can be learned by a small model; reasoning and code cannot.',
    options: {
      classification: 'picks one of a fixed set of labels',
      extraction: 'pulls fields out of text',
      summary: 'shortens text',
      translation: 'translates',
      writing: 'writes text for people',
      answers: 'answers questions from documents',
      chat: 'holds a conversation',
      code: 'writes or changes code',
      reasoning: 'works through several steps, with or without tools',
    },
  }),
  'work.difficulty': choice({
    label: 'Difficulty',
    question: 'How hard is the task?',
    why: 'Top-tier API models still win on raw capability; open models have caught up on short, focused tasks.',
    options: {
      simple: 'a trained person needs seconds',
      moderate: 'needs care and some context',
      hard: 'multi-step reasoning, code or complex instructions',
    },
  }),
  'work.multilingual': flag({
    label: 'Strong multilingual support',
    question: 'Must it be strong in several languages?',
    why: 'Large hosted models cover more languages evenly than open models of a size one can host.',
  }),
  'work.languages': list({
    label: 'Languages',
    question: 'Which languages does it work in?',
    why: 'Says what to test, and contradicts or confirms the answer on multilingual support.',
    example: 'en, de',
  }),
  'work.nuance': choice({
    label: 'Style and nuance',
    question: 'Do you care about subtle writing style, tone or domain nuance?',
    why: 'High-quality language is where top-tier models lead; a style of your own is what fine-tuning is for.',
    options: { no: 'plain is fine', some: 'it should sound right', critical: 'the tone is the product' },
  }),
  'work.strictFormat': flag({
    label: 'Strict format',
    question: 'Must every answer follow a very specific format or style?',
    why: 'Reliable formats are one of the good signs for fine-tuning.',
  }),
  'work.contextTokens': number({
    label: 'Longest context',
    question: 'How many tokens does the longest ordinary prompt hold, documents included?',
    why: 'Long context is a strength of hosted models, and multiplies the memory self-hosting takes.',
    unit: 'tokens',
    min: 1,
    max: 100_000_000,
    prior: [1_000, 8_000, 100_000],
    priorWhy: 'The 99th percentile of the Azure conversation trace 2023 is 4,142; documents reach 100,000.',
  }),
  'quality.openModelEnough': choice({
    label: 'An open model is good enough',
    question: 'Has an open model you could host been tried on your own examples?',
    why: 'Only an evaluation on your own data says whether the common path can leave the frontier model.',
    options: {
      yes: 'tried, good enough',
      mostly: 'tried, good enough for the common cases',
      no: 'tried, not good enough',
      untried: 'not tried',
    },
  }),
  'quality.feedbackMean': number({
    label: 'Feedback score',
    question: 'What is the mean feedback score of its answers, from 0 to 1?',
    why: 'Says whether users are served well today.',
    unit: 'score',
    max: 1,
    slack: 1.1,
  }),
  'failures.patterns': choices({
    label: 'Failure patterns',
    question: 'Which failures keep coming back, that a better model would not easily fix?',
    why: 'Systematic failures of style, format or jargon are what fine-tuning mends; missing knowledge is for retrieval.',
    options: {
      none: 'none that is systematic',
      style: 'wrong tone or style',
      format: 'broken format',
      jargon: 'misread or misused words of the domain',
      knowledge: 'does not know our facts',
      reasoning: 'loses the thread in hard cases',
    },
  }),
  'examples.labelled': number({
    label: 'Labelled examples',
    question: 'How many examples of the wanted behaviour, checked by a person, are at hand?',
    why: 'Fine-tuning needs curated data, diverse and not noisy.',
    unit: 'examples',
    max: 1e9,
    prior: [0, 100, 5_000],
  }),
  'examples.canCreate': flag({
    label: 'Can make examples',
    question: 'Could people who know the task label a few hundred good examples?',
    why: 'You have, or can create, high-quality labelled examples: a condition of fine-tuning.',
  }),
  'examples.quality': choice({
    label: 'Quality of the examples',
    question: 'How good are those examples?',
    why: 'Good training data is diverse, representative, not noisy.',
    options: { good: 'checked, diverse, like the traffic', noisy: 'raw or one-sided' },
  }),
} as const;
