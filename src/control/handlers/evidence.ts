import { z } from 'zod';
import { readTaskEvidence } from '../advice/task-evidence.ts';
import { evidenceAnswer } from '../advice-answers.ts';
import type { EvidenceAnswer } from '../api-types.ts';
import { defineRoute, type Route } from '../route.ts';

export const evidenceRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/evidence',
    summary: 'What is measured of a task, for advice: its calls and imported history',
    query: z.strictObject({ task: z.string().min(1).max(200).describe('Name of the task.') }),
    answer: { status: 200, schema: evidenceAnswer },
    async handle({ query }, { store, revisions }): Promise<EvidenceAnswer> {
      return { evidence: await readTaskEvidence(store, query.task, revisions.active().stack) };
    },
  }),
];
