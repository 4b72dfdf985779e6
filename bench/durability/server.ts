/** The real server as a child process, for the durability scripts and their short forms in test/durability. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CallsAnswer, CostsAnswer, StatusAnswer } from '../../src/control/api-types.ts';
import { newAdminToken, newVirtualKey } from '../../src/governance/keys.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/trimtab.ts', import.meta.url));
export const TASK = 'load';

/** The sandbox without its delays, so that the load is bound by the server. */
const CONFIG = {
  providers: { sandbox: { type: 'sandbox', options: { timeScale: 0 } } },
  tasks: { [TASK]: { route: ['sandbox/small'] } },
};

export interface ServerOptions {
  databaseUrl?: string | null;
  spool?: { whenFull?: 'refuse' | 'unrecorded'; maxBytes?: number };
  /** Beside the sandbox. */
  providers?: object;
  env?: Readonly<Record<string, string>>;
}

export class Server {
  readonly key = newVirtualKey().key;
  readonly #token = newAdminToken().token;
  readonly #folder: string;
  readonly #databaseUrl: string | null;
  readonly #env: Readonly<Record<string, string>>;
  /** Lines the server logged, of level warn and above. */
  readonly logged: string[] = [];
  #child: ChildProcess | undefined;
  url = '';

  /** `folder` holds its config and its data, and stays the same over restarts. */
  constructor(
    folder: string,
    { databaseUrl = null, spool = {}, providers = {}, env = {} }: ServerOptions = {},
  ) {
    this.#folder = folder;
    this.#databaseUrl = databaseUrl;
    this.#env = env;
    const config = { ...CONFIG, providers: { ...CONFIG.providers, ...providers }, spool };
    writeFileSync(join(folder, 'trimtab.config.json'), JSON.stringify(config));
  }

  /** Starts it; returns milliseconds until it said that it serves. */
  async start(): Promise<number> {
    const began = performance.now();
    const child = spawn(process.execPath, [PROGRAM, 'start', '--json', '--port', '0'], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...this.#env,
        TRIMTAB_DATA_DIR: join(this.#folder, 'data'),
        TRIMTAB_CONFIG: join(this.#folder, 'trimtab.config.json'),
        TRIMTAB_ADMIN_TOKEN: this.#token,
        TRIMTAB_KEY: this.key,
        TRIMTAB_LOG_LEVEL: 'warn',
        DATABASE_URL: this.#databaseUrl ?? '',
      },
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on('line', (line) => this.logged.push(line));
    for await (const line of createInterface({ input: child.stdout })) {
      this.url = (JSON.parse(line) as { url: string }).url;
      return performance.now() - began;
    }
    throw new Error(`the server ended before it served: ${this.logged.join('\n')}`);
  }

  /** Largest file the server may write, bytes: a real refusal by the kernel, for its spool and its database. */
  limitFiles(bytes: number | 'unlimited'): void {
    execFileSync('prlimit', ['--pid', String(this.#child?.pid), `--fsize=${bytes}:unlimited`]);
  }

  /** SIGKILL at once; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async get<Answer>(path: string): Promise<Answer> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.#token}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  status(): Promise<StatusAnswer> {
    return this.get('/api/v1/status');
  }

  /** Waits until the store has all the spool had. */
  async untilDrained(deadlineMs = 60_000): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const { spool, database } = await this.status();
      if (spool.pendingBytes === 0 && database === 'ok') return;
      if (performance.now() > deadline) throw new Error(`the spool still has ${spool.pendingBytes} bytes`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Every call id in the store, page by page. */
  async storedIds(): Promise<string[]> {
    const ids: string[] = [];
    for (let before = ''; ; ) {
      const { calls, next } = await this.get<CallsAnswer>(`/api/v1/calls?limit=500${before}`);
      ids.push(...calls.map(({ id }) => id));
      if (next === null) return ids;
      before = `&before=${next}`;
    }
  }

  /** Calls as the rollups count them. */
  async countedCalls(): Promise<number> {
    const { total } = await this.get<CostsAnswer>('/api/v1/costs?by=task&since=7d&sandbox=true');
    return total.calls;
  }
}

export interface Comparison {
  stored: number;
  counted: number;
  missing: string[];
  twice: number;
}

/**
 * What clients saw finish against what the store has. The status trails the spool by the pace of its notices, so a
 * drained spool is looked at again while a call is missing, for up to `patienceMs`: a lost record never comes.
 */
export async function compare(
  server: Server,
  seen: readonly string[],
  patienceMs = 10_000,
): Promise<Comparison> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    await server.untilDrained();
    const stored = await server.storedIds();
    const distinct = new Set(stored);
    const missing = seen.filter((id) => !distinct.has(id));
    if (missing.length === 0 || performance.now() > deadline)
      return {
        stored: stored.length,
        counted: await server.countedCalls(),
        missing,
        twice: stored.length - distinct.size,
      };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
