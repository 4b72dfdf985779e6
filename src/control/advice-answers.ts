/** What the endpoints of the advisor answer, as `answers.ts` does for the rest. */
import { z } from 'zod';
import type { Advice } from '../advisor/advice.ts';
import type { TaskEvidence } from '../advisor/evidence.ts';
import { TARGET_IDS, type TargetId } from '../advisor/options.ts';
import { FACT_IDS, type FactId } from '../advisor/profile/fields/index.ts';
import { RECOMMENDATION_STATES, type RecommendationState } from '../core/recommendation.ts';
import { configOf, count, nullable, text, time } from './answers.ts';
import type * as api from './api-types.ts';

/** Figures of the advisor in their own shape; its module documents them. */
export const evidenceAnswer: z.ZodType<api.EvidenceAnswer> = z.strictObject({
  evidence: configOf<TaskEvidence>('What was measured of a task').nullable(),
});

const profile = z.strictObject({ at: time, by: text }).nullable();
const stale = z.array(text).describe('Why it is no longer up to date; empty: it is.');

export const adviceAnswer: z.ZodType<api.AdviceAnswer> = z.strictObject({
  advice: configOf<Advice>('The advice'),
  profile,
  evidenceCalls: count,
  at: time,
  stale,
});

export const adviceListAnswer: z.ZodType<api.AdviceListAnswer> = z.strictObject({
  tasks: z.array(
    z.strictObject({
      task: text,
      profile,
      evidenceCalls: count,
      finding: text,
      base: nullable.text,
      phase: text,
      next: nullable.text,
      at: time,
      stale,
    }),
  ),
  waiting: z.array(text),
});

export const adviceRequested: z.ZodType<api.AdviceRequested> = z.strictObject({ jobId: text });

const interval = z
  .strictObject({ low: z.number(), mid: z.number(), high: z.number() })
  .describe('80 % interval and its middle.');
const state = z.enum(RECOMMENDATION_STATES as [RecommendationState, ...RecommendationState[]]);
const predicted = interval.nullable().describe('Change of cost, USD a month; negative saves.');
const realised = z.strictObject({
  usdPerMonth: interval,
  callsBefore: count,
  callsAfter: count,
  from: time,
  measuredAt: time,
  inside: z.boolean().nullable(),
});

export const recommendationAnswer: z.ZodType<api.RecommendationAnswer> = z.strictObject({
  id: text,
  task: text,
  target: text,
  title: text,
  why: text,
  proof: text,
  command: nullable.text,
  state,
  evidence: z.array(z.strictObject({ fact: text, value: text, source: text })),
  predictedUsdPerMonth: predicted,
  realised: realised.nullable(),
  doubt: nullable.text,
  createdAt: time,
  changedAt: time,
  adoptedAt: nullable.time,
  history: z.array(
    z.strictObject({ at: time, from: state.nullable(), to: state, by: text, note: nullable.text }),
  ),
  next: z.array(state),
});

export const recommendationsAnswer: z.ZodType<api.RecommendationsAnswer> = z.strictObject({
  recommendations: z.array(recommendationAnswer),
});

export const calibrationAnswer: z.ZodType<api.CalibrationAnswer> = z.strictObject({
  measured: count,
  inside: count,
  share: z.number().nullable(),
  shareInterval: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
  waiting: count,
  effects: z.array(
    z.strictObject({
      id: text,
      task: text,
      target: text,
      title: text,
      adoptedAt: nullable.time,
      predictedUsdPerMonth: predicted,
      realised,
    }),
  ),
});

const move = z.strictObject({
  id: text,
  task: text,
  target: text,
  title: text,
  state,
  predictedUsdPerMonth: predicted,
});
const phase = z.enum(['learn', 'optimise', 'own']);
const exit = z.array(
  z.strictObject({
    id: text,
    text,
    current: text,
    met: z.boolean().nullable(),
    facts: z.array(z.enum(FACT_IDS as [FactId, ...FactId[]])),
  }),
);
const stepShape = {
  id: text,
  title: text,
  why: text,
  effort: text,
  effect: text,
  command: nullable.text,
  serves: z.enum(TARGET_IDS as [TargetId, ...TargetId[]]).nullable(),
};
const nanoUsd = z.number().int().nullable().describe('Real spend of 30 days; `null`: no call has a price.');

export const portfolioAnswer: z.ZodType<api.PortfolioAnswer> = z.strictObject({
  since: time,
  until: time,
  tasks: z.array(
    z.strictObject({
      task: text,
      finding: text,
      base: nullable.text,
      phase,
      step: z.strictObject({ title: text, effect: text }).nullable(),
      evidenceCalls: count,
      calls: count,
      unpriced: count,
      costNanoUsd: nanoUsd,
      risks: z.array(
        z.strictObject({ id: text, text, weight: z.union([z.literal(1), z.literal(2), z.literal(3)]) }),
      ),
      risk: count,
      move: move.nullable(),
      at: time,
      stale,
    }),
  ),
  next: move.nullable(),
  unadvised: z.array(text),
});

export const nextMoveAnswer: z.ZodType<api.NextMoveAnswer> = z.strictObject({ next: move.nullable() });

export const roadmapAnswer: z.ZodType<api.RoadmapAnswer> = z.strictObject({
  phases: z.array(z.strictObject({ id: phase, label: text, focus: z.array(text) })),
  tasks: z.array(
    z.strictObject({
      task: text,
      phase,
      because: text,
      exit,
      steps: z.array(z.strictObject({ ...stepShape, recommendation: nullable.text })),
      costNanoUsd: nanoUsd,
      at: time,
      stale,
    }),
  ),
  unadvised: z.array(text),
});
