/** From a profile file to answers. */
import { exactly, type Interval } from '../../core/interval.ts';
import { checkShape } from '../../stack/check-shape.ts';
import { createProblems } from '../../stack/problems.ts';
import type { Quantity, QuantityId } from '../economics/quantity.ts';
import type { Answer, Answers, AnswerValue } from './create.ts';
import { FACT_IDS, type FactId, fieldOf, isFactId } from './fields/index.ts';
import { type ParsedProfile, toProfileFile } from './file.ts';
import { profileSchema } from './schema.ts';

const UNSIGNED = 'the profile file';

/** Reads what a person wrote. Throws ConfigError(config_invalid) that lists every problem with its path. */
export function parseProfile(input: unknown): ParsedProfile {
  const problems = createProblems();
  const file = checkShape(profileSchema, input, { path: [], problems }) as
    | Record<string, unknown>
    | undefined;
  problems.throwIfAny();
  if (file === undefined) throw new Error('a profile without a problem and without a value');
  const by = typeof file.by === 'string' ? file.by : UNSIGNED;
  const at = toTime(file.at);
  const answers: Answers = {};
  for (const id of FACT_IDS) {
    const [group, name] = id.split('.') as [string, string];
    const written = (file[group] as Record<string, unknown> | undefined)?.[name];
    if (written === undefined || written === null) continue;
    answers[id] = toAnswer(written, { by, at });
  }
  return { task: String(file.task), answers, assumptions: toAssumptions(file.assumptions, { by, at }) };
}

function toAnswer(written: unknown, { by, at }: { by: string; at: number | null }): Answer {
  if (typeof written !== 'object' || written === null || !('value' in written)) {
    return { value: written as AnswerValue, by, at };
  }
  const signed = written as { value: AnswerValue; by?: string; at?: string };
  return { value: signed.value, by: signed.by ?? by, at: toTime(signed.at) ?? at };
}

function toTime(day: unknown): number | null {
  return typeof day === 'string' ? Date.parse(`${day}T00:00:00Z`) : null;
}

function toAssumptions(written: unknown, { by, at }: { by: string; at: number | null }): Quantity[] {
  return Object.entries((written ?? {}) as Record<string, number | Interval>).map(([id, value]) => ({
    id: id as QuantityId,
    value: typeof value === 'number' ? exactly(value) : value,
    source: { kind: 'declared', by, at },
  }));
}

/** `volume.callsPerMonth=2e6`, `data.class=restricted`, `self.usd-per-gpu-hour=2`: one changed answer, for what-if. */
export function changeAnswer(parsed: ParsedProfile, key: string, text: string): ParsedProfile {
  const [group, name] = key.split('.');
  const input = toProfileFile({ ...parsed, answers: {}, assumptions: [] }, 'what-if', '2000-01-01');
  const value = toWritten(key, text);
  const written = isFactId(key)
    ? { ...input, [group as string]: { [name as string]: value } }
    : { ...input, assumptions: { [key]: value } };
  const { answers, assumptions } = parseProfile(written);
  const changed = (id: FactId): Answer => ({ ...(answers[id] as Answer), by: 'what-if', at: null });
  if (isFactId(key)) {
    const { [key]: _, ...others } = parsed.answers;
    return { ...parsed, answers: value === null ? others : { ...others, [key]: changed(key) } };
  }
  const kept = parsed.assumptions.filter(({ id }) => id !== key);
  return { ...parsed, assumptions: [...kept, ...assumptions] };
}

function toWritten(key: string, text: string): unknown {
  if (text === 'unknown') return null;
  if (isFactId(key) && fieldOf(key).kind === 'choice') return text;
  if (text === 'yes' || text === 'true') return true;
  if (text === 'no' || text === 'false') return false;
  if (text.startsWith('[') && text.endsWith(']')) {
    return text
      .slice(1, -1)
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
}
