/** Calls priced by the models that answered them, each by its own tier and cache, at the prices of the day. */
import { exactly } from '../../core/interval.ts';
import type { ApiPrice, ApiPriceTier } from '../economics/economics.ts';
import type { Quantity } from '../economics/quantity.ts';
import { meanCost, measureMix, tiersAt, usdOf } from '../economics/token-mix.ts';
import type { CallSample, TaskEvidence } from '../evidence.ts';
import type { FactSource } from '../fact.ts';

/** Priced calls, as a share of the sample: with fewer the rest might cost anything. */
const MIN_PRICED = 0.95;
const SEED = 1;
/** Enough for the two ends of an interval; each goes over the whole sample. */
const RESAMPLES = 400;

export function groundedPrices({ sample, prices, from, to }: TaskEvidence, at: number): Quantity[] {
  const mix = measureMix({ sample, prices: [], at, seed: SEED, resamples: RESAMPLES });
  if (mix === null) return [];
  const measured: FactSource = { kind: 'measured', from, to, calls: sample.length };
  const quantities: Quantity[] = [
    { id: 'mix.input-tokens', value: mix.inputTokens, source: measured },
    { id: 'mix.output-tokens', value: mix.outputTokens, source: measured },
  ];
  const byModel = new Map(prices.map((price) => [price.model, price]));
  const priced = sample.flatMap((call) => {
    const tiers = call.model === null ? null : tiersOf(byModel.get(call.model), at);
    return tiers ? [{ call, tiers }] : [];
  });
  if (priced.length < MIN_PRICED * sample.length) return quantities;
  const perCall = meanCost(
    priced.map(({ call, tiers }) => usdOf(call, tiers)),
    { seed: SEED, resamples: RESAMPLES },
  );
  quantities.push({ id: 'api.usd-per-call', value: perCall, source: measured });
  const main = mainPrice(
    priced.map(({ call }) => call),
    byModel,
  );
  return main ? [...quantities, ...listedOf(main, mix.inputTokens.mid, at)] : quantities;
}

function tiersOf(price: ApiPrice | undefined, at: number): readonly ApiPriceTier[] | null {
  return price ? tiersAt(price, at) : null;
}

/** Of the model that answered most of the calls. */
function mainPrice(calls: readonly CallSample[], byModel: ReadonlyMap<string, ApiPrice>): ApiPrice | null {
  const counts = new Map<string, number>();
  for (const { model } of calls) if (model !== null) counts.set(model, (counts.get(model) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return (most && byModel.get(most[0])) ?? null;
}

/** What a million tokens cost, which parts a call's cost into input and output; and what a cached one costs of it. */
function listedOf(price: ApiPrice, inputTokens: number, at: number): Quantity[] {
  const row = price.rows.findLast(({ from }) => from === null || from <= at);
  const tier = row?.tiers.findLast(({ above }) => inputTokens > above) ?? row?.tiers[0];
  if (!row || !tier || tier.input <= 0) return [];
  const { by, url } = price.source;
  const source: FactSource =
    url === null
      ? { kind: 'declared', by, at: null }
      : { kind: 'published', by, url, date: new Date(row.from ?? at).toISOString().slice(0, 10) };
  return [
    { id: 'api.usd-per-million-input', value: exactly(tier.input), source },
    { id: 'api.usd-per-million-output', value: exactly(tier.output), source },
    { id: 'lever.cache-price-ratio', value: exactly(tier.cacheRead / tier.input), source },
  ];
}
