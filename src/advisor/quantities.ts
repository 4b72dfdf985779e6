/** From facts to the numbers the economics takes. What nobody knows is left out, so that its stated prior stands there. */
import { exactly, type Interval } from '../core/interval.ts';
import type { Economics, OptionId } from './economics/economics.ts';
import type { Quantity, QuantityId } from './economics/quantity.ts';
import { FACT_IDS, type FactId, fieldOf } from './profile/fields/index.ts';
import type { Profile } from './profile/profile.ts';
import { factValue, intervalOf, isKnown } from './profile/reader.ts';

export function quantitiesOf(profile: Profile): Quantity[] {
  const found = new Map<QuantityId, Quantity>();
  for (const id of FACT_IDS) {
    const field = fieldOf(id);
    const { interval, source } = profile.facts[id];
    if (field.kind !== 'number' || field.quantity === null || interval === null || !isKnown(profile, id))
      continue;
    found.set(field.quantity, { id: field.quantity, value: interval, source });
  }
  for (const quantity of [...derived(profile), ...grounded(profile), ...profile.assumptions])
    found.set(quantity.id, quantity);
  return [...found.values()];
}

/** What calls and published prices say, but where a person's word stands: a price of one's own, a what-if. */
function grounded({ facts, grounding }: Profile): Quantity[] {
  const isSaid = (id: FactId): boolean => facts[id].source.kind === 'declared';
  const said = new Set(
    FACT_IDS.filter(isSaid).flatMap((id) => {
      const field = fieldOf(id);
      return field.kind === 'number' && field.quantity !== null ? [field.quantity] : [];
    }),
  );
  // Supposed tokens, or a supposed bill, make another cost of a call than the measured one.
  if (isSaid('tokens.inputPerCall') || isSaid('tokens.outputPerCall') || isSaid('cost.spendUsdPerMonth'))
    said.add('api.usd-per-call');
  return (grounding?.quantities ?? []).filter(({ id }) => !said.has(id));
}

/** Numbers that follow from facts of another kind. */
function derived(profile: Profile): Quantity[] {
  const found: Quantity[] = [];
  const waits = factValue(profile, 'latency.class');
  const { source } = profile.facts['latency.class'];
  if (waits === 'batch') found.push({ id: 'lever.batchable-share', value: exactly(1), source });
  if (waits === 'interactive') found.push({ id: 'lever.batchable-share', value: exactly(0), source });
  const perCall = usdPerCall(profile);
  if (perCall) found.push(perCall);
  return found;
}

/** What a call costs, where the bill and the volume are known and calls go to APIs. */
function usdPerCall(profile: Profile): Quantity | null {
  const spend = intervalOf(profile, 'cost.spendUsdPerMonth');
  const calls = intervalOf(profile, 'volume.callsPerMonth');
  const serving = factValue(profile, 'stack.serving');
  if (!isKnown(profile, 'cost.spendUsdPerMonth') || !isKnown(profile, 'volume.callsPerMonth')) return null;
  if (spend === null || calls === null || spend.low <= 0 || calls.low <= 0) return null;
  if (serving === 'nothing' || serving === 'self-hosted') return null;
  const { source } = profile.facts['cost.spendUsdPerMonth'];
  return { id: 'api.usd-per-call', value: ratio(spend, calls, source.kind === 'measured'), source };
}

/** Measured over the same window, bill and volume vary together and their ratio is as sure as the bill's own scatter. */
function ratio(top: Interval, bottom: Interval, together: boolean): Interval {
  const mid = top.mid / bottom.mid;
  const spread = together
    ? Math.log(1.05)
    : Math.hypot(Math.log(top.high / top.low) / 2, Math.log(bottom.high / bottom.low) / 2);
  return { low: mid * Math.exp(-spread), mid, high: mid * Math.exp(spread) };
}

/** The month's cost of an option; `undefined`: it was not worked out. */
export function monthlyCost(economics: Economics, option: OptionId): Interval | undefined {
  const cost = economics.options.find((one) => one.option === option);
  return cost && figureValue(economics, cost.usdPerMonth);
}

export function figureValue(economics: Economics, id: string): Interval | undefined {
  return economics.figures.find((figure) => figure.id === id)?.value;
}

/** What the API bill comes to a month, a year from now or today, whichever is more. */
export function projectedBill(economics: Economics): Interval {
  const hosted = economics.options.find(({ option }) => option === 'hosted-api');
  const perCall = hosted && figureValue(economics, hosted.usdPerCall);
  const today = monthlyCost(economics, 'hosted-api');
  const inAYear = economics.forecast.months[11]?.calls;
  if (!perCall || !today || !inAYear) throw new Error('the economics lacks the hosted API');
  const later = product(perCall, inAYear);
  return later.mid > today.mid ? later : today;
}

/** Of two independent numbers, as logarithms spread; an end at zero is taken as it is. */
function product(a: Interval, b: Interval): Interval {
  const mid = a.mid * b.mid;
  if (a.low <= 0 || b.low <= 0) return { low: a.low * b.low, mid, high: a.high * b.high };
  const down = Math.hypot(Math.log(a.mid / a.low), Math.log(b.mid / b.low));
  const up = Math.hypot(Math.log(a.high / a.mid), Math.log(b.high / b.mid));
  return { low: mid * Math.exp(-down), mid, high: mid * Math.exp(up) };
}

/** Of two independent numbers. */
export function difference(a: Interval, b: Interval): Interval {
  const mid = a.mid - b.mid;
  return {
    low: mid - Math.hypot(a.mid - a.low, b.high - b.mid),
    mid,
    high: mid + Math.hypot(a.high - a.mid, b.mid - b.low),
  };
}
