import { useMutation, useQuery } from '@tanstack/react-query';
import type {
  AdviceAnswer,
  CalibrationAnswer,
  NextMoveAnswer,
  PortfolioAnswer,
  RecommendationAnswer,
  RecommendationsAnswer,
  RoadmapAnswer,
} from '../../../src/control/api-types.ts';
import type { RecommendationState } from '../../../src/core/recommendation.ts';
import { get, type Params, request } from './api.ts';
import { useRefreshAll } from './queries.ts';

/** Advice is worked out in the background: its pages look again this often. */
const REFRESH_MS = 20_000;

function useStored<T>(path: string, params: Params = {}) {
  return useQuery({
    queryKey: [path, params],
    queryFn: ({ signal }) => get<T>(path, params, signal),
    refetchInterval: REFRESH_MS,
  });
}

export const useRecommendations = (task: string) =>
  useStored<RecommendationsAnswer>('/api/v1/recommendations', { task });
export const useCalibration = () => useStored<CalibrationAnswer>('/api/v1/recommendations/calibration');
export const useNextMove = () => useStored<NextMoveAnswer>('/api/v1/portfolio/next');
export const usePortfolio = () => useStored<PortfolioAnswer>('/api/v1/portfolio');
export const useRoadmap = () => useStored<RoadmapAnswer>('/api/v1/roadmap');

/** Last part of the path that leads to a state. */
const ACTS: Readonly<Partial<Record<RecommendationState, string>>> = {
  accepted: 'accept',
  proving: 'prove',
  adopted: 'adopt',
  rejected: 'reject',
  proposed: 'reopen',
};

/** A decision on a recommendation; everything shown is asked for again. */
export function useAct(id: string) {
  const refresh = useRefreshAll();
  return useMutation({
    mutationFn: ({ to, note }: { to: RecommendationState; note?: string }) =>
      request<RecommendationAnswer>('POST', `/api/v1/recommendations/${id}/${ACTS[to]}`, {
        body: { by: 'the dashboard', ...(note === undefined ? {} : { note }) },
      }),
    onSuccess: refresh,
  });
}

/** Has the advice of a task worked out anew, now. */
export function useRenew(task: string) {
  const refresh = useRefreshAll();
  return useMutation({
    mutationFn: () => request<AdviceAnswer>('POST', `/api/v1/advice/${encodeURIComponent(task)}/renew`),
    onSuccess: refresh,
  });
}
