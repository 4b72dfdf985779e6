/**
 * Free text. The simulated models do not know anything: they pick sentences from what they were given and fill
 * templates around them, so that the answer is plausible, is about the prompt, and is the same each time.
 */
import type { ModelName } from './chat-request.ts';
import type { Prompt } from './prompt.ts';
import { createRandom, isStopWord, likeStem, stem, words } from './text.ts';

export interface DraftRequest {
  prompt: Prompt;
  model: ModelName;
  /** Decides between templates. */
  seed: number;
  images: number;
}

/** `Reply with exactly: OK` */
const EXACTLY = /\b(?:reply|answer|respond)(?: with)? (?:exactly|only|just): *(\S[^\n]{0,199})$/i;

export function draft({ prompt, model, seed, images }: DraftRequest): string {
  const quoted =
    /\b(?:say|repeat|reply with|answer with|respond with|output)(?: exactly| only| just)*:? +["“]([^"”]+)["”]/i;
  const exact = quoted.exec(prompt.asked)?.[1] ?? EXACTLY.exec(prompt.asked)?.[1];
  if (exact !== undefined) return exact;
  const note = images > 0 ? ' (The sandbox does not look at images; this answers the text alone.)' : '';
  if (/\b(summari[sz]e|summary|tl;?dr)\b/i.test(`${prompt.instruction}\n${prompt.asked}`)) {
    return summarize(prompt.text.replace(/^[^\n:]*summar[^\n:]*:/i, ''), model === 'large' ? 3 : 1) + note;
  }
  if (/^\W*(?:(?:please )?say )?(?:hello|hi|hey|good (?:morning|evening))\b[^?]{0,60}$/i.test(prompt.asked)) {
    return `Hello! I am the sandbox's ${model} model: simulated, but happy to help you try things out.${note}`;
  }
  return reply(prompt, model, createRandom(seed)) + note;
}

export function sentences(text: string): string[] {
  return (text.match(/[^.!?\n]+[.!?]*/g) ?? [])
    .map((sentence) => sentence.trim())
    .filter((s) => /\p{L}/u.test(s));
}

/** The `count` sentences that share most with the rest of the text, in their order. */
export function summarize(text: string, count: number): string {
  const all = sentences(text);
  const weights = new Map<string, number>();
  for (const topic of topics(text)) weights.set(topic, (weights.get(topic) ?? 0) + 1);
  const scored = all.map((sentence, index) => {
    const own = topics(sentence);
    const sum = own.reduce((total, topic) => total + (weights.get(topic) ?? 0), 0);
    return { sentence, index, score: sum / (own.length + 3) };
  });
  const best = scored.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, count);
  return best
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`))
    .join(' ');
}

/** Stems of the words that carry the subject, one per occurrence. */
export function topics(text: string): string[] {
  return words(text)
    .filter((word) => !isStopWord(word) && word.length > 2)
    .map((word) => likeStem(stem(word)));
}

/** What each subject calls for, by its stems; the first that match most are used. */
const ADVICE: readonly (readonly [about: string, steps: readonly [string, string]])[] = [
  [
    'card arrive delivery order track post new',
    [
      'New cards usually arrive within 5 to 7 working days of the order, and up to 14 abroad.',
      'You can see the dispatch date and the address we used under Card, then Order details.',
    ],
  ],
  [
    'transfer sent recipient beneficiary bank account receive',
    [
      'Most transfers arrive the same day; the first one to a new recipient can take up to 3 working days.',
      'Please compare the account number under Payments, then Details, with the one your recipient gave you.',
    ],
  ],
  [
    'refund return merchant seller back',
    [
      'Refunds appear 3 to 10 working days after the merchant sends them.',
      'If it takes longer, send us the receipt from the merchant and we will follow it up for you.',
    ],
  ],
  [
    'verify identity document proof passport selfie source',
    [
      'To verify your identity, open Profile, then Verification, and take the photo in daylight with all four corners visible.',
      'The check takes about 10 minutes; we will write to you if a document cannot be read.',
    ],
  ],
  [
    'pin password passcode blocked code forgot login',
    [
      'You can see your PIN in the app under Card, then Security, and unblock it at any cash machine.',
      'For your safety we never ask for your PIN or passcode, by message or by telephone.',
    ],
  ],
  [
    'fee charge cost extra statement price',
    [
      'Every fee is listed beside the payment that caused it, under Payments, then Details.',
      'If you do not recognise it, tell us the date and the amount and we will look into it.',
    ],
  ],
  [
    'exchange rate currency foreign convert',
    [
      'We convert at the interbank rate of the moment the payment is settled, which can differ from the one you saw.',
      'The exact rate is shown under Payments, then Details, once the payment is complete.',
    ],
  ],
  [
    'top up topup limit add balance cheque',
    [
      'Top-ups by card show at once; those by bank transfer or cheque can take until the next working day.',
      'If your balance has not changed by then, send us a picture of the confirmation.',
    ],
  ],
  [
    'cash withdrawal machine dispense swallow',
    [
      'If a machine paid out less than it booked, or kept your card, please do not use it again and tell us its place and time.',
      'The difference is returned within 5 working days once the machine has been counted.',
    ],
  ],
  [
    'lost steal compromise fraud recognise unauthorised hack',
    [
      'Please freeze the card now: Card, then Freeze. Nothing more can be taken from it.',
      'We will send a new card free of charge and go through the payments you do not recognise with you.',
    ],
  ],
  [
    'fail decline work contactless payment reject virtual',
    [
      'Please check first that the card is active and that the amount is within your limit, under Card, then Limits.',
      'If it fails again, tell us where and when, and we will see the reason in our records.',
    ],
  ],
  [
    'close account cancel delete leave',
    [
      'You can close your account under Profile, then Account, once the balance is zero.',
      'If something went wrong, we would like to put it right first: tell us what happened.',
    ],
  ],
];

const OPENINGS = [
  'Thank you for writing to us.',
  'Thanks for getting in touch.',
  'Thank you for telling us about this.',
  'I am glad you asked.',
];
const CLOSINGS = [
  'If anything is unclear, just answer this message.',
  'I am here if you need anything else.',
  'Please tell us whether that helped.',
];

function reply(prompt: Prompt, model: ModelName, random: () => number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const asked = sentences(prompt.text)[0] ?? '';
  const about = asked.length > 140 ? `${asked.slice(0, asked.lastIndexOf(' ', 120))} ...` : asked;
  const known = nearestSentences(prompt, model === 'large' ? 2 : 1);
  const advice = adviceFor(prompt.asked);
  if (known.length === 0 && advice === null) return admit(prompt, model, about);
  const [first = '', second = ''] = advice ?? [];
  const parts = [pick(OPENINGS)];
  if (about !== '') parts.push(`You wrote: "${about.replaceAll('"', "'")}"`);
  if (known.length > 0) parts.push(...known);
  else parts.push(first);
  if (model === 'large' && second !== '') parts.push(second);
  parts.push(pick(CLOSINGS));
  return parts.join(' ');
}

/** Sentences of the instruction or of earlier turns that answer the text, best first: what retrieval put there. */
function nearestSentences(prompt: Prompt, count: number): string[] {
  const asked = new Set(topics(prompt.text));
  const sources = [
    prompt.instruction,
    prompt.asked.replace(prompt.text, ''),
    ...prompt.turns.map((t) => t.answer),
  ];
  return sentences(sources.join('\n'))
    .filter(
      (sentence) =>
        sentence.length > 30 && !/\b(you are|your task|reply|answer|write|never|always)\b/i.test(sentence),
    )
    .map((sentence) => ({
      sentence,
      shared: new Set(topics(sentence).filter((topic) => asked.has(topic))).size,
    }))
    .filter(({ shared }) => shared >= 2)
    .sort((a, b) => b.shared - a.shared)
    .slice(0, count)
    .map(({ sentence }) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`));
}

function adviceFor(text: string): readonly [string, string] | null {
  const asked = new Set(topics(text));
  let best: { score: number; steps: readonly [string, string] | null } = { score: 0, steps: null };
  for (const [about, steps] of ADVICE) {
    const score = topics(about).filter((topic) => asked.has(topic)).length;
    if (score > best.score) best = { score, steps };
  }
  return best.steps;
}

/** What is said to a prompt that holds nothing to answer from. */
function admit(prompt: Prompt, model: ModelName, about: string): string {
  const subjects = [...new Set(words(prompt.text).filter((word) => !isStopWord(word) && word.length > 2))];
  const named = subjects.slice(0, model === 'large' ? 5 : 2).join(', ');
  const parts = [`This is the sandbox's ${model} model: it simulates a vendor and knows no facts.`];
  if (about !== '') parts.push(`You asked: "${about.replaceAll('"', "'")}"`);
  if (named !== '') parts.push(`A real model would answer here about ${named}.`);
  parts.push('It can label, extract, summarise, call tools and fill schemas from what the prompt holds.');
  return parts.join(' ');
}
