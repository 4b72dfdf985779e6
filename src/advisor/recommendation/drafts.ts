import type { Advice } from '../advice.ts';
import type { Draft } from './lifecycle.ts';

/** Proposals of an advice as they are held against the recommendations on record. */
export function draftsOf({ task, proposals }: Pick<Advice, 'task' | 'proposals'>): Draft[] {
  return proposals.map(({ target, title, why, proof, command, evidence, effectUsdPerMonth }) => ({
    task,
    target,
    title,
    why,
    proof,
    command,
    evidence: evidence.map(({ label, shown, source }) => ({ fact: label, value: shown, source })),
    predictedUsdPerMonth: effectUsdPerMonth,
  }));
}
