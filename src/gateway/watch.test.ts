import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createManualClock } from '../core/clock.ts';
import { Deadlines, Watch } from './watch.ts';

test('each watch expires at its own deadline, whatever others begin and end around it', () => {
  const step = fc.record({
    which: fc.nat(4),
    act: fc.constantFrom('begin', 'rest', 'stop'),
    ms: fc.integer({ min: 1, max: 200 }),
    turn: fc.nat(60),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = createManualClock(0);
      const deadlines = new Deadlines(clock);
      const due = new Map<number, number>();
      const expired: { which: number; at: number }[] = [];
      const fresh = (which: number): Watch => {
        const watch: Watch = new Watch(deadlines, () => {
          expired.push({ which, at: clock.monotonic() });
          watch.stop();
        });
        return watch;
      };
      const watches = Array.from({ length: 5 }, (_, which) => fresh(which));
      const wanted: { which: number; at: number }[] = [];
      for (const { which, act, ms, turn } of steps) {
        const watch = watches[which] as Watch;
        const now = clock.monotonic();
        if (act === 'begin') {
          watch.begin('timeout_idle', ms, now);
          due.set(which, now + ms);
        } else if (act === 'rest') {
          watch.rest(now);
          due.delete(which);
        } else if (act === 'stop') {
          watch.stop();
          due.delete(which);
        }
        clock.turn(turn);
        for (const [name, at] of due) {
          if (at > clock.monotonic()) continue;
          wanted.push({ which: name, at });
          due.delete(name);
        }
      }
      const inOrder = (a: { which: number; at: number }, b: { which: number; at: number }): number =>
        a.at - b.at || a.which - b.which;
      expect(expired.sort(inOrder)).toEqual(wanted.sort(inOrder));
    }),
  );
});

test('calls one after another beside a longer one set no timer of their own', () => {
  const clock = createManualClock(0);
  let set = 0;
  const counting = {
    ...clock,
    after: (ms: number, task: () => void) => {
      set++;
      return clock.after(ms, task);
    },
  };
  const deadlines = new Deadlines(counting);
  new Watch(deadlines, () => {}).begin('timeout_headers', 1_000, 0);
  for (let call = 0; call < 100; call++) {
    const watch = new Watch(deadlines, () => {});
    watch.begin('timeout_connect', 1_000, clock.monotonic());
    clock.turn(1);
    watch.stop();
  }
  expect(set).toBe(1);
});

test('the total deadline has its own code and comes first when it is the earlier', () => {
  const clock = createManualClock(0);
  const codes: string[] = [];
  const watch: Watch = new Watch(new Deadlines(clock), (code) => {
    codes.push(code);
    watch.stop();
  });
  watch.setTotal(50);
  watch.begin('timeout_headers', 100, 0);
  clock.turn(49);
  expect(codes).toEqual([]);
  clock.turn(1);
  expect(codes).toEqual(['timeout_total']);
});
