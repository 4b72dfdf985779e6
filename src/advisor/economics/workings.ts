/** What the pricing of every option shares: the ledger, the API's cost of a call, and how a part is written down. */
import type { CostShape } from './cost-shape.ts';
import type { OptionId } from './economics.ts';
import { combine, type Ledger, type Vector } from './ledger.ts';
import type { QuantityId } from './quantity.ts';

export const SECONDS_PER_MONTH = (365.25 / 12) * 86_400;
export const HOURS_PER_MONTH = SECONDS_PER_MONTH / 3600;

/** A part of an option's monthly cost. */
export interface CostPart {
  label: string;
  figure: string;
}

export interface PricedOption {
  shape: CostShape;
  parts: CostPart[];
}

/** What all options build on; every option is priced once. */
export interface Workings {
  ledger: Ledger;
  option(id: OptionId): PricedOption;
  /** Figure id of the API's cost of a call, and its draws. */
  usdPerCall: { figure: string; values: Vector };
}

/** `combine` over quantities by id. */
export function from(
  ledger: Ledger,
  ids: readonly QuantityId[],
  formula: (...values: number[]) => number,
): Vector {
  return combine(
    ids.map((id) => ledger.of(id)),
    formula,
  );
}

/** Writes the monthly cost of a part at today's volume. */
export function part(
  ledger: Ledger,
  { id, label, formula, inputs }: { id: string; label: string; formula: string; inputs: string[] },
  values: Vector,
): CostPart {
  return { label, figure: ledger.write({ id, label, formula, inputs, unit: 'USD/month' }, values) };
}

export function perCallPart(
  { ledger }: Workings,
  { id, label, formula, inputs }: { id: string; label: string; formula: string; inputs: string[] },
  perCall: Vector,
): CostPart {
  const values = combine(
    [ledger.of('volume.calls-per-month'), perCall],
    (calls = 0, cost = 0) => calls * cost,
  );
  return part(ledger, { id, label, formula, inputs: ['volume.calls-per-month', ...inputs] }, values);
}
