/** Inserts batches of 100 calls for ever and writes a line after each; for a test that kills it. */
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openStore } from '../../src/store/open.ts';
import { makeCall } from '../support/call-records.ts';

const dataDir = process.argv[2] as string;
const store = await openStore({ dataDir, databaseUrl: null, logger: silentLogger, clock: systemClock });
for (;;) {
  const at = Date.now();
  await store.calls.insert(Array.from({ length: 100 }, () => makeCall(at)));
  process.stdout.write('100\n');
}
