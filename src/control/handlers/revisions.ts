import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import { diffStacks } from '../../stack/diff.ts';
import type { Revision } from '../../stack/stack.ts';
import { revisionAnswer, revisionApplied, revisionDiff, revisionsAnswer } from '../answers.ts';
import type { RevisionApplied, RevisionDiff, RevisionsAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, idParam, pathId, type Route } from '../route.ts';

const HISTORY_ROWS = 200;

const stackBody = z.strictObject({
  stack: z.record(z.string(), z.unknown()).describe('A whole config, as a config file has it.'),
});

export const revisionRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/revisions',
    summary: 'Which revisions served, when and why; newest first',
    answer: { status: 200, schema: revisionsAnswer },
    async handle(_input, { store, revisions }): Promise<RevisionsAnswer> {
      return { active: revisions.active().id, history: await store.revisions.history(HISTORY_ROWS) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/revisions/:id',
    summary: 'One revision with its whole stack; secrets stand by reference only',
    params: pathId,
    answer: { status: 200, schema: revisionAnswer },
    handle: ({ params }, deps): Promise<Revision> => findRevision(params.id, deps),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/revisions',
    summary: 'Apply a whole stack (only when it does not come from a file)',
    body: stackBody,
    answer: { status: 201, schema: revisionApplied },
    async handle({ body }, { revisions }): Promise<RevisionApplied> {
      return { revision: await revisions.apply(body.stack) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/revisions/:a/diff/:b',
    summary: 'What changed between two revisions, leaf by leaf',
    params: z.strictObject({ a: idParam, b: idParam }),
    answer: { status: 200, schema: revisionDiff },
    async handle({ params }, deps): Promise<RevisionDiff> {
      const [a, b] = await Promise.all([findRevision(params.a, deps), findRevision(params.b, deps)]);
      return { from: a.id, to: b.id, changes: diffStacks(a.stack, b.stack) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/revisions/:id/rollback',
    summary: 'Serve by an earlier revision again, at once, whatever the stack comes from',
    params: pathId,
    answer: { status: 200, schema: revisionApplied },
    async handle({ params }, { revisions }): Promise<RevisionApplied> {
      return { revision: await revisions.rollBack(params.id) };
    },
  }),
];

async function findRevision(id: string, { store }: ControlDeps): Promise<Revision> {
  const revision = await store.revisions.get(id);
  if (!revision) throw new TrimtabError('not_found', `no revision has the id \`${id}\``, { field: 'id' });
  return revision;
}
