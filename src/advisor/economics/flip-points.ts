/**
 * Which fact, changed by how much, changes the answer. Every quantity is walked outwards from what is known through its
 * plausible range (`range` of its prior), and the nearest change is narrowed down by bisection.
 */
import { exactly } from '../../core/interval.ts';
import { costs } from './cost-shape.ts';
import { createDraws } from './draws.ts';
import type { EconomicsInput, FlipPoint, OptionId } from './economics.ts';
import { createLedger } from './ledger.ts';
import { createWorkings, OPTION_IDS, OPTION_LABELS } from './options.ts';
import { priorOf, priorQuantity, type Quantity, type QuantityId } from './quantity.ts';

export interface FlipQuestion {
  quantities: readonly Quantity[];
  /** Ids to vary. */
  vary: readonly QuantityId[];
  /** The answer by these quantities. Called some twenty times for each id, so it should take a millisecond. */
  answer(quantities: readonly Quantity[]): string;
}

const STEPS = 12;
const BISECTIONS = 12;

/** Nearest change of each quantity, those within their own interval first, then by size of the change. */
export function findFlipPoints({ quantities, vary, answer }: FlipQuestion): FlipPoint[] {
  const now = answer(quantities);
  const found = vary.flatMap((id): FlipPoint[] => {
    const quantity = quantities.find((known) => known.id === id) ?? priorQuantity(id);
    const others = quantities.filter((known) => known.id !== id);
    const at = (value: number): string => answer([...others, { ...quantity, value: exactly(value) }]);
    const { label, unit, range } = priorOf(id);
    // The interval is collapsed to its median before anything moves, so that only the value changes the answer.
    const from = quantity.value.mid;
    if (at(from) !== now) return [];
    const points = [range[0], range[1]].flatMap((end) => {
      const to = nearestChange({ from, end, now, at });
      return to === null ? [] : [to];
    });
    const to = points.sort((a, b) => distance(from, a) - distance(from, b))[0];
    if (to === undefined) return [];
    const { low, high } = quantity.value;
    const factor = from === 0 ? null : to / from;
    return [
      {
        quantity: id,
        label,
        unit,
        from,
        to,
        factor,
        answer: now,
        becomes: at(to),
        withinInterval: to >= low && to <= high,
      },
    ];
  });
  return found.sort(
    (a, b) =>
      Number(b.withinInterval) - Number(a.withinInterval) || distance(a.from, a.to) - distance(b.from, b.to),
  );
}

function nearestChange({
  from,
  end,
  now,
  at,
}: {
  from: number;
  end: number;
  now: string;
  at: (value: number) => string;
}): number | null {
  const ratio = from > 0 && end > 0;
  const between = (share: number): number =>
    ratio ? from * (end / from) ** share : from + (end - from) * share;
  let same = 0;
  for (let step = 1; step <= STEPS; step++) {
    if (at(between(step / STEPS)) === now) {
      same = step / STEPS;
      continue;
    }
    let changed = step / STEPS;
    for (let round = 0; round < BISECTIONS; round++) {
      const middle = (same + changed) / 2;
      if (at(between(middle)) === now) same = middle;
      else changed = middle;
    }
    return between(changed);
  }
  return null;
}

/** Size of a change: in the logarithm where both are above 0. */
function distance(from: number, to: number): number {
  return from > 0 && to > 0 ? Math.abs(Math.log(to / from)) : Math.abs(to - from);
}

/** Quantities a decision on cost hangs on. */
export const FLIP_IDS: readonly QuantityId[] = [
  'volume.calls-per-month',
  'volume.peak-to-mean',
  'api.usd-per-call',
  'mix.input-tokens',
  'mix.output-tokens',
  'self.usd-per-gpu-hour',
  'self.calls-per-second',
  'self.people',
  'people.usd-per-year',
  'hybrid.escalation-share',
  'tune.price-ratio',
  'specialist.coverage-share',
];

/** Flip points of cost alone: which option is cheapest a month with every quantity at its median. */
export function costFlipPoints(input: Pick<EconomicsInput, 'quantities' | 'options'>): FlipPoint[] {
  const known = new Set(input.quantities.map(({ id }) => id));
  return findFlipPoints({
    quantities: input.quantities,
    // Worked out from tokens and prices unless it is known.
    vary: FLIP_IDS.filter((id) => id !== 'api.usd-per-call' || known.has(id)),
    answer: (quantities) => OPTION_LABELS[cheapestAtMedians(quantities, input.options ?? OPTION_IDS)],
  });
}

function cheapestAtMedians(quantities: readonly Quantity[], options: readonly OptionId[]): OptionId {
  // One draw is the median of everything.
  const workings = createWorkings(createLedger(quantities, createDraws(1, 1)));
  const calls = workings.ledger.of('volume.calls-per-month');
  const priced = options.map((option) => ({
    option,
    usd: costs(workings.option(option).shape, calls)[0] as number,
  }));
  return priced.reduce((best, other) => (other.usd < best.usd ? other : best)).option;
}
