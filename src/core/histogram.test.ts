import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHistogram, decode, encode, merge, quantile, record } from './histogram.ts';

const values = fc.array(fc.double({ min: 0.011, max: 3_600_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});

function histogramOf(list: readonly number[]) {
  const histogram = createHistogram();
  for (const value of list) record(histogram, value);
  return histogram;
}

test('any quantile is within 2 % of the true one', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
      const sorted = [...list].sort((a, b) => a - b);
      const truth = sorted[Math.max(1, Math.ceil(q * list.length)) - 1] as number;
      const found = quantile(histogramOf(list), q) as number;
      expect(Math.abs(found - truth) / truth).toBeLessThanOrEqual(0.02);
    }),
  );
});

test('merging parts gives the histogram of the whole, in any order', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const ab = histogramOf(a);
      merge(ab, histogramOf(b));
      const ba = histogramOf(b);
      merge(ba, histogramOf(a));
      const whole = encode(histogramOf([...a, ...b]));
      expect(encode(ab)).toEqual(whole);
      expect(encode(ba)).toEqual(whole);
    }),
  );
});

test('encode and decode are inverse', () => {
  fc.assert(
    fc.property(values, (list) => {
      const histogram = histogramOf(list);
      const back = decode(encode(histogram));
      expect(back.count).toBe(list.length);
      expect(encode(back)).toEqual(encode(histogram));
    }),
  );
});

test('counts beyond 32 bits survive encoding', () => {
  const histogram = createHistogram();
  histogram.buckets[100] = 2 ** 40 + 3;
  histogram.count = 2 ** 40 + 3;
  expect(decode(encode(histogram)).count).toBe(2 ** 40 + 3);
});

test('an empty histogram has no quantile; zero, negative and NaN read as 0', () => {
  expect(quantile(createHistogram(), 0.5)).toBeNull();
  expect(quantile(histogramOf([0, -5, Number.NaN]), 0.99)).toBe(0);
});

test('bytes that are not a histogram are refused', () => {
  expect(() => decode(Uint8Array.from([200]))).toThrow(RangeError);
  expect(() => decode(Uint8Array.from([255, 255, 127, 1]))).toThrow(RangeError);
});

test('a typical hour takes under 300 bytes', () => {
  const list = Array.from({ length: 5000 }, (_, i) => 300 + (i % 100) ** 2);
  expect(encode(histogramOf(list)).length).toBeLessThan(300);
});
