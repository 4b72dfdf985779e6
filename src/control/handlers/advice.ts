import { z } from 'zod';
import { renderReport } from '../../advisor/report/report.ts';
import { TrimtabError } from '../../core/error.ts';
import { requestAdvice } from '../advice/advice-job.ts';
import type { AdvisedTask } from '../advice/kept-advice.ts';
import { parseStored } from '../advice/parse-stored.ts';
import { adviceAnswer, adviceListAnswer, adviceRequested } from '../advice-answers.ts';
import type { AdviceAnswer, AdviceListAnswer, AdviceRequested, AdviceRow } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, pathId, type Route } from '../route.ts';

export const adviceRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/advice',
    summary: 'Tasks with a profile or enough calls, and what is advised for each, as it was last worked out',
    answer: { status: 200, schema: adviceListAnswer },
    async handle(_input, { advice }): Promise<AdviceListAnswer> {
      const all = await advice.list();
      return {
        tasks: all.flatMap(toRow),
        waiting: all.filter(({ kept }) => kept === null).map(({ task }) => task),
      };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/advice/renew',
    summary: 'Have every task advised anew in the background, also where the advice is up to date',
    answer: { status: 201, schema: adviceRequested },
    async handle(_input, deps): Promise<AdviceRequested> {
      return { jobId: await requestAdvice(deps, { all: true }) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/advice/:id',
    summary: 'The advice for a task as it was last worked out; worked out now when it never was',
    params: pathId,
    answer: { status: 200, schema: adviceAnswer },
    handle: async ({ params }, deps): Promise<AdviceAnswer> => toAnswer(await findAdvice(params.id, deps)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/advice/:id/renew',
    summary: 'Work the advice for a task out anew, now',
    params: pathId,
    answer: { status: 200, schema: adviceAnswer },
    async handle({ params }, { advice }): Promise<AdviceAnswer> {
      const made = await advice.renew(params.id);
      if (made === null) throw noAdvice(params.id);
      return toAnswer({ ...made, stale: [] });
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/advice/:id/profile',
    summary: 'Keep the profile of a task, in the shape of profile.schema.json, and answer the advice',
    params: pathId,
    body: z.record(z.string(), z.unknown()),
    answer: { status: 201, schema: adviceAnswer },
    async handle({ params, body }, { store, advice, clock }): Promise<AdviceAnswer> {
      const task = params.id;
      const profile = { ...body, task };
      parseStored(profile);
      const by = typeof body.by === 'string' ? body.by : 'the API';
      await store.advice.saveProfile({ task, profile, at: clock.now(), by });
      const made = await advice.renew(task);
      if (made === null) throw noAdvice(task);
      return toAnswer({ ...made, stale: [] });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/advice/:id/report',
    summary: 'The advice for a task as one HTML file',
    params: pathId,
    answer: { status: 200, schema: null, contentType: 'text/html' },
    async handle({ params }, deps): Promise<Response> {
      const { advice } = await findAdvice(params.id, deps);
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

type Found = NonNullable<Awaited<ReturnType<ControlDeps['advice']['find']>>>;

async function findAdvice(task: string, { advice }: ControlDeps): Promise<Found> {
  const found = await advice.find(task);
  if (found) return found;
  throw noAdvice(task);
}

function noAdvice(task: string): TrimtabError {
  return new TrimtabError(
    'not_found',
    `no profile of the task \`${task}\` is kept, and it has too few calls to be advised without; \`trimtab advise --task ${task} --publish\` keeps one`,
    { field: 'id' },
  );
}

function toAnswer({ advice, basis, summary, at, stale }: Found): AdviceAnswer {
  return { advice, profile: profileOf(basis), evidenceCalls: summary.evidenceCalls, at, stale };
}

function profileOf({ profileAt, profileBy }: Found['basis']): AdviceAnswer['profile'] {
  return profileAt === null || profileBy === null ? null : { at: profileAt, by: profileBy };
}

function toRow({ task, kept, stale }: AdvisedTask): AdviceRow[] {
  if (!kept) return [];
  const { summary, basis, at } = kept;
  const { finding, base, phase, next, evidenceCalls } = summary;
  return [
    {
      task,
      profile: profileOf(basis),
      evidenceCalls,
      finding,
      base,
      phase,
      next: next[0]?.title ?? null,
      at,
      stale,
    },
  ];
}
