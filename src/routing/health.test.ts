import { expect, test } from 'vitest';
import { createManualClock } from '../core/clock.ts';
import { createHealth } from './health.ts';

test('counts the last minute, and forgets what was not heard of', () => {
  const clock = createManualClock(1_800_000_000_000);
  const health = createHealth(clock);
  health.began('a');
  health.began('a');
  expect(health.inFlight('a')).toBe(2);
  health.ended('a', null);
  health.ended('a', 'upstream_error');
  clock.turn(30_000);
  health.began('a');
  health.ended('a', 'client_left');
  health.began('a');
  health.ended('a', null);
  expect(health.views()).toMatchObject([
    {
      deployment: 'a',
      calls: 3,
      failures: 1,
      inFlight: 0,
      lastError: { code: 'upstream_error', at: 1_800_000_000_000 },
    },
  ]);
  clock.turn(40_000);
  expect(health.views()).toMatchObject([{ calls: 1, failures: 0 }]);
  clock.turn(600_000);
  expect(health.views()).toEqual([]);
});

test('names are bounded, those with calls under way stay', () => {
  const health = createHealth(createManualClock(0));
  health.began('busy');
  for (let index = 0; index < 20_000; index++) {
    health.began(`d${index}`);
    health.ended(`d${index}`, null);
  }
  expect(health.views().length).toBeLessThan(6_000);
  expect(health.inFlight('busy')).toBe(1);
});
