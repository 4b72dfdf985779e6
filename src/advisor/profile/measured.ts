/** What calls say of a task, fact by fact. What they do not say is absent. */
import type { Interval } from '../../core/interval.ts';
import type { CallSample, TaskEvidence } from '../evidence.ts';
import type { FactSource } from '../fact.ts';
import type { NumberId } from './fields/index.ts';

export interface Measured {
  value: number;
  interval: Interval;
  source: FactSource;
  confidence: number;
}

const DAY_MS = 86_400_000;
const DAYS_PER_MONTH = 365.25 / 12;
const NANO = 1e9;
/** The 90th percentile of a normal distribution, in standard deviations. */
const P90 = 1.2816;
/** A window shorter than a week has not seen the weekend, one shorter than a day not the night. */
const UNSEEN_WEEK = 1.5;
const UNSEEN_DAY = 3;
/** A trend over fewer is scatter: what a person declared then stands. */
const MIN_WEEKS = 8;
const HOURS_PER_WEEK = 24 * 7;

export function measure(evidence: TaskEvidence): Partial<Record<string, Measured>> {
  const { calls } = evidence;
  if (calls === 0) return {};
  const found: Partial<Record<NumberId, Measured>> = {};
  const put = (id: NumberId, interval: Interval | null, counted = calls): void => {
    if (interval === null || counted === 0) return;
    const source: FactSource = { kind: 'measured', from: evidence.from, to: evidence.to, calls: counted };
    found[id] = { value: interval.mid, interval, source, confidence: confidenceOf(counted) };
  };
  putVolume(evidence, put);
  putTokens(evidence, put);
  putHealth(evidence, put);
  return found;
}

type Put = (id: NumberId, interval: Interval | null, counted?: number) => void;

function putVolume(evidence: TaskEvidence, put: Put): void {
  const days = (evidence.to - evidence.from) / DAY_MS;
  const monthly = (evidence.calls / days) * DAYS_PER_MONTH;
  put('volume.callsPerMonth', around(monthly, volumeSpread(evidence, days)));
  put('volume.growthPerMonth', growth(evidence));
  const counts = evidence.hourly.map(({ calls }) => calls);
  if (counts.length >= 24) {
    const mean = counts.reduce((sum, one) => sum + one, 0) / counts.length;
    const peak = counts.reduce((most, one) => Math.max(most, one), 0);
    put('volume.peakToMean', mean === 0 ? null : around(Math.max(1, peak / mean), days < 7 ? 1.3 : 1.1, 1));
  }
  const cost = evidence.byModel.reduce<number | null>(
    (sum, { costNanoUsd }) => (sum === null || costNanoUsd === null ? null : sum + costNanoUsd),
    0,
  );
  if (cost !== null && evidence.byModel.length > 0) {
    const usd = ((cost / NANO) * DAYS_PER_MONTH) / days;
    put('cost.spendUsdPerMonth', around(usd, volumeSpread(evidence, days)));
  }
}

/** The factor a month's volume holds within, from the scatter of the days and what the window has not seen. */
function volumeSpread({ hourly, calls }: TaskEvidence, days: number): number {
  if (days < 1) return UNSEEN_DAY;
  const daily = groupSums(hourly, 24);
  const relative =
    daily.length > 1 ? deviation(daily) / mean(daily) / Math.sqrt(daily.length) : 1 / Math.sqrt(calls);
  const scatter = Math.exp(P90 * (Number.isFinite(relative) ? relative : 1));
  return days < 7 ? scatter * UNSEEN_WEEK : scatter;
}

/** Trend of the logarithm of whole weeks. */
function growth({ hourly }: TaskEvidence): Interval | null {
  // Whole weeks only: a week that is cut off reads as a fall, or the first one as a rise.
  const whole = hourly.slice(0, hourly.length - (hourly.length % HOURS_PER_WEEK));
  const weeks = groupSums(whole, HOURS_PER_WEEK).filter((calls) => calls > 0);
  if (weeks.length < MIN_WEEKS) return null;
  const ys = weeks.map(Math.log);
  const xs = weeks.map((_, index) => index);
  const [mx, my] = [mean(xs), mean(ys)];
  const sxx = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  const slope = xs.reduce((sum, x, index) => sum + (x - mx) * ((ys[index] as number) - my), 0) / sxx;
  const residual = xs.reduce(
    (sum, x, index) => sum + ((ys[index] as number) - my - slope * (x - mx)) ** 2,
    0,
  );
  const error = Math.sqrt(residual / Math.max(1, weeks.length - 2) / sxx);
  const perMonth = (weekly: number): number => Math.exp((weekly * DAYS_PER_MONTH) / 7) - 1;
  return { low: perMonth(slope - P90 * error), mid: perMonth(slope), high: perMonth(slope + P90 * error) };
}

function putTokens({ sample, byModel, repeated }: TaskEvidence, put: Put): void {
  put('tokens.inputPerCall', meanOf(sample.map(({ inputTokens }) => inputTokens)), sample.length);
  put('tokens.outputPerCall', meanOf(sample.map(({ outputTokens }) => outputTokens)), sample.length);
  put('work.contextTokens', longest(sample), sample.length);
  const input = byModel.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const cached = byModel.reduce((sum, { cacheReadTokens }) => sum + cacheReadTokens, 0);
  if (input > 0) put('tokens.cacheReadShare', shareOf(Math.min(1, cached / input), sample.length));
  if (repeated) put('tokens.repeatedShare', shareOf(repeated.share, repeated.calls), repeated.calls);
}

function putHealth(evidence: TaskEvidence, put: Put): void {
  const { ttft, latency, errors, personalData, feedback, calls } = evidence;
  if (ttft) put('latency.ttftP95Ms', around(ttft.p95Ms, 1.05));
  if (latency) put('latency.endToEndP95Ms', around(latency.endToEndP95Ms, 1.05));
  const failed = errors.reduce((sum, one) => sum + one.calls, 0);
  put('reliability.errorShare', shareOf(Math.min(1, failed / calls), calls));
  if (personalData)
    put('data.personalShare', shareOf(personalData.share, personalData.calls), personalData.calls);
  const scored = feedback.filter(({ mean, scores }) => scores > 0 && mean >= 0 && mean <= 1);
  const scores = scored.reduce((sum, one) => sum + one.scores, 0);
  const score = scored.reduce((sum, one) => sum + one.mean * one.scores, 0) / scores;
  if (scores > 0) put('quality.feedbackMean', shareOf(score, scores), scores);
}

/** 99th percentile of the input. */
function longest(sample: readonly CallSample[]): Interval | null {
  if (sample.length === 0) return null;
  const sorted = sample.map(({ inputTokens }) => inputTokens).sort((a, b) => a - b);
  const value = Math.max(1, sorted[Math.floor((sorted.length - 1) * 0.99)] as number);
  return around(value, 1.1);
}

function meanOf(values: readonly number[]): Interval | null {
  if (values.length === 0) return null;
  const mid = mean(values);
  const error = values.length > 1 ? (P90 * deviation(values)) / Math.sqrt(values.length) : mid;
  return { low: Math.max(0, mid - error), mid, high: mid + error };
}

/** Wilson's interval, which stays within 0 and 1. */
function shareOf(share: number, count: number): Interval | null {
  if (count === 0) return null;
  const z2 = P90 ** 2;
  const centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half = (P90 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count ** 2));
  return {
    low: Math.max(0, Math.min(share, centre - half)),
    mid: share,
    high: Math.min(1, Math.max(share, centre + half)),
  };
}

function around(mid: number, factor: number, min = 0): Interval {
  return { low: Math.max(min, mid / factor), mid, high: mid * factor };
}

/** Sums of whole groups of hours; a rest at the end is left out. */
function groupSums(hourly: TaskEvidence['hourly'], size: number): number[] {
  const sums: number[] = [];
  for (let start = 0; start + size <= hourly.length; start += size) {
    sums.push(hourly.slice(start, start + size).reduce((sum, { calls }) => sum + calls, 0));
  }
  return sums;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(
    values.reduce((sum, one) => sum + (one - centre) ** 2, 0) / Math.max(1, values.length - 1),
  );
}

/** 0 with no call, 0.5 at 100, 0.9 at 10,000. */
function confidenceOf(calls: number): number {
  const root = Math.sqrt(calls);
  return root / (root + 10);
}
