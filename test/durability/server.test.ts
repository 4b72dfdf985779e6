/** Short forms of bench/durability, over the whole server. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runOutage } from '../../bench/durability/database-away.ts';
import { runFull } from '../../bench/durability/disk-full.ts';
import { runKills } from '../../bench/durability/kill.ts';

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

describe('the whole server', () => {
  test('killed under load: every call a client saw finish is stored once', async () => {
    const report = await runKills(2, 8);
    expect(report.finished).toBeGreaterThan(0);
    expect(report.missing).toEqual([]);
    expect(report.twice).toBe(0);
    expect(report.counted).toBe(report.stored);
  }, 120_000);

  test('without its database: calls are served, and their records arrive later, once', async () => {
    const report = await runOutage({ awayMs: 2000, aroundMs: 500, clients: 4, perSecond: 100 });
    expect(report.failed).toEqual([]);
    expect(report.phases.every(({ calls }) => calls > 0)).toBe(true);
    expect(report.missing).toEqual([]);
    expect(report.twice).toBe(0);
    expect(report.stored).toBe(report.finished);
    expect(report.counted).toBe(report.stored);
  }, 120_000);

  test.skipIf(!hasPrlimit)(
    'on a full disk: as declared, loud, and nothing lost',
    async () => {
      const [refuse, unrecorded] = await Promise.all([runFull('refuse', 500), runFull('unrecorded', 500)]);
      for (const report of [refuse, unrecorded]) {
        expect(report.missing).toEqual([]);
        expect(report.twice).toBe(0);
        expect(report.loud.filter((line) => line.includes('cannot take more records'))).toHaveLength(1);
        expect(report.loud.filter((line) => line.includes('takes records again'))).not.toEqual([]);
      }
      expect(refuse.failed.map(([name]) => name)).toEqual(['503 spool_unavailable']);
      expect(unrecorded.failed).toEqual([]);
      expect(unrecorded.finishedWhileFull).toBeGreaterThan(0);
    },
    60_000,
  );
});
