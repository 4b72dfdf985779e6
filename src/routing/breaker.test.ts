import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BREAKER as BREAKER } from '../stack/limits.ts';
import { Breaker, type Verdict } from './breaker.ts';

const START = Date.UTC(2026, 10, 23, 10, 2, 11);

/** One attempt that ends at once. */
function attempt(breaker: Breaker, now: number, verdict: Verdict): void {
  breaker.ended(now, verdict, breaker.began(now));
}

function opened(): Breaker {
  const breaker = new Breaker();
  for (let index = 0; index < BREAKER.consecutive; index++) attempt(breaker, START, 'outage');
  return breaker;
}

describe('the circuit', () => {
  test('opens at the last of five outages in a row, and says until when', () => {
    const breaker = new Breaker();
    for (let index = 1; index < BREAKER.consecutive; index++) attempt(breaker, START, 'outage');
    expect(breaker.refusal(START)).toBeNull();
    attempt(breaker, START, 'outage');
    expect(breaker.refusal(START)).toEqual({
      reason: 'circuit open since 10:02:11 UTC, tries again in 5 s',
      waitMs: 5_000,
    });
    expect(breaker.refusal(START + 4_999)?.waitMs).toBe(1);
    expect(breaker.refusal(START + 5_000)).toBeNull();
  });

  test('opens at half of twenty calls within a minute, not over a longer time', () => {
    const run = (gapMs: number): Breaker => {
      const breaker = new Breaker();
      for (let index = 0; index < 20; index++) {
        attempt(breaker, START + index * gapMs, index % 2 === 0 ? 'well' : 'outage');
      }
      return breaker;
    };
    expect(run(1_000).state(START + 20_000)).toBe('open');
    expect(run(10_000).state(START + 200_000)).toBe('closed');
  });

  test('the pause doubles with each failed probe up to a minute, and starts anew once closed', () => {
    const breaker = opened();
    let now = START;
    const pauses: number[] = [];
    for (let index = 0; index < 6; index++) {
      pauses.push(breaker.refusal(now)?.waitMs ?? 0);
      now += pauses.at(-1) ?? 0;
      attempt(breaker, now, 'outage');
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    now += 60_000;
    attempt(breaker, now, 'well');
    now += BREAKER.rampMs;
    expect(breaker.state(now)).toBe('closed');
    for (let index = 0; index < 5; index++) attempt(breaker, now, 'outage');
    expect(breaker.refusal(now)?.waitMs).toBe(5_000);
  });

  test('attempts from before it opened say nothing of what is now', () => {
    const breaker = new Breaker();
    const old = breaker.began(START);
    for (let index = 0; index < 5; index++) attempt(breaker, START, 'outage');
    breaker.ended(START + 5_000, 'well', old);
    expect(breaker.state(START + 5_000)).toBe('open');
    breaker.began(START + 5_000);
    breaker.ended(START + 5_000, 'outage', old);
    expect(breaker.state(START + 5_000)).toBe('half-open');
  });

  test('a probe that tells nothing is followed by another', () => {
    const breaker = opened();
    const now = START + 5_000;
    attempt(breaker, now, 'nothing');
    expect(breaker.refusal(now)).toBeNull();
    attempt(breaker, now, 'well');
    expect(breaker.state(now)).toBe('ramp');
  });
});

type Step = { kind: 'wait'; ms: number } | { kind: 'begin' } | { kind: 'end'; verdict: Verdict };
const verdict = fc.constantFrom<Verdict>('well', 'outage', 'nothing');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(20_000) }),
  fc.record({ kind: fc.constant('begin' as const) }),
  fc.record({ kind: fc.constant('end' as const), verdict }),
);

/** Any course of calls that keep to its refusals, from `breaker` on; `seen` looks after each step. */
function run(
  breaker: Breaker,
  steps: Step[],
  seen: (breaker: Breaker, now: number, begun: number[]) => void,
) {
  const begun: number[] = [];
  let now = START;
  for (const each of steps) {
    if (each.kind === 'wait') now += each.ms;
    else if (each.kind === 'begin') {
      if (!breaker.refusal(now)) begun.push(breaker.began(now));
    } else {
      const round = begun.shift();
      if (round !== undefined) breaker.ended(now, each.verdict, round);
    }
    seen(breaker, now, begun);
  }
  return { breaker, begun, now };
}

describe('after any course of calls', () => {
  const steps = fc.array(step, { maxLength: 200 });

  test('it is never stuck: when calls end well it takes all of them again', () => {
    fc.assert(
      fc.property(steps, (course) => {
        let { breaker, begun, now } = run(opened(), course, () => {});
        for (const round of begun) breaker.ended(now, 'well', round);
        now += BREAKER.longestPauseMs;
        expect(breaker.refusal(now)).toBeNull();
        for (let index = 0; index <= BREAKER.rampAnswers; index++) attempt(breaker, now, 'well');
        expect(breaker.state(now)).toBe('closed');
        expect(breaker.share(now)).toBe(1);
      }),
    );
  });

  test('half-open, one probe is under way and no other call begins', () => {
    fc.assert(
      fc.property(steps, (course) => {
        let rounds = 0;
        run(opened(), course, (breaker, now, begun) => {
          if (breaker.state(now) !== 'half-open') return;
          rounds = Math.max(...begun);
          expect(begun.filter((round) => round === rounds)).toHaveLength(1);
          expect(breaker.refusal(now)).not.toBeNull();
        });
      }),
    );
  });

  test('a ramp only grows while nothing fails', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3_000), fc.boolean())), (course) => {
        const breaker = opened();
        let now = START + 5_000;
        attempt(breaker, now, 'well');
        let before = breaker.share(now);
        expect(before).toBeCloseTo(BREAKER.firstShare);
        for (const [ms, isAnswer] of course) {
          now += ms;
          if (isAnswer) attempt(breaker, now, 'well');
          expect(breaker.share(now)).toBeGreaterThanOrEqual(before);
          before = breaker.share(now);
        }
      }),
    );
  });

  test('it stays closed as long as calls end well or tell nothing', () => {
    fc.assert(
      fc.property(steps, (course) => {
        const well = course.filter((each) => each.kind !== 'end' || each.verdict !== 'outage');
        run(new Breaker(), well, (breaker, now) => expect(breaker.state(now)).toBe('closed'));
      }),
    );
  });
});
