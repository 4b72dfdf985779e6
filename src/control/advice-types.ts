/** What the endpoints of the advisor answer; `api-types.ts` passes it on. All times epoch milliseconds. */
import type { Advice, ExitCriterion, Phase, PhaseId, RoadmapStep } from '../advisor/advice.ts';
import type { TaskEvidence } from '../advisor/evidence.ts';
import type { Risk } from '../advisor/portfolio/risks.ts';
import type { Calibration } from '../advisor/recommendation/realised.ts';
import type { NanoUsd } from '../core/money.ts';
import type { RealisedEffect, Recommendation, RecommendationState } from '../core/recommendation.ts';

/** `null`: no real call of the task is on record, and none was imported. */
export interface EvidenceAnswer {
  evidence: TaskEvidence | null;
}

/** GET /api/v1/advice/:id, POST /api/v1/advice/:id/profile, POST /api/v1/advice/:id/renew */
export interface AdviceAnswer {
  advice: Advice;
  /** Who kept the profile, and when; `null`: there is none, the stack and the calls say what is known. */
  profile: AdviceProfile | null;
  /** Calls the advice is measured on; 0: it rests on what was declared. */
  evidenceCalls: number;
  /** When it was worked out. */
  at: number;
  /** Why it is no longer up to date, in words; empty: it is. */
  stale: string[];
}

export interface AdviceProfile {
  at: number;
  by: string;
}

/** GET /api/v1/advice: what is stored; nothing is worked out. */
export interface AdviceListAnswer {
  tasks: AdviceRow[];
  /** Tasks that will be advised as soon as the job comes to them. */
  waiting: string[];
}

export interface AdviceRow {
  task: string;
  profile: AdviceProfile | null;
  evidenceCalls: number;
  finding: string;
  /** `null`: not settled. */
  base: string | null;
  phase: string;
  /** Title of the next step. */
  next: string | null;
  at: number;
  stale: string[];
}

/** POST /api/v1/advice/renew: the job that advises every task anew. */
export interface AdviceRequested {
  jobId: string;
}

/** GET /api/v1/recommendations/:id, and what each act on it answers */
export interface RecommendationAnswer extends Recommendation {
  /** States a person may give it next. */
  next: RecommendationState[];
}

/** GET /api/v1/recommendations?task&state */
export interface RecommendationsAnswer {
  recommendations: RecommendationAnswer[];
}

/** GET /api/v1/recommendations/calibration */
export interface CalibrationAnswer extends Calibration {
  /** Adopted, and not measured yet: too early, or too few calls. */
  waiting: number;
  effects: (Pick<
    Recommendation,
    'id' | 'task' | 'target' | 'title' | 'adoptedAt' | 'predictedUsdPerMonth'
  > & {
    realised: RealisedEffect;
  })[];
}

export type PortfolioMove = Pick<
  Recommendation,
  'id' | 'task' | 'target' | 'title' | 'state' | 'predictedUsdPerMonth'
>;

export interface PortfolioRow {
  task: string;
  finding: string;
  /** `null`: not settled. */
  base: string | null;
  phase: PhaseId;
  /** The first of its roadmap. */
  step: Pick<RoadmapStep, 'title' | 'effect'> | null;
  evidenceCalls: number;
  /** Real calls of the window, and those of them without a price. */
  calls: number;
  unpriced: number;
  /** Spend of the window; `null`: no call, or none with a price. */
  costNanoUsd: NanoUsd | null;
  risks: Risk[];
  /** Sum of the weights of its risks. */
  risk: number;
  /** The first to take up of its open recommendations. */
  move: PortfolioMove | null;
  at: number;
  stale: string[];
}

/** GET /api/v1/portfolio: most spend first. Real calls of 30 days. */
export interface PortfolioAnswer {
  since: number;
  until: number;
  tasks: PortfolioRow[];
  /** The first to take up of all. */
  next: PortfolioMove | null;
  /** Tasks of the stack, or called, that have no advice: no profile and too few calls, or not worked out yet. */
  unadvised: string[];
}

/** GET /api/v1/portfolio/next */
export interface NextMoveAnswer {
  next: PortfolioMove | null;
}

export interface RoadmapRow {
  task: string;
  phase: PhaseId;
  /** Why that phase. */
  because: string;
  exit: ExitCriterion[];
  /** At most three, in order. */
  steps: (RoadmapStep & {
    /** Id of the recommendation it serves; `null`: none. */
    recommendation: string | null;
  })[];
  costNanoUsd: PortfolioRow['costNanoUsd'];
  at: number;
  stale: string[];
}

/** GET /api/v1/roadmap */
export interface RoadmapAnswer {
  phases: Phase[];
  tasks: RoadmapRow[];
  unadvised: string[];
}
