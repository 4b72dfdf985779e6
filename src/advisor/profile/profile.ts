/** What is known of a task, fact by fact. Complete: what nobody stated is there, as unknown. */
import type { Quantity } from '../economics/quantity.ts';
import type { Fact } from '../fact.ts';
import type { FactId, FactValue } from './fields/index.ts';

export type ProfileFacts = { readonly [Id in FactId]: Fact<FactValue<Id>> };

export interface Profile {
  task: string;
  facts: ProfileFacts;
  /** Numbers of the economics that were stated by their own name (`assumptions` in the file). */
  assumptions: readonly Quantity[];
  /** What calls and published prices say of the economics' numbers, see `grounding/`; absent: nothing was looked at. */
  grounding?: { quantities: readonly Quantity[]; levelGrowthCorrelation: number };
  contradictions: readonly Contradiction[];
}

/** Two answers that cannot both be right. */
export interface Contradiction {
  id: string;
  fields: readonly FactId[];
  /** In words, both values named. */
  message: string;
}

/** A fact that moved an answer, as it is shown. */
export interface Evidence {
  fact: FactId;
  label: string;
  /** `forbidden (no third-party model may see it)`; `not known`. */
  shown: string;
  /** `declared by ana, 2026-11-20`, `measured over 12,000 calls`, `prior: ...` */
  source: string;
  known: boolean;
}
