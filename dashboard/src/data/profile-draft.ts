import { useCallback, useState } from 'react';
import type { Advice } from '../../../src/advisor/advice.ts';
import type { Quantity } from '../../../src/advisor/economics/quantity.ts';
import type { Answer, Answers } from '../../../src/advisor/profile/create.ts';
import { FACT_IDS, type FactId } from '../../../src/advisor/profile/fields/index.ts';

/** Answers that were given and not yet saved; kept in this browser, so that a closed page loses nothing. */
export interface Draft {
  answers: Answers;
  /** Answered with "I do not know". */
  unknown: FactId[];
}

/** Signs what the stack says of a task; it says so again by itself each time. */
const THE_STACK = 'the stack';

const keyOf = (task: string): string => `trimtab.profile-draft.${task}`;

export function useDraft(task: string, saved: Answers) {
  const [draft, setDraft] = useState<Draft>(() => readDraft(task) ?? { answers: saved, unknown: [] });
  const change = useCallback(
    (fact: FactId, answer: Answer | null) =>
      setDraft((before) => {
        const { [fact]: _, ...others } = before.answers;
        const unknown = before.unknown.filter((id) => id !== fact);
        const next: Draft = answer
          ? { answers: { ...others, [fact]: answer }, unknown }
          : { answers: others, unknown: [...unknown, fact] };
        writeDraft(task, next);
        return next;
      }),
    [task],
  );
  const forget = useCallback(() => writeDraft(task, null), [task]);
  return { draft, change, forget };
}

function readDraft(task: string): Draft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(task)) ?? 'null') as Partial<Draft> | null;
    if (typeof kept?.answers !== 'object' || !Array.isArray(kept.unknown)) return null;
    const known = new Set<string>(FACT_IDS);
    const answers = Object.fromEntries(Object.entries(kept.answers).filter(([id]) => known.has(id)));
    return { answers, unknown: kept.unknown.filter((id) => known.has(id)) };
  } catch {
    // Storage may be forbidden, or hold what an older page wrote: then there is no draft.
    return null;
  }
}

function writeDraft(task: string, draft: Draft | null): void {
  try {
    if (draft) localStorage.setItem(keyOf(task), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(task));
  } catch {
    // Without storage the answers live as long as the page.
  }
}

/** What people said of a task, as its kept advice shows it: also what a measurement overruled. */
export function saidIn({ profile }: Advice): { answers: Answers; assumptions: Quantity[] } {
  const answers: Answers = {};
  for (const id of FACT_IDS) {
    const { value, interval, source, overruled } = profile.facts[id];
    if (source.kind === 'declared' && value !== null && source.by !== THE_STACK)
      answers[id] = { value: interval ?? value, by: source.by, at: source.at };
    if (source.kind === 'measured' && overruled)
      answers[id] = { value: overruled.value, by: overruled.by, at: null };
  }
  return { answers, assumptions: [...profile.assumptions] };
}
