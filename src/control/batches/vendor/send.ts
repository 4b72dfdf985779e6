/** Hands a part to its vendor, and finds one that may have been handed over before. */
import { TrimtabError } from '../../../core/error.ts';
import type { VendorLink } from '../../../gateway/batch/vendor-lines.ts';
import type { VendorBatch } from '../../../providers/batch-api.ts';
import type { Failure } from '../../../providers/provider.ts';
import type { BatchPart, PartLine } from '../../../store/batch-parts.ts';
import type { Batch } from '../../../store/batches.ts';
import type { PartDeps } from './part-deps.ts';

/** `failed`: the vendor surely does not have it. `isFinal`: and will not take it. */
export type Sent =
  | VendorBatch
  | { kind: 'nothing' }
  | { kind: 'failed'; error: TrimtabError; isFinal: boolean };

const LINES_AT_ONCE = 50;
const MAX_PAGES = 20;
/** How far the vendor's clock may be from ours. */
const CLOCK_SLACK_MS = 300_000;

/** Our id of a line at the vendor. */
export function idOf(part: BatchPart, line: number): string {
  return `${part.id}-${line}`;
}

/** The number of the line, `null`: the id is none of this part. */
export function lineOf(part: BatchPart, id: string): number | null {
  return id.startsWith(`${part.id}-`) ? Number(id.slice(part.id.length + 1)) : null;
}

/** Rejects with a TrimtabError of the wire when the vendor may have it or not. */
export async function send(
  deps: PartDeps,
  batch: Batch,
  { part, link }: { part: BatchPart; link: VendorLink },
): Promise<Sent> {
  const { batchParts } = deps.store;
  const lines = await write(deps, batch, part);
  if (lines.length === 0) return { kind: 'nothing' };
  const fileId = await upload(link, part, lines);
  if (typeof fileId !== 'string' && fileId !== null) return fileId;
  // From here on it may be there, whatever becomes of this process.
  const sentAt = part.sentAt ?? deps.clock.now();
  await batchParts.change(part.id, { state: 'sending', sentAt, lines: lines.length });
  const request = link.api.create({ endpoint: part.endpoint, fileId, lines, mark: part.id });
  const reply = await link.ask(request);
  const created = link.api.readBatch(reply);
  if (created.kind === 'batch') return created;
  // A vendor that failed may have made it all the same, and so may one whose words we cannot read.
  if (reply.status < 300 || reply.status >= 500) throw created.error;
  return toFailed(created);
}

async function upload(
  link: VendorLink,
  part: BatchPart,
  lines: readonly Buffer[],
): Promise<string | null | Extract<Sent, { kind: 'failed' }>> {
  const request = link.api.upload(part.id, lines);
  if (!request) return null;
  try {
    const file = link.api.readUpload(await link.ask(request));
    return file.kind === 'file' ? file.id : toFailed(file);
  } catch (error) {
    // A file without a batch is billed by nobody: it may be sent again.
    if (error instanceof TrimtabError) return { kind: 'failed', error, isFinal: false };
    throw error;
  }
}

function toFailed({ error }: Failure): Extract<Sent, { kind: 'failed' }> {
  const isFinal = error.code === 'upstream_rejected' || error.code === 'upstream_auth';
  return { kind: 'failed', error, isFinal };
}

/** The lines in the vendor's words; one that cannot be carried any more is left to the queue, which says why. */
async function write(deps: PartDeps, batch: Batch, part: BatchPart): Promise<Buffer[]> {
  const { batchParts } = deps.store;
  const written: Buffer[] = [];
  for (let after = 0; ; ) {
    const lines = await batchParts.lines(part, { after, limit: LINES_AT_ONCE });
    const refused: number[] = [];
    for (const line of lines) {
      const bytes = await writeLine(deps, batch, { part, line });
      if (bytes) written.push(bytes);
      else refused.push(line.line);
    }
    await batchParts.queue(batch.id, refused);
    const last = lines.at(-1);
    if (!last) return written;
    after = last.line;
  }
}

async function writeLine(
  { lines }: PartDeps,
  { keyId, id: batchId, endpoint: path }: Batch,
  { part, line }: { part: BatchPart; line: PartLine },
): Promise<Buffer | null> {
  try {
    const call = { keyId, batchId, path, body: Buffer.from(line.body) };
    return await lines.write(call, part.deployment, idOf(part, line.line));
  } catch (error) {
    if (error instanceof TrimtabError) return null;
    throw error;
  }
}

/**
 * The batch of a part that was being sent when the process died, or when the wire did: by our mark where the vendor keeps
 * one; else the newest of as many lines, made since, that is no other part's. Whether it is ours shows in its results.
 * `null`: it is not there.
 */
export async function findSent(
  deps: PartDeps,
  part: BatchPart,
  { api, ask }: VendorLink,
): Promise<VendorBatch | null> {
  const since = (part.sentAt ?? part.createdAt) - CLOCK_SLACK_MS;
  let after: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = api.readList(await ask(api.list(after)));
    if (page.kind === 'failure') throw toUnsure(page.error);
    const recent = page.batches.filter(({ createdAt }) => createdAt >= since);
    const fitting = recent.filter((batch) =>
      api.keepsMark
        ? batch.mark === part.id
        : batch.total === part.lines && !part.passedOver.includes(batch.id),
    );
    const claimed = new Set(await deps.store.batchParts.claimed(fitting.map(({ id }) => id)));
    const found = fitting.find(({ id }) => !claimed.has(id));
    if (found) return found;
    if (page.after === null || recent.length < page.batches.length) return null;
    after = page.after;
  }
  return null;
}

/** Whatever keeps us from looking, it passes: what may be there is not sent twice. */
function toUnsure(error: TrimtabError): TrimtabError {
  return new TrimtabError('upstream_error', `Its batches could not be listed: ${error.message}`, {
    cause: error,
  });
}
