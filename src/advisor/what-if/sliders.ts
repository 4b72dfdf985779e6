/** The numbers people move to see what the answer becomes. Runs in a browser. */
import { exactly } from '../../core/interval.ts';
import { withQuantities } from '../economics/compute.ts';
import type { Economics } from '../economics/economics.ts';
import { formatInterval } from '../economics/format-interval.ts';
import { priorOf, type Quantity, type QuantityId } from '../economics/quantity.ts';
import type { Fact } from '../fact.ts';
import { FACT_IDS, type FactId, fieldOf } from '../profile/fields/index.ts';
import type { Profile, ProfileFacts } from '../profile/profile.ts';

export const SLIDER_IDS = ['growth', 'gpu-price', 'utilisation', 'people-cost'] as const;

/** Draws while a slider moves: half of an advice's own move no digit that is shown, and take half the time. */
export const SLIDER_DRAWS = 1_000;

export type SliderId = (typeof SLIDER_IDS)[number];

export interface Slider {
  label: string;
  /** Where it stands when it was not moved: the median of what is known. */
  now: number;
  /** The value in words: `$3 per GPU-hour`. */
  words(value: number): string;
  /** Place on a track of 0 to 100, and back. */
  toPlace(value: number): number;
  fromPlace(place: number): number;
}

interface SliderRule {
  label: string;
  quantity: QuantityId;
  range: readonly [low: number, high: number];
  scale: 'even' | 'logarithmic';
}

const RULES: Readonly<Record<Exclude<SliderId, 'utilisation'>, SliderRule>> = {
  growth: {
    label: 'Growth of calls',
    quantity: 'volume.growth-per-month',
    range: [-0.2, 0.5],
    scale: 'even',
  },
  'gpu-price': {
    label: 'GPU price',
    quantity: 'self.usd-per-gpu-hour',
    range: [0.25, 16],
    scale: 'logarithmic',
  },
  'people-cost': {
    label: 'Cost of a person',
    quantity: 'people.usd-per-year',
    range: [25_000, 500_000],
    scale: 'logarithmic',
  },
};

/** `null`: it would move nothing here. */
export function sliderOf(id: SliderId, economics: Economics): Slider | null {
  if (id === 'utilisation') return utilisationSlider(economics);
  const { label, quantity, range, scale } = RULES[id];
  const { unit } = priorOf(quantity);
  return {
    label,
    now: midOf(quantity, economics),
    words: (value) => formatInterval(exactly(rounded(value)), unit).text,
    ...track(range, scale),
  };
}

/** The profile as if the sliders' values were certain. They stand before what was measured. */
export function withSliders(
  profile: Profile,
  moved: Readonly<Partial<Record<SliderId, number>>>,
  economics: Economics,
): Profile {
  const quantities = SLIDER_IDS.flatMap((id): Quantity[] => {
    const value = moved[id];
    return value === undefined ? [] : [toQuantity(id, value, economics)];
  });
  const facts: Partial<Record<FactId, Fact<unknown>>> = { ...profile.facts };
  for (const { id: quantity, value: interval, source } of quantities) {
    // A rule of the scorecard may read the same number as the economics does.
    const id = FACT_IDS.find((fact) => isFactOf(fact, quantity));
    if (id) facts[id] = { id, value: interval.mid, interval, source, confidence: 1, overruled: null };
  }
  const assumptions = withQuantities(profile.assumptions, quantities);
  return { ...profile, facts: facts as ProfileFacts, assumptions };
}

function isFactOf(fact: FactId, quantity: QuantityId): boolean {
  const field = fieldOf(fact);
  return field.kind === 'number' && field.quantity === quantity;
}

function toQuantity(id: SliderId, value: number, economics: Economics): Quantity {
  const source = { kind: 'declared', by: 'a slider', at: economics.at } as const;
  if (id === 'utilisation') {
    return { id: 'self.scale-down-share', value: exactly(scaleDownOf(value, peakOf(economics))), source };
  }
  return { id: RULES[id].quantity, value: exactly(rounded(value)), source };
}

/**
 * Mean load over the capacity that is paid for to carry it, spare replicas apart: 1 / (peak - scaled down x (peak - 1)). Without
 * scaling down it is mean over peak; with perfect scaling it is 1.
 */
function utilisationSlider(economics: Economics): Slider | null {
  const peak = peakOf(economics);
  if (peak <= 1) return null;
  const now = 1 / (peak - midOf('self.scale-down-share', economics) * (peak - 1));
  return {
    label: 'Utilisation of machines',
    now,
    words: (value) => `${Math.round(value * 100)} %`,
    ...track([1 / peak, 1], 'even'),
  };
}

function scaleDownOf(utilisation: number, peak: number): number {
  return Math.min(1, Math.max(0, (peak - 1 / utilisation) / (peak - 1)));
}

function peakOf(economics: Economics): number {
  return midOf('volume.peak-to-mean', economics);
}

function midOf(id: QuantityId, { quantities }: Economics): number {
  return (quantities.find((one) => one.id === id)?.value ?? priorOf(id).value).mid;
}

/** Two digits: a thumb is no finer. */
function rounded(value: number): number {
  return Number(value.toPrecision(2));
}

function track(
  [low, high]: readonly [number, number],
  scale: SliderRule['scale'],
): Pick<Slider, 'toPlace' | 'fromPlace'> {
  const within = (place: number): number => Math.min(100, Math.max(0, place));
  if (scale === 'even') {
    return {
      toPlace: (value) => within(((value - low) / (high - low)) * 100),
      fromPlace: (place) => low + ((high - low) * place) / 100,
    };
  }
  return {
    toPlace: (value) => within((Math.log(value / low) / Math.log(high / low)) * 100),
    fromPlace: (place) => low * (high / low) ** (place / 100),
  };
}
