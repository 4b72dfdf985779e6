import { expect, test } from 'vitest';
import { emptyRow, type ReadRow } from './format.ts';
import { priceRow } from './price.ts';

/** 1 per token up to 100 input tokens, twice that above. */
const tiered = ({ inputTokens = 0 }) => inputTokens * (inputTokens > 100 ? 2 : 1);
const linear = ({ inputTokens = 0 }) => inputTokens;
const row = (change: Partial<ReadRow>): ReadRow => ({
  ...emptyRow(0),
  inputTokens: 1000,
  outputTokens: 1,
  ...change,
});

test('a call costs by its own size', () => {
  expect(priceRow(row({}), tiered)).toBe(2000);
});

test('a sum costs as its mean call, not as one huge call', () => {
  expect(priceRow(row({ spanMs: 1, calls: 20 }), tiered)).toBe(1000);
});

test('a sum of unknown calls has a price only where size does not matter', () => {
  expect(priceRow(row({ spanMs: 1, calls: null }), linear)).toBe(1000);
  expect(priceRow(row({ spanMs: 1, calls: null }), tiered)).toBeNull();
});

test('no price where tokens are missing or the call failed', () => {
  expect(priceRow(row({ outputTokens: null }), linear)).toBeNull();
  expect(priceRow(row({ failed: true }), linear)).toBeNull();
});
