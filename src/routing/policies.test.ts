import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policies } from './index.ts';
import type { Candidate } from './policy.ts';
import { weighted } from './weighted.ts';

const candidates: fc.Arbitrary<Candidate[]> = fc
  .array(fc.record({ weight: fc.nat(10), healthy: fc.boolean() }), { maxLength: 8 })
  .map((rows) => rows.map((row, index) => ({ ...row, deployment: `d${index}` })));
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const route = { policy: '', targets: [] };

describe.each(policies.map((policy) => [policy.name, policy] as const))('%s', (_name, policy) => {
  test('plans every candidate once, what is healthy first, each with a reason', () => {
    fc.assert(
      fc.property(candidates, draw, (list, random) => {
        const plan = policy.plan(list, route, () => random);
        expect(plan.map(({ deployment }) => deployment).sort()).toEqual(
          list.map(({ deployment }) => deployment),
        );
        const health = plan.map(
          ({ deployment }) => list.find((row) => row.deployment === deployment)?.healthy,
        );
        expect(health).toEqual([...health].sort((a, b) => Number(b) - Number(a)));
        expect(plan.every(({ reason }) => reason.length > 0)).toBe(true);
      }),
    );
  });
});

describe('weighted', () => {
  test('each is first in its share', () => {
    const list = [
      { deployment: 'a', weight: 1, healthy: true },
      { deployment: 'b', weight: 3, healthy: true },
      { deployment: 'c', weight: 0, healthy: true },
    ];
    const first = { a: 0, b: 0, c: 0 };
    const draws = 1000;
    for (let index = 0; index < draws; index++) {
      const [planned] = weighted.plan(list, route, () => index / draws);
      first[planned?.deployment as 'a']++;
    }
    expect(first).toEqual({ a: 250, b: 750, c: 0 });
  });
});
