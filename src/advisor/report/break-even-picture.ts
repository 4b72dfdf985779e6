/**
 * The break-even chart as plain shapes: cost a month by calls a month, a band per option, today's volume, and where each
 * crosses the hosted API. The report draws them as text, the dashboard as components, so both show the same picture.
 */
import type { Interval } from '../../core/interval.ts';
import type { Advice } from '../advice.ts';
import type { BreakEven, OptionId } from '../economics/economics.ts';
import { formatMonth, formatNumber } from './number.ts';

export const PICTURE = { width: 760, height: 340, left: 68, right: 744, top: 20, bottom: 296 };

/** Bases are compared here; tuned variants have figures of their own. */
const SHOWN: readonly OptionId[] = ['hosted-api', 'private-deployment', 'self-hosted', 'hybrid'];
/** Room a note needs before the right edge; with less it stands on the left of its line. */
const NOTE_WIDTH = 240;
const TODAY_WIDTH = 120;
const NOTE_HEIGHT = 16;

export interface BreakEvenPicture {
  bands: { option: OptionId; label: string; area: string; line: string }[];
  ticksX: { x: number; label: string }[];
  ticksY: { y: number; label: string }[];
  today: { from: number; width: number; x: number; anchor: 'middle' | 'end'; note: string } | null;
  crossings: {
    option: OptionId;
    x: number;
    noteX: number;
    noteY: number;
    anchor: 'start' | 'end';
    note: string;
  }[];
}

interface Scale {
  x(calls: number): number;
  y(usd: number): number;
}

export function breakEvenPicture(advice: Pick<Advice, 'at' | 'economics' | 'scorecard'>): BreakEvenPicture {
  const { curve, breakEven, options, quantities } = advice.economics;
  const open = new Set<OptionId>(['hosted-api', ...allowedBases(advice)]);
  const shown = curve.options.filter(({ option }) => SHOWN.includes(option) && open.has(option));
  const volumes = curve.callsPerMonth;
  const scale = toScale(
    volumes,
    shown.flatMap(({ usdPerMonth }) => usdPerMonth),
  );
  const volume = quantities.find(({ id }) => id === 'volume.calls-per-month')?.value;
  const drawn = new Set(shown.map(({ option }) => option));
  return {
    bands: shown.map(({ option, usdPerMonth }) => ({
      option,
      label: options.find((one) => one.option === option)?.label ?? option,
      ...bandOf(volumes, usdPerMonth, scale),
    })),
    ...ticksOf(volumes, scale),
    today: volume ? todayOf(volume, scale) : null,
    crossings: breakEven
      .filter(({ option }) => drawn.has(option))
      .flatMap((crossing, row) => crossingOf(crossing, scale, { at: advice.at, row }) ?? []),
  };
}

function allowedBases({ scorecard }: Pick<Advice, 'scorecard'>): OptionId[] {
  return scorecard.bases.filter(({ excluded }) => excluded.length === 0).map(({ target }) => target);
}

/** Both axes are logarithmic. */
function toScale(volumes: readonly number[], costs: readonly Interval[]): Scale {
  const { left, right, top, bottom } = PICTURE;
  const [x0, x1] = [Math.log10(volumes[0] as number), Math.log10(volumes.at(-1) as number)];
  const positive = costs.map(({ low }) => low).filter((low) => low > 0);
  const lowest = Math.max(1, Math.min(...positive));
  const y0 = Math.log10(lowest);
  const y1 = Math.max(y0 + 1, Math.log10(Math.max(...costs.map(({ high }) => high))));
  return {
    x: (calls) => left + ((Math.log10(calls) - x0) / (x1 - x0)) * (right - left),
    y: (usd) => bottom - ((Math.log10(Math.max(usd, lowest)) - y0) / (y1 - y0)) * (bottom - top),
  };
}

function bandOf(
  volumes: readonly number[],
  costs: readonly Interval[],
  scale: Scale,
): { area: string; line: string } {
  const points = (end: keyof Interval): string[] =>
    costs.map((cost, index) => `${tenth(scale.x(volumes[index] as number))},${tenth(scale.y(cost[end]))}`);
  return { area: [...points('low'), ...points('high').reverse()].join(' '), line: points('mid').join(' ') };
}

function ticksOf(volumes: readonly number[], { x, y }: Scale): Pick<BreakEvenPicture, 'ticksX' | 'ticksY'> {
  const { top, bottom } = PICTURE;
  const [first, last] = [volumes[0] as number, volumes.at(-1) as number];
  const powers = Array.from({ length: 13 }, (_, power) => 10 ** power);
  return {
    ticksX: powers
      .filter((calls) => calls >= first && calls <= last)
      .map((calls) => ({ x: tenth(x(calls)), label: short(calls) })),
    // What lies below the lowest cost is drawn on it: a tick of one dollar would then stand for less.
    ticksY: powers
      .map((usd) => ({ usd, at: y(usd) }))
      .filter(({ usd, at }) => at >= top && at <= bottom && (usd > 1 || y(2) < at))
      .map(({ usd, at }) => ({ y: tenth(at), label: `$${short(usd)}` })),
  };
}

function todayOf(volume: Interval, scale: Scale): NonNullable<BreakEvenPicture['today']> {
  const { left, right } = PICTURE;
  const inside = (calls: number) =>
    tenth(Math.max(left, Math.min(right, scale.x(Math.max(Number.MIN_VALUE, calls)))));
  const [from, x, to] = [inside(volume.low), inside(volume.mid), inside(volume.high)];
  const anchor = x > right - TODAY_WIDTH / 2 ? 'end' : 'middle';
  return {
    from,
    width: tenth(Math.max(1, to - from)),
    x,
    anchor,
    note: `today: ${formatNumber(volume.mid, 2)}`,
  };
}

/** `null`: it crosses nowhere on the chart. */
function crossingOf(
  { option, callsPerMonth, months }: BreakEven,
  scale: Scale,
  { at, row }: { at: number; row: number },
): BreakEvenPicture['crossings'][number] | null {
  const { left, right, bottom } = PICTURE;
  if (callsPerMonth.mid === null || callsPerMonth.mid <= 0) return null;
  const x = tenth(scale.x(callsPerMonth.mid));
  if (x < left || x > right) return null;
  const when =
    months.mid === null ? 'not within 3 years' : months.mid === 0 ? 'passed' : formatMonth(at, months.mid);
  const end = x > right - NOTE_WIDTH;
  return {
    option,
    x,
    noteX: end ? x - 6 : x + 6,
    noteY: bottom - 8 - NOTE_HEIGHT * row,
    anchor: end ? 'end' : 'start',
    note: `break-even ${formatNumber(callsPerMonth.mid, 2)}, ${when}`,
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `1k`, `10M`: ticks are powers of ten. */
function short(value: number): string {
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 2 }).format(value);
}
