/** Chooses the way of each line: a vendor's batch, in parts of lines with the same place, or the queue. */
import type { LinePlace } from '../../../gateway/batch/vendor-lines.ts';
import type { Batch, BatchLine } from '../../../store/batches.ts';
import type { PartDeps } from './part-deps.ts';

const LINES_AT_ONCE = 100;
/** Of one part. Below every vendor's own bounds: the whole part is in memory once, while it is sent. */
const MAX_LINES = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** What vendors promise; a batch that is to end sooner is none for them. */
const VENDOR_WINDOW_MS = 86_400_000;

interface OpenPart {
  place: LinePlace;
  lines: { line: number; callId: string }[];
  bytes: number;
}

/** Returns early when the signal is aborted: the rest is placed when the batch goes on. */
export async function placeLines(deps: PartDeps, batch: Batch, signal: AbortSignal): Promise<void> {
  const { batchParts } = deps.store;
  if (batch.expiresAt - batch.createdAt < VENDOR_WINDOW_MS || !deps.lines.isOffered)
    return batchParts.queue(batch.id);
  const open = new Map<string, OpenPart>();
  for (let after = 0; !signal.aborted; ) {
    const lines = await batchParts.unplaced(batch.id, { after, limit: LINES_AT_ONCE });
    const last = lines.at(-1);
    if (!last) break;
    after = last.line;
    const queued: number[] = [];
    for (const line of lines) if (!(await placeLine(deps, batch, { line, open }))) queued.push(line.line);
    await batchParts.queue(batch.id, queued);
  }
  if (signal.aborted) return;
  for (const part of open.values()) await close(deps, batch, part);
}

async function placeLine(
  deps: PartDeps,
  batch: Batch,
  { line, open }: { line: BatchLine; open: Map<string, OpenPart> },
): Promise<boolean> {
  const { keyId, id: batchId, endpoint: path } = batch;
  const found = deps.lines.place({ keyId, batchId, path, body: Buffer.from(line.body) });
  if (!found) return false;
  const { bytes, ...place } = found;
  const key = JSON.stringify([place.deployment, place.dataClass, place.endpoint]);
  let part = open.get(key);
  if (part && (part.lines.length === MAX_LINES || part.bytes + bytes > MAX_BYTES)) {
    await close(deps, batch, part);
    part = undefined;
  }
  if (!part) {
    part = { place, lines: [], bytes: 0 };
    open.set(key, part);
  }
  part.lines.push({ line: line.line, callId: deps.makeId('call') });
  part.bytes += bytes;
  return true;
}

async function close({ store, makeId, clock }: PartDeps, batch: Batch, part: OpenPart): Promise<void> {
  const row = { id: makeId('part'), batchId: batch.id, ...part.place, createdAt: clock.now() };
  await store.batchParts.add(row, part.lines);
}
