/** What a GPU-hour costs: published prices as an interval, or one's own machines by depreciation and power. */
import type { Interval } from '../../core/interval.ts';

/** Where only one price is published: what others ask lies within a quarter of it (judgement). */
const ONE_PRICE_SPREAD = 1.25;

/** Lowest, median and highest of what is published; `null` of none. */
export function publishedPrice(usdPerGpuHour: readonly number[]): Interval | null {
  const sorted = [...usdPerGpuHour].sort((a, b) => a - b);
  const [low] = sorted;
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return null;
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] as number;
  if (low === high) return { low: low / ONE_PRICE_SPREAD, mid: low, high: low * ONE_PRICE_SPREAD };
  return { low, mid: middle, high };
}

/** A GPU that was bought, with its share of the machine around it. */
export interface OwnedGpu {
  usdToBuy: Interval;
  /** Years until it is worth nothing. */
  years: Interval;
  /** Draw of the whole machine per GPU, kilowatts. */
  kilowatts: number;
  /** With cooling: power of the hall over power of the machine, 1.1 to 1.6. */
  hallFactor: Interval;
  usdPerKilowattHour: Interval;
  /** Space, network and hands, USD a month. */
  usdPerMonthHosting: Interval;
}

/** USD per GPU-hour, paid whether it works or not: price / life + power + hosting. The ends take all inputs at their dear or cheap end. */
export function ownedPrice(gpu: OwnedGpu): Interval {
  const hours = 8766;
  const at = (dear: keyof Interval, lasting: keyof Interval): number =>
    gpu.usdToBuy[dear] / (gpu.years[lasting] * hours) +
    gpu.kilowatts * gpu.hallFactor[dear] * gpu.usdPerKilowattHour[dear] +
    gpu.usdPerMonthHosting[dear] / (hours / 12);
  return { low: at('low', 'high'), mid: at('mid', 'mid'), high: at('high', 'low') };
}
