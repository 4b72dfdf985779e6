import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import { parseCallsSearch } from '../data/call-filter.ts';
import { parseScope, type ScopeSearch } from '../data/scope.ts';
import { Failure, PageHead } from '../parts/page.tsx';
import { Shell } from './shell.tsx';

/** One flat table of pages; each page is its own chunk. */
const root = createRootRoute({
  component: Shell,
  validateSearch: (search: Record<string, unknown>): ScopeSearch => parseScope(search),
  // The stretch of time and the environment go along to every page; links may name others.
  search: { middlewares: [retainSearchParams(['range', 'since', 'until', 'env'])] },
  notFoundComponent: () => <PageHead name="Not here">There is no such page.</PageHead>,
  errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
});

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview.tsx'), 'OverviewPage'),
});

const tasks = createRoute({
  getParentRoute: () => root,
  path: '/tasks',
  component: lazyRouteComponent(() => import('../pages/tasks.tsx'), 'TasksPage'),
});

const task = createRoute({
  getParentRoute: () => root,
  path: '/tasks/$name',
  component: lazyRouteComponent(() => import('../pages/task.tsx'), 'TaskPage'),
});

const stack = createRoute({
  getParentRoute: () => root,
  path: '/stack',
  component: lazyRouteComponent(() => import('../pages/stack.tsx'), 'StackPage'),
});

const batches = createRoute({
  getParentRoute: () => root,
  path: '/batches',
  component: lazyRouteComponent(() => import('../pages/batches.tsx'), 'BatchesPage'),
});

const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: parseCallsSearch,
  component: lazyRouteComponent(() => import('../pages/calls.tsx'), 'CallsPage'),
});

const call = createRoute({
  getParentRoute: () => calls,
  path: '$id',
  component: lazyRouteComponent(() => import('../pages/call.tsx'), 'CallPanel'),
});

export interface CostsSearch {
  by?: string;
}

const costs = createRoute({
  getParentRoute: () => root,
  path: '/costs',
  validateSearch: (search: Record<string, unknown>): CostsSearch =>
    typeof search.by === 'string' && /^[a-z]+(,[a-z]+)*$/.test(search.by) ? { by: search.by } : {},
  component: lazyRouteComponent(() => import('../pages/costs.tsx'), 'CostsPage'),
});

const feedback = createRoute({
  getParentRoute: () => root,
  path: '/feedback',
  validateSearch: (search: Record<string, unknown>): { task?: string } =>
    typeof search.task === 'string' ? { task: search.task } : {},
  component: lazyRouteComponent(() => import('../pages/feedback.tsx'), 'FeedbackPage'),
});

const advisor = createRoute({
  getParentRoute: () => root,
  path: '/advisor',
  component: lazyRouteComponent(() => import('../pages/advisor.tsx'), 'AdvisorPage'),
});

const advice = createRoute({
  getParentRoute: () => root,
  path: '/advisor/$task',
  component: lazyRouteComponent(() => import('../pages/advice.tsx'), 'AdvicePage'),
});

const portfolio = createRoute({
  getParentRoute: () => root,
  path: '/portfolio',
  component: lazyRouteComponent(() => import('../pages/portfolio.tsx'), 'PortfolioPage'),
});

const roadmap = createRoute({
  getParentRoute: () => root,
  path: '/roadmap',
  validateSearch: (search: Record<string, unknown>): { task?: string } =>
    typeof search.task === 'string' ? { task: search.task } : {},
  component: lazyRouteComponent(() => import('../pages/roadmap.tsx'), 'RoadmapPage'),
});

const wizard = createRoute({
  getParentRoute: () => root,
  path: '/advisor/$task/profile',
  component: lazyRouteComponent(() => import('../pages/wizard.tsx'), 'WizardPage'),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('../pages/keys.tsx'), 'KeysPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    tasks,
    task,
    stack,
    batches,
    calls.addChildren([call]),
    costs,
    feedback,
    advisor,
    advice,
    wizard,
    portfolio,
    roadmap,
    keys,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  // Plain `name=value` pairs, so that addresses can be read and written by people.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
    const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
    return text === '' ? '' : `?${text}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
