import { calcPrice, findProvider, type ModelInfo, type ModelPrice } from '@pydantic/genai-prices';
import { toNanoUsd } from '../core/money.ts';
import { isComplete, type Usage } from '../core/usage.ts';
import type { PricedCost } from './provider.ts';

/** What a vendor charges, and for which models. */
export interface PriceBook {
  /** `null`: the model has no price here, or the usage is not complete. Never 0 for unknown. */
  price(model: string, usage: Usage, at: number): PricedCost | null;
  offers(model: string): boolean;
  /** Longest prompt plus answer in tokens; `undefined`: not known. */
  contextTokens(model: string): number | undefined;
}

/** USD per million tokens, where price depends on nothing but the kind of token. */
interface FlatRates {
  input: number;
  /** `undefined`: the row has none, as for embeddings. */
  output: number | undefined;
  cacheRead: number;
  cacheWrite: number;
}

interface ModelRow {
  /** `null`: tiered, time-dependent, or with charges we do not know how to add; ask the library each time. */
  flat: FlatRates | null;
  source: string;
  /**
   * The row is the vendor's own. For vendors that resell, the library falls back to the maker's row, which is right
   * for a price and wrong for saying who serves a name.
   */
  own: boolean;
}

/** USD per million tokens x tokens = micro-USD; x 1000 = nano-USD. */
const NANO_PER_MICRO = 1000;

/** Rows kept at once. Model names come from apps, so the cache must be bounded. */
const MAX_ROWS = 2000;

/** Price keys that concern usage we never have, so they change nothing. */
const UNUSED_KEY = /audio|video|image|search|_1h_|_hours$|_gpixels$|_kpages$|_mchars$|storage|file|code/;

/**
 * The dated, tiered price table of one vendor in `@pydantic/genai-prices` (https://github.com/pydantic/genai-prices).
 * Its prices count cache reads and writes as parts of the input; where it states no cache price, they cost as input.
 * The library takes 14 us per call (measured 2026-11-23); rows whose price depends only on token counts are resolved
 * once and computed here, the others go to the library each time.
 */
export function createPriceBook(providerId: string): PriceBook {
  const rows = new Map<string, ModelRow | null>();
  const ownModels = new Set(findProvider({ providerId })?.models);

  function rowOf(model: string): ModelRow | null {
    const known = rows.get(model);
    if (known !== undefined) return known;
    if (rows.size >= MAX_ROWS) rows.clear();
    const found = ask(model, { input_tokens: 0, output_tokens: 0 }, 0);
    const row = found ? toRow(found.provider.id, found.model, ownModels.has(found.model)) : null;
    rows.set(model, row);
    return row;
  }

  function ask(model: string, usage: Record<string, number | undefined>, at: number) {
    try {
      return calcPrice(usage, model, { providerId, timestamp: new Date(at) });
    } catch {
      // The library throws on usage that cannot be, such as more cached tokens than input tokens.
      return null;
    }
  }

  function priceByLibrary(model: string, usage: Usage, at: number): number | null {
    const result = ask(model, toLibraryUsage(usage), at);
    // Rows priced by the hour or the page have no token price: their token cost is unknown, not 0.
    if (result?.model_price.input_mtok === undefined || !Number.isFinite(result.total_price)) return null;
    return toNanoUsd(result.total_price);
  }

  return {
    price(model, usage, at) {
      if (!isComplete(usage)) return null;
      const row = rowOf(model);
      if (!row) return null;
      const costNanoUsd = row.flat ? priceFlat(row.flat, usage) : priceByLibrary(model, usage, at);
      return costNanoUsd === null ? null : { costNanoUsd, source: row.source };
    },
    offers: (model) => rowOf(model)?.own ?? false,
    contextTokens: (model) => ask(model, { input_tokens: 0, output_tokens: 0 }, 0)?.model.context_window,
  };
}

function toRow(providerId: string, model: ModelInfo, own: boolean): ModelRow {
  const source = `genai-prices ${providerId}/${model.id}`;
  return { source, own, flat: Array.isArray(model.prices) ? null : toFlatRates(model.prices) };
}

function toFlatRates(prices: ModelPrice): FlatRates | null {
  const used = Object.entries(prices).filter(([key, price]) => price !== undefined && !UNUSED_KEY.test(key));
  const known = new Set(['input_mtok', 'output_mtok', 'cache_read_mtok', 'cache_write_mtok']);
  if (used.some(([key, price]) => !known.has(key) || typeof price !== 'number')) return null;
  const input = prices.input_mtok;
  if (typeof input !== 'number') return null;
  const rate = (price: ModelPrice[string], otherwise: number) =>
    typeof price === 'number' ? price : otherwise;
  return {
    input,
    output: typeof prices.output_mtok === 'number' ? prices.output_mtok : undefined,
    cacheRead: rate(prices.cache_read_mtok, input),
    cacheWrite: rate(prices.cache_write_mtok, input),
  };
}

/** `null` for a usage that cannot be (more cached tokens than input), and for output that has no price. */
function priceFlat(rates: FlatRates, usage: Usage): number | null {
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const uncached = (usage.inputTokens ?? 0) - cacheRead - cacheWrite;
  const output = usage.outputTokens ?? 0;
  if (uncached < 0 || (output > 0 && rates.output === undefined)) return null;
  const microUsd =
    uncached * rates.input +
    cacheRead * rates.cacheRead +
    cacheWrite * rates.cacheWrite +
    output * (rates.output ?? 0);
  return Math.round(microUsd * NANO_PER_MICRO);
}

function toLibraryUsage(usage: Usage): Record<string, number | undefined> {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
  };
}
