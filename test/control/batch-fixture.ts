/** The control plane and a gateway in this process, by a clock turned by hand: batches as a server does them. */

import { type Control, createControl } from '../../src/control/control.ts';
import { createLineCalls, serveLineCall } from '../../src/control/line-calls.ts';
import type { CallRecord } from '../../src/core/call-record.ts';
import { createManualClock, type ManualClock, systemClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { silentLogger } from '../../src/core/log.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { hashSecret } from '../../src/governance/keys.ts';
import { providers } from '../../src/providers/index.ts';
import { policies } from '../../src/routing/index.ts';

export const KEY_ID = 'key_batches';
const KEY = { id: KEY_ID, sha256: hashSecret('tt-none'), name: 'batches', owner: null, tasks: null };

export interface BatchObject {
  id: string;
  status: string;
  output_file_id: string | null;
  error_file_id: string | null;
  request_counts: { total: number; completed: number; failed: number };
}

export interface LineResult {
  custom_id: string;
  response: { status_code: number; request_id: string; body: Record<string, unknown> } | null;
  error: { code: string; message: string } | null;
}

export interface BatchFixture extends AsyncDisposable {
  clock: ManualClock;
  readonly control: Control;
  /** Of the queue's calls. */
  readonly records: CallRecord[];
  create(lines: readonly unknown[], change?: Record<string, unknown>): Promise<BatchObject>;
  get(id: string): Promise<BatchObject>;
  cancel(id: string): Promise<BatchObject>;
  results(fileId: string | null): Promise<LineResult[]>;
  /** Turns the clock until `check` holds. */
  until<T>(find: () => Promise<T> | T, check: (found: T) => boolean, stepMs?: number): Promise<T>;
  /** Later all at once, as on a machine that slept: no timer runs for what lay between. */
  jump(ms: number): void;
  /** Until the batch has ended. */
  end(id: string, stepMs?: number): Promise<BatchObject>;
  /** Stops the process, as a kill would where `hard`, and starts the next one on the same data. */
  restart(change?: { config?: unknown }): Promise<void>;
}

export interface BatchFixtureOptions {
  config: unknown;
  env?: Record<string, string>;
  dataDir: string;
  databaseUrl?: string | null;
}

const ENDED = new Set(['completed', 'failed', 'expired', 'cancelled']);

export async function openBatches(options: BatchFixtureOptions): Promise<BatchFixture> {
  const turned = createManualClock(Date.now());
  let jumpedMs = 0;
  const clock: ManualClock = { ...turned, now: () => turned.now() + jumpedMs };
  const records: CallRecord[] = [];
  let config = options.config;
  let open = await start();

  async function start(): Promise<{ control: Control; gateway: Gateway }> {
    let gateway: Gateway | undefined;
    const calls = createLineCalls((message) =>
      serveLineCall(
        message,
        (request, response) => gateway?.handle(request, response),
        (reply) => calls.ran(reply),
      ),
    );
    const control = await createControl({
      options: {
        dataDir: options.dataDir,
        databaseUrl: options.databaseUrl ?? null,
        config,
        configPath: null,
        cwd: options.dataDir,
        watch: false,
        probeLocal: false,
        adminToken: null,
        firstKey: null,
        cliToken: null,
        processKeys: [{ ...KEY, expiresAt: null, disabled: false }],
      },
      env: options.env ?? {},
      clock,
      logger: silentLogger,
      mode: 'server',
      calls,
      onSnapshot: (snapshot) => gateway?.update(snapshot),
    });
    gateway = createGateway({
      snapshot: control.deps.revisions.snapshot(),
      providers,
      policies,
      recorder: { take: (record) => records.push(record), state: 'ok', close() {} },
      clock: systemClock,
      makeId: createIdMaker(),
      random: Math.random,
      logger: silentLogger,
      feedback: () => Promise.reject(new Error('no feedback')),
      localVendors: new Map(),
    });
    return { control, gateway };
  }

  const ask = async (method: string, path: string, body?: string | FormData): Promise<Response> => {
    const json = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const request = new Request(`http://t.invalid${path}`, { method, headers: json, ...(body && { body }) });
    const answer = await open.control.keptApi(KEY_ID, request);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const fixture: BatchFixture = {
    clock,
    records,
    get control() {
      return open.control;
    },
    async create(lines, change = {}) {
      const form = new FormData();
      form.set('purpose', 'batch');
      form.set('file', new File([lines.map((line) => JSON.stringify(line)).join('\n')], 'in.jsonl'));
      const { id } = (await (await ask('POST', '/v1/files', form)).json()) as { id: string };
      const body = { endpoint: '/v1/chat/completions', completion_window: '24h', ...change };
      return (
        await ask('POST', '/v1/batches', JSON.stringify({ input_file_id: id, ...body }))
      ).json() as never;
    },
    get: async (id) => (await (await ask('GET', `/v1/batches/${id}`)).json()) as BatchObject,
    cancel: async (id) => (await (await ask('POST', `/v1/batches/${id}/cancel`)).json()) as BatchObject,
    async results(fileId) {
      if (fileId === null) return [];
      const text = await (await ask('GET', `/v1/files/${fileId}/content`)).text();
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LineResult);
    },
    async until(find, check, stepMs = 250) {
      for (let turns = 0; turns < 4_000; turns++) {
        const found = await find();
        if (check(found)) return found;
        clock.turn(stepMs);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      throw new Error(`It never came: ${JSON.stringify(await find())}`);
    },
    jump(ms) {
      jumpedMs += ms;
    },
    end: (id, stepMs) =>
      fixture.until(
        () => fixture.get(id),
        ({ status }) => ENDED.has(status),
        stepMs,
      ),
    async restart(change = {}) {
      await open.gateway.close();
      await open.control.stop();
      config = change.config ?? config;
      open = await start();
    },
    async [Symbol.asyncDispose]() {
      await open.gateway.close();
      await open.control.stop();
    },
  };
  return fixture;
}
