/** From which volume, and from when, an option costs less than the first. */
import { type CostShape, costWith, crossing } from './cost-shape.ts';
import { quantile } from './draws.ts';
import type { BreakEven, OpenInterval, OptionId } from './economics.ts';
import { VOLUME_INPUTS } from './forecast.ts';
import type { Vector } from './ledger.ts';

/** Months looked ahead. */
export const MONTHS_AHEAD = 36;

export interface BreakEvenQuestion {
  option: OptionId;
  against: OptionId;
  shape: CostShape;
  base: CostShape;
  calls: Vector;
  /** Calls of months 1 to 36. */
  paths: readonly Vector[];
  apiPriceChange: Vector;
  gpuPriceChange: Vector;
  /** Figure ids of the parts on both sides. */
  inputs: string[];
}

export function breakEvenOf(question: BreakEvenQuestion): BreakEven {
  const { option, against, shape, base, calls } = question;
  const volumes = calls.map((_, draw) => crossing(shape, base, draw));
  const months = calls.map((_, draw) => monthOf(question, draw));
  const share = (holds: (value: number) => boolean, values: Vector): number =>
    values.reduce((count, value) => count + (holds(value) ? 1 : 0), 0) / values.length;
  return {
    option,
    against,
    callsPerMonth: openInterval(volumes),
    neverShare: share((value) => value === Number.POSITIVE_INFINITY, volumes),
    months: openInterval(months),
    passedShare: {
      today: share((value) => value <= 0, months),
      within12Months: share((value) => value <= 12, months),
      within36Months: share((value) => value <= MONTHS_AHEAD, months),
    },
    formula:
      'calls a month at which both cost the same, solved in every draw; the month in which the forecast passes it, with both prices changing as stated',
    inputs: [
      ...question.inputs,
      ...VOLUME_INPUTS,
      'api.price-change-per-year',
      'self.gpu-price-change-per-year',
    ],
  };
}

/** First month in which the option costs less; between months along the line. Infinity: not within the months looked at. */
function monthOf(question: BreakEvenQuestion, draw: number): number {
  const { shape, base, calls, paths } = question;
  const apiStep = (1 + (question.apiPriceChange[draw] as number)) ** (1 / 12);
  const machineStep = (1 + (question.gpuPriceChange[draw] as number)) ** (1 / 12);
  const point = { draw, calls: calls[draw] as number };
  const factors = { api: 1, machines: 1 };
  let before = costWith(base, point, factors) - costWith(shape, point, factors);
  if (before >= 0) return 0;
  for (let month = 1; month <= paths.length; month++) {
    point.calls = (paths[month - 1] as Vector)[draw] as number;
    factors.api *= apiStep;
    factors.machines *= machineStep;
    const now = costWith(base, point, factors) - costWith(shape, point, factors);
    if (now >= 0) return month - 1 + before / (before - now);
    before = now;
  }
  return Number.POSITIVE_INFINITY;
}

function openInterval(values: Vector): OpenInterval {
  const sorted = values.slice().sort();
  const at = (share: number): number | null => {
    const value = quantile(sorted, share);
    return Number.isFinite(value) ? value : null;
  };
  return { low: at(0.1), mid: at(0.5), high: at(0.9) };
}
