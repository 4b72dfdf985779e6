import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import type { Batch, BatchStatus } from '../../store/batches.ts';
import type { ControlDeps } from '../deps.ts';
import { parseInput } from '../route.ts';

/** Paths that a batch may call. */
export const ENDPOINTS = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/messages'] as const;

const UNIT_MS = { h: 3_600_000, d: 86_400_000 } as const;
const MAX_WINDOW_MS = 7 * UNIT_MS.d;

/** Kind of the job that does a batch; its input is {@link BatchJobInput}. */
export const BATCH_JOB = 'batch';

export interface BatchJobInput {
  batchId: string;
}

const schema = z.strictObject({
  input_file_id: z.string().min(1).max(200),
  endpoint: z.enum(ENDPOINTS),
  completion_window: z.string().regex(/^\d{1,3}[hd]$/, 'is a time like `24h` or `3d`'),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullable().optional(),
});

/** Throws invalid_request naming the field, unknown_id. */
export async function createBatch(deps: ControlDeps, keyId: string, body: unknown): Promise<Batch> {
  const { store, makeId, clock, jobs } = deps;
  const input = parseInput(schema, body, '') as z.output<typeof schema>;
  const windowMs = readWindow(input.completion_window);
  const file = await store.files.get(input.input_file_id);
  const now = clock.now();
  if (file?.keyId !== keyId || file.expiresAt <= now) {
    const text = `This key has no file \`${input.input_file_id}\`.`;
    throw new TrimtabError('unknown_id', text, { field: 'input_file_id' });
  }
  const id = makeId('batch');
  const jobId = makeId('job');
  await store.batches.add({
    id,
    keyId,
    jobId,
    endpoint: input.endpoint,
    completionWindow: input.completion_window,
    inputFileId: file.id,
    metadata: input.metadata ?? null,
    createdAt: now,
    expiresAt: now + windowMs,
  });
  const job: BatchJobInput = { batchId: id };
  await jobs.add({ id: jobId, kind: BATCH_JOB, input: job, maxAttempts: null, runAt: now, createdAt: now });
  return (await store.batches.get(id)) as Batch;
}

const UNDER_WAY: readonly BatchStatus[] = ['validating', 'in_progress'];
const ENDING: ReadonlySet<BatchStatus> = new Set(['cancelling', 'cancelled']);

/** Lines under way are answered and kept; the others are not begun. Throws batch_ended. */
export async function cancelBatch({ store, clock, jobs }: ControlDeps, batch: Batch): Promise<Batch> {
  const change = { status: 'cancelling', cancellingAt: clock.now() } as const;
  const changed = await store.batches.change(batch.id, UNDER_WAY, change);
  // Its job ends it: vendors are to stop, and what is answered is to be written.
  if (changed) await jobs.cancel(batch.jobId, { finishing: true });
  const now = (await store.batches.get(batch.id)) ?? batch;
  if (changed || ENDING.has(now.status)) return now;
  throw new TrimtabError('batch_ended', `The batch is \`${now.status}\`, so there is nothing to cancel.`);
}

function readWindow(text: string): number {
  const ms = Number.parseInt(text, 10) * UNIT_MS[text.at(-1) as 'h' | 'd'];
  if (ms > 0 && ms <= MAX_WINDOW_MS) return ms;
  throw new TrimtabError('invalid_request', 'completion_window: is at least `1h` and at most `7d`', {
    field: 'completion_window',
  });
}
