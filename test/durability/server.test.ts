/** Short forms of bench/durability, over the whole server. */
import { describe, expect, test } from 'vitest';
import { runOutage } from '../../bench/durability/database-away.ts';
import { runKills } from '../../bench/durability/kill.ts';

describe('the whole server', () => {
  test('killed under load: every call a client saw finish is stored once', async () => {
    const report = await runKills(2, 8);
    expect(report.finished).toBeGreaterThan(10);
    expect(report.missing).toEqual([]);
    expect(report.twice).toBe(0);
    expect(report.counted).toBe(report.stored);
  }, 60_000);

  test('without its database: calls are served, and their records arrive later, once', async () => {
    const report = await runOutage({ awayMs: 2000, aroundMs: 500, clients: 4, perSecond: 100 });
    expect(report.failed).toEqual([]);
    expect(report.phases.map(({ calls }) => calls > 5)).toEqual([true, true, true]);
    expect(report.missing).toEqual([]);
    expect(report.twice).toBe(0);
    expect(report.stored).toBe(report.finished);
    expect(report.counted).toBe(report.stored);
  }, 60_000);
});
