import type { ApiError } from '../../../src/control/api-types.ts';

/** What went wrong with a request to the control API, in the catalogue's words. `server_away`: no answer at all. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  readonly field: string | null;
  readonly advice: string;

  constructor(status: number, error: ApiError['error']) {
    super(error.message);
    this.name = 'ApiFailure';
    this.status = status;
    this.code = error.code;
    this.field = error.field;
    this.advice = error.advice;
  }
}

export type Params = Record<string, string | number | boolean | null | undefined>;

/** GET, POST or DELETE with the session's cookie. Throws {@link ApiFailure}; aborts pass through. */
export async function request<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  options: { params?: Params; body?: unknown; signal?: AbortSignal } = {},
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${path}${queryString(options.params ?? {})}`, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiFailure(0, {
      code: 'server_away',
      message: 'The server does not answer.',
      field: null,
      advice: 'Check that it runs: `npm start`. This page reconnects by itself.',
    });
  }
  if (response.ok) return (await response.json()) as T;
  throw new ApiFailure(response.status, await readError(response));
}

export function get<T>(path: string, params: Params, signal?: AbortSignal): Promise<T> {
  return request<T>('GET', path, signal ? { params, signal } : { params });
}

export function queryString(params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function readError(response: Response): Promise<ApiError['error']> {
  const fallback = {
    code: 'internal',
    message: `The server answered with status ${response.status}.`,
    field: null,
    advice: 'Look at the server\u2019s log.',
  };
  try {
    const body = (await response.json()) as Partial<ApiError>;
    return body.error ? { ...fallback, ...body.error } : fallback;
  } catch {
    return fallback;
  }
}
