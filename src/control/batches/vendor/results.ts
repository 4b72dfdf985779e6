/** Reads what a vendor made of a part, line by line: a record and an answer each, and each once. */
import type { TrimtabError } from '../../../core/error.ts';
import type { StreamedReply } from '../../../gateway/batch/ask.ts';
import type { SentLine, SettledLine, VendorLink } from '../../../gateway/batch/vendor-lines.ts';
import type { VendorBatch, VendorResult } from '../../../providers/batch-api.ts';
import type { BatchPart } from '../../../store/batch-parts.ts';
import type { Batch, LineAnswer } from '../../../store/batches.ts';
import { splitLines } from '../read-input.ts';
import type { PartDeps } from './part-deps.ts';
import { lineOf } from './send.ts';

const RESULTS_AT_ONCE = 50;
const MAX_RESULT_BYTES = 64 * 1024 * 1024;

type Answered = VendorResult & { kind: 'answer' };

interface Found {
  results: readonly Answered[];
  batch: Pick<Batch, 'keyId' | 'endpoint'>;
  /** Of the vendor's counts; gets smaller. */
  unread: { completed: number; failed: number };
}

/**
 * Keeps every result that is an answer. A process that dies in between reads them all again: a line that has its answer
 * is passed over, and a record that is there already has the same id. `foreign`: the batch holds lines that are not ours.
 */
export async function readResults(
  deps: PartDeps,
  part: BatchPart,
  { link, found }: { link: VendorLink; found: VendorBatch },
): Promise<'read' | 'foreign'> {
  const batch = await deps.store.batches.get(part.batchId);
  if (!batch) return 'read';
  const unread = { completed: found.completed, failed: found.failed };
  for (const request of link.api.results(found)) {
    const { status, headers, body } = await link.askStream(request);
    if (status >= 300) throw await failureOf(link, { status, headers, body });
    let some: Answered[] = [];
    for await (const { bytes } of splitLines(body, MAX_RESULT_BYTES)) {
      const result = bytes && link.api.readResult(bytes);
      if (!result) continue;
      if (lineOf(part, result.id) === null) return 'foreign';
      if (result.kind === 'answer') some.push(result);
      if (some.length < RESULTS_AT_ONCE) continue;
      await keep(deps, part, { results: some, batch, unread });
      some = [];
      if (deps.isStopping()) throw new Error('stopped');
    }
    await keep(deps, part, { results: some, batch, unread });
  }
  return 'read';
}

/** Its first bytes say what is wrong; leaving the rest unread ends the transfer. */
async function failureOf({ api }: VendorLink, { body, ...head }: StreamedReply): Promise<TrimtabError> {
  const reader = body[Symbol.asyncIterator]();
  const { value } = await reader.next();
  await reader.return?.();
  return api.readFailure({ ...head, body: (value as Buffer | undefined) ?? Buffer.alloc(0) }).error;
}

async function keep(deps: PartDeps, part: BatchPart, { results, batch, unread }: Found): Promise<void> {
  const { store } = deps;
  const byLine = new Map(results.map((result) => [lineOf(part, result.id) ?? 0, result]));
  const settled: (SettledLine & { line: number })[] = [];
  for (const { line, body, callId } of await store.batchParts.find(part, [...byLine.keys()])) {
    const sent = {
      keyId: batch.keyId,
      batchId: part.batchId,
      path: batch.endpoint,
      body: Buffer.from(body),
      deployment: part.deployment,
      callId,
      sentAt: part.sentAt ?? part.createdAt,
    };
    const one = await settleLine(deps, sent, byLine.get(line) as Answered);
    // Trouble of the vendor's own that may pass: the queue calls it again.
    if (one) settled.push({ ...one, line });
  }
  if (settled.length === 0) return;
  const records = settled.map(({ record }) => record);
  // The record before the answer: an answer that is there has its record.
  const { inserted } = await store.calls.insert(records);
  if (inserted > 0) deps.recorded(records);
  await store.batches.answer(part.batchId, settled.map(toAnswer));
  const good = settled.filter(({ status }) => status === 200).length;
  unread.completed = Math.max(0, unread.completed - good);
  unread.failed = Math.max(0, unread.failed - (settled.length - good));
  await store.batchParts.change(part.id, unread);
}

/** `null`: the queue is to call it. A fault of ours at one line must not keep the others from their answers. */
async function settleLine(
  { lines, logger }: PartDeps,
  sent: SentLine,
  result: Answered,
): Promise<SettledLine | null> {
  try {
    return await lines.settle(sent, result);
  } catch (error) {
    logger.error({ call: sent.callId, error: String(error) }, 'a result of a vendor could not be read');
    return null;
  }
}

function toAnswer({ line, status, body, record }: SettledLine & { line: number }): LineAnswer {
  return { line, status, answer: body.toString(), callId: record.id, error: null };
}
