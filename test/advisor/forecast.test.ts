/** The forecast's 80 % interval, held against what came. Seeded: the same figures every run (docs/economics.md has more of them). */
import { expect, test } from 'vitest';
import { coverageOf } from './backtest.ts';
import { KINDS, realTrace, seasonalSeries } from './forecast-series.ts';

test('over seasonal histories of every kind it covers 75 to 85 %', () => {
  const all = Object.entries(KINDS).map(([name, kind]) => coverageOf(name, seasonalSeries(name, kind, 6)));
  const share = all.reduce((sum, one) => sum + one.share, 0) / all.length;
  expect(share).toBeGreaterThanOrEqual(0.75);
  expect(share).toBeLessThanOrEqual(0.85);
  for (const one of all) expect(one.share, one.name).toBeGreaterThan(0.68);
});

test('over the real trace it covers 75 to 85 % up to three minutes ahead', () => {
  const { share } = coverageOf('trace', [realTrace(3)]);
  expect(share).toBeGreaterThanOrEqual(0.75);
  expect(share).toBeLessThanOrEqual(0.85);
});
