/** Price rows of a model with the day each holds from, for what calls will cost and have cost. */
import { askLibrary, findVendor, type Tier, toTiers } from './price-book.ts';

export interface PriceRow {
  /** Epoch milliseconds it holds from; `null`: from the first day on. */
  from: number | null;
  /** By prompt length, lowest first. USD per million tokens; all tokens of a call cost by the tier its prompt falls in. */
  tiers: Tier[];
}

export interface PriceHistory {
  /** `genai-prices openai/gpt-5.4` */
  source: string;
  /** Oldest first. */
  rows: PriceRow[];
}

/** Where `@pydantic/genai-prices` keeps its table. */
export const PRICE_TABLE_URL = 'https://github.com/pydantic/genai-prices';

/**
 * `null`: nobody is known to sell the model by the token, or its price depends on the time of day. The vendor as another
 * tool writes its name; `null` or unknown: of whom the model is known from.
 */
export function findPriceHistory(vendor: string | null, model: string): PriceHistory | null {
  const provider = findVendor(vendor, model);
  const found = provider && askLibrary(provider.id, model);
  if (!found) return null;
  const { prices } = found.model;
  const rows: PriceRow[] = [];
  for (const one of Array.isArray(prices) ? prices : [{ prices }]) {
    const { constraint } = one as { constraint?: { start_date?: string } };
    const from = constraint === undefined ? null : Date.parse(constraint.start_date ?? '');
    const tiers = toTiers(one.prices);
    if (Number.isNaN(from) || tiers === null || tiers.some(({ rates }) => rates.output === undefined))
      return null;
    rows.push({ from, tiers: tiers.toReversed() });
  }
  const day = (row: PriceRow): number => row.from ?? Number.NEGATIVE_INFINITY;
  return {
    source: `genai-prices ${found.provider.id}/${found.model.id}`,
    rows: rows.sort((a, b) => day(a) - day(b)),
  };
}
