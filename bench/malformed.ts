/**
 * Malformed requests against a whole running server: only 4xx in the caller's shape, no crash, no growth.
 *
 *   node bench/malformed.ts [--count 100000] [--seed N]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { Pool } from 'undici';
import { ENVIRONMENT, NODE_FLAGS } from '../src/cli/small-memory.ts';
import { type BadRequest, badRequest, CORPUS } from '../test/gateway/malformed-requests.ts';
import { BENCH_KEY } from './gateway/config.ts';
import type { Figures } from './gateway/figures.ts';

const CONNECTIONS = 16;
const BATCH = 5_000;

const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(flags.count);

const program = fileURLToPath(new URL('./gateway/trimtab.ts', import.meta.url));
const child = fork(program, ['http://127.0.0.1:9', 'full'], {
  env: { ...process.env, ...ENVIRONMENT, BENCH_VENDOR_KEY: 'vendor-key' },
  execArgv: NODE_FLAGS,
});
const exited = once(child, 'exit').then(() => Promise.reject(new Error('the server died')));
exited.catch(() => {});
const [{ url }] = (await once(child, 'message')) as [{ url: string }];
const pool = new Pool(url, { allowH2: false });

async function send(bad: BadRequest): Promise<[number, string]> {
  const isOurs = bad.headers.authorization?.startsWith('Bearer tt-aaaa');
  const { statusCode, body } = await pool.request({
    path: bad.path,
    method: bad.method as 'POST',
    headers: { ...bad.headers, ...(isOurs && { authorization: `Bearer ${BENCH_KEY}` }) },
    body: bad.method === 'GET' || bad.body.length === 0 ? null : Buffer.from(bad.body as string),
  });
  return [statusCode, await body.text()];
}

function isRefusal(status: number, text: string): boolean {
  if (status < 400 || status >= 500) return false;
  try {
    const { error } = JSON.parse(text) as { error?: Record<string, unknown> };
    return typeof error?.message === 'string' && typeof error.code === 'string';
  } catch {
    return false;
  }
}

async function figuresOf(process: ChildProcess): Promise<Figures> {
  process.send('figures');
  const [figures] = (await once(process, 'message')) as [Figures];
  return figures;
}

const statuses = new Map<number, number>();
const wrong: { bad: BadRequest; status: number; text: string }[] = [];

async function sendAll(requests: BadRequest[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let bad = requests[next++]; bad; bad = requests[next++]) {
      const [status, text] = await Promise.race([send(bad), exited]);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (!isRefusal(status, text)) wrong.push({ bad, status, text });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

await sendAll(CORPUS);
const megabytes = async (): Promise<number> => Math.round((await figuresOf(child)).rssBytes / 1e6);
const resident: { sent: number; 'RSS MB': number }[] = [{ sent: CORPUS.length, 'RSS MB': await megabytes() }];
for (let sent = 0; sent < count; sent += BATCH) {
  const size = Math.min(BATCH, count - sent);
  await sendAll(fc.sample(badRequest, { numRuns: size, seed: Number(flags.seed) + sent }));
  resident.push({ sent: sent + size, 'RSS MB': await megabytes() });
}
console.table(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)));
console.table(resident);
console.log(`${wrong.length} answers were not a 4xx in the caller's shape`);
for (const { bad, status, text } of wrong.slice(0, 5))
  console.log(status, JSON.stringify(bad), text.slice(0, 300));
await pool.destroy();
child.disconnect();
process.exit(wrong.length === 0 ? 0 : 1);
