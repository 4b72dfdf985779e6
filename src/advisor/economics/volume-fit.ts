/**
 * The volume's quantities from counts of calls: a weekly season taken out, then a local level with drift (Harvey 1989,
 * ch. 4) on the logarithm of the counts. What is not known of the size of its two kinds of noise is
 * averaged over by likelihood on a grid, so few counts leave the priors nearly as they were. How far such a fit errs is
 * then measured on the history itself: it is cut, fitted and held against what followed, and the widths are scaled by that.
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

/** Means over the grid, in the logarithm and per step. */
interface Summary {
  level: number;
  drift: number;
  varLevel: number;
  varDrift: number;
  covariance: number;
  walkSquare: number;
  noiseSquare: number;
}

/** Throws RangeError without a single call. */
export function fitVolume(history: VolumeHistory): VolumeFit {
  const { counts, periodSteps } = history;
  if (!counts.some((count) => count > 0)) throw new RangeError('A history without calls has no level.');
  const { posteriors, season } = filterAll(history, counts.length);
  return toFit(posteriors, { season, periodSteps, scale: errorScale(history) });
}

/** The first steps of a history, filtered at every pair of noises. */
function filterAll(
  { counts, seasonSteps, periodSteps, growth }: VolumeHistory,
  steps: number,
): { posteriors: Posterior[]; season: number[] } {
  const seen = counts.slice(0, steps);
  const logs = seen.map((count) => Math.log(count + 0.5));
  const season = seasonOf(logs, seasonSteps);
  const values = logs.map((value, index) => value - (season[index % season.length] as number));
  const sampling = seen.map((count) => 1 / (count + 0.5));
  const driftPrior = {
    mean: Math.log1p(growth.mid) / periodSteps,
    deviation: (Math.log1p(growth.high) - Math.log1p(growth.low)) / (2 * Z90) / periodSteps,
  };
  const posteriors = WALK_GRID.flatMap((walk) =>
    NOISE_GRID.map((noise) => filter({ values, sampling, driftPrior }, walk, noise)),
  );
  const top = Math.max(...posteriors.map(({ weight }) => weight));
  for (const posterior of posteriors) posterior.weight = Math.exp(posterior.weight - top);
  return { posteriors, season };
}

/** Cuts of the history, and the least it must hold before the first. */
const CUTS = 16;
const FIRST_CUT = 28;
/** Periods ahead that are held against what came. */
const AHEAD = 3;
/** Weight of "the fit errs as it says", in cuts. */
const TRUST = 8;

/** How wide the errors of earlier fits were against their own measure: below 1 the fit is too careful. */
function errorScale(history: VolumeHistory): number {
  const { counts } = history;
  const first = Math.max(FIRST_CUT, Math.floor(counts.length / 2));
  const block = blockOf(history);
  const every = Math.max(1, Math.floor((counts.length - first - block) / CUTS));
  let squares = TRUST;
  let tried = TRUST;
  for (let cut = first; cut + block <= counts.length; cut += every) {
    const errors = errorsAfter(history, cut, block);
    if (errors.length === 0) continue;
    squares += errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length;
    tried++;
  }
  return Math.sqrt(squares / tried);
}

/** Steps that are summed to be forecast: a period, or less of it where the history is short, in whole seasons. */
function blockOf({ counts, seasonSteps, periodSteps }: VolumeHistory): number {
  const wanted = Math.min(periodSteps, counts.length / 6);
  return Math.max(seasonSteps, Math.floor(wanted / seasonSteps) * seasonSteps);
}

/** Errors of the next blocks, in standard deviations as the fit at the cut states them. */
function errorsAfter(history: VolumeHistory, cut: number, block: number): number[] {
  const { counts } = history;
  const { posteriors, season } = filterAll(history, cut);
  const { level, drift, varLevel, varDrift, covariance, walkSquare, noiseSquare } = summaryOf(posteriors);
  const factors = season.map(Math.exp);
  const errors: number[] = [];
  for (let ahead = 0; ahead < AHEAD; ahead++) {
    const from = cut + ahead * block;
    if (from + block > counts.length) break;
    const came = counts.slice(from, from + block).reduce((sum, one) => sum + one, 0);
    const steps = ahead * block + (block + 1) / 2;
    const shape = factors.length === 1 ? 1 : factors.reduce((sum, one) => sum + one, 0) / factors.length;
    const expected = level + drift * steps + Math.log(shape * block) + noiseSquare / 2;
    const variance =
      varLevel +
      2 * steps * covariance +
      steps ** 2 * varDrift +
      walkSquare * (ahead * block + block / 3) +
      noiseSquare / block +
      1 / (came + 0.5);
    errors.push((Math.log(came + 0.5) - expected) / Math.sqrt(variance));
  }
  return errors;
}

/** Mean of each place of the season about a centred moving mean; flat under two whole seasons. */
function seasonOf(logs: readonly number[], length: number): number[] {
  if (length < 2 || logs.length < 2 * length) return [0];
  const half = Math.floor(length / 2);
  const sums = Array.from({ length }, () => ({ total: 0, squares: 0, count: 0 }));
  for (let index = half; index < logs.length - half; index++) {
    let window = 0;
    for (let place = index - half; place <= index + half; place++) window += logs[place] as number;
    const sum = sums[index % length] as { total: number; squares: number; count: number };
    const about = (logs[index] as number) - window / (2 * half + 1);
    sum.total += about;
    sum.squares += about ** 2;
    sum.count++;
  }
  const means = sums.map(({ total, count }) => (count > 0 ? total / count : 0));
  const mean = means.reduce((sum, value) => sum + value, 0) / length;
  const kept = trustInSeason(sums, means);
  return means.map((value) => (value - mean) * kept);
}

/**
 * How much of the season's size is more than scatter (empirical Bayes): 1 where the places differ far more than one place from
 * season to season. What was left in would pull the level along at the end of a history.
 */
function trustInSeason(
  sums: readonly { squares: number; count: number }[],
  means: readonly number[],
): number {
  const count = sums.reduce((sum, one) => sum + one.count, 0);
  const spread = sums.reduce(
    (sum, one, place) => sum + one.squares - one.count * (means[place] as number) ** 2,
    0,
  );
  // One pretended observation of the usual scatter, so that two weeks do not make a season of their noise.
  const scatter = (spread + NOISE_PRIOR.median ** 2) / Math.max(1, count - means.length + 1);
  const error = (scatter * means.length) / count;
  const size = means.reduce((sum, value) => sum + value ** 2, 0) / means.length;
  return size > 0 ? Math.max(0, size - error) / size : 0;
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

function summaryOf(posteriors: readonly Posterior[]): Summary {
  const total = posteriors.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (pick: (posterior: Posterior) => number): number =>
    posteriors.reduce((sum, posterior) => sum + posterior.weight * pick(posterior), 0) / total;
  const level = mean((p) => p.level);
  const drift = mean((p) => p.drift);
  return {
    level,
    drift,
    varLevel: mean((p) => p.varLevel + (p.level - level) ** 2),
    varDrift: mean((p) => p.varDrift + (p.drift - drift) ** 2),
    covariance: mean((p) => p.covariance + (p.level - level) * (p.drift - drift)),
    walkSquare: mean((p) => p.walk ** 2),
    noiseSquare: mean((p) => p.noise ** 2),
  };
}

function toFit(
  posteriors: readonly Posterior[],
  { season, periodSteps, scale }: { season: number[]; periodSteps: number; scale: number },
): VolumeFit {
  const { level, drift, varLevel, varDrift, covariance, noiseSquare } = summaryOf(posteriors);
  const [sdLevel, sdDrift] = [Math.sqrt(varLevel), Math.sqrt(varDrift)];
  const factors = season.map(Math.exp);
  const seasonMean = factors.reduce((sum, value) => sum + value, 0) / factors.length;
  // A period sums counts, and the mean of a lognormal scatter lies above its median.
  const scatter = Math.exp(noiseSquare / 2);
  const perPeriod = (z: number): number =>
    Math.exp(level + z * scale * sdLevel) * seasonMean * scatter * periodSteps;
  const growth = (z: number): number => Math.expm1((drift + z * scale * sdDrift) * periodSteps);
  return {
    level: { low: perPeriod(-Z90), mid: perPeriod(0), high: perPeriod(Z90) },
    growth: { low: growth(-Z90), mid: growth(0), high: growth(Z90) },
    shock: scaled(
      weightedInterval(posteriors, (p) => p.walk),
      scale * Math.sqrt(periodSteps),
    ),
    noise: withSampling(
      scaled(
        weightedInterval(posteriors, (p) => p.noise),
        scale / Math.sqrt(periodSteps),
      ),
      perPeriod(0),
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

/** Even at a steady rate the calls of a period scatter, as Poisson's do. */
function withSampling({ low, mid, high }: Interval, calls: number): Interval {
  const add = (sigma: number): number => Math.sqrt(sigma ** 2 + 1 / (calls + 0.5));
  return { low: add(low), mid: add(mid), high: add(high) };
}

function scaled({ low, mid, high }: Interval, factor: number): Interval {
  return { low: low * factor, mid: mid * factor, high: high * factor };
}
