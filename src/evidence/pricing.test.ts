import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Usage } from '../core/usage.ts';
import type { PricedCost } from '../providers/provider.ts';
import type { DeploymentConfig, HostedPrice, TokenPrice } from '../stack/stack.ts';
import { priceUsage, statedPrice } from './pricing.ts';

const AT = Date.UTC(2026, 10, 23);

function deploymentOf(price: TokenPrice | HostedPrice | null): DeploymentConfig {
  return {
    provider: 'acme',
    model: 'acme-large',
    region: null,
    price,
    limits: { maxConcurrent: null, requestsPerMinute: null, tokensPerMinute: null },
    timeouts: { connectMs: 1, headersMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
  };
}

/** A price table of 2 and 8 USD per million tokens. */
const table = {
  price: (model: string, usage: Usage): PricedCost | null =>
    model === 'acme-large'
      ? {
          costNanoUsd: (usage.inputTokens ?? 0) * 2000 + (usage.outputTokens ?? 0) * 8000,
          source: 'table 2026-10-01',
        }
      : null,
};
const noTable = { price: () => null };

const cost = (price: TokenPrice | HostedPrice, usage: Usage, measuredTokensPerSecond?: number) =>
  priceUsage({
    deployment: deploymentOf(price),
    connection: noTable,
    usage,
    at: AT,
    ...(measuredTokensPerSecond !== undefined && { measuredTokensPerSecond }),
  })?.costNanoUsd ?? null;

const perMillion = fc.double({ min: 0, max: 200, noNaN: true });
const tokenPrice = fc.record(
  {
    inputPerMillion: perMillion,
    outputPerMillion: perMillion,
    cacheReadPerMillion: perMillion,
    cacheWritePerMillion: perMillion,
  },
  { requiredKeys: ['inputPerMillion', 'outputPerMillion'] },
) as fc.Arbitrary<TokenPrice>;
const hostedPrice = fc.record({
  usdPerHour: fc.double({ min: 0, max: 100, noNaN: true }),
  outputTokensPerSecond: fc.double({ min: 0.1, max: 10_000, noNaN: true }),
  inputShare: fc.double({ min: 0, max: 1, noNaN: true }),
});
const anyPrice = fc.oneof(tokenPrice, hostedPrice);
const count = fc.integer({ min: 0, max: 2_000_000 });
const anyUsage = fc
  .tuple(count, count, count, count)
  .map(([plain, cacheReadTokens, cacheWriteTokens, outputTokens]) => ({
    inputTokens: plain + cacheReadTokens + cacheWriteTokens,
    cacheReadTokens,
    cacheWriteTokens,
    outputTokens,
  }));

describe('priceUsage', () => {
  test('takes the price of the config before the table, kinds apart, rounded once', () => {
    const price = {
      inputPerMillion: 3,
      outputPerMillion: 15,
      cacheReadPerMillion: 0.3,
      cacheWritePerMillion: 3.75,
    };
    const usage = { inputTokens: 1000, cacheReadTokens: 700, cacheWriteTokens: 100, outputTokens: 50 };
    expect(priceUsage({ deployment: deploymentOf(price), connection: table, usage, at: AT })).toEqual({
      costNanoUsd: 200 * 3000 + 700 * 300 + 100 * 3750 + 50 * 15_000,
      source: 'config',
    });
    expect(
      cost({ inputPerMillion: 0.0001, outputPerMillion: 0.0002 }, { inputTokens: 3, outputTokens: 2 }),
    ).toBe(1);
  });

  test('asks the table when the config says nothing, and null stays null', () => {
    const usage = { inputTokens: 10, outputTokens: 1 };
    const deployment = deploymentOf(null);
    expect(priceUsage({ deployment, connection: table, usage, at: AT })).toEqual({
      costNanoUsd: 28_000,
      source: 'table 2026-10-01',
    });
    expect(priceUsage({ deployment, connection: noTable, usage, at: AT })).toBeNull();
  });

  test('cached input without its own price costs what input costs', () => {
    const usage = { inputTokens: 1000, cacheReadTokens: 700, outputTokens: 0 };
    expect(cost({ inputPerMillion: 3, outputPerMillion: 15 }, usage)).toBe(3_000_000);
  });

  test('prices a hosted deployment by its hour, and waits for a measured throughput', () => {
    const price: HostedPrice = { usdPerHour: 3.6, outputTokensPerSecond: 1000, inputShare: 0.1 };
    const usage = { inputTokens: 2000, outputTokens: 500 };
    expect(cost(price, usage)).toBe(700_000);
    const measured: HostedPrice = { ...price, outputTokensPerSecond: 'measured' };
    expect(cost(measured, usage)).toBeNull();
    expect(cost(measured, usage, 0)).toBeNull();
    expect(cost(measured, usage, 500)).toBe(1_400_000);
  });

  test('no incomplete usage has a price, and none reads as 0', () => {
    fc.assert(
      fc.property(anyPrice, count, (price, tokens) => {
        for (const usage of [{}, { inputTokens: tokens }, { outputTokens: tokens }]) {
          expect(cost(price, usage)).toBeNull();
        }
      }),
    );
  });

  test('a priced deployment that used nothing costs 0, and cost is a whole number never below it', () => {
    fc.assert(
      fc.property(anyPrice, anyUsage, (price, usage) => {
        expect(cost(price, { inputTokens: 0, outputTokens: 0 })).toBe(0);
        const nano = cost(price, usage) as number;
        expect(Number.isSafeInteger(nano) && nano >= 0).toBe(true);
      }),
    );
  });

  test('is additive within rounding', () => {
    fc.assert(
      fc.property(anyPrice, anyUsage, anyUsage, (price, a, b) => {
        const sum = {
          inputTokens: a.inputTokens + b.inputTokens,
          cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
          cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
          outputTokens: a.outputTokens + b.outputTokens,
        };
        const parts = (cost(price, a) as number) + (cost(price, b) as number);
        const whole = cost(price, sum) as number;
        expect(Math.abs(whole - parts)).toBeLessThanOrEqual(2 + whole * 1e-12);
      }),
    );
  });

  test('never prices the cached part twice', () => {
    fc.assert(
      fc.property(tokenPrice, anyUsage, (price, usage) => {
        const flat = { inputPerMillion: price.inputPerMillion, outputPerMillion: price.outputPerMillion };
        const { inputTokens, outputTokens } = usage;
        expect(cost(flat, usage)).toBe(cost(flat, { inputTokens, outputTokens }));
        const free = { ...price, cacheReadPerMillion: 0, cacheWritePerMillion: 0 };
        const plain = inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens;
        expect(cost(free, usage)).toBe(cost(flat, { inputTokens: plain, outputTokens }));
      }),
    );
  });

  test('a vendor that reports more cached tokens than input makes nothing negative', () => {
    const price = { inputPerMillion: 1, outputPerMillion: 1, cacheReadPerMillion: 0.1 };
    expect(cost(price, { inputTokens: 10, cacheReadTokens: 20, outputTokens: 0 })).toBe(2000);
  });
});

describe('statedPrice', () => {
  const ask = (price: TokenPrice | HostedPrice | null, connection: typeof table | typeof noTable) =>
    statedPrice({ deployment: deploymentOf(price), connection, at: AT });

  test('reads config, table and hosted prices per million tokens', () => {
    expect(ask({ inputPerMillion: 3, outputPerMillion: 15 }, table)).toEqual({
      inputPerMillion: 3,
      outputPerMillion: 15,
      source: 'config',
    });
    expect(ask(null, table)).toEqual({ inputPerMillion: 2, outputPerMillion: 8, source: 'table 2026-10-01' });
    const hosted = ask({ usdPerHour: 3.6, outputTokensPerSecond: 1000, inputShare: 0.1 }, noTable);
    expect(hosted).toMatchObject({ source: 'gpu-hour' });
    expect(hosted?.inputPerMillion).toBeCloseTo(0.1);
    expect(hosted?.outputPerMillion).toBeCloseTo(1);
  });

  test('is null without a price', () => {
    expect(ask(null, noTable)).toBeNull();
    expect(ask({ usdPerHour: 3.6, outputTokensPerSecond: 'measured', inputShare: 0.1 }, table)).toBeNull();
  });
});
