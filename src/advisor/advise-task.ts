/** From what was said and measured of a task to its advice. */
import type { Advice } from './advice.ts';
import { advise } from './advise.ts';
import { groundingOf } from './grounding/grounding.ts';
import { createProfile, type ProfileInput } from './profile/create.ts';

/** `at`: epoch milliseconds the advice is for. Same input, same answer. */
export function adviseTask(input: ProfileInput, at: number): Advice {
  const profile = createProfile(input);
  return advise({ profile: { ...profile, grounding: groundingOf(profile, input.evidence ?? null, at) }, at });
}
