/** The questions of the wizard, in order, as data: the terminal and the page render the same ones. */
import type { Field } from '../profile/field.ts';
import { type FactId, fieldOf } from '../profile/fields/index.ts';
import type { Profile } from '../profile/profile.ts';
import { all, any, type Condition, flagged, has, holds, is, not } from '../scorecard/condition.ts';

export interface Question {
  fact: FactId;
  field: Field;
}

interface Entry {
  fact: FactId;
  /** Asked unless this is known to be false; `null`: always. */
  when: Condition | null;
}

const ask = (fact: FactId, when: Condition | null = null): Entry => ({ fact, when });

const FORBIDDEN = any(
  is('data.thirdParty', 'forbidden'),
  is('data.class', 'restricted'),
  is('data.boundary', 'network'),
);
const EARLY = is('product.stage', 'idea', 'pre-mvp', 'validating');

/** About twenty for one profile: those that cannot matter for it are left out. */
const ENTRIES: readonly Entry[] = [
  ask('work.kind'),
  ask('work.difficulty'),
  ask('work.multilingual'),
  ask('work.nuance'),
  ask('work.strictFormat'),
  ask('data.class'),
  ask('data.thirdParty', not(is('data.class', 'restricted', 'public'))),
  ask('data.privateCloud', FORBIDDEN),
  ask('data.kinds', not(is('data.class', 'public'))),
  ask('latency.class'),
  ask('latency.slowdowns', not(is('latency.class', 'batch'))),
  ask('product.stage'),
  ask('product.needs', not(is('product.stage', 'idea', 'scaling'))),
  ask('volume.callsPerMonth'),
  ask('volume.growthPerMonth', not(EARLY)),
  ask('volume.predictability'),
  ask('tokens.inputPerCall'),
  ask('tokens.outputPerCall'),
  ask('cost.painUsdPerMonth', all(not(EARLY), not(FORBIDDEN))),
  ask('team.ranModels'),
  ask('team.willBuild', not(is('team.ranModels', 'yes'))),
  ask('team.core'),
  ask('assets.gpus', any(FORBIDDEN, not(EARLY))),
  ask('stack.serving'),
  ask('levers.tried', not(EARLY)),
  ask('failures.patterns', not(EARLY)),
  ask('practice.evaluation', not(EARLY)),
  ask(
    'examples.labelled',
    all(
      not(EARLY),
      any(
        has('failures.patterns', 'style', 'format', 'jargon'),
        flagged('work.strictFormat'),
        is('work.kind', 'classification', 'extraction'),
      ),
    ),
  ),
];

/** Every fact the wizard may ask. */
export const WIZARD_FACTS: readonly FactId[] = ENTRIES.map(({ fact }) => fact);

/** What is to be asked given the answers so far, answered ones included. */
export function questionsFor(profile: Profile): Question[] {
  return ENTRIES.filter(
    ({ when }) =>
      when === null || holds(when, profile) === true || (holds(when, profile) === null && !isFollowUp(when)),
  ).map(({ fact }) => ({ fact, field: fieldOf(fact) }));
}

/** A follow-up is asked only once its occasion is there; the rest is asked unless ruled out. */
function isFollowUp(when: Condition): boolean {
  return when === FORBIDDEN;
}

/** Questions of a contradiction, to be asked again. */
export function questionsOf(facts: readonly FactId[]): Question[] {
  return facts.map((fact) => ({ fact, field: fieldOf(fact) }));
}
