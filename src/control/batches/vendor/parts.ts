/**
 * Lines of batches that go through vendors' own batch APIs. What a part is at stands in its row before anything is sent
 * for it, so that a process that dies leaves the next one to go on: a part that may have reached its vendor is looked for
 * there before it is sent again.
 */
import { TrimtabError } from '../../../core/error.ts';
import type { VendorLink } from '../../../gateway/batch/vendor-lines.ts';
import type { BatchPart } from '../../../store/batch-parts.ts';
import type { Batch } from '../../../store/batches.ts';
import type { PartDeps } from './part-deps.ts';
import { placeLines } from './place.ts';
import { readResults } from './results.ts';
import { findSent, send } from './send.ts';

const FIRST_POLL_MS = 1_000;
const LAST_POLL_MS = 60_000;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 300_000;
/** Tries of a part that its vendor surely does not have, about three minutes, before the queue takes its lines. */
const MAX_TRIES = 6;
/** How long after its end a batch waits for vendors to stop, and for what they had done by then. */
const GRACE_MS = 3_600_000;

/** Chooses a way for every line that has none yet. */
export async function place(deps: PartDeps, batch: Batch, signal: AbortSignal): Promise<void> {
  await placeLines(deps, batch, signal);
}

/** Does what is due for the parts of a batch; returns when something is next, `null`: they have all ended. */
export async function step(deps: PartDeps, batch: Batch): Promise<number | null> {
  return each(deps, batch, (part) => advance(deps, batch, part));
}

/**
 * The batch is over, expired or cancelled: has vendors stop, and reads what they had done. Returns when to look again;
 * `null`: all parts have ended, and lines without an answer will get none.
 */
export async function windDown(deps: PartDeps, batch: Batch): Promise<number | null> {
  const from = batch.cancellingAt ?? batch.expiresAt;
  return each(deps, batch, (part) => stop(deps, part, from + GRACE_MS));
}

async function each(
  { store, clock, isStopping }: PartDeps,
  batch: Batch,
  work: (part: BatchPart) => Promise<void>,
): Promise<number | null> {
  for (const part of await store.batchParts.list([batch.id])) {
    if (isStopping()) throw new Error('stopped');
    if (part.state !== 'ended' && part.dueAt <= clock.now()) await work(part);
  }
  const live = (await store.batchParts.list([batch.id])).filter(({ state }) => state !== 'ended');
  return live.length === 0 ? null : Math.min(...live.map(({ dueAt }) => dueAt));
}

async function advance(deps: PartDeps, batch: Batch, part: BatchPart): Promise<void> {
  const link = linkOf(deps, part);
  if (link instanceof TrimtabError) return leave(deps, part, link.message);
  try {
    if (part.state === 'working') await poll(deps, part, link);
    else await begin(deps, batch, { part, link });
  } catch (error) {
    if (!isVendors(error)) throw error;
    await retry(deps, part, error);
  }
}

/** Sends a part, unless its vendor has it already. */
async function begin(
  deps: PartDeps,
  batch: Batch,
  { part, link }: { part: BatchPart; link: VendorLink },
): Promise<void> {
  const found = part.state === 'sending' ? await findSent(deps, part, link) : null;
  if (!found && part.tries >= MAX_TRIES) return leave(deps, part, part.note ?? 'its vendor took no batch');
  const sent = found ?? (await send(deps, batch, { part, link }));
  if (sent.kind === 'batch') {
    const { id: vendorId, status: vendorStatus } = sent;
    const dueAt = deps.clock.now() + FIRST_POLL_MS;
    await deps.store.batchParts.change(part.id, {
      state: 'working',
      vendorId,
      vendorStatus,
      tries: 0,
      note: null,
      dueAt,
    });
  } else if (sent.kind === 'nothing') {
    await end(deps, part, null);
  } else if (sent.isFinal) {
    await leave(deps, part, sent.error.message);
  } else {
    // Surely not there: the next try need not look for it.
    await deps.store.batchParts.change(part.id, { state: 'new' });
    await retry(deps, part, sent.error);
  }
}

async function poll(deps: PartDeps, part: BatchPart, link: VendorLink): Promise<void> {
  const { batchParts } = deps.store;
  const found = link.api.readBatch(await link.ask(link.api.get(part.vendorId ?? '')));
  if (found.kind === 'failure') {
    if (found.error.code === 'upstream_rejected') return leave(deps, part, found.error.message);
    return retry(deps, part, found.error);
  }
  const { status: vendorStatus, completed, failed } = found;
  if (found.state === 'working') {
    const ageMs = deps.clock.now() - (part.sentAt ?? part.createdAt);
    const dueAt = deps.clock.now() + Math.min(LAST_POLL_MS, Math.max(FIRST_POLL_MS, ageMs / 4));
    return batchParts.change(part.id, {
      vendorStatus,
      completed,
      failed,
      tries: 0,
      note: null,
      dueAt: Math.ceil(dueAt),
    });
  }
  await batchParts.change(part.id, { vendorStatus, completed, failed });
  const read = await readResults(deps, part, { link, found });
  if (read === 'foreign') {
    const passedOver = [...part.passedOver, found.id];
    return batchParts.change(part.id, {
      state: 'sending',
      vendorId: null,
      passedOver,
      dueAt: deps.clock.now(),
    });
  }
  const left = await batchParts.release(part);
  await batchParts.change(part.id, { completed, failed });
  await end(
    deps,
    part,
    left === 0 ? null : `${left} lines the vendor did not answer (${vendorStatus}) were queued`,
  );
  await tidy(deps, link, link.api.remove(found));
}

async function stop(deps: PartDeps, part: BatchPart, until: number): Promise<void> {
  const link = linkOf(deps, part);
  if (part.state === 'new') return end(deps, part, null);
  if (link instanceof TrimtabError) return end(deps, part, link.message);
  if (deps.clock.now() >= until)
    return end(deps, part, 'the vendor had not stopped an hour after the batch was over');
  try {
    await stopAt(deps, part, link);
  } catch (error) {
    if (!isVendors(error)) throw error;
    await retry(deps, part, error);
  }
}

async function stopAt(deps: PartDeps, part: BatchPart, link: VendorLink): Promise<void> {
  const { batchParts } = deps.store;
  const { api } = link;
  if (part.state === 'sending') {
    const sent = await findSent(deps, part, link);
    if (!sent) return end(deps, part, null);
    return batchParts.change(part.id, { state: 'working', vendorId: sent.id, dueAt: deps.clock.now() });
  }
  const id = part.vendorId ?? '';
  const found = api.readBatch(await link.ask(api.get(id)));
  if (found.kind === 'failure') {
    if (found.error.code === 'upstream_rejected') return end(deps, part, found.error.message);
    return retry(deps, part, found.error);
  }
  if (found.state === 'working') {
    // Asked once: from then on its status says so.
    if (!/^cancell?ing$/.test(found.status)) await link.ask(api.cancel(id));
    const dueAt = deps.clock.now() + FIRST_RETRY_MS;
    return batchParts.change(part.id, { vendorStatus: found.status, tries: 0, dueAt });
  }
  const { status: vendorStatus, completed, failed } = found;
  await batchParts.change(part.id, { vendorStatus, completed, failed });
  if ((await readResults(deps, part, { link, found })) !== 'foreign')
    await tidy(deps, link, api.remove(found));
  await batchParts.change(part.id, { completed, failed });
  await end(deps, part, null);
}

function linkOf({ lines }: PartDeps, part: BatchPart): VendorLink | TrimtabError {
  try {
    return lines.link(part.deployment, part.dataClass);
  } catch (error) {
    if (error instanceof TrimtabError) return error;
    throw error;
  }
}

/** The queue takes what has no answer. */
async function leave(deps: PartDeps, part: BatchPart, why: string): Promise<void> {
  const left = await deps.store.batchParts.release(part);
  await end(deps, part, `${left} lines were queued: ${why}`);
}

async function end({ store, clock }: PartDeps, part: BatchPart, note: string | null): Promise<void> {
  const change = { state: 'ended', endedAt: clock.now() } as const;
  await store.batchParts.change(part.id, note === null ? change : { ...change, note });
}

async function retry({ store, clock }: PartDeps, part: BatchPart, error: TrimtabError): Promise<void> {
  const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(part.tries, 10));
  const dueAt = clock.now() + Math.max(waitMs, (error.retryAfterSeconds ?? 0) * 1000);
  await store.batchParts.change(part.id, { tries: part.tries + 1, dueAt, note: error.message });
}

/** What lies at the vendor is of no more use here; a vendor that keeps it does no harm to the batch. */
async function tidy(
  { logger }: PartDeps,
  link: VendorLink,
  requests: Parameters<VendorLink['ask']>[0][],
): Promise<void> {
  for (const request of requests) {
    try {
      const { status } = await link.ask(request);
      if (status >= 300) logger.warn({ status }, 'a vendor did not delete a file of a batch');
    } catch (error) {
      if (!isVendors(error)) throw error;
      logger.warn({ error: error.message }, 'a vendor did not delete a file of a batch');
    }
  }
}

/** Trouble of the wire or the vendor, which passes; everything else is ours. */
function isVendors(error: unknown): error is TrimtabError {
  return error instanceof TrimtabError && /^(upstream|timeout)_/.test(error.code);
}
