import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import type { CallFilter } from '../../store/store.ts';
import { callAnswer, callsAnswer } from '../answers.ts';
import type { CallAnswer, CallsAnswer } from '../api-types.ts';
import { defineRoute, pathId, type Route } from '../route.ts';
import { flagQuery, limitQuery, readMoment, windowQuery } from '../window.ts';

const name = z.string().min(1).max(500).optional();

const callsQuery = z.strictObject({
  since: windowQuery.since,
  until: windowQuery.until,
  task: name,
  user: name,
  deployment: name,
  key: name,
  outcome: z.enum(['ok', 'error', 'client_left', 'refused']).optional(),
  sandbox: flagQuery,
  minDurationMs: z
    .string()
    .regex(/^\d{1,9}$/, 'must be whole milliseconds')
    .transform(Number)
    .optional(),
  unpriced: flagQuery,
  search: name.describe('Prefix of a call id, or a whole id, task, user or deployment.'),
  limit: limitQuery(50, 500),
  before: name.describe('The `next` of the page above.'),
  after: name.describe('Only calls newer than this id.'),
});

export const callRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/calls',
    summary: 'Calls, newest first, filtered and paged',
    query: callsQuery,
    answer: { status: 200, schema: callsAnswer },
    async handle({ query }, { store, clock }): Promise<CallsAnswer> {
      const { since, until, limit, before, after, ...rest } = query;
      const now = clock.now();
      const filter = present({
        ...rest,
        since: since === undefined ? undefined : readMoment(since, now, 'query.since'),
        until: until === undefined ? undefined : readMoment(until, now, 'query.until'),
      }) as CallFilter;
      const calls = await store.calls.list(filter, { limit, ...present({ before, after }) });
      return { calls, next: calls.length === limit ? (calls.at(-1)?.id ?? null) : null };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/calls/live',
    summary: 'New calls as they arrive: server-sent events, each `data` one CallSummary',
    answer: { status: 200, schema: null, contentType: 'text/event-stream' },
    async handle({ request }, { live }) {
      return live.stream(request.signal);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/calls/:id',
    summary: 'One call with its stages, attempts, feedback and, where captured, its payload',
    params: pathId,
    answer: { status: 200, schema: callAnswer },
    async handle({ params }, { store, revisions }): Promise<CallAnswer> {
      const call = await store.calls.get(params.id);
      if (!call) throw new TrimtabError('not_found', `no call has the id \`${params.id}\``, { field: 'id' });
      return { ...call, revisionActive: call.revision === revisions.active().id };
    },
  }),
];

/** The members that are not `undefined`. */
function present<T extends Record<string, unknown>>(
  members: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
