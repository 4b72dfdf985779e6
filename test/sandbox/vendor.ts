import type { AddressInfo } from 'node:net';
import { createVendorServer } from '../../src/providers/sandbox/vendor/server.ts';

export interface RunningVendor extends AsyncDisposable {
  url: string;
  /** Posts JSON to a path under /v1; answers at once unless the body says otherwise. */
  post(path: string, body: Record<string, unknown>): Promise<Response>;
}

/** A vendor on a free port, in this thread. */
export async function runVendor(): Promise<RunningVendor> {
  const server = createVendorServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return {
    url,
    post: (path, body) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-sandbox-time-scale': '0' },
        body: JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Completion {
  id: string;
  model: string;
  choices: {
    index: number;
    finish_reason: string;
    message: {
      role: string;
      content: string | null;
      tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[];
    };
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

export interface Chunk {
  choices: {
    index: number;
    finish_reason: string | null;
    delta: {
      role?: string;
      content?: string | null;
      tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
    };
  }[];
  usage?: Completion['usage'] | null;
}

/** The events of a stream, `[DONE]` included. */
export async function readEvents(response: Response): Promise<string[]> {
  const text = await response.text();
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''));
}

/** The chunks of a complete stream; throws when it does not end with `[DONE]`. */
export async function readChunks(response: Response): Promise<Chunk[]> {
  const events = await readEvents(response);
  if (events.pop() !== '[DONE]') throw new Error('The stream did not end with [DONE].');
  return events.map((event) => JSON.parse(event) as Chunk);
}
