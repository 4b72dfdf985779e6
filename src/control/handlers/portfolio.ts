import { readNextMove, readPortfolio, readRoadmap } from '../advice/portfolio.ts';
import { nextMoveAnswer, portfolioAnswer, roadmapAnswer } from '../advice-answers.ts';
import type { NextMoveAnswer, PortfolioAnswer, RoadmapAnswer } from '../api-types.ts';
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
    path: '/api/v1/portfolio/next',
    summary: 'The recommendation to take up first, of all tasks',
    answer: { status: 200, schema: nextMoveAnswer },
    handle: async (_input, deps): Promise<NextMoveAnswer> => ({ next: await readNextMove(deps) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/roadmap',
    summary: 'Phase of every advised task, what ends it with the current values, and the next three steps',
    answer: { status: 200, schema: roadmapAnswer },
    handle: (_input, deps): Promise<RoadmapAnswer> => readRoadmap(deps),
  }),
];
