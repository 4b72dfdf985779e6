/**
 * CPU per record of the way from the spool into the embedded store: `node bench/drain.ts [records per second] [seconds]`.
 * One thread does all; `take()` alone is measured by bench/spool.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { createIdMaker } from '../src/core/id.ts';
import { silentLogger } from '../src/core/log.ts';
import { createDrain } from '../src/evidence/drain.ts';
import { createMetrics } from '../src/evidence/metrics.ts';
import { openSpool } from '../src/evidence/spool.ts';
import { openStore } from '../src/store/open.ts';
import { recordOf } from '../test/evidence/records.ts';

const perSecond = Number(process.argv[2] ?? 2000);
const seconds = Number(process.argv[3] ?? 5);
const dataDir = mkdtempSync(join(tmpdir(), 'trimtab-bench-'));
const dir = join(dataDir, 'spool');
const store = await openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
const metrics = createMetrics();
let batches = 0;
let inInsert = 0;
const drain = createDrain({
  dir,
  async insert(records) {
    batches++;
    const before = process.cpuUsage();
    const result = await store.calls.insert(records);
    const used = process.cpuUsage(before);
    inInsert += used.user + used.system;
    return result;
  },
  onInserted: (records) => metrics.observe(records),
  logger: silentLogger,
  clock: systemClock,
});
const spool = openSpool({ dir, maxBytes: 2 ** 40, logger: silentLogger, onAppend: () => drain.wake() });
const makeId = createIdMaker();
const cpu = process.cpuUsage();
let count = 0;
const began = performance.now();
while (performance.now() - began < seconds * 1000) {
  for (const due = ((performance.now() - began) / 1000) * perSecond; count < due; count++) {
    spool.take(recordOf(makeId('call'), { startedAt: Date.now(), user: `user-${count % 500}` }));
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
}
spool.close();
await drain.stop();
const used = process.cpuUsage(cpu);
const whole = (used.user + used.system) / count;
console.log(`${count} records in ${batches} batches of ${(count / batches).toFixed(0)}`);
console.log(
  `CPU per record: ${whole.toFixed(1)} us, of it in the store's insert ${(inInsert / count).toFixed(1)} us`,
);
await store.close();
rmSync(dataDir, { recursive: true });
