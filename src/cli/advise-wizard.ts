/** The questions on a terminal: each with why it is asked, "I do not know" and "back" at all times, kept after each. */
import { cancel, intro, isCancel, log, multiselect, outro, select, text } from '@clack/prompts';
import { type AnswerValue, createProfile } from '../advisor/profile/create.ts';
import type { Field, NumberField } from '../advisor/profile/field.ts';
import type { FactId } from '../advisor/profile/fields/index.ts';
import type { ParsedProfile } from '../advisor/profile/file.ts';
import { showValue } from '../advisor/profile/reader.ts';
import { type Question, questionsFor, questionsOf } from '../advisor/wizard/questions.ts';
import { numberProblem, toList, toNumber } from '../advisor/wizard/written.ts';

export interface WizardInput {
  /** Answers of an earlier sitting; `null`: none. */
  start: ParsedProfile | null;
  by: string;
  /** Epoch milliseconds. */
  now: number;
  /** Called after every answer. */
  keep(parsed: ParsedProfile): void;
}

/** `null` is an answer: not known. */
type Reply = { kind: 'answer'; value: AnswerValue | null } | { kind: 'back' } | { kind: 'stop' };

const UNKNOWN = '__unknown__';
const BACK = '__back__';

/** `null`: the person stopped; what was answered is kept. */
export async function runWizard({ start, by, now, keep }: WizardInput): Promise<ParsedProfile | null> {
  intro('What should serve this task? About twenty questions; "I do not know" is an answer.');
  const task = start?.task ?? (await askTask());
  if (task === null) return leave();
  let parsed: ParsedProfile = start ?? { task, answers: {}, assumptions: [] };
  const record = (fact: FactId, value: AnswerValue | null): void => {
    const { [fact]: _, ...others } = parsed.answers;
    parsed = { ...parsed, answers: value === null ? others : { ...others, [fact]: { value, by, at: now } } };
    keep(parsed);
  };
  if (start) log.info(`Going on with ${Object.keys(start.answers).length} answers of an earlier sitting.`);
  const asked: FactId[] = [];
  const seen = new Set<string>(Object.keys(parsed.answers));
  for (;;) {
    const questions = questionsFor(createProfile(parsed));
    const question = questions.find(({ fact }) => !seen.has(fact));
    if (!question) break;
    const reply = await askQuestion(question, `${seen.size + 1} of about ${questions.length}`);
    if (reply.kind === 'stop') return leave();
    if (reply.kind === 'back') {
      const last = asked.pop();
      if (last) seen.delete(last);
      continue;
    }
    seen.add(question.fact);
    asked.push(question.fact);
    record(question.fact, reply.value);
  }
  if (!(await askAgain(() => parsed, record))) return leave();
  outro('Thank you. Working it out.');
  return parsed;
}

function leave(): null {
  cancel('Stopped.');
  return null;
}

async function askTask(): Promise<string | null> {
  const task = await text({
    message: 'What is the task called?',
    placeholder: 'support-reply',
    validate: (name) => (name?.trim() ? undefined : 'A name is needed'),
  });
  return isCancel(task) ? null : task.trim();
}

/** Contradictions are named and asked again, once each. False: the person stopped. */
async function askAgain(
  current: () => ParsedProfile,
  record: (fact: FactId, value: AnswerValue | null) => void,
): Promise<boolean> {
  const done = new Set<string>();
  for (;;) {
    const clash = createProfile(current()).contradictions.find(({ id }) => !done.has(id));
    if (!clash) return true;
    done.add(clash.id);
    log.warn(`These cannot both be right. ${clash.message}`);
    for (const question of questionsOf(clash.fields)) {
      const reply = await askQuestion(question, `now ${shownAnswer(current(), question.fact)}`);
      if (reply.kind === 'stop') return false;
      if (reply.kind === 'answer') record(question.fact, reply.value);
    }
  }
}

function shownAnswer({ answers }: ParsedProfile, fact: FactId): string {
  return showValue(fact, answers[fact]?.value ?? null);
}

async function askQuestion({ field }: Question, progress: string): Promise<Reply> {
  const message = `${field.question} (${progress})\n${field.why}`;
  switch (field.kind) {
    case 'choice':
      return askOne(message, Object.entries(field.options));
    case 'flag': {
      const reply = await askOne(message, [
        ['true', 'yes'],
        ['false', 'no'],
      ]);
      return reply.kind === 'answer' && reply.value !== null
        ? { kind: 'answer', value: reply.value === 'true' }
        : reply;
    }
    case 'choices':
      return askSeveral(message, field.options);
    case 'number':
    case 'list':
      return askText(message, field);
  }
}

async function askOne(message: string, entries: [value: string, label: string][]): Promise<Reply> {
  const picked = await select({
    message,
    options: [
      ...entries.map(([value, label]) => ({ value, label })),
      { value: UNKNOWN, label: 'I do not know' },
      { value: BACK, label: 'Back' },
    ],
  });
  return toReply(picked);
}

function toReply(picked: string | symbol): Reply {
  if (isCancel(picked)) return { kind: 'stop' };
  if (picked === BACK) return { kind: 'back' };
  return { kind: 'answer', value: picked === UNKNOWN ? null : String(picked) };
}

async function askSeveral(message: string, options: Readonly<Record<string, string>>): Promise<Reply> {
  const picked = await multiselect<string>({
    message: `${message}\nSpace picks, enter goes on; nothing picked: I do not know.`,
    options: [
      ...Object.entries(options).map(([value, label]) => ({ value, label })),
      { value: BACK, label: 'Back' },
    ],
    required: false,
  });
  if (isCancel(picked)) return { kind: 'stop' };
  if (picked.includes(BACK)) return { kind: 'back' };
  return { kind: 'answer', value: picked.length === 0 ? null : picked };
}

async function askText(
  message: string,
  field: Exclude<Field, { options: unknown } | { kind: 'flag' }>,
): Promise<Reply> {
  const written = await text({
    // A text prompt draws its bar beside the first line only; a list does so beside all.
    message: `${message}\nEmpty: I do not know. "back" goes back.`.replaceAll('\n', '\n│  '),
    placeholder: field.kind === 'list' ? field.example : field.unit,
    validate: (input) => (field.kind === 'number' ? problemOf(input ?? '', field) : undefined),
  });
  if (isCancel(written)) return { kind: 'stop' };
  const trimmed = (written ?? '').trim();
  if (trimmed === 'back') return { kind: 'back' };
  if (trimmed === '') return { kind: 'answer', value: null };
  if (field.kind === 'number') return { kind: 'answer', value: toNumber(trimmed) };
  return { kind: 'answer', value: toList(trimmed) };
}

function problemOf(written: string, field: NumberField): string | undefined {
  const trimmed = written.trim();
  return trimmed === '' || trimmed === 'back' ? undefined : numberProblem(trimmed, field);
}
