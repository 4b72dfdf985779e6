/** What the advisor says of one task. Plain data: `advise` makes it, the report, the API and the pages show it. */
import type { Interval } from '../core/interval.ts';
import type { Economics, FlipPoint, Lever } from './economics/economics.ts';
import type { BaseId, LayerId, TargetId } from './options.ts';
import type { FactId } from './profile/fields/index.ts';
import type { Contradiction, Evidence, Profile } from './profile/profile.ts';

/** Where a rule comes from. */
export interface RuleSource {
  /** `article 2.2`, or the publication. */
  by: string;
  /** The sentence it stands on. */
  sentence: string;
  url: string | null;
  date: string;
}

export type Answer = 'yes' | 'no' | 'unknown';
export type QuestionId = 'third-party' | 'validating' | 'painful' | 'failures';

export interface PathStep {
  question: QuestionId;
  /** As the article asks it. */
  text: string;
  answer: Answer;
  /** `likely`: the evidence leans that way, and its interval reaches over the line. */
  certainty: 'sure' | 'likely' | 'unknown';
  /** Why this answer, in words. */
  because: string;
  evidence: Evidence[];
  /** What each answer leads to, as the article says it. */
  ifYes: string;
  ifNo: string;
}

/** What the path ends in. */
export type PathEnd = 'private-or-self-hosted' | 'api-first' | 'hybrid' | 'api-optimise';
export type PathLayer = 'fine-tune' | 'improve-first';

export interface Path {
  steps: PathStep[];
  /** `null`: an unknown answer stands in the way, see `fork`. */
  end: PathEnd | null;
  /** `null`: the last question was not reached, or its answer is not known. */
  layer: PathLayer | null;
  /** The recommendation in words. */
  recommendation: string;
  watchOuts: WatchOut[];
  /** The first answer that is not known, and what each answer would lead to. */
  fork: { question: QuestionId; ifYes: Path; ifNo: Path } | null;
}

export interface WatchOut {
  id: string;
  text: string;
  /** What was seen that makes it more than a general caution; `null`: general. */
  because: string | null;
  source: RuleSource;
  /** Where the product helps. */
  see: string;
}

export type DimensionId = 'quality' | 'data' | 'latency' | 'cost' | 'team';

/** One rule's part in a score. */
export interface Contribution {
  rule: string;
  says: string;
  /** Signed points. Wider than zero where the facts it reads are not known, or the points are a judgement. */
  points: Interval;
  facts: FactId[];
  known: boolean;
}

export interface DimensionScore {
  dimension: DimensionId;
  label: string;
  weight: Interval;
  /** 0 to 10; 5: nothing speaks for or against. */
  score: Interval;
  contributions: Contribution[];
}

export interface TargetScore {
  target: TargetId;
  label: string;
  /** Weighted mean of the dimensions, 0 to 10. */
  total: Interval;
  dimensions: DimensionScore[];
  /** Constraints that rule it out, or would if an unknown fact turned out so. */
  excluded: Exclusion[];
  possiblyExcluded: Exclusion[];
}

export interface Exclusion {
  constraint: string;
  reason: string;
  facts: FactId[];
  source: RuleSource;
}

export interface BaseScore extends TargetScore {
  target: BaseId;
  /** Share of the draws in which it has the highest total of what is not excluded. */
  bestShare: number;
}

export interface LayerScore extends TargetScore {
  target: LayerId;
  /** `now`: do it. `later`: good once something else is done. `no`: nothing speaks for it. `excluded`: ruled out. */
  verdict: 'now' | 'later' | 'no' | 'excluded';
  because: string;
}

export interface Scorecard {
  bases: BaseScore[];
  layers: LayerScore[];
  /** Highest total of what is not excluded; `null`: everything is excluded. */
  best: BaseId | null;
}

export type PhaseId = 'learn' | 'optimise' | 'own';

export interface ExitCriterion {
  id: string;
  text: string;
  current: string;
  met: boolean | null;
  facts: FactId[];
}

export interface RoadmapStep {
  id: string;
  title: string;
  /** Why now, in words. */
  why: string;
  effort: string;
  effect: string;
  /** What starts it: a command to paste. `null`: it is work outside this product, described in `why`. */
  command: string | null;
  serves: TargetId | null;
}

export interface Phase {
  id: PhaseId;
  label: string;
  /** What the phase is about, as the article lists it. */
  focus: string[];
}

export interface Roadmap {
  phase: PhaseId;
  because: string;
  evidence: Evidence[];
  phases: Phase[];
  exit: ExitCriterion[];
  /** At most three, in order. */
  next: RoadmapStep[];
  /** What follows them, in order. */
  later: RoadmapStep[];
}

/** Base and layers that are advised, and how the two ways of looking at it agree. */
export interface Decision {
  base: BaseId | null;
  layers: LayerId[];
  /** From the draws: how often this base comes out best. */
  bestShare: number | null;
  path: BaseId[];
  scorecard: BaseId | null;
  agree: boolean;
  /** Why they differ, or why nothing is left; `null`: they agree. */
  reason: string | null;
  /** Why path and scorecard differ on fine-tuning; `null`: they do not. */
  layerReason: string | null;
}

/** A proposal, as it is stored and followed when it is accepted. */
export interface Proposal {
  id: string;
  target: TargetId;
  title: string;
  why: string;
  evidence: Evidence[];
  /** Predicted change of cost, USD a month (negative: saves); `null`: not an effect on cost. */
  effectUsdPerMonth: Interval | null;
  /** What must be proved before it is adopted. */
  proof: string;
  command: string | null;
}

/** A fact nobody knows, and how much knowing it would settle. */
export interface OpenQuestion {
  fact: FactId;
  label: string;
  question: string;
  why: string;
  /** Points of total score that hang on it, summed over bases and layers. */
  hangsOnIt: number;
  command: string | null;
}

export interface Advice {
  version: 1;
  task: string;
  /** Epoch milliseconds the advice is for. */
  at: number;
  /** One sentence that states the finding. */
  finding: string;
  profile: Profile;
  contradictions: readonly Contradiction[];
  path: Path;
  scorecard: Scorecard;
  decision: Decision;
  economics: Economics;
  /** What would make another of the allowed bases the cheapest. */
  flipPoints: FlipPoint[];
  levers: Lever[];
  roadmap: Roadmap;
  proposals: Proposal[];
  watchOuts: WatchOut[];
  openQuestions: OpenQuestion[];
}

/** What {@link Advice} is made from. */
export interface AdviceInput {
  profile: Profile;
  /** Epoch milliseconds. */
  at: number;
  /** Default 1. Same seed and profile, same answer. */
  seed?: number;
  /** Draws of the economics. Default 2,000. */
  draws?: number;
}
