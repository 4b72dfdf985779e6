/** The control thread of the small program in appender.ts: drains the spool into the real store. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { createDrain } from '../../src/evidence/drain.ts';
import { openStore } from '../../src/store/open.ts';

const { dataDir } = workerData as { dataDir: string };
const store = await openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
const drain = createDrain({
  dir: join(dataDir, 'spool'),
  insert: (records) => store.calls.insert(records),
  logger: silentLogger,
  clock: systemClock,
});
parentPort?.on('message', () => drain.wake());
parentPort?.postMessage('ready');
