/** The months ahead: their volume, prices as they will have changed, what an option costs in each, and when it costs less. */
import { type CostShape, costs, type PriceVectors } from './cost-shape.ts';
import { combine, constant, type Vector } from './ledger.ts';

/** Months looked ahead. */
export const MONTHS_AHEAD = 36;

export interface MonthAhead {
  calls: Vector;
  prices: PriceVectors;
}

/** Today, then each month of the paths, with both prices changing evenly over the year. */
export function outlookOf(
  calls: Vector,
  paths: readonly Vector[],
  change: { apiPerYear: Vector; gpuPerYear: Vector },
): MonthAhead[] {
  const monthly = (perYear: Vector): Vector => perYear.map((share) => (1 + share) ** (1 / 12));
  const [apiStep, machineStep] = [monthly(change.apiPerYear), monthly(change.gpuPerYear)];
  const outlook: MonthAhead[] = [
    { calls, prices: { api: constant(calls, 1), machines: constant(calls, 1) } },
  ];
  for (const path of paths) {
    const { api, machines } = (outlook.at(-1) as MonthAhead).prices;
    const prices = { api: product(api, apiStep), machines: product(machines, machineStep) };
    outlook.push({ calls: path, prices });
  }
  return outlook;
}

function product(a: Vector, b: Vector): Vector {
  return combine([a, b], (one, other) => one * other);
}

export interface CostAhead {
  /** USD in today's month. */
  today: Vector;
  /** Sum of the next 12 months and of what is paid once. */
  year: Vector;
  /** Months until it costs less than `base`, between months along the line; 0: today; Infinity: not within the outlook. */
  passed: Vector;
}

/** Cost of `base` today and in each month. */
export function costsAhead(base: CostShape, outlook: readonly MonthAhead[]): Vector[] {
  return outlook.map(({ calls, prices }) => costs(base, calls, { prices }));
}

export function lookAhead(
  shape: CostShape,
  outlook: readonly MonthAhead[],
  baseCosts: readonly Vector[],
): CostAhead {
  const today = costs(shape, outlook[0]?.calls ?? new Float64Array());
  const year = shape.once.slice();
  const passed = constant(today, Number.POSITIVE_INFINITY);
  const saved = constant(today, 0);
  const own = constant(today, 0);
  for (const [month, { calls, prices }] of outlook.entries()) {
    costs(shape, calls, { prices, into: own });
    const base = baseCosts[month] as Vector;
    for (let draw = 0; draw < own.length; draw++) {
      const usd = own[draw] as number;
      const before = saved[draw] as number;
      const now = (base[draw] as number) - usd;
      saved[draw] = now;
      if (month > 0 && month <= 12) year[draw] = (year[draw] as number) + usd;
      if (now >= 0 && passed[draw] === Number.POSITIVE_INFINITY)
        passed[draw] = month === 0 ? 0 : month - 1 + before / (before - now);
    }
  }
  return { today, year, passed };
}
