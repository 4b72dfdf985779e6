/**
 * Cold start: `trimtab start` in an empty folder, from spawn to the first answer of /readyz, and its resident memory
 * then. Median of 5. Run: `npx node bench/start.ts [--runs 5]`. Goal: under 1,500 ms.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const entry = fileURLToPath(new URL('../src/cli/trimtab.ts', import.meta.url));

interface Run {
  readyMs: number;
  stopMs: number;
  residentMb: number;
}

async function measure(): Promise<Run> {
  const cwd = mkdtempSync(join(tmpdir(), 'trimtab-start-'));
  const began = performance.now();
  const child = spawn(process.execPath, [entry, 'start', '--port', '0', '--json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('\n')) resolve((JSON.parse(text) as { url: string }).url);
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
    });
    const answer = await fetch(`${url}/readyz`);
    if (!answer.ok) throw new Error(`/readyz answered ${answer.status}`);
    const readyMs = performance.now() - began;
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
    const stopping = performance.now();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    return { readyMs, stopMs: performance.now() - stopping, residentMb: Number(resident?.[1] ?? 0) / 1024 };
  } finally {
    child.kill('SIGKILL');
    rmSync(cwd, { recursive: true, force: true });
  }
}

function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}

const runs: Run[] = [];
for (let i = 0; i < Number(values.runs); i++) runs.push(await measure());
for (const { readyMs, stopMs, residentMb } of runs) {
  console.log(
    `ready ${readyMs.toFixed(0)} ms, stop ${stopMs.toFixed(0)} ms, resident ${residentMb.toFixed(0)} MB`,
  );
}
const middle = {
  ready: median(runs.map(({ readyMs }) => readyMs)),
  stop: median(runs.map(({ stopMs }) => stopMs)),
  resident: median(runs.map(({ residentMb }) => residentMb)),
};
console.log(
  `median of ${runs.length}: ready ${middle.ready.toFixed(0)} ms, stop ${middle.stop.toFixed(0)} ms, resident ${middle.resident.toFixed(0)} MB`,
);
