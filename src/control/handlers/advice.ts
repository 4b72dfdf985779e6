import { z } from 'zod';
import type { Advice } from '../../advisor/advice.ts';
import { advise } from '../../advisor/advise.ts';
import { createProfile } from '../../advisor/profile/create.ts';
import { parseProfile } from '../../advisor/profile/parse.ts';
import { renderReport } from '../../advisor/report/report.ts';
import { TrimtabError } from '../../core/error.ts';
import { ConfigError } from '../../stack/problems.ts';
import type { StoredProfile } from '../../store/store.ts';
import { readTaskEvidence } from '../advice/task-evidence.ts';
import { adviceAnswer, adviceListAnswer } from '../advice-answers.ts';
import type { AdviceAnswer, AdviceListAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, pathId, type Route } from '../route.ts';

export const adviceRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/advice',
    summary: 'Tasks with a profile, and what is advised for each',
    answer: { status: 200, schema: adviceListAnswer },
    async handle(_input, deps): Promise<AdviceListAnswer> {
      const tasks: AdviceListAnswer['tasks'] = [];
      // One after another: each takes a fraction of a second of this thread.
      for (const stored of await deps.store.advice.profiles()) {
        const { advice, evidenceCalls } = await adviceOf(stored, deps);
        tasks.push({
          task: stored.task,
          profile: { at: stored.at, by: stored.by },
          evidenceCalls,
          finding: advice.finding,
          base: advice.decision.base,
          phase: advice.roadmap.phase,
          next: advice.roadmap.next[0]?.title ?? null,
        });
      }
      return { tasks };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/advice/:id',
    summary: 'The advice for a task: its stored profile with what is measured of it',
    params: pathId,
    answer: { status: 200, schema: adviceAnswer },
    async handle({ params }, deps): Promise<AdviceAnswer> {
      return answerOf(await storedProfile(params.id, deps), deps);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/advice/:id/profile',
    summary: 'Keep the profile of a task, in the shape of profile.schema.json, and answer the advice',
    params: pathId,
    body: z.record(z.string(), z.unknown()),
    answer: { status: 201, schema: adviceAnswer },
    async handle({ params, body }, deps): Promise<AdviceAnswer> {
      const profile = { ...body, task: params.id };
      parsed(profile);
      const by = typeof body.by === 'string' ? body.by : 'the API';
      const stored = { task: params.id, profile, at: deps.clock.now(), by };
      await deps.store.advice.saveProfile(stored);
      return answerOf(stored, deps);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/advice/:id/report',
    summary: 'The advice for a task as one HTML file',
    params: pathId,
    answer: { status: 200, schema: null, contentType: 'text/html' },
    async handle({ params }, deps): Promise<Response> {
      const { advice } = await answerOf(await storedProfile(params.id, deps), deps);
      return new Response(renderReport([{ name: params.id, advice }], 'html'), {
        headers: {
          'content-type': 'text/html; charset=utf-8',
          // Nothing but its own style: the report is text and pictures.
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        },
      });
    },
  }),
];

async function storedProfile(task: string, { store }: ControlDeps): Promise<StoredProfile> {
  const stored = await store.advice.profile(task);
  if (stored) return stored;
  throw new TrimtabError(
    'not_found',
    `no profile of the task \`${task}\` is kept; \`trimtab advise --task ${task} --publish\` keeps one`,
    { field: 'id' },
  );
}

async function answerOf(stored: StoredProfile, deps: ControlDeps): Promise<AdviceAnswer> {
  const { advice, evidenceCalls } = await adviceOf(stored, deps);
  return { advice, profile: { at: stored.at, by: stored.by }, evidenceCalls };
}

async function adviceOf(
  { task, profile }: StoredProfile,
  { store, clock }: ControlDeps,
): Promise<{ advice: Advice; evidenceCalls: number }> {
  const evidence = await readTaskEvidence(store, task);
  const advice = advise({ profile: createProfile({ ...parsed(profile), task, evidence }), at: clock.now() });
  return { advice, evidenceCalls: evidence?.calls ?? 0 };
}

function parsed(profile: unknown): ReturnType<typeof parseProfile> {
  try {
    return parseProfile(profile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const field = error.problems[0]?.field;
    throw new TrimtabError('invalid_request', error.message, field === undefined ? {} : { field });
  }
}
