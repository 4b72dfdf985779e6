/** The paced queue: lines of a batch as calls of the gateway, a few at a time. */
import type { Clock } from '../../core/clock.ts';
import type { Batch, BatchLine, BatchStore, LineAnswer } from '../../store/batches.ts';
import type { LineCalls, LineReply } from '../line-calls.ts';
import type { Pace } from './pace.ts';

export interface LineRunner {
  batches: BatchStore;
  calls: Pick<LineCalls, 'run'>;
  pace: Pace;
  clock: Clock;
}

const LINES_AT_ONCE = 100;
/** Calls of one line that fail otherwise than by a limit. */
const MAX_TRIES = 4;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 60_000;
/** A limit is no failure: the line waits until there is room, or its batch is over. */
const LIMITED: ReadonlySet<number> = new Set([429, 503, 529]);
const PASSING: ReadonlySet<number> = new Set([408, 500, 502, 504]);

/**
 * Calls every line that has no answer, and keeps each answer before anything else is done with it.
 * Returns when all have one, or when the signal is aborted; lines then under way are answered first. The signal is
 * also to be aborted when the batch expires.
 */
export async function runLines(runner: LineRunner, batch: Batch, context: LineContext): Promise<void> {
  const { batches, pace } = runner;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const underWay = new Set<Promise<void>>();
  for (let after = 0; !signal.aborted; ) {
    const lines = await batches.pending(batch.id, { after, limit: LINES_AT_ONCE });
    for (const line of lines) {
      if (!(await pace.enter(signal))) break;
      const call = runLine(runner, batch, { line, context }).finally(() => {
        pace.leave();
        underWay.delete(call);
      });
      underWay.add(call);
      call.catch((error: unknown) => failed.abort(error));
    }
    const last = lines.at(-1);
    if (!last) break;
    after = last.line;
  }
  await Promise.allSettled(underWay);
  failed.signal.throwIfAborted();
}

export interface LineContext {
  signal: AbortSignal;
  /** Told after each answer. */
  answered(status: number | null): void;
}

async function runLine(
  { batches, calls, clock }: LineRunner,
  batch: Batch,
  { line, context }: { line: BatchLine; context: LineContext },
): Promise<void> {
  const { signal } = context;
  const acting = { keyId: batch.keyId, batchId: batch.id };
  const call = { acting, path: batch.endpoint, body: Buffer.from(line.body) };
  for (let tries = 0, waits = 0; ; ) {
    const reply = await calls.run(call);
    const isLimited = LIMITED.has(reply.status);
    if (PASSING.has(reply.status)) tries++;
    if (isLimited || (PASSING.has(reply.status) && tries < MAX_TRIES)) {
      if (await wait(clock, waitMs(reply, waits++), signal)) continue;
      // Stopped or over while it waited: it stays without an answer.
      return;
    }
    const [kept] = await batches.answer(batch.id, [toAnswer(line, reply)]);
    if (kept !== undefined) context.answered(reply.status);
    return;
  }
}

function waitMs({ retryAfter }: LineReply, waits: number): number {
  const asked = (retryAfter ?? 0) * 1000;
  return Math.min(MAX_WAIT_MS, Math.max(asked, FIRST_WAIT_MS * 2 ** Math.min(waits, 10)));
}

/** Resolves to false when the signal is aborted first. */
function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    });
    const stop = () => {
      timer.stop();
      resolve(false);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}

function toAnswer({ line }: BatchLine, { status, callId, body }: LineReply): LineAnswer {
  return { line, status, callId, answer: Buffer.from(body).toString(), error: null };
}
