/** Batches of a seeded store: one done, one with failed lines, one that a vendor is at. None has a job, so none moves. */
import { createIdMaker } from '../../../src/core/id.ts';
import type { Store } from '../../../src/store/store.ts';

const MINUTE = 60_000;

interface Seeded {
  ageMs: number;
  lines: number;
  good: number;
  bad: number;
  isDone: boolean;
}

const SEEDS: readonly Seeded[] = [
  { ageMs: 300 * MINUTE, lines: 120, good: 120, bad: 0, isDone: true },
  { ageMs: 90 * MINUTE, lines: 40, good: 36, bad: 4, isDone: true },
  { ageMs: 12 * MINUTE, lines: 200, good: 30, bad: 1, isDone: false },
];

export async function seedBatches(
  store: Pick<Store, 'batches' | 'batchParts'>,
  until: number,
): Promise<void> {
  for (const seed of SEEDS) await seedBatch(store, until - seed.ageMs, seed);
}

async function seedBatch(
  { batches, batchParts }: Pick<Store, 'batches' | 'batchParts'>,
  createdAt: number,
  { lines, good, bad, isDone }: Seeded,
): Promise<void> {
  const makeId = createIdMaker(() => createdAt);
  const id = makeId('batch');
  const body = '{"model":"contract-summary"}';
  await batches.add({
    id,
    keyId: 'key_seed',
    jobId: makeId('job'),
    endpoint: '/v1/chat/completions',
    completionWindow: '24h',
    inputFileId: makeId('file'),
    metadata: null,
    createdAt,
    expiresAt: createdAt + 1_440 * MINUTE,
  });
  const all = Array.from({ length: lines }, (_, i) => ({ line: i + 1, customId: `line-${i + 1}`, body }));
  await batches.addLines(id, all);
  await batches.change(id, ['validating'], { status: 'in_progress', total: lines, inProgressAt: createdAt });
  await batches.answer(
    id,
    all.slice(0, good + bad).map(({ line }) => ({
      line,
      status: line <= good ? 200 : 400,
      answer: '{}',
      callId: null,
      error: null,
    })),
  );
  if (isDone) {
    await batches.change(id, ['in_progress'], { status: 'completed', endedAt: createdAt + 9 * MINUTE });
    await batches.dropLines(id);
    return;
  }
  const part = makeId('part');
  const away = all.slice(good + bad, good + bad + 150).map(({ line }) => ({ line, callId: makeId('call') }));
  const place = { deployment: 'claude-sonnet', dataClass: 'internal', endpoint: '/v1/messages' } as const;
  await batchParts.add({ id: part, batchId: id, ...place, createdAt }, away);
  await batchParts.change(part, {
    state: 'working',
    vendorId: 'msgbatch_013Zva2CMHLNnXjNJJKqJ2EF',
    vendorStatus: 'in_progress',
    completed: 64,
    sentAt: createdAt,
  });
}
