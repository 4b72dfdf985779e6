import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import type { Dimension } from '../../store/store.ts';
import { costsAnswer } from '../answers.ts';
import type { CostsAnswer } from '../api-types.ts';
import { totalFigures } from '../figures.ts';
import { defineRoute, type Route } from '../route.ts';
import { DAY_MS, limitQuery, readWindow, windowQuery } from '../window.ts';

const DIMENSIONS: readonly Dimension[] = ['task', 'user', 'deployment', 'key'];
const MAX_ROWS = 1000;

const costsQuery = z.strictObject({
  ...windowQuery,
  by: z.string().max(100).optional().describe('Comma-separated: task, user, deployment, key. Default: task.'),
  limit: limitQuery(100, MAX_ROWS),
});

export const costRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/costs',
    summary: 'Spend by task, user, deployment or key over a window (default: the last week)',
    query: costsQuery,
    answer: { status: 200, schema: costsAnswer },
    async handle({ query }, deps): Promise<CostsAnswer> {
      const by = readDimensions(query.by ?? 'task');
      const window = await readWindow(query, deps, 7 * DAY_MS);
      const { rollups } = deps.store;
      const [rows, total, deployments] = await Promise.all([
        rollups.group(window, by, query.limit),
        totalFigures(rollups, window),
        rollups.group(window, ['deployment'], MAX_ROWS),
      ]);
      const unpriced = deployments.filter((row) => row.unpriced > 0);
      return {
        ...window,
        by,
        rows,
        total,
        unpricedDeployments: unpriced.flatMap(({ deployment }) => deployment ?? []).sort(),
      };
    },
  }),
];

function readDimensions(text: string): Dimension[] {
  const names = [...new Set(text.split(',').map((part) => part.trim()))];
  for (const dimension of names) {
    if (!DIMENSIONS.includes(dimension as Dimension)) {
      throw new TrimtabError(
        'invalid_request',
        `query.by: \`${dimension}\` is not one of ${DIMENSIONS.join(', ')}`,
        {
          field: 'query.by',
        },
      );
    }
  }
  return names as Dimension[];
}
