import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECOMMENDATION_STATES, type Recommendation } from '../../core/recommendation.ts';
import { advise } from '../advise.ts';
import { createProfile } from '../profile/create.ts';
import { type Basis, differencesOf } from '../recommendation/basis.ts';
import { rankMoves } from './next-move.ts';
import { risksOf, type TaskFacts } from './risks.ts';

const one = (change: Partial<Recommendation>): Recommendation => ({
  id: 'rec_1',
  task: 'reply',
  target: 'caching',
  title: 'Cache',
  why: '',
  proof: '',
  command: null,
  state: 'proposed',
  evidence: [],
  predictedUsdPerMonth: null,
  realised: null,
  doubt: null,
  createdAt: 0,
  changedAt: 0,
  adoptedAt: null,
  history: [],
  ...change,
});
const saving = (usd: number) => ({ low: -2 * usd, mid: -usd, high: -usd / 2 });

describe('next move', () => {
  test('what saves most comes first, what costs last, what is in doubt after all', () => {
    const ranked = rankMoves([
      one({ id: 'costs', predictedUsdPerMonth: { low: 1, mid: 5, high: 9 } }),
      one({ id: 'doubtful', predictedUsdPerMonth: saving(900), doubt: 'no longer advised' }),
      one({ id: 'no effect' }),
      one({ id: 'some', predictedUsdPerMonth: saving(10) }),
      one({ id: 'most', predictedUsdPerMonth: saving(100), state: 'proving' }),
    ]);
    expect(ranked.map(({ id }) => id)).toEqual(['most', 'some', 'no effect', 'costs', 'doubtful']);
  });

  test('what is decided for good is no move', () => {
    const states = rankMoves(RECOMMENDATION_STATES.map((state) => one({ state }))).map(({ state }) => state);
    expect(states).toEqual(['proposed', 'accepted', 'proving']);
  });
});

describe('risks', () => {
  const facts: TaskFacts = {
    errorShare: 0.001,
    unpricedShare: 0,
    deployments: ['a', 'b'],
    evidenceCalls: 1000,
  };
  const declared = (value: string | boolean) => ({ value, by: 'ana', at: null });
  const advice = advise({
    profile: createProfile({
      task: 'reply',
      answers: { 'data.thirdParty': declared('forbidden'), 'stack.serving': declared('api') },
    }),
    at: 0,
  });
  const ids = (change: Partial<TaskFacts>) => risksOf(advice, { ...facts, ...change }).map(({ id }) => id);

  test('data that may go to nobody and goes to a vendor stands first', () => {
    expect(risksOf(advice, facts)[0]).toMatchObject({ id: 'data-at-vendor', weight: 3 });
  });

  test('each fact brings its own, with its figure', () => {
    expect(ids({})).not.toContain('errors');
    expect(ids({ deployments: ['a'] })).toContain('no-fallback');
    expect(ids({ unpricedShare: 0.2 })).toContain('unpriced');
    expect(ids({ evidenceCalls: 0 })).toContain('unmeasured');
    const errors = (errorShare: number) =>
      risksOf(advice, { ...facts, errorShare }).find(({ id }) => id === 'errors');
    expect(errors(0.02)).toEqual({ id: 'errors', weight: 2, text: '2 % of its calls failed.' });
    expect(errors(0.08)?.weight).toBe(3);
  });
});

describe('what an advice rests on', () => {
  const basis: Basis = {
    profileAt: 1,
    profileBy: 'ana',
    revision: 'rev_a',
    version: '1.0.0',
    route: ['fast'],
    prices: { fast: { input: 2, output: 8 } },
    callsPerWeek: 1000,
    importedRows: 0,
  };

  test('each change is named', () => {
    const said = (change: Partial<Basis>) => differencesOf(basis, { ...basis, ...change });
    expect(said({ revision: 'rev_b' })).toEqual(['the stack went from rev_a to rev_b']);
    expect(said({ revision: 'rev_b', route: ['fast', 'slow'] })).toEqual([
      'the route went from fast to fast, slow',
    ]);
    expect(said({ prices: { fast: null } })).toEqual([
      'the price of fast went from $2 / $8 per million tokens to unknown',
    ]);
    expect(said({ callsPerWeek: 2000 })).toEqual(['calls a week went from 1,000 to 2,000']);
    expect(said({ profileAt: 2, profileBy: 'ben' })).toEqual(['ben changed the profile']);
    expect(said({ profileAt: null, profileBy: null })).toEqual(['the profile is gone']);
    expect(said({ version: '1.1.0' })).toEqual(['Trimtab is 1.1.0, was 1.0.0']);
  });

  test('the same is no change; neither is traffic within a quarter, or a handful of calls', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.double({ min: 0.81, max: 1.24, noNaN: true }), (calls, factor) => {
        const before = { ...basis, callsPerWeek: calls };
        expect(differencesOf(before, { ...before, callsPerWeek: Math.round(calls * factor) })).toEqual([]);
      }),
      { numRuns: 50 },
    );
    expect(differencesOf({ ...basis, callsPerWeek: 0 }, { ...basis, callsPerWeek: 99 })).toEqual([]);
  });
});
