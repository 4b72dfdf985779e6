/**
 * The volume's quantities from counts of calls: a weekly season taken out, then a local level with drift (Harvey 1989,
 * ch. 4) on the logarithm of the counts. What is not known of the size of its two kinds of noise is
 * averaged over by likelihood on a grid, so few counts leave the priors nearly as they were.
 */
import type { Interval } from '../../core/interval.ts';
import { Z90 } from './draws.ts';

export interface VolumeHistory {
  /** Calls per step, the oldest first, steps without calls included. */
  counts: readonly number[];
  /** Steps of one season: 7 for days; 1: none. */
  seasonSteps: number;
  /** Steps of one period of the forecast: 30.44 for days and months. */
  periodSteps: number;
  /** Growth per period before the counts were seen: declared, or the prior. */
  growth: Interval;
}

export interface VolumeFit {
  /** Calls per period at the end of the history. */
  level: Interval;
  /** Per period, as a share. */
  growth: Interval;
  /** Standard deviation of the level's random change in a period, in the logarithm. */
  shock: Interval;
  noise: Interval;
  levelGrowthCorrelation: number;
  /** Factor of each step of a season, mean 1; the first belongs to the first count. */
  season: number[];
}

/** Median and log-sd of the prior of each noise per step; steps are days where it matters. */
const WALK_PRIOR = { median: 0.02, spread: 1 };
const NOISE_PRIOR = { median: 0.12, spread: 1 };
const WALK_GRID = [0.001, 0.003, 0.006, 0.012, 0.02, 0.035, 0.06, 0.1, 0.18];
const NOISE_GRID = [0.005, 0.02, 0.04, 0.08, 0.13, 0.2, 0.32, 0.5];

interface Posterior {
  weight: number;
  walk: number;
  noise: number;
  level: number;
  drift: number;
  varLevel: number;
  varDrift: number;
  covariance: number;
}

/** Throws RangeError without a single call. */
export function fitVolume(history: VolumeHistory): VolumeFit {
  const { counts, seasonSteps, periodSteps, growth } = history;
  if (!counts.some((count) => count > 0)) throw new RangeError('A history without calls has no level.');
  const logs = counts.map((count) => Math.log(count + 0.5));
  const season = seasonOf(logs, seasonSteps);
  const values = logs.map((value, index) => value - (season[index % season.length] as number));
  const sampling = counts.map((count) => 1 / (count + 0.5));
  const driftPrior = {
    mean: Math.log1p(growth.mid) / periodSteps,
    deviation: (Math.log1p(growth.high) - Math.log1p(growth.low)) / (2 * Z90) / periodSteps,
  };
  const posteriors = WALK_GRID.flatMap((walk) =>
    NOISE_GRID.map((noise) => filter({ values, sampling, driftPrior }, walk, noise)),
  );
  return summarise(posteriors, season, periodSteps);
}

/** Mean of each place of the season about a centred moving mean; flat under two whole seasons. */
function seasonOf(logs: readonly number[], length: number): number[] {
  if (length < 2 || logs.length < 2 * length) return [0];
  const half = Math.floor(length / 2);
  const sums = Array.from({ length }, () => ({ total: 0, count: 0 }));
  for (let index = half; index < logs.length - half; index++) {
    let window = 0;
    for (let place = index - half; place <= index + half; place++) window += logs[place] as number;
    const sum = sums[index % length] as { total: number; count: number };
    sum.total += (logs[index] as number) - window / (2 * half + 1);
    sum.count++;
  }
  // Shrunk to flat by one pretended observation, so that two weeks do not make a season of their noise.
  const raw = sums.map(({ total, count }) => total / (count + 1));
  const mean = raw.reduce((sum, value) => sum + value, 0) / length;
  return raw.map((value) => value - mean);
}

/** Kalman filter of level and drift; returns where they end and how well this pair of noises explains the counts. */
function filter(
  {
    values,
    sampling,
    driftPrior,
  }: {
    values: readonly number[];
    sampling: readonly number[];
    driftPrior: { mean: number; deviation: number };
  },
  walk: number,
  noise: number,
): Posterior {
  let level = values[0] as number;
  let drift = driftPrior.mean;
  let varLevel = noise ** 2 + (sampling[0] as number);
  let covariance = 0;
  let varDrift = driftPrior.deviation ** 2;
  let likelihood = 0;
  for (let index = 1; index < values.length; index++) {
    level += drift;
    varLevel += 2 * covariance + varDrift + walk ** 2;
    covariance += varDrift;
    const innovation = (values[index] as number) - level;
    const variance = varLevel + noise ** 2 + (sampling[index] as number);
    likelihood -= 0.5 * (Math.log(variance) + innovation ** 2 / variance);
    const gainLevel = varLevel / variance;
    const gainDrift = covariance / variance;
    level += gainLevel * innovation;
    drift += gainDrift * innovation;
    varDrift -= gainDrift * covariance;
    covariance -= gainLevel * covariance;
    varLevel -= gainLevel * varLevel;
  }
  const weight = likelihood + logPrior(walk, WALK_PRIOR) + logPrior(noise, NOISE_PRIOR);
  return { weight, walk, noise, level, drift, varLevel, varDrift, covariance };
}

function logPrior(value: number, { median, spread }: { median: number; spread: number }): number {
  return -0.5 * (Math.log(value / median) / spread) ** 2;
}

function summarise(posteriors: Posterior[], season: number[], periodSteps: number): VolumeFit {
  const top = Math.max(...posteriors.map(({ weight }) => weight));
  for (const posterior of posteriors) posterior.weight = Math.exp(posterior.weight - top);
  const total = posteriors.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (pick: (posterior: Posterior) => number): number =>
    posteriors.reduce((sum, posterior) => sum + posterior.weight * pick(posterior), 0) / total;
  const level = mean((p) => p.level);
  const drift = mean((p) => p.drift);
  const sdLevel = Math.sqrt(mean((p) => p.varLevel + (p.level - level) ** 2));
  const sdDrift = Math.sqrt(mean((p) => p.varDrift + (p.drift - drift) ** 2));
  const covariance = mean((p) => p.covariance + (p.level - level) * (p.drift - drift));
  const factors = season.map(Math.exp);
  const seasonMean = factors.reduce((sum, value) => sum + value, 0) / factors.length;
  // A period sums counts, and the mean of a lognormal scatter lies above its median.
  const scatter = Math.exp(mean((p) => p.noise ** 2) / 2);
  const perPeriod = (z: number): number => Math.exp(level + z * sdLevel) * seasonMean * scatter * periodSteps;
  const growth = (z: number): number => Math.expm1((drift + z * sdDrift) * periodSteps);
  return {
    level: { low: perPeriod(-Z90), mid: perPeriod(0), high: perPeriod(Z90) },
    growth: { low: growth(-Z90), mid: growth(0), high: growth(Z90) },
    shock: scaled(
      weightedInterval(posteriors, (p) => p.walk),
      Math.sqrt(periodSteps),
    ),
    noise: scaled(
      weightedInterval(posteriors, (p) => p.noise),
      1 / Math.sqrt(periodSteps),
    ),
    levelGrowthCorrelation: sdLevel * sdDrift > 0 ? covariance / (sdLevel * sdDrift) : 0,
    season: factors.map((factor) => factor / seasonMean),
  };
}

/** Weighted 10th, 50th and 90th percentile on the grid. */
function weightedInterval(
  posteriors: readonly Posterior[],
  pick: (posterior: Posterior) => number,
): Interval {
  const ordered = [...posteriors].sort((a, b) => pick(a) - pick(b));
  const total = ordered.reduce((sum, { weight }) => sum + weight, 0);
  const at = (share: number): number => {
    let sum = 0;
    for (const posterior of ordered) {
      sum += posterior.weight;
      if (sum >= share * total) return pick(posterior);
    }
    return pick(ordered.at(-1) as Posterior);
  };
  return { low: at(0.1), mid: at(0.5), high: at(0.9) };
}

function scaled({ low, mid, high }: Interval, factor: number): Interval {
  return { low: low * factor, mid: mid * factor, high: high * factor };
}
