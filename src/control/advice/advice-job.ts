/** The background work of the advisor: renews what is stale, on a schedule and when somebody asks. */
import type { Timer } from '../../core/clock.ts';
import type { ControlDeps } from '../deps.ts';
import type { JobContext, JobKind, JobOutcome } from '../jobs/runner.ts';

/** Kind of the job; its input is {@link AdviceJobInput}. */
export const ADVICE_JOB = 'advice';

export interface AdviceJobInput {
  /** Also what is up to date. */
  all: boolean;
}

/** What came of it. */
export interface AdviceJobResult {
  renewed: number;
  failed: { task: string; why: string }[];
}

type Deps = Pick<ControlDeps, 'advice' | 'store' | 'jobs' | 'clock' | 'makeId' | 'logger'>;

const FIRST_LOOK_MS = 30_000;
/** A look costs a few small queries; prices, revisions and traffic are in it. */
const LOOK_EVERY_MS = 60_000;
/** A task whose advice could not be worked out is left alone for so long. */
const RETRY_MS = 3_600_000;
const MAX_ATTEMPTS = 3;

export function createAdviceKind(deps: Pick<Deps, 'advice' | 'logger'>): JobKind {
  return {
    kind: ADVICE_JOB,
    maxConcurrent: 1,
    run: (job, context) => renewStale(deps, job.input as AdviceJobInput, context),
  };
}

async function renewStale(
  { advice, logger }: Pick<Deps, 'advice' | 'logger'>,
  { all }: AdviceJobInput,
  context: JobContext,
): Promise<JobOutcome> {
  const tasks = (await advice.list()).filter(({ stale }) => all || stale.length > 0);
  const result: AdviceJobResult = { renewed: 0, failed: [] };
  for (const [done, { task, now }] of tasks.entries()) {
    if (context.cancelled) return { state: 'cancelled' };
    if (context.signal.aborted) throw new Error('stopped');
    context.progress(done, tasks.length);
    try {
      if (now === null) await advice.forget(task);
      else await advice.renew(task, now);
      result.renewed++;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      logger.warn({ task, error: why }, 'the advice of a task could not be worked out');
      result.failed.push({ task, why });
    }
  }
  context.progress(tasks.length, tasks.length);
  return { state: 'done', result };
}

/** Has every task advised anew in the background. Returns the job's id. */
export async function requestAdvice(
  { jobs, clock, makeId }: Pick<Deps, 'jobs' | 'clock' | 'makeId'>,
  input: AdviceJobInput,
): Promise<string> {
  const id = makeId('job');
  const now = clock.now();
  await jobs.add({ id, kind: ADVICE_JOB, input, maxAttempts: MAX_ATTEMPTS, runAt: now, createdAt: now });
  return id;
}

/** Looks every minute whether something is stale, and puts down a job when it is. Returns what stops it. */
export function startAdviceSchedule(deps: Deps): () => void {
  const { clock, logger } = deps;
  let isLooking = false;
  let isAway = false;

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      await requestIfStale(deps);
      isAway = false;
    } catch (error) {
      if (!isAway)
        logger.warn({ error: String(error) }, 'advice is not kept up to date; tried again in a minute');
      isAway = true;
    } finally {
      isLooking = false;
    }
  }

  const timers: Timer[] = [
    clock.after(FIRST_LOOK_MS, () => void look()),
    clock.every(LOOK_EVERY_MS, () => void look()),
  ];
  return () => {
    for (const timer of timers) timer.stop();
  };
}

async function requestIfStale({ advice, store, jobs, clock }: Deps): Promise<void> {
  const now = clock.now();
  const failed = await failedLately(store.jobs, now);
  const due = (await advice.list()).filter(({ task, stale }) => stale.length > 0 && !failed.has(task));
  if (due.length === 0) return;
  for (const state of ['queued', 'running'] as const) {
    if ((await store.jobs.list({ kind: ADVICE_JOB, state, limit: 1 })).length > 0) return;
  }
  // Replicas that look in the same minute put down the same job.
  const id = `job_advice_${Math.floor(now / LOOK_EVERY_MS)}`;
  const input: AdviceJobInput = { all: false };
  await jobs.add({ id, kind: ADVICE_JOB, input, maxAttempts: MAX_ATTEMPTS, runAt: now, createdAt: now });
}

async function failedLately(jobs: Deps['store']['jobs'], now: number): Promise<Set<string>> {
  const [last] = await jobs.list({ kind: ADVICE_JOB, state: 'done', limit: 1 });
  if (!last || (last.endedAt ?? 0) < now - RETRY_MS) return new Set();
  return new Set((last.result as AdviceJobResult).failed.map(({ task }) => task));
}
