import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import type { Batch } from '../../store/batches.ts';
import { batchAnswer, batchesAnswer } from '../answers.ts';
import type { BatchAnswer, BatchesAnswer } from '../api-types.ts';
import { cancelBatch, createBatch, ENDPOINTS } from '../batches/create.ts';
import { keepInput } from '../batches/upload.ts';
import { viewBatch, viewBatches } from '../batches/views.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, idParam, pathId, type Route } from '../route.ts';
import { limitQuery } from '../window.ts';

const batchBody = z.strictObject({
  key: idParam.describe('Id of the virtual key whose batch it is: its scopes hold for every line.'),
  filename: z.string().min(1).max(255),
  content: z
    .string()
    .min(1)
    .describe('JSONL, one request per line; the body is at most `gateway.maxBodyBytes`.'),
  endpoint: z.enum(ENDPOINTS),
  completionWindow: z.string().max(10).default('24h').describe('`1h` to `7d`.'),
});

export const batchRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/batches',
    summary: 'Batches of every virtual key, newest first',
    query: z.strictObject({
      key: idParam.optional().describe('Id of a virtual key.'),
      limit: limitQuery(50, 500),
      before: idParam.optional().describe('The `next` of the page above.'),
    }),
    answer: { status: 200, schema: batchesAnswer },
    async handle({ query: { key, limit, before } }, { store }): Promise<BatchesAnswer> {
      const page = {
        ...(key !== undefined && { keyId: key }),
        ...(before !== undefined && { after: before }),
      };
      const found = await store.batches.list({ ...page, limit: limit + 1 });
      const batches = found.slice(0, limit);
      return {
        batches: await viewBatches(store, batches),
        next: found.length > limit ? (batches.at(-1)?.id ?? null) : null,
      };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/batches/:id',
    summary: 'One batch',
    params: pathId,
    answer: { status: 200, schema: batchAnswer },
    handle: async ({ params }, deps): Promise<BatchAnswer> =>
      viewBatch(deps.store, await findBatch(deps, params.id)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/batches',
    summary: 'Keep a file of requests and make a batch of it, for a virtual key',
    body: batchBody,
    answer: { status: 201, schema: batchAnswer },
    async handle({ body }, deps): Promise<BatchAnswer> {
      const { key, filename, content, endpoint, completionWindow } = body;
      await requireKey(deps, key);
      const file = await keepInput(deps, { keyId: key, filename, content: Buffer.from(content) });
      try {
        const asked = { input_file_id: file.id, endpoint, completion_window: completionWindow };
        return await viewBatch(deps.store, await createBatch(deps, key, asked));
      } catch (error) {
        await deps.store.files.remove(file.id);
        throw error;
      }
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/batches/:id/cancel',
    summary: 'Begin no more lines of a batch; calls under way are answered and kept',
    params: pathId,
    answer: { status: 200, schema: batchAnswer },
    handle: async ({ params }, deps): Promise<BatchAnswer> =>
      viewBatch(deps.store, await cancelBatch(deps, await findBatch(deps, params.id))),
  }),
];

async function findBatch({ store }: ControlDeps, id: string): Promise<Batch> {
  const batch = await store.batches.get(id);
  if (batch) return batch;
  throw new TrimtabError('not_found', `no batch has the id \`${id}\``, { field: 'id' });
}

/** A key that may not call would have every line refused: said before anything is kept. */
async function requireKey({ store, clock }: ControlDeps, id: string): Promise<void> {
  const key = (await store.keys.list()).find((each) => each.id === id);
  const now = clock.now();
  if (key && !key.disabled && (key.expiresAt === null || key.expiresAt > now)) return;
  throw new TrimtabError('invalid_request', `key: no usable key has the id \`${id}\``, { field: 'key' });
}
