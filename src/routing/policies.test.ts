import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policies } from './index.ts';
import { leastLoaded } from './least-loaded.ts';
import type { Candidate, Load } from './policy.ts';
import { weighted } from './weighted.ts';

const IDLE: Load = { inFlight: 0, latencyMs: null, engineWaiting: null, kvCacheUse: null };
const load: fc.Arbitrary<Load> = fc.record({
  inFlight: fc.nat(20),
  latencyMs: fc.option(fc.double({ min: 0, max: 60_000, noNaN: true })),
  engineWaiting: fc.option(fc.nat(50)),
  kvCacheUse: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
});
const candidates: fc.Arbitrary<Candidate[]> = fc
  .array(fc.record({ weight: fc.nat(10), healthy: fc.boolean(), load }), { maxLength: 8 })
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
      { deployment: 'a', weight: 1, healthy: true, load: IDLE },
      { deployment: 'b', weight: 3, healthy: true, load: IDLE },
      { deployment: 'c', weight: 0, healthy: true, load: IDLE },
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

describe('least-loaded', () => {
  const at = (deployment: string, changes: Partial<Load>, weight = 1): Candidate => ({
    deployment,
    weight,
    healthy: true,
    load: { ...IDLE, ...changes },
  });
  const first = (list: Candidate[], random = () => 0): string | undefined =>
    leastLoaded.plan(list, route, random)[0]?.deployment;

  test('says in words what was compared', () => {
    const list = [
      at('slow', { inFlight: 5, latencyMs: 900.4 }),
      at('fast', { inFlight: 2, latencyMs: 410, engineWaiting: 3, kvCacheUse: 0.514 }),
    ];
    expect(leastLoaded.plan(list, route, () => 0)).toEqual([
      {
        deployment: 'fast',
        reason:
          'less loaded: 2 in flight, 410 ms, 3 waiting in the engine, KV cache 51 % against slow: 5 in flight, 900 ms',
      },
      { deployment: 'slow', reason: 'more loaded of two: 5 in flight, 900 ms' },
    ]);
  });

  test('weighs latency, calls in flight, the engine queue, its KV cache and the weight', () => {
    const other = at('other', { inFlight: 3, latencyMs: 100 });
    expect(first([at('one', { inFlight: 3, latencyMs: 101 }), other])).toBe('other');
    expect(first([at('one', { inFlight: 4, latencyMs: 100 }), other])).toBe('other');
    expect(first([at('one', { inFlight: 2, latencyMs: 100, engineWaiting: 2 }), other])).toBe('other');
    expect(first([at('one', { inFlight: 2, latencyMs: 100, kvCacheUse: 0.99 }), other])).toBe('other');
    expect(first([at('one', { inFlight: 2, latencyMs: 100, kvCacheUse: 0.79 }), other])).toBe('one');
    expect(first([at('one', { inFlight: 6, latencyMs: 100 }, 2), other])).toBe('one');
    expect(first([at('new', { inFlight: 0 }), other])).toBe('new');
    expect(first([at('new', { inFlight: 4 }), other])).toBe('other');
  });

  test('of two drawn the more loaded is never first; each two are drawn', () => {
    const list = [at('a', { inFlight: 0 }), at('b', { inFlight: 1 }), at('c', { inFlight: 2 })];
    const seen = new Set<string>();
    fc.assert(
      fc.property(draw, draw, (one, two) => {
        const draws = [one, two];
        const plan = leastLoaded.plan(list, route, () => draws.shift() ?? 0);
        const [winner, loser] = plan.map(({ deployment }) => deployment) as [string, string];
        expect(winner < loser).toBe(true);
        seen.add(`${winner}${loser}`);
      }),
      { numRuns: 500 },
    );
    expect([...seen].sort()).toEqual(['ab', 'ac', 'bc']);
  });

  test('spreads calls over equal deployments: the fullest is hardly above the mean', () => {
    const list = Array.from({ length: 10 }, (_, index) => at(`d${index}`, { latencyMs: 100 }));
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let call = 0; call < 1_000; call++) {
      const chosen = list.find(({ deployment }) => deployment === first(list, random));
      if (chosen) chosen.load.inFlight++;
    }
    // Drawing one at random leaves the fullest at about 125; two choices stay within log log n (Mitzenmacher, 2001).
    expect(Math.max(...list.map(({ load: { inFlight } }) => inFlight))).toBeLessThanOrEqual(103);
  });
});
