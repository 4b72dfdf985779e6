/**
 * CPU and latency of `take()` for a record of about 1 KB: `node bench/spool.ts [records] [--folder path]`.
 * Compared: the product's, the codec alone (record-line.ts), and write() alone.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdMaker } from '../src/core/id.ts';
import { silentLogger } from '../src/core/log.ts';
import { parseLine, toLine } from '../src/evidence/record-line.ts';
import { openSpool } from '../src/evidence/spool.ts';
import { recordOf } from '../test/evidence/records.ts';

const count = Number(process.argv[2] ?? 200_000);
const root = mkdtempSync(join(tmpdir(), 'trimtab-bench-'));
const makeId = createIdMaker();
const records = Array.from({ length: 512 }, () => recordOf(makeId('call')));
const texts = records.map(toLine);
const lines = records.map((record) => Buffer.from(`${toLine(record)}\n`));
console.log(`record: ${lines[0]?.length} bytes, ${count} times`);

function measure(name: string, run: (n: number) => void): void {
  for (let n = 0; n < 20_000; n++) run(n);
  const delays = new Float64Array(count);
  const cpu = process.cpuUsage();
  for (let n = 0; n < count; n++) {
    const from = performance.now();
    run(n);
    delays[n] = performance.now() - from;
  }
  const used = process.cpuUsage(cpu);
  delays.sort();
  const at = (share: number) => `${((delays[Math.floor(count * share)] ?? 0) * 1000).toFixed(1)} us`;
  console.log(
    `${name.padEnd(16)} CPU ${((used.user + used.system) / count).toFixed(2)} us  p50 ${at(0.5)}  p99 ${at(0.99)}  p99.9 ${at(0.999)}`,
  );
}

const spool = openSpool({
  dir: join(root, 'spool'),
  maxBytes: 2 ** 40,
  logger: silentLogger,
  onAppend: () => {},
});
measure('take', (n) => spool.take(records[n & 511] as (typeof records)[0]));
measure('toLine', (n) => toLine(records[n & 511] as (typeof records)[0]));
measure('parseLine', (n) => parseLine(texts[n & 511] as string));
const fd = openSync(join(root, 'plain'), 'a');
measure('write', (n) => writeSync(fd, lines[n & 511] as Buffer));
closeSync(fd);
spool.close();
rmSync(root, { recursive: true });
