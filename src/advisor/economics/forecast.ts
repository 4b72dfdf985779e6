/**
 * Where the volume goes: level x (1 + growth)^months x a random walk, each with its uncertainty, so that the interval
 * widens with time. `volume-fit.ts` finds the four quantities from traffic; this turns them into paths.
 */
import type { Draws } from './draws.ts';
import { intervalOf } from './draws.ts';
import type { Forecast } from './economics.ts';
import type { Ledger, Vector } from './ledger.ts';
import type { QuantityId } from './quantity.ts';

/** The quantities of a path, as draws. */
export interface PathDraws {
  level: Vector;
  growth: Vector;
  shock: Vector;
  noise: Vector;
}

export const VOLUME_INPUTS: readonly QuantityId[] = [
  'volume.calls-per-month',
  'volume.growth-per-month',
  'volume.shock-per-month',
  'volume.noise-per-month',
];

/** Calls of each period after the level was read, the first period first; one vector of draws per period. */
export function volumePaths(
  draws: Draws,
  { level, growth, shock, noise }: PathDraws,
  periods: number,
): Vector[] {
  const walk = new Float64Array(level.length);
  const drift = growth.map(Math.log1p);
  return Array.from({ length: periods }, (_, index) => {
    const step = draws.normal(`volume.walk.${index}`);
    const scatter = draws.normal(`volume.scatter.${index}`);
    // The mean of a walk over its first period has a third of a period's variance.
    const size = index === 0 ? Math.sqrt(1 / 3) : 1;
    const calls = new Float64Array(level.length);
    for (let draw = 0; draw < calls.length; draw++) {
      const walked = (walk[draw] as number) + (shock[draw] as number) * size * (step[draw] as number);
      walk[draw] = walked;
      const trend = (drift[draw] as number) * (index + 0.5);
      const about = (noise[draw] as number) * (scatter[draw] as number);
      calls[draw] = (level[draw] as number) * Math.exp(trend + walked + about);
    }
    return calls;
  });
}

/** The volume's draws. Level and growth of one fit move together; see `levelGrowthCorrelation`. */
export function pathDraws(ledger: Ledger): PathDraws {
  return {
    level: ledger.of('volume.calls-per-month'),
    growth: ledger.of('volume.growth-per-month'),
    shock: ledger.of('volume.shock-per-month'),
    noise: ledger.of('volume.noise-per-month'),
  };
}

export function forecastOf(ledger: Ledger, paths: readonly Vector[]): Forecast {
  const sum = (months: number): Vector => {
    const total = new Float64Array(ledger.draws.count);
    for (const values of paths.slice(0, months)) {
      for (let draw = 0; draw < total.length; draw++)
        total[draw] = (total[draw] as number) + (values[draw] as number);
    }
    return total;
  };
  const figure = (months: number): string =>
    ledger.write(
      {
        id: `volume.next-${months}-months`,
        label: `Calls in the next ${months} months`,
        formula: 'sum over months of calls a month x (1 + growth)^month x random walk x scatter',
        inputs: [...VOLUME_INPUTS],
        unit: 'calls',
      },
      sum(months),
    );
  return {
    months: paths.slice(0, 12).map((values, index) => ({ month: index + 1, calls: intervalOf(values) })),
    callsNext6Months: figure(6),
    callsNext12Months: figure(12),
  };
}
