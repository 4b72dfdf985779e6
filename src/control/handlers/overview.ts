import { z } from 'zod';
import { UNTASKED } from '../../core/call-record.ts';
import { overviewAnswer } from '../answers.ts';
import type { OverviewAnswer } from '../api-types.ts';
import { groupWithLatency, TOP_ROWS, totalFigures, totalLatency } from '../figures.ts';
import { defineRoute, type Route } from '../route.ts';
import { bucketFor, DAY_MS, readWindow, windowBefore, windowQuery } from '../window.ts';

export const overviewRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/overview',
    summary:
      'Spend, calls, errors and latency over a window (default: the last day), and where they come from',
    query: z.strictObject(windowQuery),
    answer: { status: 200, schema: overviewAnswer },
    async handle({ query }, deps): Promise<OverviewAnswer> {
      const window = await readWindow(query, deps, DAY_MS);
      const { rollups } = deps.store;
      const bucketMs = bucketFor(window);
      const [figures, latency, previous, series, tasks, users, deployments, userCount, untasked] =
        await Promise.all([
          totalFigures(rollups, window),
          totalLatency(rollups, window),
          totalFigures(rollups, windowBefore(window)),
          rollups.series(window, bucketMs),
          groupWithLatency(rollups, window, { by: 'task', limit: TOP_ROWS }),
          rollups.group(window, ['user'], TOP_ROWS),
          groupWithLatency(rollups, window, { by: 'deployment', limit: TOP_ROWS }),
          rollups.users(window),
          rollups.group({ ...window, task: UNTASKED }, ['deployment'], TOP_ROWS),
        ]);
      return {
        ...window,
        bucketMs,
        totals: { ...figures, ...latency },
        previous,
        series,
        tasks,
        users,
        deployments,
        userCount,
        untasked: untasked.sort((a, b) => b.calls - a.calls),
      };
    },
  }),
];
