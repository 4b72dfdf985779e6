/** Which phase a team is in, what ends it, and the next three steps. */
import type { Decision, PhaseId, Roadmap, RoadmapStep } from '../advice.ts';
import type { FactId } from '../profile/fields/index.ts';
import type { Profile } from '../profile/profile.ts';
import { evidenceOf, factValue, isEarly } from '../profile/reader.ts';
import { factsOf, holds } from '../scorecard/condition.ts';
import { CRITERIA, PHASES } from './phases.ts';
import { STEPS, type Step } from './steps.ts';

const NEXT = 3;

export function planRoadmap(profile: Profile, decision: Decision): Roadmap {
  const { phase, because, facts } = phaseOf(profile);
  const due = STEPS.filter((step) => isDue(step, { phase, profile, decision })).map(toStep);
  return {
    phase,
    because,
    evidence: evidenceOf(profile, facts),
    phases: PHASES.map((one) => ({ ...one })),
    exit: CRITERIA.filter((criterion) => criterion.phase === phase).map(({ id, text, met }) => ({
      id,
      text,
      met: holds(met, profile),
      facts: factsOf(met),
      current: evidenceOf(profile, factsOf(met))
        .map(({ label, shown }) => `${label.toLowerCase()}: ${shown}`)
        .join('; '),
    })),
    next: due.slice(0, NEXT),
    later: due.slice(NEXT),
  };
}

function phaseOf(profile: Profile): { phase: PhaseId; because: string; facts: FactId[] } {
  const facts: FactId[] = ['product.stage', 'stack.serving', 'practice.operations'];
  const early = isEarly(profile);
  const serving = factValue(profile, 'stack.serving');
  const owns = serving === 'mix' || serving === 'self-hosted';
  const learning = factValue(profile, 'product.needs') === 'learning';
  if (early === true || (learning && !owns)) {
    const because =
      early === true
        ? 'The value for users is still being validated.'
        : 'What users need is still being learned.';
    return { phase: 'learn', because, facts: ['product.stage', 'product.needs'] };
  }
  if (owns) return { phase: 'own', because: 'Own model servers are in use past validation.', facts };
  if (early === false) {
    return {
      phase: 'optimise',
      because: 'The value is proven, and APIs serve it: now it is made better and cheaper.',
      facts,
    };
  }
  return {
    phase: 'learn',
    because: 'The stage is not known, and nothing shows that the value is proven.',
    facts: ['product.stage', 'stack.serving'],
  };
}

function isDue(
  { phases, due, serves }: Step,
  { phase, profile, decision }: { phase: PhaseId; profile: Profile; decision: Decision },
): boolean {
  if (!phases.includes(phase) || holds(due, profile) === false) return false;
  if (serves === null) return true;
  return serves === decision.base || decision.layers.some((layer) => layer === serves);
}

function toStep({ id, title, why, effort, effect, command, serves }: Step): RoadmapStep {
  return { id, title, why, effort, effect, command, serves };
}
