import { z } from 'zod';
import type { LoadTest } from '../../capacity/load-test/load-test.ts';
import { TrimtabError } from '../../core/error.ts';
import type { StoredLoadTest } from '../../store/load-test-store.ts';
import type { LoadTestAnswer, LoadTestExpected, LoadTestsAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { loadTestAnswer, loadTestExpected, loadTestsAnswer } from '../load-test-answers.ts';
import { createLoadTest, expectLoadTest, loadTestBody } from '../load-tests/create.ts';
import { defineRoute, idParam, pathId, type Route } from '../route.ts';
import { limitQuery } from '../window.ts';

const LIST_MOST = 200;

export const loadTestRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/load-tests',
    summary: 'Load tests of deployments, newest first',
    query: z.strictObject({
      deployment: idParam.optional(),
      limit: limitQuery(50, LIST_MOST),
      before: idParam.optional().describe('The `next` of the page above.'),
    }),
    answer: { status: 200, schema: loadTestsAnswer },
    async handle({ query: { deployment, limit, before } }, { store }): Promise<LoadTestsAnswer> {
      const filter = {
        ...(deployment !== undefined && { deployment }),
        ...(before !== undefined && { before }),
      };
      const found = await store.loadTests.list({ ...filter, limit: limit + 1 });
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { loadTests: page.map(({ body }) => body as LoadTest), next };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/load-tests/:id',
    summary: 'One load test, with what it has measured so far',
    params: pathId,
    answer: { status: 200, schema: loadTestAnswer },
    handle: async ({ params }, deps): Promise<LoadTestAnswer> =>
      withProgress(deps, await find(deps, params.id)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/load-tests/expected',
    summary: 'What a load test would send and cost at most; nothing is begun',
    body: loadTestBody,
    answer: { status: 200, schema: loadTestExpected },
    handle: ({ body }, deps): Promise<LoadTestExpected> => expectLoadTest(deps, body),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/load-tests',
    summary: 'Load-test a deployment. Costs money where the deployment has a price',
    body: loadTestBody,
    answer: { status: 201, schema: loadTestAnswer },
    async handle({ body }, deps): Promise<LoadTestAnswer> {
      const test = await createLoadTest(deps, body);
      return { ...test, progress: { done: 0, total: body.maxCalls } };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/load-tests/:id/cancel',
    summary: 'Begin no more calls of a load test; what was measured is kept',
    params: pathId,
    answer: { status: 200, schema: loadTestAnswer },
    async handle({ params }, deps): Promise<LoadTestAnswer> {
      const stored = await find(deps, params.id);
      await deps.jobs.cancel(stored.jobId);
      return withProgress(deps, await find(deps, params.id));
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/load-tests/:id',
    summary: 'Delete a load test that has ended, with what it measured',
    params: pathId,
    answer: { status: 200, schema: loadTestAnswer },
    async handle({ params }, deps): Promise<LoadTestAnswer> {
      const test = await withProgress(deps, await find(deps, params.id));
      if (test.endedAt === null) {
        throw new TrimtabError('invalid_request', 'id: the load test runs: cancel it first', { field: 'id' });
      }
      await deps.store.loadTests.remove(test.id);
      return test;
    },
  }),
];

async function find({ store }: ControlDeps, id: string): Promise<StoredLoadTest> {
  const test = await store.loadTests.get(id);
  if (test) return test;
  throw new TrimtabError('not_found', `no load test has the id \`${id}\``, { field: 'id' });
}

async function withProgress({ store }: ControlDeps, stored: StoredLoadTest): Promise<LoadTestAnswer> {
  const test = stored.body as LoadTest;
  const job = test.endedAt === null ? await store.jobs.get(stored.jobId) : undefined;
  return { ...test, progress: job?.progress ?? null };
}
