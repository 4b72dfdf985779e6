import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HedgeBudget } from './hedge-budget.ts';

test('a hedge is paid for by the calls before it', () => {
  const budget = new HedgeBudget();
  expect(budget.take()).toBe(false);
  for (let call = 1; call < 10; call++) budget.earn(0.1);
  expect(budget.take()).toBe(false);
  budget.earn(0.1);
  expect([budget.take(), budget.take()]).toEqual([true, false]);
  budget.giveBack();
  expect([budget.take(), budget.take()]).toEqual([true, false]);
});

test('hedges never pass their share of the calls, and quiet times save up ten at most', () => {
  const steps = fc.array(fc.boolean(), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(steps, fc.double({ min: 0.01, max: 0.5, noNaN: true }), (wanted, share) => {
      const budget = new HedgeBudget();
      let hedges = 0;
      wanted.forEach((wants, index) => {
        budget.earn(share);
        if (wants && budget.take()) hedges++;
        expect(hedges).toBeLessThanOrEqual((index + 1) * share + 1e-6);
      });
      let atOnce = 0;
      while (budget.take()) atOnce++;
      expect(atOnce).toBeLessThanOrEqual(10);
    }),
    { numRuns: 60 },
  );
});
