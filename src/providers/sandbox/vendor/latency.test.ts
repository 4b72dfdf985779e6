import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawLatency, quantile } from './latency.ts';
import { createRandom } from './text.ts';

test('draws have the published percentiles', () => {
  const random = createRandom(1);
  const drawn = Array.from({ length: 20_000 }, () => drawLatency('large', random, 1).ttftMs).sort(
    (a, b) => a - b,
  );
  const at = (share: number) => drawn[Math.floor(share * drawn.length)] ?? 0;
  expect(Math.abs(at(0.5) / 516.6 - 1)).toBeLessThan(0.02);
  expect(Math.abs(at(0.95) / 786.8 - 1)).toBeLessThan(0.02);
  expect(at(0)).toBeGreaterThanOrEqual(317.5);
});

test('small is faster than large, and timeScale scales', () => {
  const middle = () => 0.5;
  const small = drawLatency('small', middle, 1);
  const large = drawLatency('large', middle, 1);
  expect(small.ttftMs).toBeLessThan(large.ttftMs);
  expect(small.interTokenMs).toBeLessThan(large.interTokenMs);
  expect(drawLatency('large', middle, 0)).toEqual({ ttftMs: 0, interTokenMs: 0 });
  expect(drawLatency('large', middle, 2).ttftMs).toBeCloseTo(large.ttftMs * 2);
});

test('the inverse distribution never falls and keeps its ends', () => {
  const values = [1, 2, 3, 5, 8, 13, 21, 34];
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(share, share, (a, b) => {
      const [low, high] = [quantile(values, Math.min(a, b)), quantile(values, Math.max(a, b))];
      expect(low).toBeLessThanOrEqual(high);
      expect(low).toBeGreaterThanOrEqual(1);
      expect(high).toBeLessThanOrEqual(34);
    }),
  );
});
