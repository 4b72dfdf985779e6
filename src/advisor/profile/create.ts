/** From answers and measurements to a profile. A measured fact beats a declared one, and says so when they disagree. */
import { exactly, type Interval } from '../../core/interval.ts';
import type { Quantity } from '../economics/quantity.ts';
import type { TaskEvidence } from '../evidence.ts';
import type { Fact } from '../fact.ts';
import { contradictionsOf } from './contradictions.ts';
import type { NumberField } from './field.ts';
import { FACT_IDS, type FactId, fieldOf } from './fields/index.ts';
import { type Measured, measure } from './measured.ts';
import type { Profile, ProfileFacts } from './profile.ts';

export type AnswerValue = string | string[] | boolean | number | Interval;

/** What a person said of one fact. */
export interface Answer {
  value: AnswerValue;
  by: string;
  /** Epoch milliseconds; `null`: a file without a date. */
  at: number | null;
}

export type Answers = Partial<Record<FactId, Answer>>;

export interface ProfileInput {
  task: string;
  answers: Answers;
  /** `null`: nothing was measured. */
  evidence?: TaskEvidence | null;
  assumptions?: readonly Quantity[];
  /** Facts whose answer is supposed, for a what-if: it stands before what was measured. */
  supposed?: readonly string[];
}

/** How sure a person's word is. */
const DECLARED_CONFIDENCE = 0.6;

export function createProfile(input: ProfileInput): Profile {
  const { task, answers, evidence = null, assumptions = [], supposed = [] } = input;
  const measured = { ...(evidence === null ? {} : measure(evidence)) };
  for (const id of supposed) delete measured[id];
  const entries = FACT_IDS.map((id) => [id, toFact(id, answers[id], measured[id])] as const);
  const facts = Object.fromEntries(entries) as unknown as ProfileFacts;
  const profile = { task, facts, assumptions, contradictions: [] };
  return { ...profile, contradictions: contradictionsOf(profile) };
}

function toFact(id: FactId, answer: Answer | undefined, measured: Measured | undefined): Fact<unknown> {
  if (measured) return measuredFact(id, measured, answer);
  if (answer) return declaredFact(id, answer);
  return unknownFact(id);
}

function measuredFact(
  id: FactId,
  { value, interval, source, confidence }: Measured,
  answer: Answer | undefined,
): Fact<unknown> {
  const declared = answer ? declaredFact(id, answer) : null;
  const overruled =
    declared === null || answer === undefined
      ? null
      : { value: declared.value, by: answer.by, disagrees: disagrees(declared.interval, interval) };
  return { id, value, interval, source, confidence, overruled };
}

/** Two 80 % intervals that do not meet. */
function disagrees(declared: Interval | null, measured: Interval): boolean {
  return declared !== null && (declared.low > measured.high || declared.high < measured.low);
}

function declaredFact(id: FactId, { value, by, at }: Answer): Fact<unknown> {
  const field = fieldOf(id);
  const interval = field.kind === 'number' ? toInterval(field, value as number | Interval) : null;
  return {
    id,
    value: interval?.mid ?? value,
    interval,
    source: { kind: 'declared', by, at },
    confidence: DECLARED_CONFIDENCE,
    overruled: null,
  };
}

function unknownFact(id: FactId): Fact<unknown> {
  const field = fieldOf(id);
  const prior = field.kind === 'number' ? field.prior : null;
  return {
    id,
    value: null,
    interval: prior?.value ?? null,
    source: { kind: 'prior', why: prior?.why ?? 'nobody has said, and nothing can stand for it' },
    confidence: 0,
    overruled: null,
  };
}

/** A plain number holds within the slack of its field. */
function toInterval(field: NumberField, value: number | Interval): Interval {
  if (typeof value !== 'number') return value;
  if (field.slack === 1) return exactly(value);
  const within = (bound: number): number => Math.min(field.max, Math.max(field.min, bound));
  if (value === 0 && field.min < 0) return { low: within(-0.01), mid: 0, high: 0.01 };
  const ends = [within(value / field.slack), within(value * field.slack)];
  return { low: Math.min(...ends), mid: value, high: Math.max(...ends) };
}
