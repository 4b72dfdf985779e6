/** A real server on a free port over folders of its own, for one test file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import type { CallRecord } from '../../src/core/call-record.ts';
import type { LogFields, Logger } from '../../src/core/log.ts';
import { type RunningTrimtab, type StartOptions, startTrimtab } from '../../src/main.ts';

export const ADMIN_TOKEN = 'tt-admin-e2e-0123456789abcdef';
export const KEY = 'tt-e2e-0123456789abcdefghjkmnpq';

/** Two tasks on simulated models that answer at once. */
export const CONFIG = `
providers:
  sandbox: { type: sandbox, options: { timeScale: 0 }, passThrough: [models] }
tasks:
  reply: { route: [sandbox/large, sandbox/small], capture: full }
  classify: { route: [sandbox/small] }
gateway: { maxBodyBytes: 20000 }
`;

/** No provider key of this machine; compiled code kept between the many control threads that tests start. */
export const WORKER_ENV = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/trimtab-tests', import.meta.url)),
};

export interface TestTrimtab {
  running: RunningTrimtab;
  cwd: string;
  dataDir: string;
  logged: string[];
  client: OpenAI;
  /** The control API, signed in. */
  api<T>(path: string, init?: RequestInit): Promise<T>;
  writeConfig(text: string): void;
  /** The whole record of every call so far, once `count` of them are in the store. Oldest first. */
  calls(count: number): Promise<CallRecord[]>;
  /** Stops it and starts it on the same folder. */
  restart(change?: StartOptions): Promise<void>;
  dispose(): Promise<void>;
}

export async function openTrimtab(
  options: StartOptions & { config?: string | null } = {},
): Promise<TestTrimtab> {
  const { config = CONFIG, ...start } = options;
  const cwd = mkdtempSync(join(tmpdir(), 'trimtab-e2e-'));
  const file = join(cwd, 'trimtab.config.yaml');
  if (config !== null) writeFileSync(file, config);
  const logged: string[] = [];
  const log = (fields: LogFields, message: string) => logged.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { info() {}, warn: log, error: log };
  const launch = (change: StartOptions = {}) =>
    startTrimtab({
      port: 0,
      cwd,
      env: WORKER_ENV,
      probeLocal: false,
      adminToken: ADMIN_TOKEN,
      firstKey: KEY,
      logger,
      ...start,
      ...change,
    });
  const running = await launch();
  const trimtab: TestTrimtab = {
    running,
    cwd,
    dataDir: running.dataDir,
    logged,
    client: clientOf(running.url),
    async api(path, init = {}) {
      const answer = await fetch(`${trimtab.running.url}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as never;
    },
    writeConfig: (text) => writeFileSync(file, text),
    async calls(count) {
      for (;;) {
        const { calls } = await trimtab.api<{ calls: { id: string }[] }>('/api/v1/calls?limit=500');
        if (calls.length >= count) {
          return Promise.all(calls.reverse().map(({ id }) => trimtab.api<CallRecord>(`/api/v1/calls/${id}`)));
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async restart(change) {
      await trimtab.running.stop();
      trimtab.running = await launch(change);
      trimtab.client = clientOf(trimtab.running.url);
    },
    async dispose() {
      await trimtab.running.stop();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
  return trimtab;
}

export function clientOf(url: string, apiKey = KEY): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

export const QUESTION = [
  { role: 'user' as const, content: 'Where is my card? It should have come last week.' },
];
