/**
 * A program of two threads like the product's: takes records as fast as it can and says the id of each on stdout
 * once it is taken, as a client that saw its call finish would. Made to be killed. `node appender.ts <dataDir>`.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createIdMaker } from '../../src/core/id.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openSpool } from '../../src/evidence/spool.ts';
import { recordOf } from '../evidence/records.ts';

const dataDir = process.argv[2] as string;
const drainer = new Worker(new URL('./drainer.ts', import.meta.url), { workerData: { dataDir } });
const spool = openSpool({
  dir: join(dataDir, 'spool'),
  maxBytes: 2 ** 30,
  segmentBytes: 256 * 1024,
  logger: silentLogger,
  onAppend: () => drainer.postMessage('wake'),
});
const BURST = 5;
const makeId = createIdMaker();

function burst(): void {
  let said = '';
  for (let n = 0; n < BURST; n++) {
    const record = recordOf(makeId('call'), { startedAt: Date.now() });
    spool.take(record);
    said += `${record.id}\n`;
  }
  process.stdout.write(said, burst);
}

drainer.once('message', burst);
