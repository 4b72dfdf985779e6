/** Batches as they are shown: with how far vendors are with their parts. */
import type { BatchPart } from '../../store/batch-parts.ts';
import type { Batch } from '../../store/batches.ts';
import type { Store } from '../../store/store.ts';
import type { BatchAnswer, BatchPartView } from '../api-types.ts';

/** `completed` and `failed` count what vendors say they have done, before it is read. In the order of `batches`. */
export async function viewBatches(
  { batchParts }: Pick<Store, 'batchParts'>,
  batches: readonly Batch[],
): Promise<BatchAnswer[]> {
  const parts = Map.groupBy(await batchParts.list(batches.map(({ id }) => id)), ({ batchId }) => batchId);
  return batches.map((batch) => toView(batch, parts.get(batch.id) ?? []));
}

export async function viewBatch(store: Pick<Store, 'batchParts'>, batch: Batch): Promise<BatchAnswer> {
  const [view] = await viewBatches(store, [batch]);
  return view as BatchAnswer;
}

function toView(batch: Batch, parts: readonly BatchPart[]): BatchAnswer {
  // Of parts that have ended all is read, and counted with the batch.
  const live = parts.filter(({ state }) => state !== 'ended');
  const sum = (count: 'completed' | 'failed') => live.reduce((all, part) => all + part[count], batch[count]);
  const completed = Math.min(sum('completed'), batch.total);
  const failed = Math.min(sum('failed'), batch.total - completed);
  return { ...batch, completed, failed, parts: parts.map(toPartView) };
}

function toPartView(part: BatchPart): BatchPartView {
  const { id, deployment, state, vendorId, vendorStatus, lines, completed, failed, note, sentAt, endedAt } =
    part;
  return { id, deployment, state, vendorId, vendorStatus, lines, completed, failed, note, sentAt, endedAt };
}
