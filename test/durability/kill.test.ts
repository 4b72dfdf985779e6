import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { createDrain } from '../../src/evidence/drain.ts';
import { listSegments } from '../../src/evidence/segments.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';

const TIMES = 12;

/** Runs the appender until it has said `acks` ids, then kills it at once. Returns every id it said. */
async function runAndKill(dataDir: string, acks: number): Promise<string[]> {
  const appender = new URL('./appender.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [appender, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  const gone = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === acks) child.kill('SIGKILL');
  }
  const [code, signal] = await gone;
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return said.filter((id) => id.length === 31);
}

async function countRows(store: Store): Promise<number> {
  let count = 0;
  for (let before: string | undefined; ; ) {
    const rows = await store.calls.list({}, { limit: 1000, ...(before !== undefined && { before }) });
    if (rows.length === 0) return count;
    count += rows.length;
    before = rows.at(-1)?.id;
  }
}

/** What a restart does with what is left, then what the store has. */
async function restartAndCount(dataDir: string, ids: readonly string[]) {
  const store = await openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
  try {
    const drain = createDrain({
      dir: join(dataDir, 'spool'),
      insert: (records) => store.calls.insert(records),
      logger: silentLogger,
      clock: systemClock,
    });
    await drain.stop();
    const missing: string[] = [];
    for (const id of ids) if (!(await store.calls.get(id))) missing.push(id);
    const window = { since: 0, until: Date.now() + 86_400_000, sandbox: false };
    const [total] = await store.rollups.group(window, [], 1);
    return {
      missing,
      calls: await countRows(store),
      inRollups: total?.calls ?? 0,
      pendingBytes: drain.pendingBytes(),
    };
  } finally {
    await store.close();
  }
}

test(`killed ${TIMES} times at random moments, every record taken is in the store once`, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'trimtab-kill-'));
  try {
    const all: string[] = [];
    let unchecked: string[] = [];
    for (let time = 1; time <= TIMES; time++) {
      const said = await runAndKill(dataDir, 1 + Math.floor(Math.random() * 2000));
      all.push(...said);
      unchecked.push(...said);
      // Every other time the killed program itself is what restarts, and drains what it left.
      if (time % 2 === 1 && time < TIMES) continue;
      const found = await restartAndCount(dataDir, unchecked);
      expect(found.missing).toEqual([]);
      expect(found.inRollups).toBe(found.calls);
      unchecked = [];
    }
    const found = await restartAndCount(dataDir, all);
    expect(found.missing).toEqual([]);
    expect(found.calls).toBeGreaterThanOrEqual(all.length);
    expect(found.inRollups).toBe(found.calls);
    expect(new Set(all).size).toBe(all.length);
    expect(listSegments(join(dataDir, 'spool')).length).toBeLessThanOrEqual(1);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}, 120_000);
