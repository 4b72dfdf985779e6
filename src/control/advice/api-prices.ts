/** Prices of the models that served a task: what the stack states, else the vendor's dated list. */
import type { ApiPrice } from '../../advisor/economics/economics.ts';
import type { ModelUse } from '../../advisor/evidence.ts';
import { findPriceHistory, PRICE_TABLE_URL } from '../../providers/price-history.ts';
import type { Stack, TokenPrice } from '../../stack/stack.ts';

/** One for each model that has a price by the token. Machines by the hour have none. */
export function apiPricesOf(uses: readonly ModelUse[], stack: Stack | null): ApiPrice[] {
  const found = new Map<string, ApiPrice>();
  for (const { provider, model } of uses) {
    if (found.has(model)) continue;
    const price = statedPrice(provider, model, stack) ?? listedPrice(provider, model);
    if (price) found.set(model, price);
  }
  return [...found.values()];
}

function statedPrice(provider: string, model: string, stack: Stack | null): ApiPrice | null {
  const deployment = Object.values(stack?.deployments ?? {}).find(
    (one) => one.model === model && one.provider === provider && one.price !== null,
  );
  const price = deployment?.price;
  if (!price || 'usdPerHour' in price) return null;
  const source = { by: 'the stack', url: null };
  return { provider, model, rows: [{ from: null, tiers: [tierOf(price)] }], batchDiscount: null, source };
}

function tierOf(price: TokenPrice): ApiPrice['rows'][number]['tiers'][number] {
  const { inputPerMillion: input, outputPerMillion: output } = price;
  return {
    above: 0,
    input,
    output,
    cacheRead: price.cacheReadPerMillion ?? input,
    cacheWrite: price.cacheWritePerMillion ?? input,
  };
}

function listedPrice(provider: string, model: string): ApiPrice | null {
  const history = findPriceHistory(provider, model);
  if (!history) return null;
  const rows = history.rows.map(({ from, tiers }) => ({
    from,
    tiers: tiers.map(({ above, rates }) => ({
      ...rates,
      above: Math.max(0, above),
      output: rates.output ?? 0,
    })),
  }));
  return { provider, model, rows, batchDiscount: null, source: { by: history.source, url: PRICE_TABLE_URL } };
}
