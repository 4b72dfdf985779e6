/**
 * kill -9 of the whole server under load, again and again on one data folder: every call a client saw finish must be
 * in the store after the restart, once. `node bench/durability/kill.ts --times 20 [--clients 16]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad } from './load.ts';
import { type Comparison, compare, Server } from './server.ts';

export interface KillRound {
  /** Milliseconds of load before the kill. */
  loadMs: number;
  readyMs: number;
  finished: number;
  failed: number;
}

export interface KillReport extends Comparison {
  rounds: KillRound[];
  finished: number;
}

/** Kills the server `times` times, then starts it once more and compares. Removes what it made. */
export async function runKills(
  times: number,
  clients: number,
  onRound: (round: KillRound) => void = () => {},
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'trimtab-kill-'));
  const server = new Server(folder);
  try {
    const rounds: KillRound[] = [];
    const seen: string[] = [];
    for (let time = 0; time < times; time++) {
      const readyMs = await server.start();
      const loadMs = 100 + Math.random() * 1400;
      const load = startLoad(server, { clients });
      await load.run(loadMs);
      const stopping = load.stop();
      await server.kill();
      await stopping;
      seen.push(...load.seen);
      const failed = [...load.failed.values()].reduce((sum, count) => sum + count, 0);
      const round = { loadMs, readyMs, finished: load.seen.length, failed };
      rounds.push(round);
      onRound(round);
    }
    await server.start();
    const comparison = await compare(server, seen);
    await server.stop();
    return { rounds, finished: seen.length, ...comparison };
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { times: { type: 'string', default: '20' }, clients: { type: 'string', default: '16' } },
  });
  let number = 0;
  console.log('kill  ready ms  load ms  calls finished  cut or refused');
  const report = await runKills(Number(values.times), Number(values.clients), (round) => {
    const cells = [++number, round.readyMs.toFixed(0), round.loadMs.toFixed(0), round.finished, round.failed];
    const widths = [4, 10, 9, 16, 16];
    console.log(cells.map((cell, at) => String(cell).padStart(widths[at] as number)).join(''));
  });
  console.log(`calls clients saw finish   ${report.finished}`);
  console.log(`calls in the store         ${report.stored} (those cut by the kill may be there too)`);
  console.log(`calls in the rollups       ${report.counted}`);
  console.log(`missing                    ${report.missing.length}`);
  console.log(`there twice                ${report.twice}`);
  const good = report.missing.length === 0 && report.twice === 0 && report.counted === report.stored;
  console.log(good ? 'Nothing was lost, nothing counted twice.' : 'FAILED');
  process.exitCode = good ? 0 : 1;
}
