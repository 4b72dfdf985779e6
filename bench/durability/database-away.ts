/**
 * PostgreSQL stopped under load: calls must keep being served, and every record must be there afterwards, once.
 * `node bench/durability/database-away.ts --minutes 5 [--rate 100] [--clients 16]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../test/support/postgres.ts';
import { startLoad } from './load.ts';
import { type Comparison, compare, Server } from './server.ts';

export interface AwayOptions {
  awayMs: number;
  /** Load before the outage, and again after it. */
  aroundMs: number;
  clients: number;
  perSecond: number;
}

export interface AwayReport extends Comparison {
  finished: number;
  failed: [name: string, count: number][];
  phases: { phase: 'before' | 'away' | 'after'; calls: number; p50: number; p99: number }[];
  pendingBytes: number;
  catchUpMs: number;
}

/** Runs load over an outage of the database, then compares. Removes what it made. */
export async function runOutage(options: AwayOptions): Promise<AwayReport> {
  const folder = mkdtempSync(join(tmpdir(), 'trimtab-away-'));
  const postgres = await startPostgres();
  const server = new Server(folder, { databaseUrl: postgres.url });
  try {
    await server.start();
    const load = startLoad(server, options);
    await load.run(options.aroundMs);
    const awayAt = Date.now();
    await postgres.stop();
    await load.run(options.awayMs);
    const { spool } = await server.status();
    const backAt = Date.now();
    await postgres.start();
    await load.run(options.aroundMs);
    await load.stop();
    const loadEnd = Date.now();
    await server.untilDrained(300_000);
    const catchUpMs = Math.max(0, Date.now() - loadEnd);
    const comparison = await compare(server, load.seen);
    await server.stop();
    const within = (from: number, to: number) =>
      load.delays.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms);
    return {
      ...comparison,
      finished: load.seen.length,
      failed: [...load.failed],
      phases: [
        { phase: 'before', ...summaryOf(within(0, awayAt)) },
        { phase: 'away', ...summaryOf(within(awayAt, backAt)) },
        { phase: 'after', ...summaryOf(within(backAt, Number.POSITIVE_INFINITY)) },
      ],
      pendingBytes: spool.pendingBytes,
      catchUpMs,
    };
  } finally {
    await server.kill();
    await postgres.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function summaryOf(delays: number[]): { calls: number; p50: number; p99: number } {
  delays.sort((a, b) => a - b);
  const at = (share: number) => delays[Math.floor(delays.length * share)] ?? Number.NaN;
  return { calls: delays.length, p50: at(0.5), p99: at(0.99) };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      rate: { type: 'string', default: '100' },
      clients: { type: 'string', default: '16' },
    },
  });
  const report = await runOutage({
    awayMs: Number(values.minutes) * 60_000,
    aroundMs: 10_000,
    clients: Number(values.clients),
    perSecond: Number(values.rate),
  });
  console.log('database   calls served    p50 ms    p99 ms');
  for (const { phase, calls, p50, p99 } of report.phases) {
    const cells = [String(calls), p50.toFixed(1), p99.toFixed(1)];
    console.log(phase.padEnd(9) + cells.map((cell, at) => cell.padStart(at === 0 ? 14 : 10)).join(''));
  }
  console.log(`waiting in the spool at the end of the outage   ${(report.pendingBytes / 1e6).toFixed(1)} MB`);
  console.log(`stored completely after the load ended          ${report.catchUpMs} ms`);
  console.log(`calls that failed          ${JSON.stringify(Object.fromEntries(report.failed))}`);
  console.log(`calls clients saw finish   ${report.finished}`);
  console.log(`calls in the store         ${report.stored}, in the rollups ${report.counted}`);
  console.log(`missing ${report.missing.length}, there twice ${report.twice}`);
  const good =
    report.missing.length === 0 &&
    report.twice === 0 &&
    report.counted === report.stored &&
    report.failed.length === 0;
  console.log(good ? 'Every call was served; nothing was lost, nothing counted twice.' : 'FAILED');
  process.exitCode = good ? 0 : 1;
}
