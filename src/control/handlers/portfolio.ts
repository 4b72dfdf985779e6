import { PHASES } from '../../advisor/roadmap/phases.ts';
import { readPortfolio } from '../advice/portfolio.ts';
import { portfolioAnswer, roadmapAnswer } from '../advice-answers.ts';
import type { PortfolioAnswer, RoadmapAnswer } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { defineRoute, type Route } from '../route.ts';

export const portfolioRoutes: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/api/v1/portfolio',
    summary:
      'Every advised task with its spend of 30 days, its risks and its next best move; real calls only',
    answer: { status: 200, schema: portfolioAnswer },
    handle: (_input, deps): Promise<PortfolioAnswer> => readPortfolio(deps),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/roadmap',
    summary: 'Phase of every advised task, what ends it with the current values, and the next three steps',
    answer: { status: 200, schema: roadmapAnswer },
    handle: (_input, deps): Promise<RoadmapAnswer> => readRoadmap(deps),
  }),
];

async function readRoadmap(deps: ControlDeps): Promise<RoadmapAnswer> {
  const [{ tasks, unadvised }, recommendations] = await Promise.all([
    readPortfolio(deps),
    deps.store.advice.recommendations(),
  ]);
  return {
    phases: PHASES.map(({ id, label, focus }) => ({ id, label, focus: [...focus] })),
    tasks: tasks.map(({ task, phase, because, exit, steps, costNanoUsd, at, stale }) => ({
      task,
      phase,
      because,
      exit,
      steps: steps.map((step) => ({
        ...step,
        // The newest of its kind: what is done to it is done by its own buttons.
        recommendation:
          recommendations.findLast((one) => one.task === task && one.target === step.serves)?.id ?? null,
      })),
      costNanoUsd,
      at,
      stale,
    })),
    unadvised,
  };
}
