import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { lockDataDir } from '../../src/store/lock.ts';
import { openStore } from '../../src/store/open.ts';
import { makeCall } from '../support/call-records.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 10, 20, 12);
const WRITER = join(import.meta.dirname, 'endless-writer.ts');

describe('the SQLite file', () => {
  let dataDir: string;
  const open = () => openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'trimtab-file-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  test('kill -9 of a writer leaves whole batches and rollups that agree with them', async () => {
    let told = 0;
    for (let round = 0; round < 4; round++) {
      const writer = spawn(process.execPath, [WRITER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
      let lines = 0;
      for await (const chunk of writer.stdout) {
        lines += String(chunk).split('\n').length - 1;
        if (lines >= 3 + round) break;
      }
      writer.kill('SIGKILL');
      if (writer.signalCode === null && writer.exitCode === null) await once(writer, 'exit');
      told += lines;
      const store = await open();
      const window = { since: 0, until: Date.now() + DAY_MS, sandbox: false };
      const [total] = await store.rollups.group({ ...window, since: Date.now() - DAY_MS }, [], 1);
      await store.close();
      const db = new DatabaseSync(join(dataDir, 'trimtab.db'));
      expect(db.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' });
      const { count } = db.prepare('select count(*) as count from calls').get() as { count: number };
      db.close();
      expect(count % 100).toBe(0);
      expect(count).toBe(total?.calls);
      expect(count).toBeGreaterThanOrEqual(told * 100);
    }
  });

  test('shrinks on expiry and is readable by its owner alone', async () => {
    const store = await open();
    const path = join(dataDir, 'trimtab.db');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const payload = { request: 'x'.repeat(20_000), response: 'y'.repeat(20_000) };
    await store.calls.insert(Array.from({ length: 300 }, (_, i) => makeCall(NOON + i, { payload })));
    await store.calls.insert([makeCall(NOON + 20 * DAY_MS)]);
    await store.expire(
      { callsDays: 10, payloadsDays: 10, rollupsDays: 400, filesDays: 30 },
      NOON + 20 * DAY_MS,
    );
    expect(statSync(path).size).toBeLessThan(1_000_000);
    await store.close();
  });

  test('a file that is no database is store_unavailable, and stays as it was', async () => {
    const path = join(dataDir, 'trimtab.db');
    writeFileSync(path, 'this is a text file and no database at all'.repeat(100));
    const size = statSync(path).size;
    await expect(open()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(statSync(path).size).toBe(size);
  });

  test('the folder is locked for one holder, with its pid and url; the lock ends with it', () => {
    const held = lockDataDir(dataDir);
    writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ pid: 4242, url: 'http://127.0.0.1:7070' }));
    expect(() => lockDataDir(dataDir)).toThrow(/pid 4242, http:\/\/127\.0\.0\.1:7070/);
    held.release();
    held.release();
    lockDataDir(dataDir).release();
  });

  test('a lock whose holder was killed is free', async () => {
    const program = `import { lockDataDir } from ${JSON.stringify(join(import.meta.dirname, '../../src/store/lock.ts'))};
      lockDataDir(${JSON.stringify(dataDir)}); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    expect(() => lockDataDir(dataDir)).toThrow(expect.objectContaining({ code: 'data_folder_in_use' }));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    lockDataDir(dataDir).release();
  });

  test('a realistic call takes well under 1.5 KB', async () => {
    const store = await open();
    for (let batch = 0; batch < 10; batch++) {
      const calls = Array.from({ length: 1000 }, (_, i) =>
        makeCall(NOON + batch * 60_000 + i * 50, {
          user: `user-${(i * 7 + batch) % 400}`,
          task: `task-${i % 5}`,
        }),
      );
      await store.calls.insert(calls);
    }
    const { bytesPerCall } = await store.stats();
    expect(bytesPerCall).toBeGreaterThan(500);
    expect(bytesPerCall).toBeLessThan(1200);
    await store.close();
  });
});
