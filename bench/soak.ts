/**
 * Resident memory of `trimtab start`, run as a user runs it, over many calls, half of them streams, 16 at a time.
 *
 *   node bench/soak.ts [--points 0,10000,50000,100000,200000]
 *
 * Prints the resident set (Linux, smaps_rollup), MB of 10^6 bytes, after each number of calls, and its peak.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BENCH_KEY, benchConfig } from './gateway/config.ts';
import { createLoad } from './gateway/load.ts';

const CONNECTIONS = 16;
const STEP = 5_000;

const { values: flags } = parseArgs({
  options: { points: { type: 'string', default: '0,10000,50000,100000,200000' } },
});

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const vendor = fork(pathOf('./gateway/vendor.ts'), [], { execArgv: [] });
const [{ url: vendorUrl }] = (await once(vendor, 'message')) as [{ url: string }];
const folder = mkdtempSync(join(tmpdir(), 'trimtab-soak-'));
writeFileSync(join(folder, 'trimtab.config.json'), JSON.stringify(benchConfig(vendorUrl)));
const server = spawn(process.execPath, [pathOf('../src/cli/trimtab.ts'), 'start', '--port', '0', '--json'], {
  cwd: folder,
  env: { ...process.env, BENCH_VENDOR_KEY: 'vendor-key', TRIMTAB_KEY: BENCH_KEY },
  stdio: ['ignore', 'pipe', 'inherit'],
});

async function readUrl(): Promise<string> {
  let text = '';
  for await (const bytes of server.stdout) {
    text += bytes;
    if (text.includes('\n')) return (JSON.parse(text) as { url: string }).url;
  }
  throw new Error('the server did not start');
}

function megabytes(file: string, field: string): number {
  const text = readFileSync(`/proc/${server.pid}/${file}`, 'utf8');
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1];
  return Math.round((Number(kibibytes) * 1024) / 1e6);
}

const load = createLoad(await readUrl());
const table: { calls: number; 'resident MB': number }[] = [];
let done = 0;
for (const point of flags.points.split(',').map(Number)) {
  while (done < point) {
    const count = Math.min(STEP, point - done) / 2;
    await load.run('plain', { count, connections: CONNECTIONS });
    await load.run('stream', { count, connections: CONNECTIONS });
    done += 2 * count;
  }
  table.push({ calls: done, 'resident MB': megabytes('smaps_rollup', 'Rss') });
}
console.table(table);
console.log(`peak ${megabytes('status', 'VmHWM')} MB`);

const ended = once(server, 'exit');
server.kill('SIGTERM');
await ended;
vendor.disconnect();
rmSync(folder, { recursive: true, force: true });
process.exit();
