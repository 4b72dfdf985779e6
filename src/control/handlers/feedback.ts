import { z } from 'zod';
import { feedbackAnswer } from '../answers.ts';
import type { FeedbackAnswer } from '../api-types.ts';
import { defineRoute, type Route } from '../route.ts';
import { limitQuery, readMoment, windowQuery } from '../window.ts';

const feedbackQuery = z.strictObject({
  task: z.string().min(1).max(500).optional(),
  since: windowQuery.since,
  limit: limitQuery(50, 500),
  before: z.string().min(1).max(200).optional().describe('The `next` of the page above.'),
});

export const feedbackRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/feedback',
    summary: 'Feedback, newest first, with the task of the call it scores',
    query: feedbackQuery,
    answer: { status: 200, schema: feedbackAnswer },
    async handle({ query }, { store, clock }): Promise<FeedbackAnswer> {
      const { task, since, limit, before } = query;
      const feedback = await store.feedback.list({
        limit,
        ...(task === undefined ? {} : { task }),
        ...(since === undefined ? {} : { since: readMoment(since, clock.now(), 'query.since') }),
        ...(before === undefined ? {} : { before }),
      });
      return { feedback, next: feedback.length === limit ? (feedback.at(-1)?.id ?? null) : null };
    },
  }),
];
