import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECOMMENDATION_STATES, type Recommendation } from '../../core/recommendation.ts';
import { changeState, type Draft, NEXT_STATES, reconcile } from './lifecycle.ts';
import { calibrate, measureRealised, type PricedCall } from './realised.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20);
const WHO = { at: NOW, by: 'ada' };

const draft = (change: Partial<Draft> = {}): Draft => ({
  task: 'reply',
  target: 'caching',
  title: 'Cache',
  why: 'prompts repeat',
  proof: 'replay',
  command: null,
  evidence: [],
  predictedUsdPerMonth: { low: -120, mid: -100, high: -80 },
  ...change,
});

const standing = (change: Partial<Recommendation> = {}): Recommendation => ({
  ...draft(),
  id: 'rec_1',
  state: 'proposed',
  realised: null,
  createdAt: NOW - DAY,
  changedAt: NOW - DAY,
  adoptedAt: null,
  history: [],
  ...change,
});

describe('lifecycle', () => {
  test('each step is kept with who and when; adoption sets its time', () => {
    const accepted = changeState(standing(), { to: 'accepted', note: null, ...WHO });
    const adopted = changeState(accepted, { to: 'adopted', note: 'replay passed', ...WHO });
    expect(adopted).toMatchObject({ state: 'adopted', adoptedAt: NOW });
    expect(adopted.history.map(({ from, to }) => [from, to])).toEqual([
      ['proposed', 'accepted'],
      ['accepted', 'adopted'],
    ]);
  });

  test('what does not follow is refused, naming what does', () => {
    expect(() => changeState(standing(), { to: 'realised', note: null, ...WHO })).toThrow(
      'can become accepted or rejected',
    );
  });

  test('no state is a dead end, and none is reached by hand that must be measured', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RECOMMENDATION_STATES),
        fc.constantFrom(...RECOMMENDATION_STATES),
        (from, to) => {
          const change = () => changeState(standing({ state: from }), { to, note: null, ...WHO });
          if (NEXT_STATES[from].includes(to)) expect(change().state).toBe(to);
          else expect(change).toThrow();
          expect(NEXT_STATES[from]).not.toContain('realised');
          expect(NEXT_STATES[from].length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('reconcile', () => {
  test('the same advice again changes nothing', () => {
    expect(reconcile([standing()], [draft()], WHO)).toEqual({ added: [], changed: [] });
  });

  test('a proposal nobody took up follows the evidence', () => {
    const { changed } = reconcile([standing()], [draft({ why: 'prompts repeat more' })], WHO);
    expect(changed).toMatchObject([{ id: 'rec_1', state: 'proposed', why: 'prompts repeat more' }]);
    const gone = reconcile([standing()], [], WHO);
    expect(gone.changed).toMatchObject([{ state: 'rejected' }]);
  });

  test('what is under way stays as it was decided on', () => {
    for (const state of ['accepted', 'proving', 'adopted'] as const) {
      expect(reconcile([standing({ state })], [draft({ why: 'else' })], WHO)).toEqual({
        added: [],
        changed: [],
      });
    }
  });

  test('a rejected one comes back when the effect leaves its interval, not before', () => {
    const rejected = standing({ state: 'rejected' });
    const inside = draft({ predictedUsdPerMonth: { low: -130, mid: -110, high: -90 } });
    expect(reconcile([rejected], [inside], WHO).changed).toEqual([]);
    const outside = draft({ predictedUsdPerMonth: { low: -900, mid: -700, high: -500 } });
    expect(reconcile([rejected], [outside], WHO).changed).toMatchObject([
      { state: 'proposed', predictedUsdPerMonth: { mid: -700 } },
    ]);
  });
});

describe('realised effect', () => {
  const calls = (from: number, count: number, usd: (index: number) => number): PricedCall[] =>
    Array.from({ length: count }, (_, index) => ({ at: from + index, usd: usd(index) }));
  const question = {
    adoptedAt: NOW,
    now: NOW + 10 * DAY,
    callsSince: 10_000,
    predicted: { low: -400, mid: -300, high: -250 },
  };

  test('difference per call times calls a month', () => {
    const effect = measureRealised({
      ...question,
      calls: [...calls(NOW - DAY, 200, () => 0.02), ...calls(NOW, 200, () => 0.01)],
    });
    // 0.01 USD less x 1,000 calls a day x 30.44 days.
    expect(effect?.usdPerMonth.mid).toBeCloseTo(-304.4);
    expect(effect).toMatchObject({ inside: true, callsBefore: 200, callsAfter: 200 });
  });

  test('too early or too few calls is no answer', () => {
    const enough = [...calls(NOW - DAY, 200, () => 0.02), ...calls(NOW, 200, () => 0.01)];
    expect(measureRealised({ ...question, now: NOW + DAY, calls: enough })).toBeNull();
    expect(measureRealised({ ...question, calls: enough.slice(150) })).toBeNull();
  });

  test('the interval holds the true effect in about 80 % of draws', () => {
    let state = 7;
    const random = () => {
      state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
      return state / 4_294_967_296;
    };
    let held = 0;
    const rounds = 1000;
    for (let round = 0; round < rounds; round++) {
      const effect = measureRealised({
        ...question,
        calls: [
          ...calls(NOW - DAY, 150, () => 0.02 * 2 * random()),
          ...calls(NOW, 150, () => 0.01 * 2 * random()),
        ],
      });
      if (effect && effect.usdPerMonth.low <= -304.4 && effect.usdPerMonth.high >= -304.4) held++;
    }
    expect(held / rounds).toBeGreaterThan(0.76);
    expect(held / rounds).toBeLessThan(0.84);
  });

  test('calibration counts what was predicted and measured', () => {
    const effect = (inside: boolean | null) => ({
      usdPerMonth: { low: 0, mid: 0, high: 0 },
      callsBefore: 1,
      callsAfter: 1,
      measuredAt: NOW,
      inside,
    });
    expect(calibrate([effect(true), effect(false), effect(null), null])).toEqual({
      measured: 2,
      inside: 1,
      share: 0.5,
    });
    expect(calibrate([]).share).toBeNull();
  });
});
