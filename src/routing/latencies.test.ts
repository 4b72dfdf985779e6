import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../core/clock.ts';
import { createLatencies, DECAY_MS } from './latencies.ts';

const P95 = { share: 0.95, minSamples: 10 };
/** Percentiles are right within 2 %. */
const near = (ms: number | null, wanted: number): void => {
  expect(Math.abs((ms ?? Number.NaN) - wanted)).toBeLessThanOrEqual(wanted * 0.02);
};

function setUp() {
  const clock = createManualClock(0);
  return { clock, latencies: createLatencies(clock) };
}

describe('percentiles', () => {
  test('rest on enough samples, each deployment and kind of answer for itself', () => {
    const { latencies } = setUp();
    for (let index = 1; index <= 9; index++) latencies.observe('a', 'stream', index * 10);
    expect(latencies.percentile('a', 'stream', P95)).toBeNull();
    latencies.observe('a', 'stream', 100);
    near(latencies.percentile('a', 'stream', P95), 100);
    expect(latencies.percentile('a', 'plain', P95)).toBeNull();
    expect(latencies.percentile('b', 'stream', P95)).toBeNull();
  });

  test('cover the last five to ten minutes', () => {
    const { clock, latencies } = setUp();
    for (let index = 0; index < 20; index++) latencies.observe('a', 'plain', 1_000);
    clock.turn(300_000);
    for (let index = 0; index < 20; index++) latencies.observe('a', 'plain', 100);
    near(latencies.percentile('a', 'plain', P95), 1_000);
    clock.turn(300_000);
    near(latencies.percentile('a', 'plain', P95), 100);
    clock.turn(300_000);
    expect(latencies.percentile('a', 'plain', P95)).toBeNull();
  });

  test('are worked out anew when another share is asked for, or a sixteenth more samples are there', () => {
    const { latencies } = setUp();
    for (let index = 0; index < 100; index++) latencies.observe('a', 'plain', 100);
    near(latencies.percentile('a', 'plain', { share: 0.5, minSamples: 1 }), 100);
    for (let index = 0; index < 7; index++) latencies.observe('a', 'plain', 900);
    near(latencies.percentile('a', 'plain', { share: 0.99, minSamples: 1 }), 900);
    near(latencies.percentile('a', 'plain', { share: 0.5, minSamples: 1 }), 100);
  });
});

describe('the moving average', () => {
  test('jumps up at once, and comes down to 1/e in its time, heard of or not', () => {
    const { clock, latencies } = setUp();
    expect(latencies.peakMs('a', 'stream')).toBeNull();
    latencies.observe('a', 'stream', 100);
    latencies.observe('a', 'stream', 2_000);
    expect(latencies.peakMs('a', 'stream')).toBe(2_000);
    clock.turn(DECAY_MS);
    expect(latencies.peakMs('a', 'stream')).toBeCloseTo(2_000 / Math.E, 6);
    latencies.observe('a', 'stream', 100);
    expect(latencies.peakMs('a', 'stream')).toBeCloseTo(2_000 / Math.E + 100 * (1 - 1 / Math.E), 6);
  });

  test('stands between the least and the most that was observed, right after an answer', () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 60_000 }),
      pauseMs: fc.integer({ min: 0, max: 30_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const { clock, latencies } = setUp();
        for (const { ms, pauseMs } of steps) {
          clock.turn(pauseMs);
          latencies.observe('a', 'plain', ms);
        }
        const all = steps.map(({ ms }) => ms);
        const peak = latencies.peakMs('a', 'plain') ?? Number.NaN;
        expect(peak).toBeLessThanOrEqual(Math.max(...all) + 1e-6);
        expect(peak).toBeGreaterThanOrEqual(Math.min(...all) - 1e-6);
      }),
      { numRuns: 50 },
    );
  });
});

test('names are bounded: the one heard of first is forgotten', () => {
  const { latencies } = setUp();
  for (let index = 0; index <= 5_000; index++) latencies.observe(`model-${index}`, 'plain', 100);
  expect(latencies.peakMs('model-0', 'plain')).toBeNull();
  expect(latencies.peakMs('model-1', 'plain')).toBe(100);
});
