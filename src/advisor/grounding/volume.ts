/** The volume's level, trend and scatter from the calls of whole days. */
import { PRIORS, type Quantity } from '../economics/quantity.ts';
import { fitVolume } from '../economics/volume-fit.ts';
import type { TaskEvidence } from '../evidence.ts';
import type { FactSource } from '../fact.ts';
import type { Profile } from '../profile/profile.ts';
import { intervalOf } from '../profile/reader.ts';

const HOURS = 24;
const DAYS_PER_WEEK = 7;
const DAYS_PER_MONTH = 365.25 / 12;
/** Two whole weeks: fewer days show no weekend twice. */
const MIN_DAYS = 14;

/** `null`: too few days. */
export function groundedVolume(
  profile: Profile,
  { hourly, calls, from, to }: TaskEvidence,
): { quantities: Quantity[]; levelGrowthCorrelation: number } | null {
  const counts = wholeDays(hourly);
  if (counts.length < MIN_DAYS || calls === 0 || !counts.some((count) => count > 0)) return null;
  // What a person expects of the growth, or the prior, is where the fit begins.
  const declared = profile.facts['volume.growthPerMonth'];
  const growth =
    (declared.source.kind === 'declared' ? intervalOf(profile, 'volume.growthPerMonth') : null) ??
    PRIORS['volume.growth-per-month'].value;
  const fit = fitVolume({ counts, seasonSteps: DAYS_PER_WEEK, periodSteps: DAYS_PER_MONTH, growth });
  const source: FactSource = { kind: 'measured', from, to, calls };
  return {
    quantities: [
      { id: 'volume.calls-per-month', value: fit.level, source },
      { id: 'volume.growth-per-month', value: fit.growth, source },
      { id: 'volume.shock-per-month', value: fit.shock, source },
      { id: 'volume.noise-per-month', value: fit.noise, source },
    ],
    levelGrowthCorrelation: fit.levelGrowthCorrelation,
  };
}

/** Counted back from the last hour, so that the newest day is whole. */
function wholeDays(hourly: TaskEvidence['hourly']): number[] {
  const days = Math.floor(hourly.length / HOURS);
  const first = hourly.length - days * HOURS;
  return Array.from({ length: days }, (_, day) =>
    hourly.slice(first + day * HOURS, first + (day + 1) * HOURS).reduce((sum, hour) => sum + hour.calls, 0),
  );
}
