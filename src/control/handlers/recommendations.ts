import { z } from 'zod';
import { nextStatesOf } from '../../advisor/recommendation/lifecycle.ts';
import { calibrate } from '../../advisor/recommendation/realised.ts';
import {
  RECOMMENDATION_STATES,
  type Recommendation,
  type RecommendationState,
} from '../../core/recommendation.ts';
import { act, findRecommendation } from '../advice/acts.ts';
import { calibrationAnswer, recommendationAnswer, recommendationsAnswer } from '../advice-answers.ts';
import type { CalibrationAnswer, RecommendationAnswer, RecommendationsAnswer } from '../api-types.ts';
import { defineRoute, pathId, type Route } from '../route.ts';

const by = z.string().min(1).max(200).default('the API').describe('Who decides.');
const note = z.string().min(1).max(2_000).describe('Why, in words; kept in the history.');

/** What a person may do, and the state that follows. */
const ACTS: { name: string; to: RecommendationState; summary: string; needsReason?: true }[] = [
  { name: 'accept', to: 'accepted', summary: 'Accept a recommendation: it is to be proved' },
  { name: 'reject', to: 'rejected', summary: 'Reject a recommendation, with the reason', needsReason: true },
  { name: 'prove', to: 'proving', summary: 'Say that the proof of a recommendation has begun' },
  {
    name: 'adopt',
    to: 'adopted',
    summary: 'Say that a recommendation is in force: from now on it is measured',
  },
  { name: 'reopen', to: 'proposed', summary: 'Propose a rejected recommendation again' },
];

export const recommendationRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/recommendations',
    summary: 'Recommendations, newest first, with their history and evidence',
    query: z.strictObject({
      task: z.string().min(1).max(200).optional(),
      state: z.enum(RECOMMENDATION_STATES as [RecommendationState, ...RecommendationState[]]).optional(),
    }),
    answer: { status: 200, schema: recommendationsAnswer },
    async handle({ query: { task, state } }, { store }): Promise<RecommendationsAnswer> {
      const all = await store.advice.recommendations(task);
      const found = all.filter((one) => state === undefined || one.state === state);
      return { recommendations: found.reverse().map(toAnswer) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/recommendations/calibration',
    summary: 'How often the measured effect of adopted recommendations fell inside the predicted interval',
    answer: { status: 200, schema: calibrationAnswer },
    async handle(_input, { store }): Promise<CalibrationAnswer> {
      const all = await store.advice.recommendations();
      return {
        ...calibrate(all.map(({ realised }) => realised)),
        waiting: all.filter(({ state, realised }) => state === 'adopted' && realised === null).length,
        effects: all.flatMap(({ id, task, target, title, adoptedAt, predictedUsdPerMonth, realised }) =>
          realised ? [{ id, task, target, title, adoptedAt, predictedUsdPerMonth, realised }] : [],
        ),
      };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/recommendations/:id',
    summary: 'One recommendation: evidence, prediction, history, and what was measured since it was adopted',
    params: pathId,
    answer: { status: 200, schema: recommendationAnswer },
    handle: async ({ params }, deps): Promise<RecommendationAnswer> =>
      toAnswer(await findRecommendation(deps, params.id)),
  }),
  ...ACTS.map(({ name, to, summary, needsReason }) =>
    defineRoute({
      method: 'POST',
      path: `/api/v1/recommendations/:id/${name}`,
      summary,
      params: pathId,
      body: z.strictObject({ by, note: needsReason ? note : note.optional() }),
      answer: { status: 200, schema: recommendationAnswer },
      handle: async ({ params, body }, deps): Promise<RecommendationAnswer> =>
        toAnswer(await act(deps, params.id, { to, by: body.by, note: body.note ?? null })),
    }),
  ),
];

function toAnswer(recommendation: Recommendation): RecommendationAnswer {
  return { ...recommendation, next: [...nextStatesOf(recommendation)] };
}
