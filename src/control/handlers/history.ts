import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import type { HistoryRow } from '../../core/history-row.ts';
import type { Store } from '../../store/store.ts';
import { historyAdded, historyAnswer } from '../answers.ts';
import type { HistoryAdded, HistoryAnswer } from '../api-types.ts';
import { defineRoute, pathId, type Route } from '../route.ts';

const MAX_ROWS = 1_000;

const name = z.string().min(1).max(500);
const nameOrNull = z.string().max(500).nullable();
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const ms = z.number().min(0).max(86_400_000);

const historyRow: z.ZodType<HistoryRow> = z.strictObject({
  id: z.string().regex(/^hist_[\w-]{10,40}$/, 'is not the id of a row'),
  at: count,
  spanMs: count,
  calls: count.nullable(),
  task: name,
  provider: nameOrNull,
  model: nameOrNull,
  user: nameOrNull,
  inputTokens: count.nullable(),
  outputTokens: count.nullable(),
  cacheReadTokens: count.nullable(),
  cacheWriteTokens: count.nullable(),
  durationMs: ms.nullable(),
  ttftMs: ms.nullable(),
  failed: z.boolean(),
  error: nameOrNull,
  costNanoUsd: count.nullable(),
  costSource: z.enum(['export', 'bill', 'table']).nullable(),
});

const importId = z.string().regex(/^imp_[0-9a-z]{26}$/, 'is not the id of an import');

export const historyRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/history',
    summary: 'Imported usage of other tools: files, and tasks with rows',
    answer: { status: 200, schema: historyAnswer },
    async handle(_input, { store }): Promise<HistoryAnswer> {
      return readHistory(store);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/history/rows',
    summary:
      'Add rows of an import. A row that is there is left alone; a sum takes the place of an earlier one',
    body: z.strictObject({ importId, rows: z.array(historyRow).min(1).max(MAX_ROWS) }),
    answer: { status: 200, schema: historyAdded },
    handle: ({ body }, { store }): Promise<HistoryAdded> => store.history.add(body.importId, body.rows),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/history/imports',
    summary: 'Note a finished import',
    body: z.strictObject({ id: importId, file: name, format: name, rows: count, badRows: count }),
    answer: { status: 201, schema: historyAnswer },
    async handle({ body }, { store, clock }): Promise<HistoryAnswer> {
      await store.history.finish({ ...body, at: clock.now() });
      return readHistory(store);
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/history/imports/:id',
    summary: 'Delete an import and its rows',
    params: pathId,
    answer: { status: 200, schema: historyAnswer },
    async handle({ params }, { store }): Promise<HistoryAnswer> {
      if (!(await store.history.remove(params.id))) {
        throw new TrimtabError('not_found', `no import has the id \`${params.id}\``, { field: 'id' });
      }
      return readHistory(store);
    },
  }),
];

async function readHistory({ history }: Store): Promise<HistoryAnswer> {
  const [imports, tasks] = await Promise.all([history.imports(), history.tasks()]);
  return { imports, tasks };
}
