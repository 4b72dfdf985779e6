import { describe, expect, test } from 'vitest';
import { attemptOf, recordOf } from '../../test/evidence/records.ts';
import { createThroughputMeter, measureThroughput } from './throughput.ts';

const SINCE = Date.UTC(2026, 10, 23);
const window = { deployment: 'own', since: SINCE, until: SINCE + 3_600_000 };

const callAt = (offsetMs: number, tookMs: number, outputTokens: number | undefined) => {
  const usage = { inputTokens: 10, ...(outputTokens !== undefined && { outputTokens }) };
  const attempt = attemptOf({ deployment: 'own', startMs: 0, endMs: tookMs, usage });
  return recordOf(`call_${offsetMs}`, { startedAt: SINCE + offsetMs, attempts: [attempt] });
};

describe('measureThroughput', () => {
  test('adds what runs side by side and leaves idle time out', () => {
    const busy = Array.from({ length: 40 }, (_, n) => callAt(Math.floor(n / 4) * 60_000, 2000, 200));
    expect(measureThroughput(busy, window)).toBeCloseTo((40 * 200) / 20);
  });

  test('counts an attempt over the edge of the window by its share', () => {
    const calls = Array.from({ length: 20 }, () => callAt(-10_000, 20_000, 400));
    expect(measureThroughput(calls, window)).toBeCloseTo((20 * 200) / 10);
  });

  test('is null on little evidence, and other deployments, failures and unknown usage are none', () => {
    const many = Array.from({ length: 19 }, (_, n) => callAt(n * 1000, 1000, 50));
    expect(measureThroughput(many, window)).toBeNull();
    const others = Array.from({ length: 30 }, (_, n) =>
      recordOf(`call_${n}`, { startedAt: SINCE + n * 1000 }),
    );
    const failed = callAt(0, 30_000, 999);
    (failed.attempts[0] as { outcome: string }).outcome = 'error';
    expect(measureThroughput([...many, ...others, failed, callAt(0, 30_000, undefined)], window)).toBeNull();
    const short = Array.from({ length: 30 }, (_, n) => callAt(n * 100, 100, 50));
    expect(measureThroughput(short, window)).toBeNull();
  });
});

describe('a throughput meter', () => {
  test('agrees with the measure over records', () => {
    const meter = createThroughputMeter();
    const calls = Array.from({ length: 200 }, (_, n) => callAt(n * 500, 2000 + (n % 7) * 300, 100 + n));
    for (const call of calls) {
      const usage = call.attempts[0]?.usage;
      const to = call.startedAt + (call.attempts[0]?.endMs ?? 0);
      meter.add('own', { from: call.startedAt, to, outputTokens: usage?.outputTokens ?? 0 });
    }
    const now = SINCE + 103_800;
    const measured = measureThroughput(calls, { deployment: 'own', since: SINCE, until: now }) as number;
    expect((meter.tokensPerSecond('own', now) as number) / measured).toBeCloseTo(1, 1);
    expect(meter.tokensPerSecond('other', now)).toBeNull();
  });

  test('wants evidence, and forgets after 15 minutes', () => {
    const meter = createThroughputMeter();
    for (let n = 0; n < 19; n++)
      meter.add('own', { from: SINCE + n * 1000, to: SINCE + n * 1000 + 1000, outputTokens: 50 });
    expect(meter.tokensPerSecond('own', SINCE + 19_000)).toBeNull();
    meter.add('own', { from: SINCE + 19_000, to: SINCE + 20_000, outputTokens: 50 });
    expect(meter.tokensPerSecond('own', SINCE + 20_000)).toBeCloseTo(50);
    expect(meter.tokensPerSecond('own', SINCE + 930_000)).toBeNull();
  });

  test('takes attempts longer than its window, late ones, and empty ones', () => {
    const meter = createThroughputMeter();
    meter.add('own', { from: SINCE, to: SINCE, outputTokens: 50 });
    for (let n = 0; n < 20; n++) meter.add('own', { from: SINCE - 2_000_000, to: SINCE, outputTokens: 2000 });
    expect(meter.tokensPerSecond('own', SINCE)).toBeCloseTo(20);
    meter.add('own', { from: SINCE - 5_000_000, to: SINCE - 4_000_000, outputTokens: 9e9 });
    expect(meter.tokensPerSecond('own', SINCE + 1000)).toBeCloseTo(20);
  });
});
