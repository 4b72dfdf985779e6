import { expect, test } from 'vitest';
import { createRandom, type Random } from './random.ts';

function moments(draw: (random: Random) => number): { mean: number; variance: number } {
  const random = createRandom(7);
  const values = Array.from({ length: 200_000 }, () => draw(random));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

test.each<[string, (random: Random) => number, number, number]>([
  ['uniform', (random) => random.uniform(), 0.5, 1 / 12],
  ['exponential', (random) => random.exponential(), 1, 1],
  ['normal', (random) => random.normal(), 0, 1],
  ['gamma of shape 4', (random) => random.gamma(4), 1, 0.25],
  ['gamma of shape 0.25', (random) => random.gamma(0.25), 1, 4],
  ['whole numbers below 5', (random) => random.integer(5), 2, 2],
])('%s has its mean and variance', (_name, draw, mean, variance) => {
  const found = moments(draw);
  expect(Math.abs(found.mean - mean)).toBeLessThan(0.02);
  expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.05);
});

test('a seed repeats, another differs', () => {
  const draw = (seed: number): number[] => {
    const random = createRandom(seed);
    return Array.from({ length: 5 }, () => random.uniform());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});
