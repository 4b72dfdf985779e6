/** What an adopted recommendation did to cost: calls before it against calls since, on the same clock. */
import type { Interval } from '../../core/interval.ts';
import type { RealisedEffect } from '../../core/recommendation.ts';

/** Fewer calls on either side say nothing. */
export const MIN_CALLS = 100;
/** Shorter than this since adoption is no time to judge. */
export const MIN_DAYS = 7;

const DAY_MS = 86_400_000;
const MONTH_DAYS = 30.44;
/** 80 % of a normal distribution lie within this many standard deviations. */
const Z80 = 1.2816;

/** A priced call: when, and USD. */
export interface PricedCall {
  at: number;
  usd: number;
}

export interface RealisedQuestion {
  /** Where the calls begin, epoch milliseconds. */
  from: number;
  adoptedAt: number;
  now: number;
  /** A sample of priced calls around the adoption. */
  calls: readonly PricedCall[];
  /** All calls since, for the volume. */
  callsSince: number;
  predicted: Interval | null;
}

/** `null`: too early, or too few priced calls on one of the two sides. */
export function measureRealised(question: RealisedQuestion): RealisedEffect | null {
  const { from, adoptedAt, now, calls, callsSince, predicted } = question;
  const days = (now - adoptedAt) / DAY_MS;
  const before = momentsOf(calls.filter(({ at }) => at < adoptedAt));
  const after = momentsOf(calls.filter(({ at }) => at >= adoptedAt));
  if (days < MIN_DAYS || before.count < MIN_CALLS || after.count < MIN_CALLS) return null;
  const callsPerMonth = (callsSince / days) * MONTH_DAYS;
  const mid = (after.mean - before.mean) * callsPerMonth;
  const spread =
    Z80 * Math.sqrt(before.variance / before.count + after.variance / after.count) * callsPerMonth;
  return {
    usdPerMonth: { low: mid - spread, mid, high: mid + spread },
    callsBefore: before.count,
    callsAfter: after.count,
    from,
    measuredAt: now,
    inside: predicted === null ? null : mid >= predicted.low && mid <= predicted.high,
  };
}

function momentsOf(calls: readonly PricedCall[]): { count: number; mean: number; variance: number } {
  const count = calls.length;
  const mean = calls.reduce((sum, { usd }) => sum + usd, 0) / Math.max(1, count);
  const squares = calls.reduce((sum, { usd }) => sum + (usd - mean) ** 2, 0);
  return { count, mean, variance: squares / Math.max(1, count - 1) };
}

/** How often reality fell inside the predicted 80 % interval. */
export interface Calibration {
  /** Predictions that were measured. */
  measured: number;
  inside: number;
  /** `null`: none was measured. */
  share: number | null;
  /** 80 % interval of the share that the few measured stand for; `null`: none was. */
  shareInterval: { low: number; high: number } | null;
}

export function calibrate(effects: readonly (RealisedEffect | null)[]): Calibration {
  const judged = effects.filter((effect) => effect !== null && effect.inside !== null);
  const measured = judged.length;
  const inside = judged.filter((effect) => effect?.inside === true).length;
  if (measured === 0) return { measured, inside, share: null, shareInterval: null };
  return { measured, inside, share: inside / measured, shareInterval: wilson(inside, measured) };
}

/** Wilson's score interval of a share, 80 %: holds also for few, and for none or all inside. */
function wilson(inside: number, measured: number): { low: number; high: number } {
  const share = inside / measured;
  const z = Z80 ** 2 / measured;
  const middle = (share + z / 2) / (1 + z);
  const half = (Z80 / (1 + z)) * Math.sqrt((share * (1 - share)) / measured + z / (4 * measured));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
