/** Finds the running Trimtab, or starts one, and speaks to its control API. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const PROBE_MS = 2_000;
const START_MS = 30_000;

export interface Server {
  url: string;
  /** Asks the control API; throws {@link ApiRefusal}. */
  api<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
  /** The process, when this run started it. */
  child: ChildProcess | null;
  /** What the server's first start made and shows once: the admin token, the first virtual key. */
  secrets: { adminToken: string | null; key: string | null };
}

export class ApiRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiRefusal';
    this.code = code;
  }
}

interface Access {
  url: string;
  token: string;
}

/** The server named by TRIMTAB_URL and TRIMTAB_ADMIN_TOKEN, else the one of the data folder, else a new one. */
export async function findOrStart(env: NodeJS.ProcessEnv): Promise<Server> {
  const named = env.TRIMTAB_URL;
  if (named) {
    if (!env.TRIMTAB_ADMIN_TOKEN) throw new Error('TRIMTAB_URL is set; set TRIMTAB_ADMIN_TOKEN too.');
    return toServer({ url: named.replace(/\/$/, ''), token: env.TRIMTAB_ADMIN_TOKEN }, null);
  }
  const dataDir = env.TRIMTAB_DATA_DIR || join(process.cwd(), '.trimtab');
  const running = readAccess(dataDir);
  if (running && (await isReady(running.url))) return toServer(running, null);
  return start(dataDir);
}

function readAccess(dataDir: string): Access | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as Access;
  } catch {
    return null;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_MS) })).ok;
  } catch {
    return false;
  }
}

/** Starts `trimtab start` as a child that ends with this process, in its own group so that Ctrl-C reaches it once. */
async function start(dataDir: string): Promise<Server> {
  const child = spawn(process.execPath, [join(root, 'src/cli/trimtab.ts'), 'start', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, TRIMTAB_DATA_DIR: dataDir },
  });
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end);
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const lines = createInterface({ input: child.stdout });
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`The server did not start (exit code ${String(code)}); its words stand above.`);
  });
  gone.catch(() => undefined);
  const timeout = AbortSignal.timeout(START_MS);
  const [line] = (await Promise.race([once(lines, 'line', { signal: timeout }), gone])) as [string];
  const started = JSON.parse(line) as { url: string } & Server['secrets'];
  const access = readAccess(dataDir);
  if (!access) throw new Error(`The server runs at ${started.url}, but left no server.json in ${dataDir}.`);
  return { ...toServer(access, child), secrets: { adminToken: started.adminToken, key: started.key } };
}

function toServer({ url, token }: Access, child: ChildProcess | null): Server {
  return {
    url,
    child,
    secrets: { adminToken: null, key: null },
    async api<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as T & { error?: { code: string; message: string } };
      if (response.ok) return answer;
      const { code = 'unknown', message = `status ${response.status}` } = answer.error ?? {};
      throw new ApiRefusal(code, message);
    },
  };
}
