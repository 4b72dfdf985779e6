/**
 * Keeps the advice of every task: worked out in a thread of its own, stored, and worked out again when what it rests on
 * has changed. Each time its proposals are held against the recommendations on record, and what was adopted is measured.
 */
import type { Advice } from '../../advisor/advice.ts';
import { type Basis, differencesOf } from '../../advisor/recommendation/basis.ts';
import { draftsOf } from '../../advisor/recommendation/drafts.ts';
import { reconcile, toRecommendation } from '../../advisor/recommendation/lifecycle.ts';
import type { ControlDeps } from '../deps.ts';
import { DAY_MS } from '../window.ts';
import { type AdviseThread, createAdviseThread } from './advise-thread.ts';
import type { AdviceKeeper, AdvisedTask, KeptAdvice } from './kept-advice.ts';
import { measureAdopted } from './measure-adopted.ts';
import { parseStored } from './parse-stored.ts';
import { answersOfStack } from './stack-answers.ts';
import { readSubjects, type SubjectDeps } from './subjects.ts';
import { summarise } from './summary.ts';
import { readTaskEvidence } from './task-evidence.ts';

/** Name under which the product itself changes recommendations. */
export const ADVISOR = 'the advisor';

/** Forecasts and what was adopted move on with the days. */
const MAX_AGE_MS = DAY_MS;

export function createAdviceKeeper(deps: SubjectDeps & Pick<ControlDeps, 'makeId' | 'logger'>): AdviceKeeper {
  const thread = createAdviseThread(deps.clock);
  /** One at a time for each task, so that two do not propose the same. */
  const turns = new Map<string, Promise<unknown>>();

  function inTurn<T>(task: string, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(task) ?? Promise.resolve()).then(work, work);
    turns.set(task, turn);
    const leave = () => {
      if (turns.get(task) === turn) turns.delete(task);
    };
    turn.then(leave, leave);
    return turn;
  }

  return {
    list: () => listTasks(deps),
    async find(task) {
      const [stored, subjects] = await Promise.all([deps.store.advice.advice(task), readSubjects(deps)]);
      if (!stored) {
        const made = await this.renew(task);
        return made && { ...made, stale: [] };
      }
      const kept = stored as KeptAdvice & { advice: Advice };
      return { ...kept, stale: staleness(kept, subjects.get(task) ?? null, deps.clock.now()) };
    },
    renew: (task, now) => inTurn(task, () => renew({ task, now }, deps, thread)),
    forget: (task) => deps.store.advice.removeAdvice(task),
    stop: () => thread.stop(),
  };
}

async function listTasks(deps: SubjectDeps): Promise<AdvisedTask[]> {
  const [subjects, stored] = await Promise.all([readSubjects(deps), deps.store.advice.advices()]);
  const byTask = new Map(stored.map((kept) => [kept.task, kept as KeptAdvice]));
  const names = [...new Set([...subjects.keys(), ...byTask.keys()])].sort();
  return names.map((task) => {
    const kept = byTask.get(task) ?? null;
    const now = subjects.get(task) ?? null;
    const stale = kept ? staleness(kept, now, deps.clock.now()) : ['it was not worked out yet'];
    return { task, kept, stale, now };
  });
}

function staleness(kept: KeptAdvice, now: Basis | null, at: number): string[] {
  if (!now) return ['the task has no profile and too few calls'];
  const changes = differencesOf(kept.basis, now);
  return at - kept.at > MAX_AGE_MS ? [...changes, 'it is more than a day old'] : changes;
}

type Deps = Parameters<typeof createAdviceKeeper>[0];

async function renew(
  { task, now }: { task: string; now: Basis | undefined },
  deps: Deps,
  thread: AdviseThread,
): Promise<(KeptAdvice & { advice: Advice }) | null> {
  const { store, clock, revisions } = deps;
  const [basis, profile, before] = await Promise.all([
    now ?? readSubjects(deps).then((subjects) => subjects.get(task)),
    store.advice.profile(task),
    store.advice.advice(task),
  ]);
  if (!basis) return null;
  const evidence = await readTaskEvidence(store, task, revisions.active().stack);
  const at = clock.now();
  const parsed = profile
    ? parseStored(profile.profile)
    : { answers: answersOfStack(task, revisions.active().stack), assumptions: [] };
  const advice = await thread.advise({ ...parsed, task, evidence }, at);
  const kept = { task, at, basis, summary: summarise(advice, evidence, basis), advice };
  const causes = before ? differencesOf((before as KeptAdvice).basis, basis) : [];
  await store.advice.saveAdvice(kept);
  await followUp(advice, deps, { at, by: ADVISOR, causes });
  return kept;
}

/** What comes of the advice for the recommendations of its task. A change that another makes at once is left to the next time. */
async function followUp(
  advice: Advice,
  { store, makeId }: Deps,
  occasion: { at: number; by: string; causes: string[] },
): Promise<void> {
  const standing = await store.advice.recommendations(advice.task);
  const { added, changed } = reconcile(standing, draftsOf(advice), occasion);
  const save = async (next: (typeof standing)[number]) => {
    const expected = standing.find(({ id }) => id === next.id)?.changedAt ?? null;
    await store.advice.save(next, { expected });
  };
  for (const draft of added) await save(toRecommendation(draft, { id: makeId('rec'), ...occasion }));
  for (const next of changed) await save(next);
  for (const one of standing) {
    const measured = await measureAdopted(store, one, { now: occasion.at, by: occasion.by });
    if (measured) await save(measured);
  }
}
