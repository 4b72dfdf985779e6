import { isComplete, type Usage } from '../../core/usage.ts';
import type { ReadRow } from './format.ts';

/** Parts a sum of unknown calls is cut into, to see whether its price depends on how large a call is. */
const SLICES = 1_000;
/** Rounding of a slice to whole nano-USD. */
const TOLERANCE = 0.001;

type PriceUsage = (usage: Usage) => number | null;

/**
 * Nano-USD of a row by a price table. A sum costs as its mean call times their number. Where the export counts no
 * calls it has a price only if that does not depend on the size of a call. `null`: no price, failed, or tokens missing.
 */
export function priceRow(row: ReadRow, price: PriceUsage): number | null {
  if (row.failed) return null;
  const usage: Usage = {
    ...(row.inputTokens === null ? {} : { inputTokens: row.inputTokens }),
    ...(row.outputTokens === null ? {} : { outputTokens: row.outputTokens }),
    ...(row.cacheReadTokens === null ? {} : { cacheReadTokens: row.cacheReadTokens }),
    ...(row.cacheWriteTokens === null ? {} : { cacheWriteTokens: row.cacheWriteTokens }),
  };
  if (!isComplete(usage)) return null;
  if (row.spanMs === 0) return price(usage);
  if (row.calls !== null) return priceParts(usage, row.calls, price);
  const whole = price(usage);
  const sliced = priceParts(usage, SLICES, price);
  if (whole === null || sliced === null) return null;
  return Math.abs(whole - sliced) <= whole * TOLERANCE ? whole : null;
}

function priceParts(usage: Usage, parts: number, price: PriceUsage): number | null {
  if (parts === 0) return 0;
  const part: Usage = {};
  for (const name of ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const) {
    if (usage[name] !== undefined) part[name] = usage[name] / parts;
  }
  const one = price(part);
  return one === null ? null : Math.round(one * parts);
}
