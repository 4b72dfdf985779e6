/**
 * Does a batch, from wherever an earlier process left it: reads its lines, has each answered, writes its files. What it
 * is at stands in the row of the batch, and the answer of a line in that line's row, so that a process that dies takes
 * nothing with it but the calls under way.
 */
import type { Batch, BatchProblem, BatchStatus, BatchStore } from '../../store/batches.ts';
import type { Job } from '../../store/jobs.ts';
import type { JobContext, JobKind, JobOutcome } from '../jobs/runner.ts';
import type { LineCalls } from '../line-calls.ts';
import { BATCH_JOB, type BatchJobInput } from './create.ts';
import { readFile } from './file-writer.ts';
import { Pace } from './pace.ts';
import { readInput } from './read-input.ts';
import { type LineRunner, runLines } from './run-lines.ts';
import { type VendorDeps, VendorWay } from './vendor/open.ts';
import type { PartDeps } from './vendor/part-deps.ts';
import { place, step, windDown } from './vendor/parts.ts';
import { writeResults } from './write-results.ts';

/** Batches done at once in one process; their calls share one pace. */
const MAX_BATCHES = 8;
const DAY_MS = 86_400_000;
const LINES_AT_ONCE = 500;

export interface BatchKind extends JobKind {
  close(): Promise<void>;
}

export function createBatchKind(deps: VendorDeps, calls: Pick<LineCalls, 'run'>): BatchKind {
  const pace = new Pace(() => deps.revisions.active().stack.gateway.maxBatchCalls);
  const runner: LineRunner = { batches: deps.store.batches, calls, pace, clock: deps.clock };
  const way = new VendorWay(deps);
  const worker = new BatchWorker(deps, runner, way);
  return {
    kind: BATCH_JOB,
    maxConcurrent: MAX_BATCHES,
    run: (job, context) => worker.run(job, context),
    close: () => way.close(),
  };
}

class BatchWorker {
  readonly #deps: VendorDeps;
  readonly #batches: BatchStore;
  readonly #runner: LineRunner;
  readonly #way: VendorWay;

  constructor(deps: VendorDeps, runner: LineRunner, way: VendorWay) {
    this.#deps = deps;
    this.#batches = deps.store.batches;
    this.#runner = runner;
    this.#way = way;
  }

  async run(job: Job, context: JobContext): Promise<JobOutcome> {
    const { batchId } = job.input as BatchJobInput;
    const isStopping = () => context.signal.aborted && !context.cancelled;
    for (;;) {
      const batch = await this.#batches.get(batchId);
      // A job that was cancelled has told its batch before: that is done with here, too.
      if (isStopping()) throw new Error('stopped');
      if (!batch || batch.endedAt !== null)
        return context.cancelled ? { state: 'cancelled' } : { state: 'done' };
      if (batch.status === 'validating') await this.#validate(batch);
      else {
        const at = await this.#goOn(batch, context, await this.#way.open(isStopping));
        if (at !== null) return { state: 'later', at };
      }
    }
  }

  /** Does what can be done now. Returns when to go on, where a vendor is at work meanwhile. */
  async #goOn(batch: Batch, context: JobContext, parts: PartDeps): Promise<number | null> {
    if (batch.status === 'in_progress' && this.#now() < batch.expiresAt)
      return this.#work(batch, context, parts);
    if (batch.status !== 'finalizing') {
      const at = await windDown(parts, batch);
      if (at !== null) return at;
    }
    if (batch.status === 'in_progress') await this.#close(batch);
    else await this.#finish(batch);
    return null;
  }

  async #work(batch: Batch, context: JobContext, parts: PartDeps): Promise<number | null> {
    await place(parts, batch, context.signal);
    const next = context.signal.aborted ? null : await step(parts, batch);
    const until = Math.min(next ?? batch.expiresAt, batch.expiresAt);
    await this.#callLines(batch, context, until);
    if (context.signal.aborted || this.#now() >= batch.expiresAt) return null;
    const [waiting] = await this.#batches.pending(batch.id, { after: 0, limit: 1 });
    if (waiting) return null;
    if (next === null) await this.#close(batch);
    return next === null || this.#now() >= next ? null : until;
  }

  async #close(batch: Batch): Promise<void> {
    await this.#batches.change(batch.id, ['in_progress'], {
      status: 'finalizing',
      finalizingAt: this.#now(),
    });
  }

  async #validate(batch: Batch): Promise<void> {
    const { store, revisions } = this.#deps;
    await this.#batches.dropLines(batch.id);
    const file = await store.files.get(batch.inputFileId);
    if (!file) {
      const message = 'The input file was deleted before it was read.';
      return this.#fail(batch, [{ code: 'unknown_id', message, param: 'input_file_id', line: null }]);
    }
    const { maxBodyBytes } = revisions.active().stack.gateway;
    const rules = { endpoint: batch.endpoint, maxLineBytes: maxBodyBytes };
    const { problems, total } = await readInput(readFile(store.files, file), rules, (lines) =>
      this.#batches.addLines(batch.id, lines),
    );
    if (problems.length > 0) return this.#fail(batch, problems);
    const change = { status: 'in_progress', total, inProgressAt: this.#now() } as const;
    await this.#batches.change(batch.id, ['validating'], change);
  }

  async #fail(batch: Batch, errors: BatchProblem[]): Promise<void> {
    await this.#batches.change(batch.id, ['validating'], { status: 'failed', errors, endedAt: this.#now() });
    await this.#batches.dropLines(batch.id);
  }

  /** Calls lines of the queue until all have an answer, or until then, epoch milliseconds. */
  async #callLines(batch: Batch, context: JobContext, until: number): Promise<void> {
    const { clock } = this.#deps;
    const stop = new AbortController();
    const end = () => stop.abort();
    context.signal.addEventListener('abort', end, { once: true });
    if (context.signal.aborted) end();
    const timer = clock.after(Math.max(0, until - clock.now()), end);
    let { completed, failed } = (await this.#batches.get(batch.id)) ?? batch;
    const tell = () => context.progress(completed + failed, batch.total);
    tell();
    try {
      await runLines(this.#runner, batch, {
        signal: stop.signal,
        answered(status) {
          if (status === 200) completed++;
          else failed++;
          tell();
        },
      });
    } finally {
      timer.stop();
      context.signal.removeEventListener('abort', end);
    }
  }

  /** Writes the files. Lines without an answer get one that says why there is none. */
  async #finish(batch: Batch): Promise<void> {
    const { store, makeId, revisions } = this.#deps;
    const now = this.#now();
    const outputFileId = batch.outputFileId ?? makeId('file');
    const errorFileId = batch.errorFileId ?? makeId('file');
    // Named before they are written: a process that dies in between leaves no file that nobody knows.
    await this.#batches.change(batch.id, [batch.status], { outputFileId, errorFileId });
    const isExpired = await this.#answerRest(batch);
    const expiresAt = now + revisions.active().stack.retention.filesDays * DAY_MS;
    const written = await writeResults(store, batch, {
      outputFileId,
      errorFileId,
      createdAt: now,
      expiresAt,
    });
    await this.#batches.change(batch.id, [batch.status], {
      ...written,
      status: endOf(batch.status, isExpired),
      endedAt: this.#now(),
    });
    await this.#batches.dropLines(batch.id);
  }

  /** Returns whether there were any. */
  async #answerRest(batch: Batch): Promise<boolean> {
    const error =
      batch.status === 'cancelling'
        ? { code: 'batch_cancelled', message: 'The batch was cancelled before this line was called.' }
        : { code: 'batch_expired', message: 'The batch expired before this line was answered.' };
    for (let any = false; ; any = true) {
      const lines = await this.#batches.unanswered(batch.id, LINES_AT_ONCE);
      if (lines.length === 0) return any;
      const answers = lines.map((line) => ({ line, status: null, answer: null, callId: null, error }));
      await this.#batches.answer(batch.id, answers);
    }
  }

  #now(): number {
    return this.#deps.clock.now();
  }
}

function endOf(status: BatchStatus, isExpired: boolean): BatchStatus {
  if (status === 'cancelling') return 'cancelled';
  return isExpired ? 'expired' : 'completed';
}
