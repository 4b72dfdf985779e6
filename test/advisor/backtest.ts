/**
 * How often what came fell inside what was forecast: histories are cut at many places, each is fitted, and the calls of
 * the periods that followed are held against the forecast's 80 % interval.
 */

import { createDraws, intervalOf, spread } from '../../src/advisor/economics/draws.ts';
import { volumePaths } from '../../src/advisor/economics/forecast.ts';
import { PRIORS } from '../../src/advisor/economics/quantity.ts';
import { fitVolume, type VolumeFit } from '../../src/advisor/economics/volume-fit.ts';
import type { Interval } from '../../src/core/interval.ts';

export interface BacktestSeries {
  name: string;
  /** Calls per step, the oldest first. */
  counts: readonly number[];
  /** Steps of a season; 1: none. */
  seasonSteps: number;
  /** Steps of a period of the forecast. */
  periodSteps: number;
  /** Steps the first fit sees, and from one cut to the next. */
  firstCut: number;
  cutEvery: number;
  /** Periods looked ahead. */
  periods: number;
}

export interface Coverage {
  name: string;
  /** By period ahead, the first first. */
  inside: number[];
  tried: number[];
  /** Of all periods: share inside, and the median ratio of the interval's high to its low end. */
  share: number;
  medianRatio: number;
}

const DRAWS = 400;

/** Of several series of one kind together. */
export function coverageOf(name: string, list: readonly BacktestSeries[]): Coverage {
  const inside: number[] = [];
  const tried: number[] = [];
  const ratios: number[] = [];
  for (const series of list) {
    for (
      let cut = series.firstCut;
      cut + series.periodSteps <= series.counts.length;
      cut += series.cutEvery
    ) {
      for (const [period, interval] of forecastAt(series, cut).entries()) {
        const from = cut + period * series.periodSteps;
        if (from + series.periodSteps > series.counts.length) break;
        const came = series.counts.slice(from, from + series.periodSteps).reduce((sum, one) => sum + one, 0);
        tried[period] = (tried[period] ?? 0) + 1;
        inside[period] = (inside[period] ?? 0) + (came >= interval.low && came <= interval.high ? 1 : 0);
        ratios.push(interval.high / interval.low);
      }
    }
  }
  const sum = (values: number[]): number => values.reduce((total, one) => total + one, 0);
  const medianRatio = ratios.sort((a, b) => a - b)[ratios.length >> 1] ?? Number.NaN;
  return { name, inside, tried, share: sum(inside) / sum(tried), medianRatio };
}

function forecastAt({ counts, seasonSteps, periodSteps, periods }: BacktestSeries, cut: number): Interval[] {
  const growth = PRIORS['volume.growth-per-month'].value;
  const fit = fitVolume({ counts: counts.slice(0, cut), seasonSteps, periodSteps, growth });
  return pathsOf(fit, periods, cut).map(intervalOf);
}

/** As the economics draws them. */
function pathsOf(fit: VolumeFit, periods: number, seed: number): Float64Array[] {
  const draws = createDraws(seed, DRAWS);
  const level = draws.normal('level');
  const own = Math.sqrt(1 - fit.levelGrowthCorrelation ** 2);
  const growth = draws
    .normal('growth')
    .map((z, draw) => fit.levelGrowthCorrelation * (level[draw] as number) + own * z);
  return volumePaths(
    draws,
    {
      level: spread(fit.level, 'calls/month', level),
      growth: spread(fit.growth, 'share/month', growth),
      shock: spread(fit.shock, 'share', draws.normal('shock')),
      noise: spread(fit.noise, 'share', draws.normal('noise')),
    },
    periods,
  );
}
