/** What the endpoints of the advisor answer, as `answers.ts` does for the rest. */
import { z } from 'zod';
import type { Advice } from '../advisor/advice.ts';
import type { TaskEvidence } from '../advisor/evidence.ts';
import { configOf, count, nullable, text, time } from './answers.ts';
import type * as api from './api-types.ts';

/** Figures of the advisor in their own shape; its module documents them. */
export const evidenceAnswer: z.ZodType<api.EvidenceAnswer> = z.strictObject({
  evidence: configOf<TaskEvidence>('What was measured of a task').nullable(),
});

const profileShape = z.strictObject({ at: time, by: text });

export const adviceAnswer: z.ZodType<api.AdviceAnswer> = z.strictObject({
  advice: configOf<Advice>('The advice'),
  profile: profileShape,
  evidenceCalls: count,
});

export const adviceListAnswer: z.ZodType<api.AdviceListAnswer> = z.strictObject({
  tasks: z.array(
    z.strictObject({
      task: text,
      profile: profileShape,
      evidenceCalls: count,
      finding: text,
      base: nullable.text,
      phase: text,
      next: nullable.text,
    }),
  ),
});
