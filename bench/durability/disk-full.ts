/**
 * A disk that refuses every write to the server, for a while, under load, once per `spool.whenFull`: what calls meet,
 * what the log says, and whether every call a client saw finish is in the store once there is room again.
 * `node bench/durability/disk-full.ts [--seconds 10]`. Needs `prlimit` (util-linux).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad } from './load.ts';
import { type Comparison, compare, Server } from './server.ts';

export interface FullReport extends Comparison {
  finished: number;
  /** Calls that finished while the disk refused writes. */
  finishedWhileFull: number;
  failed: [name: string, count: number][];
  /** Log lines about the spool. */
  loud: string[];
}

/** Runs load over a full disk of `fullMs`, then compares. Removes what it made. */
export async function runFull(whenFull: 'refuse' | 'unrecorded', fullMs: number): Promise<FullReport> {
  const folder = mkdtempSync(join(tmpdir(), 'trimtab-full-'));
  const server = new Server(folder, { spool: { whenFull } });
  try {
    await server.start();
    const load = startLoad(server, { clients: 4, perSecond: 100 });
    await load.run(1000);
    server.limitFiles(1);
    const before = load.seen.length;
    await load.run(fullMs);
    const finishedWhileFull = load.seen.length - before;
    server.limitFiles('unlimited');
    await load.run(1000);
    await load.stop();
    const comparison = await compare(server, load.seen);
    await server.stop();
    const loud = server.logged.filter((line) => /spool/i.test(line));
    return { ...comparison, finished: load.seen.length, finishedWhileFull, failed: [...load.failed], loud };
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
  let good = true;
  for (const whenFull of ['refuse', 'unrecorded'] as const) {
    const report = await runFull(whenFull, Number(values.seconds) * 1000);
    console.log(`spool.whenFull = ${whenFull}`);
    console.log(`  calls finished while full   ${report.finishedWhileFull}`);
    console.log(`  calls refused               ${JSON.stringify(Object.fromEntries(report.failed))}`);
    console.log(`  calls clients saw finish    ${report.finished}, in the store ${report.stored}`);
    console.log(`  missing ${report.missing.length}, there twice ${report.twice}`);
    for (const line of report.loud) console.log(`  log: ${line}`);
    good &&= report.missing.length === 0 && report.twice === 0 && report.loud.length > 0;
  }
  console.log(good ? 'As declared, loud, and nothing lost.' : 'FAILED');
  process.exitCode = good ? 0 : 1;
}
