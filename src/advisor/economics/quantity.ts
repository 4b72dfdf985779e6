/** Every number the economics takes, by id, with what it means and its prior. */
import type { Interval } from '../../core/interval.ts';
import type { FactSource } from '../fact.ts';
import { between, type Prior } from './prior.ts';
import { SERVING } from './priors-serving.ts';
import { API, MIX, VOLUME } from './priors-traffic.ts';
import { LEVERS, TUNING } from './priors-tuning.ts';

/** `api.usd-per-call` has no prior of its own: unknown, it is worked out from tokens and prices. */
const DERIVED = {
  'api.usd-per-call': {
    label: 'Cost of a call by API',
    unit: 'USD/call',
    value: between(0, 0, 0),
    why: 'Worked out from tokens and prices.',
    range: [1e-7, 100],
  },
} as const satisfies Record<string, Prior>;

export const PRIORS = { ...VOLUME, ...MIX, ...API, ...SERVING, ...TUNING, ...LEVERS, ...DERIVED };

export type QuantityId = keyof typeof PRIORS;

export const QUANTITY_IDS = Object.keys(PRIORS) as QuantityId[];

/** A number the economics takes, with its source. */
export interface Quantity {
  id: QuantityId;
  value: Interval;
  source: FactSource;
}

/** Label, unit and prior of a quantity. */
export function priorOf(id: QuantityId): Prior {
  return PRIORS[id];
}

/** The quantity as its stated prior. */
export function priorQuantity(id: QuantityId): Quantity {
  const { value, why } = priorOf(id);
  return { id, value, source: { kind: 'prior', why } };
}
