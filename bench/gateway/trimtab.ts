/**
 * The gateway as it serves: server, keys, target names, data policy, prices, durable spool. `gateway` runs its thread
 * alone (a drain in a worker thread empties the spool into nothing); `full` runs the whole product with its store. `translated`: over a
 * vendor of the messages protocol.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { silentLogger } from '../../src/core/log.ts';
import { openSpool } from '../../src/evidence/spool.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import { startServer } from '../../src/gateway/server.ts';
import { hashSecret } from '../../src/governance/keys.ts';
import { providers } from '../../src/providers/index.ts';
import { policies } from '../../src/routing/index.ts';
import { BENCH_KEY, benchConfig } from './config.ts';
import { answerFigures } from './figures.ts';

const [vendor, mode, wire] = process.argv.slice(2) as [string, string, string | undefined];
const config = benchConfig(vendor, wire === 'translated');
const dataDir = mkdtempSync(join(tmpdir(), 'trimtab-bench-'));
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }));

if (mode === 'full') {
  const { startTrimtab } = await import('../../src/main.ts');
  const { writeFileSync } = await import('node:fs');
  const configPath = join(dataDir, 'trimtab.config.json');
  writeFileSync(configPath, JSON.stringify(config));
  const env = { BENCH_VENDOR_KEY: 'vendor-key' };
  const running = await startTrimtab({
    port: 0,
    dataDir: join(dataDir, 'data'),
    configPath,
    env,
    watch: false,
    firstKey: BENCH_KEY,
  });
  process.send?.({ url: running.url });
} else {
  const { parseStack } = await import('../../src/stack/parse.ts');
  const { catalog } = await import('../../src/providers/index.ts');
  const stack = parseStack(config, { catalog, policies: policies.map(({ name }) => name) });
  const dir = join(dataDir, 'spool');
  const drain = new Worker(new URL('./drain-worker.ts', import.meta.url), { workerData: { dir } });
  const recorder = openSpool({
    dir,
    maxBytes: 4e9,
    logger: silentLogger,
    onAppend: () => drain.postMessage('wake'),
  });
  const gateway = createGateway({
    snapshot: {
      revision: 'rev_bench',
      stack,
      secrets: { bench: { apiKey: 'vendor-key', headers: {} } },
      keys: [
        {
          id: 'key_bench',
          sha256: hashSecret(BENCH_KEY),
          name: 'bench',
          owner: null,
          tasks: null,
          expiresAt: null,
          disabled: false,
        },
      ],
    },
    providers,
    policies,
    recorder,
    clock: systemClock,
    makeId: createIdMaker(),
    random: Math.random,
    logger: silentLogger,
    feedback: async () => ({ status: 202, body: {} }),
    localVendors: new Map(),
  });
  const server = await startServer({
    gateway,
    forward: (_request, response) => {
      response.head(404, {});
      response.end();
    },
    host: '127.0.0.1',
    port: 0,
    limits: stack.gateway,
    logger: silentLogger,
  });
  process.send?.({ url: server.url });
}
answerFigures();
