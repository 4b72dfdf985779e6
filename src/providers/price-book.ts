import { createRequire } from 'node:module';
import type * as Library from '@pydantic/genai-prices';
import type { ModelPrice, PriceCalculation } from '@pydantic/genai-prices';
import { toNanoUsd } from '../core/money.ts';
import { isComplete, type Usage } from '../core/usage.ts';
import type { PricedCost } from './provider.ts';

/** Tokens in, by their kind, and of the text out. */
export interface TranscriptTokens {
  text: number;
  audio: number;
  output: number;
}

/** What a vendor charges, and for which models. */
export interface PriceBook {
  /** `null`: the model has no price here, or the usage is not complete. Never 0 for unknown. */
  price(model: string, usage: Usage, at: number): PricedCost | null;
  /** Of text written from audio. `null` as of {@link price}. Absent: it prices none. */
  priceTranscript?(model: string, tokens: TranscriptTokens, at: number): PricedCost | null;
  offers(model: string): boolean;
  /** Longest prompt plus answer in tokens; `undefined`: not known. */
  contextTokens(model: string): number | undefined;
}

/** USD per million tokens. */
export interface Rates {
  input: number;
  /** `undefined`: the row has none, as for embeddings. */
  output: number | undefined;
  cacheRead: number;
  cacheWrite: number;
}

/** Rates of a prompt of more than `above` input tokens; the whole usage costs by them. */
export interface Tier {
  above: number;
  rates: Rates;
}

interface ModelRow {
  /** Highest first. `null`: charges we do not know how to add; the library is asked each time. */
  tiers: Tier[] | null;
  /** The minute (epoch milliseconds / 60,000) the rates hold in; `null`: they do not depend on time. */
  minute: number | null;
  source: string;
  /**
   * The row is the vendor's own. For vendors that resell, the library falls back to the maker's row, which is right
   * for a price and wrong for saying who serves a name.
   */
  own: boolean;
  contextTokens: number | undefined;
}

/** USD per million tokens x tokens = micro-USD; x 1000 = nano-USD. */
const NANO_PER_MICRO = 1000;

/** Rows kept at once. Model names come from apps, so the cache must be bounded. */
const MAX_ROWS = 2000;

/** Price keys that concern usage we never have, so they change nothing. */
const UNUSED_KEY = /audio|video|image|search|_1h_|_hours$|_gpixels$|_kpages$|_mchars$|storage|file|code/;

const KNOWN_KEYS = new Set(['input_mtok', 'output_mtok', 'cache_read_mtok', 'cache_write_mtok']);

let library: typeof Library | undefined;

/** Loaded when a vendor with prices is first connected to: it takes 5 MB in each thread (measured 2026-11-23). */
function loadLibrary(): typeof Library {
  library ??= createRequire(import.meta.url)('@pydantic/genai-prices') as typeof Library;
  return library;
}

/**
 * The dated, tiered price table of one vendor in `@pydantic/genai-prices` (https://github.com/pydantic/genai-prices).
 * Its prices count cache reads and writes as parts of the input; where it states no cache price, they cost as input.
 * The library takes 14 us per call and this 0.2 (measured 2026-11-23): rates are resolved once, those that depend on
 * the date or the time of day once per minute of use.
 */
export function createPriceBook(providerId: string): PriceBook {
  const { calcPrice, findProvider } = loadLibrary();
  const rows = new Map<string, ModelRow | null>();
  const ownModels = new Set(findProvider({ providerId })?.models);

  /** `at` `null`: any time will do. */
  function rowOf(model: string, at: number | null): ModelRow | null {
    const known = rows.get(model);
    if (known === null || (known && isCurrent(known, at))) return known;
    if (rows.size >= MAX_ROWS) rows.clear();
    const found = ask(model, { input_tokens: 0, output_tokens: 0 }, at ?? 0);
    const row = found ? toRow(found, at ?? 0, ownModels.has(found.model)) : null;
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
      const row = rowOf(model, at);
      if (!row) return null;
      const costNanoUsd = row.tiers ? priceByRates(row.tiers, usage) : priceByLibrary(model, usage, at);
      return costNanoUsd === null ? null : { costNanoUsd, source: row.source };
    },
    priceTranscript(model, { text, audio, output }, at) {
      const usage = { input_tokens: text + audio, input_audio_tokens: audio, output_tokens: output };
      const found = ask(model, usage, at);
      if (!found || !pricesTranscripts(found.model_price) || !Number.isFinite(found.total_price)) return null;
      const source = `genai-prices ${found.provider.id}/${found.model.id}`;
      return { costNanoUsd: toNanoUsd(found.total_price), source };
    },
    offers: (model) => rowOf(model, null)?.own ?? false,
    contextTokens: (model) => rowOf(model, null)?.contextTokens,
  };
}

/** The price table of the vendor of exactly this id; `null`: there is none. */
export function findOwnPriceBook(providerId: string): PriceBook | null {
  return loadLibrary().findProvider({ providerId })?.id === providerId ? createPriceBook(providerId) : null;
}

/** Vendors as other tools write them, kept so that each is looked up once. Names come from files, so it is bounded. */
const found = new Map<string, PriceBook | null>();
const MAX_FOUND = 500;

/**
 * The price table of a vendor as another tool writes its name (`bedrock`, `vertex_ai`), or, when the name is `null` or
 * unknown, of the vendor the model is known from. `null`: nobody is known to sell it.
 */
export function findPriceBook(vendor: string | null, model: string): PriceBook | null {
  const key = `${vendor ?? ''}\n${model}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  if (found.size >= MAX_FOUND) found.clear();
  const provider = findVendor(vendor, model);
  const book = provider ? createPriceBook(provider.id) : null;
  found.set(key, book);
  return book;
}

/** By a name as another tool writes it, else from whom the model is known. */
export function findVendor(vendor: string | null, model: string): { id: string } | undefined {
  const { findProvider } = loadLibrary();
  const named =
    vendor === null ? undefined : findProvider({ providerId: vendor.toLowerCase().replaceAll('_', '-') });
  return named ?? findProvider({ modelId: model });
}

/** What the library says of a model at no usage; `null`: nothing. */
export function askLibrary(providerId: string, model: string): PriceCalculation | null {
  try {
    return loadLibrary().calcPrice({ input_tokens: 0, output_tokens: 0 }, model, { providerId });
  } catch {
    return null;
  }
}

/** Without a price of its own the library would count audio as text. */
function pricesTranscripts(prices: ModelPrice): boolean {
  const { input_mtok: input, input_audio_mtok: audio, output_mtok: output } = prices;
  return input !== undefined && audio !== undefined && output !== undefined;
}

function isCurrent({ minute }: ModelRow, at: number | null): boolean {
  return at === null || minute === null || minute === minuteOf(at);
}

function minuteOf(at: number): number {
  return Math.floor(at / 60_000);
}

function toRow(
  { provider, model, model_price: prices }: PriceCalculation,
  at: number,
  own: boolean,
): ModelRow {
  return {
    tiers: toTiers(prices),
    minute: Array.isArray(model.prices) ? minuteOf(at) : null,
    source: `genai-prices ${provider.id}/${model.id}`,
    own,
    contextTokens: model.context_window,
  };
}

/** Highest first; `null`: it charges for what we do not know how to add. */
export function toTiers(prices: ModelPrice): Tier[] | null {
  const used = Object.entries(prices).filter(([key, price]) => price !== undefined && !UNUSED_KEY.test(key));
  if (prices.input_mtok === undefined || used.some(([key]) => !KNOWN_KEYS.has(key))) return null;
  const starts = used.flatMap(([, price]) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
  // A tier begins above its start; the lowest applies from nothing up.
  const bounds = [...new Set([...starts, -1])].sort((a, b) => b - a);
  return bounds.map((above) => ({ above, rates: toRates(prices, above) }));
}

function toRates(prices: ModelPrice, above: number): Rates {
  const rateOf = (key: string): number | undefined => {
    const price = prices[key];
    if (typeof price !== 'object') return price;
    const tier = price.tiers.filter(({ start }) => start <= above).sort((a, b) => b.start - a.start)[0];
    return tier?.price ?? price.base;
  };
  const input = rateOf('input_mtok') ?? 0;
  return {
    input,
    output: rateOf('output_mtok'),
    cacheRead: rateOf('cache_read_mtok') ?? input,
    cacheWrite: rateOf('cache_write_mtok') ?? input,
  };
}

/** `null` for a usage that cannot be (more cached tokens than input), and for output that has no price. */
function priceByRates(tiers: Tier[], usage: Usage): number | null {
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const input = usage.inputTokens ?? 0;
  const uncached = input - cacheRead - cacheWrite;
  const output = usage.outputTokens ?? 0;
  const rates = tiers.find(({ above }) => input > above)?.rates;
  if (!rates || uncached < 0 || (output > 0 && rates.output === undefined)) return null;
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
