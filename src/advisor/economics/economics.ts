/**
 * The words of the economics. Everything in this folder is pure and runs in a browser as well: no clock, no `node:`,
 * random numbers from a seed. Currency is USD, a month is a twelfth of 365.25 days, intervals hold 80 %.
 *
 * Numbers go in as {@link Quantity}s by well-known id (`quantity.ts` lists them all, each with a stated prior for when
 * nobody knows), and come out as {@link Figure}s that name the formula and the quantities or figures they came from.
 */
import type { Interval } from '../../core/interval.ts';
import type { Quantity, QuantityId } from './quantity.ts';
import type { Unit } from './unit.ts';

/** A number the economics gives. Followed through `inputs`, every figure ends at quantities. */
export interface Figure {
  /** `self-hosted.gpus.usd-per-month` */
  id: string;
  label: string;
  /** In words and symbols: `replicas x GPUs per replica x USD per GPU-hour x hours`. */
  formula: string;
  /** Ids of quantities and of other figures. */
  inputs: string[];
  value: Interval;
  unit: Unit;
}

/** What can be paid for. The scorecard's options and layers name the same ids. */
export type OptionId =
  | 'hosted-api'
  | 'private-deployment'
  | 'self-hosted'
  | 'hybrid'
  | 'fine-tuned-api'
  | 'fine-tuned-self-hosted'
  | 'specialist';

export interface EconomicsInput {
  /** Same seed and quantities, same answer. */
  seed: number;
  /** Epoch milliseconds of the day the advice is for. */
  at: number;
  /** What is known. An id that is missing takes its prior. */
  quantities: Quantity[];
  /** Options to work out; the first is what the others are compared with and must need no machines. Default: all, hosted API first. */
  options?: OptionId[];
  /** Correlation of level and growth in the volume's posterior, from `fitVolume`. Default 0. */
  levelGrowthCorrelation?: number;
  /** Draws. Default 2,000. */
  draws?: number;
}

export interface Economics {
  at: number;
  seed: number;
  draws: number;
  /** Every quantity that was used, priors included. */
  quantities: Quantity[];
  figures: Figure[];
  options: OptionCost[];
  forecast: Forecast;
  /** One for each option but the first, against the first. */
  breakEven: BreakEven[];
  curve: CostCurve;
  /** Cost a month of the hybrid by the share of calls that go to the API, at today's volume. */
  escalation: { share: number; usdPerMonth: Interval }[];
  levers: Lever[];
}

export interface OptionCost {
  option: OptionId;
  label: string;
  /** Ids of figures. */
  usdPerMonth: string;
  usdPerCall: string;
  usdPerMillionTokens: string;
  /** Sum of the next 12 months of the forecast, one-off costs included. */
  usdNextYear: string;
  /** What must be paid once before it serves; `null`: nothing. */
  usdOnce: string | null;
  parts: { label: string; figure: string }[];
  /** Share of the draws in which it is the cheapest of all options at today's volume. */
  cheapestShare: number;
}

/** Calls by month, the next first. Month 1 starts at `at`. */
export interface Forecast {
  months: { month: number; calls: Interval }[];
  /** Figure ids. */
  callsNext6Months: string;
  callsNext12Months: string;
}

/** An interval whose ends may lie beyond what was looked at: `null`. */
export interface OpenInterval {
  low: number | null;
  mid: number | null;
  high: number | null;
}

export interface BreakEven {
  option: OptionId;
  against: OptionId;
  /** Calls a month above which `option` costs less; `null`: at no volume. 0: at every volume. */
  callsPerMonth: OpenInterval;
  /** Share of the draws in which there is no such volume. */
  neverShare: number;
  /** Months from `at` until the forecast volume passes it, price changes included; 0: it has; `null`: not within 36 months. */
  months: OpenInterval;
  /** Share of the draws in which it is passed today, and within 12 and 36 months. */
  passedShare: { today: number; within12Months: number; within36Months: number };
  formula: string;
  inputs: string[];
}

/** USD a month by volume, for the chart. Volumes ascend evenly in their logarithm. */
export interface CostCurve {
  callsPerMonth: number[];
  options: { option: OptionId; usdPerMonth: Interval[] }[];
}

/** What a lever at hand would save this month, against what the hosted API costs today. */
export interface Lever {
  id: 'prompt-cache' | 'answer-cache' | 'batch' | 'smaller-model' | 'shorter-prompts';
  label: string;
  /** Figure id, USD a month. */
  saves: string;
  /** What must be so for it to hold. */
  needs: string;
}

/** One fact that would change the answer. */
export interface FlipPoint {
  quantity: QuantityId;
  label: string;
  unit: Unit;
  from: number;
  /** Nearest value at which the answer changes. */
  to: number;
  /** `to / from`; `null` when `from` is 0. */
  factor: number | null;
  answer: string;
  becomes: string;
  /** Whether `to` lies inside the 80 % interval of what is known: the answer is not safe. */
  withinInterval: boolean;
}

/** A price of a model by token, dated, in tiers by prompt length. */
export interface ApiPrice {
  provider: string;
  model: string;
  /** Ascending by `from`. */
  rows: ApiPriceRow[];
  /** Share taken off for calls that may wait; `null`: none is published or known. */
  batchDiscount: number | null;
  source: { by: string; url: string | null };
}

export interface ApiPriceRow {
  /** Epoch milliseconds it holds from; `null`: from the first day on. */
  from: number | null;
  /** Ascending by `above`; the first is above 0. All tokens of a call cost by the tier its input falls in. */
  tiers: ApiPriceTier[];
}

/** USD per million tokens. */
export interface ApiPriceTier {
  /** Input tokens above which it applies. */
  above: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}
