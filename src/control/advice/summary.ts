import type { Advice, ExitCriterion, PhaseId, RoadmapStep } from '../../advisor/advice.ts';
import type { TaskEvidence } from '../../advisor/evidence.ts';
import { type Risk, risksOf } from '../../advisor/portfolio/risks.ts';
import type { Basis } from '../../advisor/recommendation/basis.ts';

/** What lists, portfolio and roadmap show of an advice, kept beside it so that they need not read it whole. */
export interface AdviceSummary {
  finding: string;
  /** `null`: not settled. */
  base: string | null;
  phase: PhaseId;
  /** Why that phase. */
  because: string;
  exit: ExitCriterion[];
  /** At most three, in order. */
  next: RoadmapStep[];
  /** Calls it is measured on; 0: it rests on what was declared. */
  evidenceCalls: number;
  risks: Risk[];
  openQuestions: number;
}

export function summarise(advice: Advice, evidence: TaskEvidence | null, { route }: Basis): AdviceSummary {
  const { phase, because, exit, next } = advice.roadmap;
  const evidenceCalls = evidence?.calls ?? 0;
  const share = (part: number) => (evidenceCalls > 0 ? part / evidenceCalls : null);
  return {
    finding: advice.finding,
    base: advice.decision.base,
    phase,
    because,
    exit,
    next,
    evidenceCalls,
    risks: risksOf(advice, {
      errorShare: share(sum(evidence?.errors)),
      unpricedShare: share(sum(evidence?.byModel.map(({ unpricedCalls }) => ({ calls: unpricedCalls })))),
      deployments: route,
      evidenceCalls,
    }),
    openQuestions: advice.openQuestions.length,
  };
}

function sum(rows: readonly { calls: number }[] = []): number {
  return rows.reduce((total, { calls }) => total + calls, 0);
}
