/** Clients of a server: plain and streamed calls, each remembered only when its answer came whole. */
import { Agent, type Dispatcher } from 'undici';
import { type Server, TASK } from './server.ts';

export interface LoadOptions {
  /** Clients that each have one call under way. */
  clients: number;
  /** Calls per second over all clients; absent: as many as go. */
  perSecond?: number;
}

export interface Load {
  /** Ids of calls whose answers came whole, in the order they did. */
  readonly seen: string[];
  readonly failed: Map<string, number>;
  /** Milliseconds of each finished call, by the second it ended in. */
  readonly delays: { at: number; ms: number }[];
  /** Lets it run for `ms`, and on until some calls more have ended, well or badly, however slow the machine is. */
  run(ms: number): Promise<void>;
  /** Ends when the calls under way have. */
  stop(): Promise<void>;
}

const MIN_CALLS = 10;

/** Starts the clients. They go on through errors, and wait a little after one. */
export function startLoad(server: Server, { clients, perSecond }: LoadOptions): Load {
  const dispatcher = new Agent({ connections: clients, pipelining: 1 });
  const load = { seen: [] as string[], failed: new Map<string, number>(), delays: [] as Load['delays'] };
  const pauseMs = perSecond === undefined ? 0 : (clients / perSecond) * 1000;
  let stopping = false;

  async function client(number: number): Promise<void> {
    for (let turn = 0; !stopping; turn++) {
      const began = performance.now();
      try {
        load.seen.push(
          await callOnce(server, dispatcher, { stream: turn % 2 === 0, user: `user-${number}` }),
        );
        load.delays.push({ at: Date.now(), ms: performance.now() - began });
      } catch (error) {
        const name = nameOf(error);
        load.failed.set(name, (load.failed.get(name) ?? 0) + 1);
        await pause(20);
      }
      await pause(pauseMs - (performance.now() - began));
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const ended = () => [...load.failed.values()].reduce((sum, count) => sum + count, load.seen.length);
  return {
    ...load,
    async run(ms) {
      const enough = ended() + MIN_CALLS;
      await pause(ms);
      while (ended() < enough) await pause(20);
    },
    async stop() {
      stopping = true;
      await running;
      await dispatcher.destroy();
    },
  };
}

export interface CallOptions {
  stream: boolean;
  user: string;
}

/** One call; returns its id once the whole answer is here, throws otherwise. */
export async function callOnce(
  server: Server,
  dispatcher: Dispatcher,
  { stream, user }: CallOptions,
): Promise<string> {
  const { statusCode, headers, body } = await dispatcher.request({
    origin: server.url,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: TASK,
      stream,
      user,
      max_tokens: 24,
      messages: [{ role: 'user', content: 'Where is my parcel?' }],
    }),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${statusCode} ${JSON.parse(text).error?.code}`);
  const isWhole = stream ? text.trimEnd().endsWith('data: [DONE]') : JSON.parse(text).choices.length === 1;
  if (!isWhole) throw new Error('the answer was cut');
  return String(headers['x-trimtab-call-id']);
}

function nameOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code ?? message;
}

function pause(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
}
