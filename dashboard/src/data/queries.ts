import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  AdviceAnswer,
  AdviceListAnswer,
  BatchesAnswer,
  CallAnswer,
  CallsAnswer,
  CostsAnswer,
  EnginesAnswer,
  FeedbackAnswer,
  KeysAnswer,
  OverviewAnswer,
  RevisionDiff,
  RevisionsAnswer,
  SessionAnswer,
  StackAnswer,
  StatusAnswer,
  TaskAnswer,
  TasksAnswer,
} from '../../../src/control/api-types.ts';
import { get, type Params } from './api.ts';
import type { Scope } from './scope.ts';

/** Figures are asked for again this often while a page is open and visible. */
const REFRESH_MS = 20_000;
const STATUS_MS = 5_000;
const PAGE_SIZE = 200;

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<SessionAnswer>('/api/v1/session', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    // While the server is away the answer is an error: ask until it is back.
    refetchInterval: (query) => (query.state.status === 'error' ? STATUS_MS : false),
  });
}

export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => get<StatusAnswer>('/api/v1/status', {}, signal),
    refetchInterval: STATUS_MS,
    retry: false,
  });
}

/** Figures of a stretch of time: what was shown stays until the new ones are there. */
function useFigures<T>(name: string, path: string, scope: Scope, params: Params = {}) {
  return useQuery({
    queryKey: [name, path, scope.key, scope.env, params],
    queryFn: ({ signal }) => get<T>(path, { ...scope.window(), sandbox: scope.sandbox, ...params }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: scope.range === 'custom' ? false : REFRESH_MS,
  });
}

export function useOverview(scope: Scope) {
  return useFigures<OverviewAnswer>('overview', '/api/v1/overview', scope);
}

export function useTasks(scope: Scope) {
  return useFigures<TasksAnswer>('tasks', '/api/v1/tasks', scope);
}

export function useTask(name: string, scope: Scope) {
  return useFigures<TaskAnswer>('task', `/api/v1/tasks/${encodeURIComponent(name)}`, scope);
}

export function useCosts(by: string, scope: Scope, limit = 500) {
  return useFigures<CostsAnswer>('costs', '/api/v1/costs', scope, { by, limit });
}

/** Spend by one dimension in the window before the one a page shows. */
export function useCostsBefore(by: string, scope: Scope) {
  return useQuery({
    queryKey: ['costs-before', by, scope.key, scope.env],
    queryFn: ({ signal }) => {
      const { since, until } = scope.window();
      const start = Math.floor(since / 3_600_000) * 3_600_000;
      return get<CostsAnswer>(
        '/api/v1/costs',
        { since: start - (until - since), until: start, sandbox: scope.sandbox, by, limit: 500 },
        signal,
      );
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

export function useCalls(filter: Params) {
  return useInfiniteQuery({
    queryKey: ['calls', filter],
    queryFn: ({ pageParam, signal }) =>
      get<CallsAnswer>(
        '/api/v1/calls',
        { ...filter, limit: PAGE_SIZE, ...(pageParam === '' ? {} : { before: pageParam }) },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

export function useCall(id: string) {
  return useQuery({
    queryKey: ['call', id],
    queryFn: ({ signal }) => get<CallAnswer>(`/api/v1/calls/${encodeURIComponent(id)}`, {}, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function useStack() {
  return useQuery({
    queryKey: ['stack'],
    queryFn: ({ signal }) => get<StackAnswer>('/api/v1/stack', {}, signal),
    refetchInterval: REFRESH_MS,
  });
}

/** What engines tell is old after 15 s. */
export function useEngines() {
  return useQuery({
    queryKey: ['engines'],
    queryFn: ({ signal }) => get<EnginesAnswer>('/api/v1/engines', {}, signal),
    refetchInterval: STATUS_MS,
  });
}

export function useRevisions() {
  return useQuery({
    queryKey: ['revisions'],
    queryFn: ({ signal }) => get<RevisionsAnswer>('/api/v1/revisions', {}, signal),
    refetchInterval: REFRESH_MS,
  });
}

export function useDiff(from: string | null, to: string | null) {
  return useQuery({
    queryKey: ['diff', from, to],
    enabled: from !== null && to !== null,
    queryFn: ({ signal }) => get<RevisionDiff>(`/api/v1/revisions/${from}/diff/${to}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useKeys() {
  return useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => get<KeysAnswer>('/api/v1/keys', {}, signal),
  });
}

/** Progress moves: it is asked for as often as the status. */
export function useBatches() {
  return useInfiniteQuery({
    queryKey: ['batches'],
    queryFn: ({ pageParam, signal }) =>
      get<BatchesAnswer>(
        '/api/v1/batches',
        { limit: PAGE_SIZE, ...(pageParam === '' ? {} : { before: pageParam }) },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    refetchInterval: STATUS_MS,
  });
}

export function useFeedback(filter: Params) {
  return useInfiniteQuery({
    queryKey: ['feedback', filter],
    queryFn: ({ pageParam, signal }) =>
      get<FeedbackAnswer>(
        '/api/v1/feedback',
        { ...filter, limit: PAGE_SIZE, ...(pageParam === '' ? {} : { before: pageParam }) },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });
}

export function useAdviceList() {
  return useQuery({
    queryKey: ['advice'],
    queryFn: ({ signal }) => get<AdviceListAnswer>('/api/v1/advice', {}, signal),
  });
}

export function useAdvice(task: string) {
  return useQuery({
    queryKey: ['advice', task],
    queryFn: ({ signal }) => get<AdviceAnswer>(`/api/v1/advice/${encodeURIComponent(task)}`, {}, signal),
  });
}

/** Asks again for everything that a change of the stack or of the keys may have changed. */
export function useRefreshAll(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries();
}
