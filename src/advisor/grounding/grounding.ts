/**
 * What the economics takes from calls and from published prices, beyond the facts of a profile: the volume's fitted level
 * and trend, the price of the calls as served, machines sized for the real arrivals. It reads the capacity room, so it
 * runs on the server and in the command line; what it found travels with the profile, and a browser takes it from there.
 */
import type { Quantity } from '../economics/quantity.ts';
import type { TaskEvidence } from '../evidence.ts';
import type { Profile } from '../profile/profile.ts';
import { groundedPrices } from './api-price.ts';
import { gpuPrice, sizedReplica, testedReplica } from './machines.ts';
import { groundedVolume } from './volume.ts';

export interface Grounding {
  quantities: readonly Quantity[];
  /** Of the volume's fit; 0: there is none. */
  levelGrowthCorrelation: number;
}

/** `at`: epoch milliseconds the prices are taken at. Takes about a second where machines are sized. */
export function groundingOf(profile: Profile, evidence: TaskEvidence | null, at: number): Grounding {
  const tested = evidence && testedReplica(profile, evidence);
  const gpu = gpuPrice(profile, tested);
  if (evidence === null) return { quantities: gpu, levelGrowthCorrelation: 0 };
  const volume = groundedVolume(profile, evidence);
  return {
    quantities: [
      ...(volume?.quantities ?? []),
      ...groundedPrices(evidence, at),
      ...gpu,
      ...sizedReplica(profile, evidence, tested),
    ],
    levelGrowthCorrelation: volume?.levelGrowthCorrelation ?? 0,
  };
}
