/** The profile file as people keep it: groups of answers, signed once. */
import type { Quantity } from '../economics/quantity.ts';
import type { Answer, Answers } from './create.ts';
import { FACT_IDS } from './fields/index.ts';

export interface ParsedProfile {
  task: string;
  answers: Answers;
  assumptions: Quantity[];
}

/** The file that `parseProfile` reads back. `day`: 2026-11-25. */
export function toProfileFile(
  { task, answers, assumptions }: ParsedProfile,
  by: string,
  day: string,
): object {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const id of FACT_IDS) {
    const answer = answers[id];
    if (answer === undefined) continue;
    const [group, name] = id.split('.') as [string, string];
    groups[group] = { ...groups[group], [name]: answer.by === by ? answer.value : signedAnswer(answer) };
  }
  const numbers = Object.fromEntries(assumptions.map(({ id, value }) => [id, value]));
  return { task, by, at: day, ...groups, ...(assumptions.length > 0 ? { assumptions: numbers } : {}) };
}

function signedAnswer({ value, by, at }: Answer): object {
  return { value, by, ...(at === null ? {} : { at: new Date(at).toISOString().slice(0, 10) }) };
}
