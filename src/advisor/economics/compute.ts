/** The whole economics of one task from its quantities. Same input, same answer. */
import { breakEvenOf } from './break-even.ts';
import { costs } from './cost-shape.ts';
import { createDraws, type Draws, intervalOf } from './draws.ts';
import type { CostCurve, Economics, EconomicsInput, OptionCost, OptionId } from './economics.ts';
import { forecastOf, pathDraws, VOLUME_INPUTS, volumePaths } from './forecast.ts';
import { combine, constant, createLedger, type Ledger, type Vector } from './ledger.ts';
import { leversOf } from './levers.ts';
import { createWorkings, OPTION_IDS, OPTION_LABELS } from './options.ts';
import { type CostAhead, costsAhead, lookAhead, MONTHS_AHEAD, outlookOf } from './outlook.ts';
import type { Quantity, QuantityId } from './quantity.ts';
import { hybridShape } from './serving.ts';
import type { Workings } from './workings.ts';

export const DEFAULT_DRAWS = 2000;
const CURVE_POINTS = 25;
/** The curve is read from fewer draws: its band needs no third digit. */
const CURVE_DRAWS = 400;
const SWEEP = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1];

/**
 * `draws` made once by the caller can be used again. Throws RangeError on an interval that is none, and when the first
 * option, which the others are compared with, runs on machines of its own: break-even is solved against a straight line.
 */
export function computeEconomics(input: EconomicsInput, draws?: Draws): Economics {
  const count = input.draws ?? DEFAULT_DRAWS;
  const source = draws ?? createDraws(input.seed, count);
  const ledger = createLedger(input.quantities, correlated(source, input.levelGrowthCorrelation ?? 0));
  const workings = createWorkings(ledger);
  const ids = input.options ?? OPTION_IDS;
  const [base] = ids;
  if (base === undefined || workings.option(base).shape.perReplica.some((usd) => usd > 0)) {
    throw new RangeError(
      `${base ?? 'no option'}: the first option must be one that runs on no machines of one's own.`,
    );
  }
  const calls = ledger.of('volume.calls-per-month');
  const paths = volumePaths(source, pathDraws(ledger), MONTHS_AHEAD);
  const outlook = outlookOf(calls, paths, {
    apiPerYear: ledger.of('api.price-change-per-year'),
    gpuPerYear: ledger.of('self.gpu-price-change-per-year'),
  });
  const baseCosts = costsAhead(workings.option(base).shape, outlook);
  const ahead = new Map(ids.map((id) => [id, lookAhead(workings.option(id).shape, outlook, baseCosts)]));
  const cheapest = cheapestShares(ahead, calls.length);
  return {
    at: input.at,
    seed: input.seed,
    draws: count,
    options: ids.map((id) => ({
      ...optionCost(workings, id, ahead.get(id) as CostAhead),
      cheapestShare: cheapest.get(id) ?? 0,
    })),
    forecast: forecastOf(ledger, paths),
    breakEven: ids.slice(1).map((id) =>
      breakEvenOf({
        option: id,
        against: base,
        shape: workings.option(id).shape,
        base: workings.option(base).shape,
        months: (ahead.get(id) as CostAhead).passed,
        inputs: [`${base}.month`, `${id}.month`],
      }),
    ),
    curve: curveOf(workings, ids, calls),
    escalation: SWEEP.map((share) => ({
      share,
      usdPerMonth: intervalOf(costs(hybridShape(workings, constant(calls, share)), calls)),
    })),
    levers: leversOf(workings),
    quantities: ledger.quantities,
    figures: ledger.figures,
  };
}

/** Quantities with some replaced, as a slider or a what-if does. */
export function withQuantities(quantities: readonly Quantity[], changed: readonly Quantity[]): Quantity[] {
  const ids = new Set(changed.map(({ id }) => id));
  return [...quantities.filter(({ id }) => !ids.has(id)), ...changed];
}

/** Draws in which the volume's growth moves with its level, as their common fit found. */
function correlated(draws: Draws, correlation: number): Draws {
  if (correlation === 0) return draws;
  const level = draws.normal('volume.calls-per-month');
  const own = Math.sqrt(1 - correlation ** 2);
  const growth = draws
    .normal('volume.growth-per-month')
    .map((z, draw) => correlation * (level[draw] as number) + own * z);
  return {
    count: draws.count,
    normal: (name) => (name === 'volume.growth-per-month' ? growth : draws.normal(name)),
  };
}

function optionCost(
  workings: Workings,
  option: OptionId,
  { today: monthly, year }: CostAhead,
): Omit<OptionCost, 'cheapestShare'> {
  const { ledger } = workings;
  const { shape, parts } = workings.option(option);
  const label = OPTION_LABELS[option];
  const calls = ledger.of('volume.calls-per-month');
  const usdPerMonth = ledger.write(
    {
      id: `${option}.month`,
      label: `${label}: cost a month`,
      formula: 'sum of its parts',
      inputs: parts.map(({ figure }) => figure),
      unit: 'USD/month',
    },
    monthly,
  );
  const usdPerCall = ledger.write(
    {
      id: `${option}.call`,
      label: `${label}: cost of a call`,
      formula: 'cost a month / calls a month',
      inputs: [usdPerMonth, 'volume.calls-per-month'],
      unit: 'USD/call',
    },
    combine([monthly, calls], (usd = 0, n = 0) => usd / n),
  );
  const usdOnce = shape.once.some((usd) => usd > 0) ? onceFigure(ledger, option, shape.once) : null;
  return {
    option,
    label,
    parts,
    usdPerMonth,
    usdPerCall,
    usdPerMillionTokens: perMillionTokens({ ledger, option, monthly, usdPerMonth }),
    usdNextYear: nextYear({ ledger, option, usdOnce, usdPerMonth }, year),
    usdOnce,
  };
}

function perMillionTokens({
  ledger,
  option,
  monthly,
  usdPerMonth,
}: {
  ledger: Ledger;
  option: OptionId;
  monthly: Vector;
  usdPerMonth: string;
}): string {
  const inputs: QuantityId[] = ['volume.calls-per-month', 'mix.input-tokens', 'mix.output-tokens'];
  return ledger.write(
    {
      id: `${option}.million-tokens`,
      label: `${OPTION_LABELS[option]}: cost of a million tokens of input and output`,
      formula: 'cost a month / (calls a month x (input tokens + output tokens)) x 1,000,000',
      inputs: [usdPerMonth, ...inputs],
      unit: 'USD/million tokens',
    },
    combine([monthly, ...inputs.map((id) => ledger.of(id))], (usd = 0, calls = 0, input = 0, output = 0) => {
      return (usd / (calls * (input + output))) * 1e6;
    }),
  );
}

const ONCE_INPUTS: Readonly<Partial<Record<OptionId, QuantityId[]>>> = {
  'self-hosted': ['self.usd-once'],
  'fine-tuned-api': ['tune.examples', 'tune.usd-per-example'],
  'fine-tuned-self-hosted': ['self.usd-once', 'tune.self-usd-once', 'tune.examples', 'tune.usd-per-example'],
  specialist: ['tune.examples', 'tune.usd-per-example'],
  hybrid: ['self.usd-once'],
};

function onceFigure(ledger: Ledger, option: OptionId, once: Vector): string {
  const label = `${OPTION_LABELS[option]}: paid once`;
  const formula = 'work to set it up + examples x cost of a labelled example, where it needs them';
  return ledger.write(
    { id: `${option}.once`, label, formula, inputs: ONCE_INPUTS[option] ?? [], unit: 'USD' },
    once,
  );
}

function nextYear(
  {
    ledger,
    option,
    usdOnce,
    usdPerMonth,
  }: { ledger: Ledger; option: OptionId; usdOnce: string | null; usdPerMonth: string },
  year: Vector,
): string {
  return ledger.write(
    {
      id: `${option}.year`,
      label: `${OPTION_LABELS[option]}: next 12 months`,
      formula:
        'paid once + sum over 12 months of the cost at that month of the forecast, with prices changing as stated',
      inputs: [
        usdPerMonth,
        ...(usdOnce === null ? [] : [usdOnce]),
        ...VOLUME_INPUTS,
        'api.price-change-per-year',
        'self.gpu-price-change-per-year',
      ],
      unit: 'USD',
    },
    year,
  );
}

function cheapestShares(ahead: ReadonlyMap<OptionId, CostAhead>, draws: number): Map<OptionId, number> {
  const ids = [...ahead.keys()];
  const monthly = [...ahead.values()].map(({ today }) => today);
  const wins = new Map<OptionId, number>();
  for (let draw = 0; draw < draws; draw++) {
    let best = 0;
    for (let place = 1; place < monthly.length; place++) {
      if ((monthly[place]?.[draw] as number) < (monthly[best]?.[draw] as number)) best = place;
    }
    const id = ids[best] as OptionId;
    wins.set(id, (wins.get(id) ?? 0) + 1 / draws);
  }
  return wins;
}

/** From a hundredth of today's volume to ten thousand times a thousand calls, wide enough to show the crossing. */
function curveOf(workings: Workings, ids: readonly OptionId[], calls: Vector): CostCurve {
  const today = intervalOf(calls);
  const from = Math.max(1, Math.min(today.low, 10_000) / 3);
  const to = Math.max(today.high * 30, 30_000_000);
  const volumes = Array.from(
    { length: CURVE_POINTS },
    (_, index) => from * (to / from) ** (index / (CURVE_POINTS - 1)),
  );
  const few = calls.subarray(0, CURVE_DRAWS);
  return {
    callsPerMonth: volumes,
    options: ids.map((option) => {
      const { shape } = workings.option(option);
      return {
        option,
        usdPerMonth: volumes.map((volume) => intervalOf(costs(shape, constant(few, volume)))),
      };
    }),
  };
}
