/** All tasks side by side: where the money, the risk and the next best move are. Reads what is stored. */
import { rankMoves } from '../../advisor/portfolio/next-move.ts';
import { PHASES } from '../../advisor/roadmap/phases.ts';
import type { Recommendation } from '../../core/recommendation.ts';
import type { Figures } from '../../store/store.ts';
import type {
  PortfolioAnswer,
  PortfolioMove,
  PortfolioRow,
  RoadmapAnswer,
  RoadmapRow,
} from '../api-types.ts';
import type { ControlDeps } from '../deps.ts';
import { DAY_MS } from '../window.ts';
import type { KeptAdvice } from './kept-advice.ts';
import { MAX_TASKS, NO_TASKS } from './subjects.ts';

/** Money is that of so many days: a month, whatever a page shows elsewhere. */
const DAYS = 30;

interface Tasks {
  since: number;
  until: number;
  /** Most spend first. */
  rows: TaskRow[];
  recommendations: Recommendation[];
  unadvised: string[];
}

interface TaskRow {
  kept: KeptAdvice;
  stale: string[];
  figures: Figures | undefined;
  /** `null`: no call, or none with a price. */
  costNanoUsd: number | null;
}

type Deps = Pick<ControlDeps, 'advice' | 'store' | 'revisions' | 'clock'>;

export async function readPortfolio(deps: Deps): Promise<PortfolioAnswer> {
  const { since, until, rows, recommendations, unadvised } = await readTasks(deps);
  const moves = rankMoves(recommendations);
  return {
    since,
    until,
    tasks: rows.map((row) =>
      toRow(
        row,
        moves.find(({ task }) => task === row.kept.task),
      ),
    ),
    next: firstOf(moves, new Set(rows.map(({ kept }) => kept.task))),
    unadvised,
  };
}

export async function readRoadmap(deps: Deps): Promise<RoadmapAnswer> {
  const { rows, recommendations, unadvised } = await readTasks(deps);
  return {
    phases: PHASES.map(({ id, label, focus }) => ({ id, label, focus: [...focus] })),
    tasks: rows.map(({ kept: { task, summary, at }, costNanoUsd, stale }): RoadmapRow => {
      const { phase, because, exit, next } = summary;
      const steps = next.map((step) => ({
        ...step,
        // The newest of its kind: what is done to it is done by its own buttons.
        recommendation:
          recommendations.findLast((one) => one.task === task && one.target === step.serves)?.id ?? null,
      }));
      return { task, phase, because, exit, steps, costNanoUsd, at, stale };
    }),
    unadvised,
  };
}

/** The first to take up of all open recommendations of tasks that are advised. */
export async function readNextMove({ store }: Pick<Deps, 'store'>): Promise<PortfolioMove | null> {
  const [advices, recommendations] = await Promise.all([
    store.advice.advices(),
    store.advice.recommendations(),
  ]);
  return firstOf(rankMoves(recommendations), new Set(advices.map(({ task }) => task)));
}

async function readTasks({ advice, store, revisions, clock }: Deps): Promise<Tasks> {
  const until = clock.now();
  const since = until - DAYS * DAY_MS;
  const [advised, recommendations, spend] = await Promise.all([
    advice.list(),
    store.advice.recommendations(),
    store.rollups.group({ since, until, sandbox: false }, ['task'], MAX_TASKS),
  ]);
  const figuresOf = new Map(spend.map((row) => [row.task ?? '', row]));
  const rows = advised.flatMap(({ task, kept, stale }): TaskRow[] => {
    const figures = figuresOf.get(task);
    const isPriced = figures !== undefined && figures.calls > figures.unpriced;
    return kept ? [{ kept, stale, figures, costNanoUsd: isPriced ? figures.costNanoUsd : null }] : [];
  });
  rows.sort((a, b) => (b.costNanoUsd ?? -1) - (a.costNanoUsd ?? -1));
  const names = new Set(rows.map(({ kept }) => kept.task));
  const known = new Set([...Object.keys(revisions.active().stack.tasks), ...figuresOf.keys()]);
  const unadvised = [...known].filter((task) => !NO_TASKS.has(task) && !names.has(task)).sort();
  return { since, until, rows, recommendations, unadvised };
}

function toRow(
  { kept, stale, figures, costNanoUsd }: TaskRow,
  move: Recommendation | undefined,
): PortfolioRow {
  const { finding, base, phase, next, risks, evidenceCalls } = kept.summary;
  const [step] = next;
  return {
    task: kept.task,
    finding,
    base,
    phase,
    step: step ? { title: step.title, effect: step.effect } : null,
    evidenceCalls,
    calls: figures?.calls ?? 0,
    unpriced: figures?.unpriced ?? 0,
    costNanoUsd,
    risks,
    risk: risks.reduce((sum, { weight }) => sum + weight, 0),
    move: move ? toMove(move) : null,
    at: kept.at,
    stale,
  };
}

function firstOf(moves: readonly Recommendation[], tasks: ReadonlySet<string>): PortfolioMove | null {
  const first = moves.find(({ task }) => tasks.has(task));
  return first ? toMove(first) : null;
}

function toMove(recommendation: Recommendation): PortfolioMove {
  const { id, task, target, title, state, predictedUsdPerMonth } = recommendation;
  return { id, task, target, title, state, predictedUsdPerMonth };
}
