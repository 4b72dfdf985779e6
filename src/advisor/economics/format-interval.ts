/** Numbers as people read them: no digit that the interval does not bear. */
import type { Interval } from '../../core/interval.ts';
import type { Unit } from './unit.ts';

/** Digits of a number that is exact. */
const EXACT_DIGITS = 4;

export interface ShownInterval {
  mid: string;
  low: string;
  high: string;
  /** `$1,200 a month (1,000 to 1,400)`; the median alone when it is exact. */
  text: string;
}

/**
 * Rounds all three to the decimal place of half the interval's width, each keeping at least one digit of its own.
 * Exact numbers keep four digits.
 */
export function formatInterval({ low, mid, high }: Interval, unit: Unit): ShownInterval {
  const scale = unit.startsWith('share') ? 100 : 1;
  const width = (high - low) * scale;
  const shown = (value: number): string => figure(value * scale, width, unit);
  const after = AFTER[unit] ?? '';
  if (low === high)
    return { low: shown(low), mid: shown(mid), high: shown(high), text: `${shown(mid)}${after}` };
  const ends = { low: shown(low), mid: shown(mid), high: shown(high) };
  return { ...ends, text: `${ends.mid}${after} (${ends.low} to ${ends.high})` };
}

const AFTER: Readonly<Partial<Record<Unit, string>>> = {
  'USD/month': ' a month',
  'USD/year': ' a year',
  'USD/call': ' a call',
  'USD/million tokens': ' per million tokens',
  'USD/GPU-hour': ' per GPU-hour',
  'USD/hour': ' an hour',
  calls: ' calls',
  'calls/month': ' calls a month',
  'calls/s': ' calls a second',
  tokens: ' tokens',
  GPUs: ' GPUs',
  'GPU-hours': ' GPU-hours',
  replicas: ' replicas',
  people: ' people',
  months: ' months',
  examples: ' examples',
  'per year': ' a year',
  'share/month': ' a month',
  'share/year': ' a year',
  ratio: ' x',
};

function figure(value: number, width: number, unit: Unit): string {
  const size = Math.abs(value);
  const own = size > 0 ? Math.floor(Math.log10(size)) : 0;
  const place = width > 0 ? Math.min(own, Math.floor(Math.log10(width / 2))) : own - EXACT_DIGITS + 1;
  const decimals = Math.max(0, Math.min(12, -place));
  const rounded = place > 0 ? Math.round(size / 10 ** place) * 10 ** place : size;
  const digits = rounded.toLocaleString('en-US', {
    minimumFractionDigits: width > 0 ? decimals : 0,
    maximumFractionDigits: decimals,
  });
  const sign = value < 0 && Number(rounded.toFixed(decimals)) > 0 ? '-' : '';
  if (unit.startsWith('USD')) return `${sign}$${digits}`;
  return unit.startsWith('share') ? `${sign}${digits} %` : `${sign}${digits}`;
}
