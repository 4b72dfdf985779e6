import { createHash } from 'node:crypto';
import { existsSync, readFileSync, watch } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TrimtabError } from '../core/error.ts';
import { parseJsonConfig, parseYamlConfig } from './config-file.ts';
import type { ConfigAnswer, ConfigRequest } from './config-worker.ts';

/** Names looked for in the working folder, the one `trimtab init` writes first. */
export const CONFIG_NAMES: readonly string[] = ['ts', 'mjs', 'js', 'yaml', 'yml', 'json'].map(
  (extension) => `trimtab.config.${extension}`,
);

const LOAD_TIMEOUT_MS = 10_000;
/** Editors write, rename and touch within a few milliseconds of one another. */
const SETTLE_MS = 80;

/**
 * The config file: `TRIMTAB_CONFIG`, else the one `trimtab.config.*` in `cwd`, else `null`. Throws
 * TrimtabError(config_invalid) when the named file is not there, or when there is more than one.
 */
export function findConfig(cwd: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const named = env.TRIMTAB_CONFIG;
  if (named) {
    const path = resolve(cwd, named);
    if (existsSync(path)) return path;
    throw new TrimtabError('config_invalid', `TRIMTAB_CONFIG names ${path}, and there is no such file`);
  }
  const found = CONFIG_NAMES.filter((name) => existsSync(join(cwd, name)));
  if (found.length > 1) {
    throw new TrimtabError(
      'config_invalid',
      `${cwd} holds ${found.join(' and ')}; keep one, or name one in TRIMTAB_CONFIG`,
    );
  }
  return found[0] === undefined ? null : join(cwd, found[0]);
}

/**
 * What a config file says, as plain data. TypeScript and JavaScript run in a thread of their own that ends with the
 * load: each load sees fresh modules, and nothing a config does can end the server. Throws
 * TrimtabError(config_invalid) with line and column where the format has them.
 */
export async function loadConfig(path: string): Promise<unknown> {
  const extension = extname(path).toLowerCase();
  switch (extension) {
    case '.yaml':
    case '.yml':
      return parseYamlConfig(readText(path), path);
    case '.json':
      return parseJsonConfig(readText(path), path);
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
    case '.cjs':
      readText(path);
      return runConfig(path);
    default:
      throw new TrimtabError(
        'config_invalid',
        `${path}: the name must end in .ts, .js, .mjs, .yaml, .yml or .json`,
      );
  }
}

/**
 * Calls `onChange` whenever the content of the file at `path` has changed: written in place, replaced by a rename, or
 * reached by a symbolic link that now points elsewhere. Modules the config imports are not watched.
 */
export function watchConfig(path: string, onChange: () => void): { close(): void } {
  let content = hashOf(path);
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const now = hashOf(path);
    if (now === undefined || now === content) return;
    content = now;
    onChange();
  };
  const watcher = watch(dirname(path), { persistent: false }, () => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLE_MS);
  });
  watcher.on('error', () => watcher.close());
  return {
    close() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

/** `undefined` while the file is away, as in the middle of a save. */
function hashOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new TrimtabError('config_invalid', `${path} cannot be read (${reason})`, { cause });
  }
}

function runConfig(path: string): Promise<unknown> {
  const request: ConfigRequest = { path };
  const worker = new Worker(new URL(`./config-worker${extname(import.meta.url)}`, import.meta.url), {
    name: `config ${basename(path)}`,
    workerData: request,
    stdout: true,
  });
  worker.stdout.pipe(process.stderr, { end: false });
  return new Promise((done, fail) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      void worker.terminate();
    };
    const refuse = (why: string, field?: string): void => {
      const details = field === undefined ? {} : { field };
      end(() => fail(new TrimtabError('config_invalid', `${path}${why}`, details)));
    };
    const timer = setTimeout(
      () => refuse(`: not loaded within ${LOAD_TIMEOUT_MS / 1000} seconds`),
      LOAD_TIMEOUT_MS,
    );
    worker.once('message', (answer: ConfigAnswer) => {
      if (answer.ok) end(() => done(answer.value));
      else refuse(answer.why, answer.field);
    });
    worker.once('error', (error) => refuse(`: ${error.message}`));
    worker.once('exit', () => refuse(': ended its thread before the config was there (process.exit?)'));
  });
}
