/** Numbers of a report as people read them: no digit that the interval does not bear. */
import type { Interval } from '../../core/interval.ts';
import type { OpenInterval } from '../economics/economics.ts';
import { formatInterval } from '../economics/format-interval.ts';
import type { Unit } from '../economics/unit.ts';

/** `1,400`, `0.0033` */
export function formatNumber(value: number, digits: number): string {
  return value === 0 ? '0' : value.toLocaleString('en-US', { maximumSignificantDigits: digits });
}

/** `$330 to $4,500`, for columns whose head says the rest; one number where both ends read the same. */
export function formatRange(interval: Interval, unit: Unit): string {
  const { low, high } = formatInterval(interval, unit);
  return low === high ? low : `${low} to ${high}`;
}

export function unitWords(unit: Unit): string {
  return unit === 'ratio'
    ? ''
    : unit.replace('/month', ' a month').replace('/year', ' a year').replace('/', ' per ');
}

/** `600,000 to 4,000,000 calls a month`; ends beyond what was looked at are said in words. */
export function formatVolume({ low, mid, high }: OpenInterval): string {
  if (mid === null && low === null) return 'at no volume that was looked at';
  if (mid === 0 && high === 0) return 'at every volume';
  const from = low === null ? 'an unknown volume' : formatNumber(low, 2);
  if (high === null) return `from ${from} calls a month up, or never`;
  return low === high ? `${from} calls a month` : `${from} to ${formatNumber(high, 2)} calls a month`;
}

export function formatMonth(at: number, months: number): string {
  const day = new Date(at);
  const then = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + Math.round(months), 1));
  return then.toLocaleDateString('en-GB', { month: 'short', year: 'numeric', timeZone: 'UTC' });
}

/** When the forecast passes it, as a date with its interval; in words where it does not. */
export function formatWhen({ low, mid, high }: OpenInterval, at: number): string {
  if (mid === null)
    return low === null
      ? 'not within three years'
      : `at the earliest ${formatMonth(at, low)}, likely not within three years`;
  if (mid === 0 && (high === 0 || high === null)) return 'passed today';
  const early = low === null || low === 0 ? 'today' : formatMonth(at, low);
  const late = high === null ? 'never within three years' : formatMonth(at, high);
  return `${formatMonth(at, mid)} (${early} to ${late})`;
}
