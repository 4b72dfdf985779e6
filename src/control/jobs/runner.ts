/**
 * Does the jobs of the `jobs` table in this process: claims what is due, says every few seconds that it is alive, hears
 * of cancellation, tries again what failed. What a process leaves undone when it dies, the next one takes up.
 */
import type { Clock } from '../../core/clock.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Logger } from '../../core/log.ts';
import type { Job, JobStore, NewJob } from '../../store/jobs.ts';

/** How one kind of job is done. */
export interface JobKind {
  kind: string;
  /** Jobs of this kind that run at once in one process. */
  maxConcurrent: number;
  /**
   * Does the job, from wherever an earlier attempt left it. What it throws is a failed attempt, tried again up to the
   * job's `maxAttempts`. When its signal is aborted it returns, or throws, soon; then the outcome counts only if the
   * job was cancelled.
   */
  run(job: Job, context: JobContext): Promise<JobOutcome>;
  /** The job was given up, or cancelled before it ran. */
  ended?(job: Job): Promise<void>;
}

export interface JobContext {
  /** Aborted when the job is cancelled, when another worker has it, and when this process stops. */
  readonly signal: AbortSignal;
  /** Whether it was somebody's wish that it ends. */
  readonly cancelled: boolean;
  /** Kept with the next heartbeat. */
  progress(done: number, total: number): void;
}

export type JobOutcome =
  | { state: 'done'; result?: unknown }
  | { state: 'cancelled' }
  /** Not finished: to be taken up again then, epoch milliseconds. */
  | { state: 'later'; at: number };

export interface JobRunner {
  add(job: NewJob): Promise<void>;
  /**
   * Returns the job as it is now; `undefined`: there is none. `finishing`: a job that waits runs once more, to end its
   * own way, instead of never again.
   */
  cancel(id: string, how?: { finishing: boolean }): Promise<Job | undefined>;
  /** Looks for due jobs now. */
  wake(): void;
  /** Stops what runs; it is taken up again later, here or elsewhere. Safe to call twice. */
  stop(): Promise<void>;
}

export interface JobRunnerOptions {
  store: JobStore;
  kinds: readonly JobKind[];
  /** Names this process among those that share the store. */
  worker: string;
  /** Whether no other process can have jobs of this store: then what runs there has lost its process. */
  exclusive: boolean;
  clock: Clock;
  logger: Logger;
}

const LOOK_EVERY_MS = 1_000;
const HEARTBEAT_EVERY_MS = 3_000;
/** Four heartbeats missed. */
const STALE_MS = 15_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  return new Runner(options);
}

class Running implements JobContext {
  readonly job: Job;
  readonly abort = new AbortController();
  cancelled = false;
  told: { done: number; total: number } | null = null;
  ended: Promise<void> = Promise.resolve();

  constructor(job: Job) {
    this.job = job;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  progress(done: number, total: number): void {
    this.told = { done, total };
  }
}

class Runner implements JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #running = new Map<string, Running>();
  readonly #timers;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #stopping = false;
  #freed: boolean;
  #isAway = false;
  #beatAt = 0;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#freed = !options.exclusive;
    const { clock } = options;
    this.#timers = [
      clock.every(LOOK_EVERY_MS, () => this.wake()),
      clock.every(HEARTBEAT_EVERY_MS, () => void this.#beat()),
    ];
    this.wake();
  }

  async add(job: NewJob): Promise<void> {
    await this.#options.store.add(job);
    this.wake();
  }

  async cancel(id: string, how?: { finishing: boolean }): Promise<Job | undefined> {
    const { store, clock, kinds } = this.#options;
    const before = await store.get(id);
    const job = await store.cancel(id, clock.now(), how);
    if (job?.state === 'cancelled' && before?.state === 'queued')
      await kinds.find(({ kind }) => kind === job.kind)?.ended?.(job);
    const here = this.#running.get(id);
    if (here) stopOne(here, true);
    else if (how?.finishing) this.wake();
    return job;
  }

  wake(): void {
    if (this.#stopping) return;
    if (this.#looking) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#lookAgain) {
        this.#lookAgain = false;
        this.wake();
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const running of this.#running.values()) stopOne(running, false);
    await this.#looking;
    for (const running of this.#running.values()) stopOne(running, false);
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    // Until then heartbeats go on: what still ends here must not be taken by another.
    for (const timer of this.#timers) timer.stop();
  }

  /** Claims as long as there is something to claim and room for it. */
  async #look(): Promise<void> {
    const { store, clock, worker } = this.#options;
    try {
      if (!this.#freed) await store.free(clock.now());
      this.#freed = true;
      // After a sleep of the machine its own jobs look abandoned, and would be done twice.
      if (clock.now() - this.#beatAt > HEARTBEAT_EVERY_MS) await this.#beat();
      while (!this.#stopping) {
        const kinds = this.#kindsWithRoom();
        const job = await store.claim({ kinds, worker, now: clock.now(), staleMs: STALE_MS });
        if (!job) break;
        const running = new Running(job);
        this.#running.set(job.id, running);
        running.ended = this.#run(running).finally(() => {
          this.#running.delete(job.id);
          this.wake();
        });
      }
      this.#isAway = false;
    } catch (error) {
      this.#storeFailed(error);
    }
  }

  #kindsWithRoom(): string[] {
    const taken = (kind: string) => [...this.#running.values()].filter(({ job }) => job.kind === kind).length;
    return this.#options.kinds
      .filter(({ kind, maxConcurrent }) => taken(kind) < maxConcurrent)
      .map(({ kind }) => kind);
  }

  async #run(running: Running): Promise<void> {
    const { job } = running;
    const kind = this.#options.kinds.find((known) => known.kind === job.kind) as JobKind;
    const isWorn = (attempts: number) => job.maxAttempts !== null && attempts >= job.maxAttempts;
    try {
      if (isWorn(job.attempts)) await this.#giveUp(kind, job, job.error ?? 'its worker vanished each time');
      else if (job.cancelRequested) stopOne(running, true);
      if (isWorn(job.attempts)) return;
      await this.#settle(running, await kind.run(job, running));
    } catch (error) {
      // Stopped or lost: the next worker begins where this one was.
      if (running.signal.aborted && !running.cancelled) return await this.#putBack(job, null, 0);
      const text = messageOf(error);
      this.#options.logger.warn({ job: job.id, kind: job.kind, error: text }, 'a job failed');
      if (isWorn(job.attempts + 1)) await this.#giveUp(kind, job, text);
      else await this.#putBack(job, text, Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** job.attempts));
    }
  }

  async #settle({ job, signal, cancelled, told }: Running, outcome: JobOutcome): Promise<void> {
    const { store, clock, worker } = this.#options;
    const held = { id: job.id, worker, now: clock.now() };
    if (told) await store.heartbeat({ ...held, progress: told });
    if (outcome.state === 'done') await store.end({ ...held, state: 'done', result: outcome.result });
    else if (outcome.state === 'cancelled' && cancelled) await store.end({ ...held, state: 'cancelled' });
    else
      await store.release({
        ...held,
        runAt: outcome.state === 'later' && (cancelled || !signal.aborted) ? outcome.at : held.now,
        error: null,
      });
  }

  async #giveUp(kind: JobKind, job: Job, error: string): Promise<void> {
    const { store, clock, worker } = this.#options;
    const ended = await store.end({ id: job.id, worker, now: clock.now(), state: 'failed', error });
    if (ended) await kind.ended?.({ ...job, state: 'failed', error });
  }

  async #putBack(job: Job, error: string | null, waitMs: number): Promise<void> {
    const { store, clock, worker } = this.#options;
    const now = clock.now();
    try {
      await store.release({ id: job.id, worker, now, runAt: now + waitMs, error });
    } catch (failure) {
      // It goes stale, and is claimed again then.
      this.#storeFailed(failure);
    }
  }

  async #beat(): Promise<void> {
    const { store, clock, worker } = this.#options;
    this.#beatAt = clock.now();
    for (const running of this.#running.values()) {
      const { told, job } = running;
      try {
        const held = { id: job.id, worker, now: clock.now() };
        const state = await store.heartbeat(told ? { ...held, progress: told } : held);
        if (state !== 'held') stopOne(running, state === 'cancel');
      } catch (error) {
        this.#storeFailed(error);
      }
    }
  }

  #storeFailed(error: unknown): void {
    if (this.#isAway && error instanceof TrimtabError) return;
    this.#isAway = true;
    this.#options.logger.warn({ error: messageOf(error) }, 'jobs wait for the store');
  }
}

function stopOne(running: Running, cancelled: boolean): void {
  running.cancelled ||= cancelled;
  running.abort.abort();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
