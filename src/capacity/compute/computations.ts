/** The long computations of this room, by name: what goes to a thread of its own, and what comes back. */
import type { EngineSetup } from '../capacity.ts';
import { createPerformanceModel } from '../performance/performance-model.ts';
import { type Plan, type PlanQuestion, planCapacity } from '../plan/plan.ts';
import { type SimulationResult, simulate } from '../simulator/simulate.ts';
import type { Workload } from '../simulator/workload.ts';

/** Share of the work done, 0 to 1, and in words how much that is. */
export type OnProgress = (share: number, done: string) => void;

export interface Computations {
  plan: { question: Omit<PlanQuestion, 'onProgress'>; answer: Plan };
  simulation: {
    question: { setup: EngineSetup; workload: Workload; replicas: number };
    answer: SimulationResult;
  };
}

export type ComputationName = keyof Computations;

const COMPUTATIONS: {
  [Name in ComputationName]: (
    question: Computations[Name]['question'],
    onProgress: OnProgress,
  ) => Computations[Name]['answer'];
} = {
  plan: (question, onProgress) =>
    planCapacity({
      ...question,
      onProgress: (done, all) => onProgress(done / all, `${done} of ${all} configurations`),
    }),
  simulation: ({ setup, workload, replicas }, onProgress) => {
    const calls = workload.atMs.length;
    return simulate({
      model: createPerformanceModel(setup),
      workload,
      replicas,
      onProgress: (share) => onProgress(share, `${Math.round(share * calls).toLocaleString('en')} calls`),
    });
  },
};

export function compute<Name extends ComputationName>(
  name: Name,
  question: Computations[Name]['question'],
  onProgress: OnProgress,
): Computations[Name]['answer'] {
  return COMPUTATIONS[name](question, onProgress);
}
