import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../core/clock.ts';
import type { LatencyClass } from '../core/protocol.ts';
import type { Limits } from '../stack/stack.ts';
import { createGates, type Gates, type Place } from './gates.ts';

const LIMITS: Limits = { maxConcurrent: 1, requestsPerMinute: null, tokensPerMinute: null };
const START = Date.UTC(2026, 10, 25);

function isPlace(found: ReturnType<Gates['enter']>): found is Place {
  return 'leave' in found;
}

function enter(gates: Gates, limits: Limits, tokens = 0): Place {
  const found = gates.enter('a', { limits, tokens });
  if (!isPlace(found)) throw new Error(found.reason);
  return found;
}

/** What becomes of every call that asks for a place at one or both of two deployments. */
class Crowd {
  readonly clock: ManualClock = createManualClock(START);
  readonly gates = createGates(this.clock);
  readonly limits: Record<'a' | 'b', Limits>;
  readonly running = { a: 0, b: 0 };
  most = { a: 0, b: 0 };
  mostWaiting = 0;
  asked = 0;
  ends: Record<'served' | 'refused' | 'left', number[]> = { served: [], refused: [], left: [] };
  places: Place[] = [];
  waits: { id: number; stop(): void }[] = [];

  constructor(maxConcurrent: number, maxWaiting: number) {
    const limits = { ...LIMITS, maxConcurrent, queue: { maxWaiting, maxWaitMs: 1_000 } };
    this.limits = { a: limits, b: { ...limits, maxConcurrent: 1 } };
  }

  ask(names: ('a' | 'b')[], latencyClass: LatencyClass): void {
    const id = this.asked++;
    for (const name of names) {
      const found = this.gates.enter(name, { limits: this.limits[name], tokens: 0 });
      if (!isPlace(found)) continue;
      this.#serve(id, found);
      return;
    }
    const wait = this.gates.wait({
      deployments: names.map((deployment) => ({ deployment, limits: this.limits[deployment], tokens: 0 })),
      latencyClass,
      longestMs: 5_000,
      served: (place) => {
        this.#drop(id);
        this.#serve(id, place);
      },
      refused: () => {
        this.#drop(id);
        this.ends.refused.push(id);
      },
    });
    if (wait) this.waits.push({ id, stop: wait.stop });
    else this.ends.refused.push(id);
    this.mostWaiting = Math.max(this.mostWaiting, this.gates.waiting('a'), this.gates.waiting('b'));
  }

  end(index: number): void {
    const [place] = this.places.splice(index % Math.max(1, this.places.length), 1);
    if (!place) return;
    this.running[place.deployment as 'a']--;
    place.leave(null);
    place.leave(null);
  }

  leave(index: number): void {
    const [wait] = this.waits.splice(index % Math.max(1, this.waits.length), 1);
    if (!wait) return;
    wait.stop();
    this.ends.left.push(wait.id);
  }

  #serve(id: number, place: Place): void {
    const name = place.deployment as 'a' | 'b';
    this.ends.served.push(id);
    this.places.push(place);
    this.running[name]++;
    this.most[name] = Math.max(this.most[name], this.running[name]);
  }

  #drop(id: number): void {
    this.waits = this.waits.filter((wait) => wait.id !== id);
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    names: fc.constantFrom<('a' | 'b')[]>(['a'], ['b'], ['a', 'b'], ['b', 'a']),
    latencyClass: fc.constantFrom<LatencyClass>('interactive', 'standard', 'batch'),
  }),
  fc.record({ kind: fc.constant('end' as const), index: fc.nat(20) }),
  fc.record({ kind: fc.constant('leave' as const), index: fc.nat(20) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(1_500) }),
);

describe('the queue', () => {
  test('serves, refuses or lets go each call exactly once, and is never above its limits', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        (steps, max, maxWaiting) => {
          const crowd = new Crowd(max, maxWaiting);
          for (const move of steps) {
            if (move.kind === 'ask') crowd.ask(move.names, move.latencyClass);
            else if (move.kind === 'end') crowd.end(move.index);
            else if (move.kind === 'leave') crowd.leave(move.index);
            else crowd.clock.turn(move.ms);
          }
          while (crowd.places.length > 0) crowd.end(0);
          crowd.clock.turn(10_000);
          const { served, refused, left } = crowd.ends;
          const all = [...served, ...refused, ...left].sort((one, other) => one - other);
          expect(all).toEqual(Array.from({ length: crowd.asked }, (_, id) => id));
          expect(crowd.most.a).toBeLessThanOrEqual(max);
          expect(crowd.most.b).toBeLessThanOrEqual(1);
          expect(crowd.mostWaiting).toBeLessThanOrEqual(maxWaiting);
          expect([crowd.gates.waiting('a'), crowd.gates.waiting('b')]).toEqual([0, 0]);
        },
      ),
    );
  });

  test('is first in, first out within a latency class, interactive before standard before batch', () => {
    const gates = createGates(createManualClock(START));
    const order: string[] = [];
    let held = enter(gates, LIMITS);
    const join = (name: string, latencyClass: LatencyClass): void => {
      gates.wait({
        deployments: [{ deployment: 'a', limits: LIMITS, tokens: 0 }],
        latencyClass,
        longestMs: 60_000,
        served: (place) => {
          order.push(name);
          held = place;
        },
        refused: () => order.push(`${name} refused`),
      });
    };
    join('batch', 'batch');
    join('standard', 'standard');
    join('interactive 1', 'interactive');
    join('interactive 2', 'interactive');
    for (let index = 0; index < 5; index++) held.leave(null);
    expect(order).toEqual(['interactive 1', 'interactive 2', 'standard', 'batch']);
  });

  test('newcomers do not overtake, and are told how many wait', () => {
    const gates = createGates(createManualClock(START));
    const first = enter(gates, LIMITS);
    const deployments = [{ deployment: 'a', limits: LIMITS, tokens: 0 }];
    let served: Place | null = null;
    const line = { deployments, longestMs: 1_000, latencyClass: 'batch' as const, refused: () => {} };
    gates.wait({ ...line, served: (place) => (served = place) });
    expect(gates.enter('a', { limits: LIMITS, tokens: 0 })).toMatchObject({
      cause: 'full',
      reason: 'at its limit of 1 concurrent calls, 1 waiting',
    });
    first.leave(null);
    expect(served).not.toBeNull();
  });

  test('lets those who wait in when a new revision raises the limit', () => {
    const gates = createGates(createManualClock(START));
    enter(gates, LIMITS);
    let isServed = false;
    gates.wait({
      deployments: [{ deployment: 'a', limits: LIMITS, tokens: 0 }],
      latencyClass: 'standard',
      longestMs: 1_000,
      served: () => (isServed = true),
      refused: () => {},
    });
    enter(gates, { ...LIMITS, maxConcurrent: 3 });
    expect(isServed).toBe(true);
  });
});

describe('limits per minute', () => {
  test('never let more than the limit begin within any 60 seconds', () => {
    const limits = { ...LIMITS, maxConcurrent: null, requestsPerMinute: 5 };
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { maxLength: 60 }), (pauses) => {
        const clock = createManualClock(START);
        const gates = createGates(clock);
        const begun: number[] = [];
        for (const pause of pauses) {
          clock.turn(pause);
          const found = gates.enter('a', { limits, tokens: 0 });
          if (isPlace(found)) begun.push(clock.now());
          else expect(found.waitMs).toBeGreaterThan(0);
        }
        for (const from of begun) {
          expect(begun.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });

  test('say when there is room again, and there is', () => {
    const clock = createManualClock(START);
    const gates = createGates(clock);
    const limits = { ...LIMITS, maxConcurrent: null, requestsPerMinute: 2 };
    enter(gates, limits).leave(null);
    clock.turn(10_000);
    enter(gates, limits).leave(null);
    const found = gates.enter('a', { limits, tokens: 0 });
    if (isPlace(found)) throw new Error('it was let in');
    expect(found).toEqual({
      cause: 'rate',
      reason: 'at its limit of 2 requests per minute, room again in 51 s',
      waitMs: 51_000,
    });
    clock.turn(found.waitMs);
    enter(gates, limits);
  });

  test('count tokens by estimate until the usage is known; an attempt that was not made counts nothing', () => {
    const gates = createGates(createManualClock(START));
    const limits = { ...LIMITS, maxConcurrent: null, tokensPerMinute: 1_000 };
    enter(gates, limits, 900).undo();
    const first = enter(gates, limits, 100);
    const second = enter(gates, limits, 800);
    expect(isPlace(gates.enter('a', { limits, tokens: 200 }))).toBe(false);
    second.leave(300);
    const third = enter(gates, limits, 200);
    first.leave(700);
    third.leave(null);
    expect(gates.enter('a', { limits, tokens: 1 })).toMatchObject({ cause: 'rate' });
  });

  test('let a call through that is larger than the limit, when nothing else is there', () => {
    const gates = createGates(createManualClock(START));
    const limits = { ...LIMITS, maxConcurrent: null, tokensPerMinute: 10 };
    enter(gates, limits, 50);
    expect(isPlace(gates.enter('a', { limits, tokens: 1 }))).toBe(false);
  });
});
