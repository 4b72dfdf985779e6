/** From which volume, and from when, an option costs less than the first. */
import { type CostShape, crossing } from './cost-shape.ts';
import { tenths } from './draws.ts';
import type { BreakEven, OpenInterval, OptionId } from './economics.ts';
import { VOLUME_INPUTS } from './forecast.ts';
import type { Vector } from './ledger.ts';
import { MONTHS_AHEAD } from './outlook.ts';

export interface BreakEvenQuestion {
  option: OptionId;
  against: OptionId;
  shape: CostShape;
  base: CostShape;
  /** Months until the option costs less, as `lookAhead` found them. */
  months: Vector;
  /** Figure ids of the parts on both sides. */
  inputs: string[];
}

export function breakEvenOf(question: BreakEvenQuestion): BreakEven {
  const { option, against, shape, base, months } = question;
  const volumes = base.fixed.map((_, draw) => crossing(shape, base, draw));
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

function openInterval(values: Vector): OpenInterval {
  const [low, mid, high] = tenths(values).map((value) => (Number.isFinite(value) ? value : null));
  return { low: low ?? null, mid: mid ?? null, high: high ?? null };
}
