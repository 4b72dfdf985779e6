import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactly, type Interval } from '../../core/interval.ts';
import type { CallSample } from '../evidence.ts';
import { computeEconomics, withQuantities } from './compute.ts';
import { normalQuantile } from './draws.ts';
import type { Economics, EconomicsInput, OptionId } from './economics.ts';
import { costFlipPoints } from './flip-points.ts';
import { formatInterval } from './format-interval.ts';
import { ownedPrice, publishedPrice } from './gpu-hour.ts';
import { priorOf, QUANTITY_IDS, type Quantity, type QuantityId } from './quantity.ts';
import { measureMix } from './token-mix.ts';

const known = (id: QuantityId, value: Interval): Quantity => ({
  id,
  value,
  source: { kind: 'declared', by: 'a test', at: null },
});
const economics = (quantities: Quantity[], rest: Partial<EconomicsInput> = {}): Economics =>
  computeEconomics({ seed: 7, at: 0, quantities, draws: 200, ...rest });
const figure = (of: Economics, id: string): Interval => {
  const found = of.figures.find((one) => one.id === id);
  if (!found) throw new Error(`no figure ${id}`);
  return found.value;
};
/** Quantities the properties move, log-uniform within bounds that cost something. */
const ids: QuantityId[] = QUANTITY_IDS.filter((id) => priorOf(id).value.low > 0);
const profile = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...ids), fc.double({ min: -1, max: 1, noNaN: true })),
  {
    selector: ([id]) => id,
    maxLength: 12,
  },
);
const quantitiesOf = (moves: [QuantityId, number][]): Quantity[] =>
  moves.map(([id, move]) => {
    const { low, mid, high } = priorOf(id).value;
    return known(id, exactly(move < 0 ? mid * (low / mid) ** -move : mid * (high / mid) ** move));
  });

describe('properties', () => {
  test('more volume never makes self-hosting dearer per token', () => {
    fc.assert(
      fc.property(
        profile,
        fc.double({ min: 1e3, max: 1e9, noNaN: true }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (moves, calls, times) => {
          const base = quantitiesOf(moves);
          const at = (volume: number): Interval =>
            figure(
              economics(withQuantities(base, [known('volume.calls-per-month', exactly(volume))])),
              'self-hosted.million-tokens',
            );
          const [few, many] = [at(calls), at(calls * times)];
          for (const end of ['low', 'mid', 'high'] as const)
            expect(many[end]).toBeLessThanOrEqual(few[end] * (1 + 1e-9));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a higher GPU price never moves break-even down', () => {
    fc.assert(
      fc.property(
        profile,
        fc.double({ min: 0.2, max: 10, noNaN: true }),
        fc.double({ min: 1, max: 5, noNaN: true }),
        (moves, usd, times) => {
          const at = (price: number) =>
            economics(withQuantities(quantitiesOf(moves), [known('self.usd-per-gpu-hour', exactly(price))]))
              .breakEven;
          const [cheap, dear] = [at(usd), at(usd * times)];
          for (const [index, one] of cheap.entries()) {
            for (const end of ['low', 'mid', 'high'] as const) {
              for (const of of ['callsPerMonth', 'months'] as const) {
                const before = one[of][end] ?? Number.POSITIVE_INFINITY;
                expect(dear[index]?.[of][end] ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
                  before * (1 - 1e-9),
                );
              }
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('costs rise with every price and with the people, and intervals are ordered', () => {
    const prices: [QuantityId, OptionId][] = [
      ['self.usd-per-gpu-hour', 'self-hosted'],
      ['people.usd-per-year', 'self-hosted'],
      ['self.people', 'hybrid'],
      ['api.usd-per-million-input', 'hosted-api'],
      ['api.usd-per-million-output', 'hybrid'],
      ['private.premium', 'private-deployment'],
      ['tune.usd-per-million-training-tokens', 'fine-tuned-api'],
      ['specialist.usd-per-machine-month', 'specialist'],
    ];
    fc.assert(
      fc.property(
        profile,
        fc.constantFrom(...prices),
        fc.double({ min: 1, max: 4, noNaN: true }),
        (moves, [id, option], times) => {
          const at = (value: number) =>
            economics(withQuantities(quantitiesOf(moves), [known(id, exactly(value))]));
          const cheap = at(priorOf(id).value.mid);
          const dear = at(priorOf(id).value.mid * times);
          expect(figure(dear, `${option}.month`).mid).toBeGreaterThanOrEqual(
            figure(cheap, `${option}.month`).mid,
          );
          for (const { value } of dear.figures) {
            expect(value.low).toBeLessThanOrEqual(value.mid);
            expect(value.mid).toBeLessThanOrEqual(value.high);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('not knowing widens: a quantity on its prior gives no narrower a cost than its median', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ids), (id) => {
        const width = ({ low, high }: Interval) => Math.log(high / Math.max(low, 1e-12));
        const unknown = economics([]);
        const sure = economics([known(id, exactly(priorOf(id).value.mid))]);
        for (const { usdPerMonth } of unknown.options)
          expect(width(figure(unknown, usdPerMonth))).toBeGreaterThanOrEqual(
            width(figure(sure, usdPerMonth)) * 0.93,
          );
      }),
    );
  });

  test('same seed, same answer; another seed, nearly the same', () => {
    const input: EconomicsInput = { seed: 3, at: 5, quantities: [] };
    expect(computeEconomics(input)).toEqual(computeEconomics(input));
    const other = computeEconomics({ ...input, seed: 4 });
    expect(other).not.toEqual(computeEconomics(input));
    const ratio =
      figure(other, 'self-hosted.month').mid / figure(computeEconomics(input), 'self-hosted.month').mid;
    expect(Math.abs(Math.log(ratio))).toBeLessThan(0.05);
  });
});

test('with everything exact the self-hosted month is the sum one does by hand', () => {
  const all = QUANTITY_IDS.filter((id) => id !== 'api.usd-per-call').map((id) =>
    known(id, exactly(priorOf(id).value.mid)),
  );
  const one = economics(
    withQuantities(all, [
      known('volume.calls-per-month', exactly(2_629_800)),
      known('self.scale-down-share', exactly(0)),
      known('self.spot-spare-share', exactly(0)),
    ]),
  );
  // One call a second on average, four at the peak, two a replica: 1 spare + 2.5; 2 GPUs at 3 USD, 730.5 hours, 10 % overhead.
  expect(figure(one, 'self-hosted.replicas')).toEqual(exactly(3.5));
  expect(figure(one, 'self-hosted.month').mid).toBeCloseTo(
    3.5 * 2 * 3 * 730.5 * 1.1 + (0.6 * 170_000) / 12,
    6,
  );
  expect(figure(one, 'hosted-api.month').mid).toBeCloseTo((2_629_800 * (1100 * 0.8 + 210 * 4)) / 1e6, 6);
  const { callsPerMonth } = one.breakEven.find(({ option }) => option === 'self-hosted') ?? {
    callsPerMonth: null,
  };
  expect(callsPerMonth).toEqual({ low: null, mid: null, high: null });
});

test('every figure leads to quantities', () => {
  const all = economics([]);
  const figures = new Map(all.figures.map((one) => [one.id, one]));
  expect(figures.size).toBe(all.figures.length);
  const used = new Set(all.quantities.map(({ id }) => id as string));
  for (const { id, inputs, formula } of all.figures) {
    expect(formula.length, id).toBeGreaterThan(5);
    for (const input of inputs) expect(figures.has(input) || used.has(input), `${id} <- ${input}`).toBe(true);
  }
});

test('nothing is compared with machines, which would give a wrong break-even', () => {
  expect(() => economics([], { options: ['self-hosted', 'hosted-api'] })).toThrow(RangeError);
  expect(() => economics([], { options: [] })).toThrow(RangeError);
  expect(economics([], { options: ['private-deployment', 'self-hosted'] }).breakEven).toHaveLength(1);
});

test('a break-even is where both cost the same', () => {
  const sure = QUANTITY_IDS.filter((id) => id !== 'api.usd-per-call').map((id) =>
    known(id, exactly(priorOf(id).value.mid)),
  );
  const at = (calls: number, price = 20) =>
    economics(
      withQuantities(sure, [
        known('volume.calls-per-month', exactly(calls)),
        known('api.usd-per-million-output', exactly(price)),
      ]),
    );
  const volume = at(1000).breakEven.find(({ option }) => option === 'self-hosted')?.callsPerMonth.mid ?? 0;
  expect(volume).toBeGreaterThan(1e5);
  const there = at(volume);
  expect(figure(there, 'self-hosted.month').mid).toBeCloseTo(figure(there, 'hosted-api.month').mid, 4);
});

test('a flip point changes the answer, and just before it does not', () => {
  const dear = known('api.usd-per-million-output', exactly(20));
  const quantities = [dear, known('volume.calls-per-month', { low: 5e4, mid: 1e5, high: 2e5 })];
  const flips = costFlipPoints({ quantities, options: ['hosted-api', 'self-hosted'] });
  const volume = flips.find(({ quantity }) => quantity === 'volume.calls-per-month');
  expect(volume).toMatchObject({
    answer: 'Hosted API',
    becomes: 'Self-hosted open model',
    withinInterval: false,
  });
  const { to = 0 } = volume ?? {};
  const before = costFlipPoints({
    quantities: [dear, known('volume.calls-per-month', exactly(to * 0.99))],
    options: ['hosted-api', 'self-hosted'],
  });
  expect(before[0]?.answer).toBe('Hosted API');
});

describe('the token mix', () => {
  const call = (inputTokens: number, cacheReadTokens: number | null = null): CallSample => ({
    at: 0,
    inputTokens,
    outputTokens: 100,
    cacheReadTokens,
    cacheWriteTokens: null,
    durationMs: null,
    ttftMs: null,
    costNanoUsd: null,
    model: null,
  });
  const tier = { above: 0, input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 };
  const price = {
    provider: 'vendor',
    model: 'model',
    rows: [
      { from: null, tiers: [{ ...tier, input: 4 }] },
      { from: 1000, tiers: [tier, { ...tier, above: 1000, input: 3 }] },
    ],
    batchDiscount: null,
    source: { by: 'a test', url: null },
  };

  test('prices by date, tier and cache', () => {
    const cost = (one: CallSample, at: number) =>
      measureMix({ sample: [one, one], prices: [price], at, seed: 1 })?.usdPerCall[0]?.mid;
    expect(cost(call(500), 0)).toBeCloseTo((500 * 4 + 1000) / 1e6, 12);
    expect(cost(call(500), 1000)).toBeCloseTo((500 * 2 + 1000) / 1e6, 12);
    expect(cost(call(2000), 1000)).toBeCloseTo((2000 * 3 + 1000) / 1e6, 12);
    expect(cost(call(500, 400), 1000)).toBeCloseTo((100 * 2 + 400 * 0.2 + 1000) / 1e6, 12);
    expect(measureMix({ sample: [], prices: [], at: 0, seed: 1 })).toBeNull();
  });

  test('more calls narrow the mean; one call is hardly known', () => {
    const sample = (size: number) =>
      Array.from({ length: size }, (_, index) => call(100 + (index % 10) * 100));
    const width = (size: number): number => {
      const mix = measureMix({ sample: sample(size), prices: [], at: 0, seed: 2 });
      return (mix?.inputTokens.high ?? 0) - (mix?.inputTokens.low ?? 0);
    };
    expect(width(20)).toBeGreaterThan(width(200));
    expect(width(200)).toBeGreaterThan(width(5000));
    expect(measureMix({ sample: [call(300)], prices: [], at: 0, seed: 1 })?.inputTokens).toEqual({
      low: 100,
      mid: 300,
      high: 900,
    });
  });
});

test.each([
  [{ low: 1012, mid: 1234, high: 1401 }, 'USD/month', '$1,200 a month ($1,000 to $1,400)'],
  [{ low: 5, mid: 50, high: 500 }, 'calls/month', '50 calls a month (5 to 500)'],
  [{ low: 2.95, mid: 2.95, high: 2.95 }, 'USD/GPU-hour', '$2.95 per GPU-hour'],
  [{ low: 0.000412, mid: 0.00052, high: 0.00061 }, 'USD/call', '$0.00052 a call ($0.00041 to $0.00061)'],
  [{ low: -0.031, mid: 0.042, high: 0.15 }, 'share/month', '4 % a month (-3 % to 15 %)'],
  [{ low: 0, mid: 0, high: 0 }, 'USD/month', '$0 a month'],
] as const)('%j %s reads %s', (interval, unit, text) => {
  expect(formatInterval(interval, unit).text).toBe(text);
});

test('prices of GPUs', () => {
  expect(publishedPrice([])).toBeNull();
  expect(publishedPrice([3, 2, 7])).toEqual({ low: 2, mid: 3, high: 7 });
  expect(publishedPrice([4])).toEqual({ low: 3.2, mid: 4, high: 5 });
  const one = ownedPrice({
    usdToBuy: exactly(8766 * 4),
    years: exactly(4),
    kilowatts: 2,
    hallFactor: exactly(1.5),
    usdPerKilowattHour: exactly(0.1),
    usdPerMonthHosting: exactly(0),
  });
  expect(one.mid).toBeCloseTo(1.3, 12);
});

test('the normal quantile', () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 9);
  expect(normalQuantile(0.9)).toBeCloseTo(1.2815515655, 7);
  expect(normalQuantile(0.01)).toBeCloseTo(-2.326347874, 7);
});
