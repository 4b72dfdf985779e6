import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { createDrain } from '../../src/evidence/drain.ts';

/** Reads and deletes what the spool holds, and keeps nothing: the store has its own bench. */
const { dir } = workerData as { dir: string };
const drain = createDrain({
  dir,
  insert: async (records) => ({ inserted: records.length }),
  logger: silentLogger,
  clock: systemClock,
});
parentPort?.on('message', () => drain.wake());
