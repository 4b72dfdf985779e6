/** All tasks side by side: where the money, the risk and the next best move are. Reads what is stored. */
import { rankMoves } from '../../advisor/portfolio/next-move.ts';
import type { Recommendation } from '../../core/recommendation.ts';
import type { Figures } from '../../store/store.ts';
import type { PortfolioAnswer, PortfolioMove, PortfolioRow } from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { DAY_MS } from '../window.ts';
import type { AdvisedTask } from './kept-advice.ts';
import { MAX_TASKS, NO_TASKS } from './subjects.ts';

/** Money is that of so many days: a month, whatever the page shows elsewhere. */
const DAYS = 30;

export async function readPortfolio({
  advice,
  store,
  revisions,
  clock,
}: ControlDeps): Promise<PortfolioAnswer> {
  const until = clock.now();
  const since = until - DAYS * DAY_MS;
  const [advised, recommendations, spend] = await Promise.all([
    advice.list(),
    store.advice.recommendations(),
    store.rollups.group({ since, until, sandbox: false }, ['task'], MAX_TASKS),
  ]);
  const moves = rankMoves(recommendations);
  const figures = new Map(spend.map((row) => [row.task ?? '', row]));
  const tasks = advised.flatMap((one) =>
    toRow(one, { figures: figures.get(one.task), move: moves.find(({ task }) => task === one.task) }),
  );
  const names = new Set(tasks.map(({ task }) => task));
  const known = [...Object.keys(revisions.active().stack.tasks), ...figures.keys()];
  const [best] = moves.filter(({ task }) => names.has(task));
  return {
    since,
    until,
    tasks: tasks.sort((a, b) => (b.costNanoUsd ?? -1) - (a.costNanoUsd ?? -1)),
    next: best ? toMove(best) : null,
    unadvised: [...new Set(known)].filter((task) => !NO_TASKS.has(task) && !names.has(task)).sort(),
  };
}

function toRow(
  { task, kept, stale }: AdvisedTask,
  { figures, move }: { figures: Figures | undefined; move: Recommendation | undefined },
): PortfolioRow[] {
  if (!kept) return [];
  const { finding, base, phase, because, exit, next, risks, evidenceCalls } = kept.summary;
  const calls = figures?.calls ?? 0;
  const unpriced = figures?.unpriced ?? 0;
  return [
    {
      task,
      finding,
      base,
      phase,
      because,
      exit,
      steps: next,
      evidenceCalls,
      calls,
      unpriced,
      costNanoUsd: figures && calls > unpriced ? figures.costNanoUsd : null,
      risks,
      risk: risks.reduce((sum, { weight }) => sum + weight, 0),
      move: move ? toMove(move) : null,
      at: kept.at,
      stale,
    },
  ];
}

function toMove(recommendation: Recommendation): PortfolioMove {
  const { id, task, target, title, state, predictedUsdPerMonth } = recommendation;
  return { id, task, target, title, state, predictedUsdPerMonth };
}
