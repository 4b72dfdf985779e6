import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECOMMENDATION_STATES, type Recommendation } from '../../core/recommendation.ts';
import { changeState, type Draft, NEXT_STATES, reconcile, toRecommendation } from './lifecycle.ts';
import { calibrate, measureRealised, type PricedCall } from './realised.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20);
const WHO = { at: NOW, by: 'ada' };
const OCCASION = { at: NOW, by: 'the advisor', causes: ['the price of a went from $2 to $1'] };

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
  doubt: null,
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
  const outside = draft({ predictedUsdPerMonth: { low: -900, mid: -700, high: -500 } });
  const one = (state: Recommendation['state'], now: Draft[]) =>
    reconcile([standing({ state })], now, OCCASION).changed[0];

  test('the same advice again changes nothing', () => {
    for (const state of RECOMMENDATION_STATES)
      expect(reconcile([standing({ state })], [draft()], OCCASION)).toEqual({ added: [], changed: [] });
  });

  test('a proposal nobody took up follows the evidence', () => {
    expect(one('proposed', [draft({ why: 'prompts repeat more' })])).toMatchObject({
      id: 'rec_1',
      state: 'proposed',
      why: 'prompts repeat more',
      history: [],
    });
    expect(one('proposed', [])).toMatchObject({
      state: 'rejected',
      history: [{ by: 'the advisor', note: 'no longer advised: the price of a went from $2 to $1' }],
    });
  });

  test('what was withdrawn comes back when it is advised again; what a person rejected does not', () => {
    const withdrawn = one('proposed', []) as Recommendation;
    expect(reconcile([withdrawn], [draft()], OCCASION).changed).toMatchObject([{ state: 'proposed' }]);
    const rejected = changeState(standing(), { to: 'rejected', note: 'no time', ...WHO });
    expect(reconcile([rejected], [draft()], OCCASION)).toEqual({ added: [], changed: [] });
    expect(reconcile([rejected], [outside], OCCASION).changed).toMatchObject([{ state: 'proposed' }]);
  });

  test('what was decided on stays as it was decided, unless the effect left its interval: then the reason is kept', () => {
    for (const state of ['accepted', 'proving'] as const) {
      expect(one(state, [draft({ why: 'else' })])).toBeUndefined();
      expect(one(state, [outside])).toMatchObject({
        state: 'proposed',
        predictedUsdPerMonth: { mid: -700 },
        history: [
          {
            from: state,
            to: 'proposed',
            note: 'reopened: the prediction was "saves $80 to $120 a month" and is "saves $500 to $900 a month": the price of a went from $2 to $1',
          },
        ],
      });
    }
    expect(one('adopted', [outside])).toBeUndefined();
  });

  test('what was decided on and is no longer advised is marked, once, and cleared when it is advised again', () => {
    const doubtful = one('proving', []) as Recommendation;
    expect(doubtful).toMatchObject({ state: 'proving', doubt: expect.stringContaining('no longer advised') });
    expect(reconcile([doubtful], [], OCCASION)).toEqual({ added: [], changed: [] });
    expect(reconcile([doubtful], [draft()], OCCASION).changed).toMatchObject([
      { state: 'proving', doubt: null },
    ]);
    expect(changeState(doubtful, { to: 'adopted', note: null, ...WHO }).doubt).toBeNull();
  });

  test('a realised one keeps what was measured; when its prediction moved another is added', () => {
    const realised = {
      usdPerMonth: { low: -3, mid: -2, high: -1 },
      callsBefore: 200,
      callsAfter: 200,
      from: NOW - 9 * DAY,
      measuredAt: NOW,
      inside: false,
    };
    for (const state of ['realised', 'rejected'] as const) {
      const closed = standing({ state, realised });
      expect(reconcile([closed], [outside], OCCASION)).toEqual({ added: [outside], changed: [] });
      expect(reconcile([closed], [draft()], OCCASION)).toEqual({ added: [], changed: [] });
      expect(() => changeState(closed, { to: 'proposed', note: null, ...WHO })).toThrow(
        'cannot become proposed',
      );
    }
  });

  test('of one task and target at most one is open, whatever comes in whatever order', () => {
    const effect = fc.constantFrom<Draft['predictedUsdPerMonth']>(
      null,
      draft().predictedUsdPerMonth,
      outside.predictedUsdPerMonth,
    );
    const event = fc.oneof(
      fc.record({ to: fc.constantFrom(...RECOMMENDATION_STATES) }),
      fc.record({ drafts: fc.array(effect, { maxLength: 1 }) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        let all: Recommendation[] = [];
        for (const [at, event] of events.entries()) {
          if ('to' in event) {
            const last = all.at(-1);
            if (last && NEXT_STATES[last.state].includes(event.to))
              all = [...all.slice(0, -1), changeState(last, { ...WHO, at, to: event.to, note: null })];
            continue;
          }
          const drafts = event.drafts.map((predictedUsdPerMonth) => draft({ predictedUsdPerMonth }));
          const { added, changed } = reconcile(all, drafts, { ...OCCASION, at });
          all = all.map((each) => changed.find(({ id }) => id === each.id) ?? each);
          all.push(...added.map((each) => toRecommendation(each, { id: `rec_${at}`, ...WHO })));
        }
        const open = all.filter(({ state }) => state !== 'rejected' && state !== 'realised');
        expect(open.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe('realised effect', () => {
  const calls = (from: number, count: number, usd: (index: number) => number): PricedCall[] =>
    Array.from({ length: count }, (_, index) => ({ at: from + index, usd: usd(index) }));
  const question = {
    from: NOW - 28 * DAY,
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
      from: NOW,
      measuredAt: NOW,
      inside,
    });
    expect(calibrate([effect(true), effect(false), effect(null), null])).toEqual({
      measured: 2,
      inside: 1,
      share: 0.5,
      // Two say little: the interval says so.
      shareInterval: { low: expect.closeTo(0.16, 1), high: expect.closeTo(0.84, 1) },
    });
    expect(calibrate([effect(true)]).shareInterval).toMatchObject({ high: 1 });
    expect(calibrate([]).share).toBeNull();
  });
});
