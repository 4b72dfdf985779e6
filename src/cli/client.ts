import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ApiError } from '../control/api-types.ts';
import { readServerFile } from '../control/server-file.ts';
import { TrimtabError } from '../core/error.ts';
import { silentLogger } from '../core/log.ts';
import { CliError, type CliIo, commandName, EXIT, usageError } from './io.ts';

const ANSWER_TIMEOUT_MS = 60_000;

/** The control API, wherever it is. */
export interface Client {
  get<T>(path: string, query?: Query): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
  /** An endless answer. Throws when no server runs: nothing new can happen then. */
  stream(path: string): Promise<AsyncIterable<Uint8Array>>;
  /** The server's address; `null` when the data folder was opened in this process. */
  readonly url: string | null;
  close(): Promise<void>;
}

/** Members that are `undefined` are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** Flags of every command that asks the control API. */
export const clientArgs = {
  'data-dir': {
    type: 'string',
    description: 'Data folder (TRIMTAB_DATA_DIR, default ./.trimtab)',
    valueHint: 'path',
  },
  json: { type: 'boolean', description: 'Print JSON' },
} as const;

type Send = (path: string, init: RequestInit) => Promise<Response>;

/**
 * Reaches the control API: `TRIMTAB_URL` with `TRIMTAB_ADMIN_TOKEN`, else the server that runs on the data folder,
 * else the data folder itself, opened in this process. Throws CliError with exit code 3 when none can be reached.
 */
export async function openClient(io: CliIo, options: { dataDir?: string | undefined } = {}): Promise<Client> {
  const remote = io.env.TRIMTAB_URL;
  if (remote) {
    if (!URL.canParse(remote))
      throw usageError('TRIMTAB_URL is not an address like https://trimtab.example.com');
    const token = io.env.TRIMTAB_ADMIN_TOKEN;
    if (!token) throw usageError('TRIMTAB_URL is set: set TRIMTAB_ADMIN_TOKEN too');
    return httpClient(remote, token, io);
  }
  const dataDir = resolve(io.cwd, options.dataDir || io.env.TRIMTAB_DATA_DIR || '.trimtab');
  const server = readServerFile(dataDir);
  if (server && (await answers(server.url))) return httpClient(server.url, server.token, io);
  if (!existsSync(dataDir) && !io.env.DATABASE_URL) {
    throw new CliError(
      EXIT.unreachable,
      `No server runs here and there is no data folder ${dataDir}. Start one: ${commandName()} start`,
    );
  }
  return localClient(dataDir, io);
}

/** Runs `use` with a client and closes it, whatever happens. */
export async function withClient<T>(
  io: CliIo,
  options: { dataDir?: string | undefined },
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await openClient(io, options);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}

function httpClient(url: string, token: string, io: CliIo): Client {
  const send: Send = async (path, init) => {
    try {
      const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
      return await fetch(new URL(path, url), { ...init, headers, redirect: 'error' });
    } catch (error) {
      if (io.signal.aborted) throw error;
      const reason =
        error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new CliError(EXIT.unreachable, `${url} does not answer: ${reason}`);
    }
  };
  return {
    ...jsonMethods(send),
    url,
    async stream(path) {
      const answer = await send(path, { signal: io.signal });
      if (!answer.ok || !answer.body) throw await toError(answer);
      return answer.body;
    },
    close: async () => {},
  };
}

async function localClient(dataDir: string, io: CliIo): Promise<Client> {
  const { openLocal } = await import('../control/open-local.ts');
  const local = await openLocal({
    dataDir,
    databaseUrl: io.env.DATABASE_URL || null,
    configPath: null,
    cwd: io.cwd,
    env: io.env,
    logger: silentLogger,
  }).catch((error: unknown) => {
    const unreachable = ['data_folder_in_use', 'store_unavailable'];
    if (error instanceof TrimtabError && unreachable.includes(error.code)) {
      throw new CliError(EXIT.unreachable, `${error.message}\n${error.advice}`);
    }
    throw error;
  });
  return {
    ...jsonMethods(local.fetch),
    url: null,
    async stream() {
      throw new CliError(EXIT.unreachable, `No server runs on ${dataDir}. Start one: ${commandName()} start`);
    },
    close: () => local.close(),
  };
}

function jsonMethods(send: Send): Pick<Client, 'get' | 'post' | 'delete'> {
  const read = async <T>(answer: Response): Promise<T> => {
    if (!answer.ok) throw await toError(answer);
    return (await answer.json()) as T;
  };
  return {
    get: async <T>(path: string, query: Query = {}) =>
      read<T>(await send(path + toSearch(query), { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })),
    post: async <T>(path: string, body: unknown = {}) =>
      read<T>(
        await send(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
        }),
      ),
    delete: async <T>(path: string) =>
      read<T>(await send(path, { method: 'DELETE', signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })),
  };
}

function toSearch(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** The API's own words; the exit code tells a wrong question from a failure. */
async function toError(answer: Response): Promise<CliError> {
  const body = (await answer.json().catch(() => null)) as Partial<ApiError> | null;
  const error = body?.error;
  if (!error) return new CliError(EXIT.failed, `The server answered ${answer.status}`);
  return new CliError(EXIT.failed, `${error.message}\n${error.advice}`);
}
