import { z } from 'zod';
import { TrimtabError } from '../../core/error.ts';
import { revisionApplied, taskAnswer, tasksAnswer } from '../answers.ts';
import type { TaskAnswer, TaskRow, TasksAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import {
  groupWithLatency,
  NO_FIGURES,
  NO_LATENCIES,
  TOP_ROWS,
  totalFigures,
  totalLatency,
} from '../figures.ts';
import { defineRoute, type Route } from '../route.ts';
import { bucketFor, DAY_MS, readWindow, type Window, windowBefore, windowQuery } from '../window.ts';

const MAX_TASKS = 1000;
const FEEDBACK_ROWS = 20;
const ACTIVATIONS_READ = 200;

const taskName = z.strictObject({ name: z.string().min(1).max(200) });

/** The members of a task are checked where every config is: by the stack's own schema. */
const taskBody = z
  .looseObject({ name: z.string().min(1).max(200) })
  .describe('The name, and the members of a task as a config file has them.');

export const taskRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/tasks',
    summary: 'Every task, declared or called, with its figures over a window (default: the last week)',
    query: z.strictObject(windowQuery),
    answer: { status: 200, schema: tasksAnswer },
    async handle({ query }, deps): Promise<TasksAnswer> {
      const window = await readWindow(query, deps, 7 * DAY_MS);
      return { since: window.since, until: window.until, tasks: await listTasks(window, deps) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/tasks/:name',
    summary: 'One task: what it declares beside what it measures',
    params: taskName,
    query: z.strictObject(windowQuery),
    answer: { status: 200, schema: taskAnswer },
    async handle({ params, query }, deps): Promise<TaskAnswer> {
      return readTask(params.name, await readWindow(query, deps, 7 * DAY_MS), deps);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/tasks',
    summary: 'Add a task to the stack (only when the stack does not come from a file)',
    body: taskBody,
    answer: { status: 201, schema: revisionApplied },
    async handle({ body }, { revisions }) {
      const { name, ...task } = body;
      return { revision: await revisions.addTask(name, task) };
    },
  }),
];

async function listTasks(window: Window, deps: ControlDeps): Promise<TaskRow[]> {
  const { rollups } = deps.store;
  const declared = deps.revisions.active().stack.tasks;
  const rows = await groupWithLatency(rollups, window, { by: 'task', limit: MAX_TASKS });
  const called = await Promise.all(
    rows.map(async ({ task, ttft, total, ...figures }): Promise<TaskRow> => {
      const name = task ?? '';
      const users = await rollups.users({ ...window, task: name });
      return { name, config: declared[name] ?? null, figures, latency: { ttft, total }, users };
    }),
  );
  const seen = new Set(called.map(({ name }) => name));
  const silent = Object.entries(declared).filter(([name]) => !seen.has(name));
  return [
    ...called,
    ...silent.map(([name, config]) => ({
      name,
      config,
      figures: NO_FIGURES,
      latency: NO_LATENCIES,
      users: 0,
    })),
  ];
}

async function readTask(name: string, window: Window, deps: ControlDeps): Promise<TaskAnswer> {
  const { rollups, feedback, revisions } = deps.store;
  const filter = { ...window, task: name };
  const config = deps.revisions.active().stack.tasks[name] ?? null;
  const figures = await totalFigures(rollups, filter);
  if (
    !config &&
    figures.calls === 0 &&
    (await deps.store.calls.list({ task: name }, { limit: 1 })).length === 0
  ) {
    throw new TrimtabError('not_found', `no task \`${name}\`, and no call ever named it`, { field: 'name' });
  }
  const bucketMs = bucketFor(window);
  const [latency, users, previous, series, topUsers, deployments, scores, history] = await Promise.all([
    totalLatency(rollups, filter),
    rollups.users(filter),
    totalFigures(rollups, { ...windowBefore(window), task: name }),
    rollups.series(filter, bucketMs),
    rollups.group(filter, ['user'], TOP_ROWS),
    groupWithLatency(rollups, filter, { by: 'deployment', limit: TOP_ROWS }),
    feedback.list({ task: name, since: window.since, limit: FEEDBACK_ROWS }),
    revisions.history(ACTIVATIONS_READ),
  ]);
  return {
    name,
    config,
    figures,
    latency,
    users,
    since: window.since,
    until: window.until,
    bucketMs,
    previous,
    series,
    topUsers,
    deployments,
    feedback: scores.map(({ task: _task, ...score }) => score),
    activations: history
      .filter(({ at }) => at >= window.since && at < window.until)
      .map(({ revision, at, kind, by }) => ({ revision, at, kind, by })),
  };
}
