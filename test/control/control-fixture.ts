import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiError } from '../../src/control/answers.ts';
import { routes } from '../../src/control/app.ts';
import { type Control, type ControlSetup, createControl } from '../../src/control/control.ts';
import type { ControlOptions } from '../../src/control/link.ts';
import type { CallRecord } from '../../src/core/call-record.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import { silentLogger } from '../../src/core/log.ts';
import type { Snapshot } from '../../src/stack/stack.ts';

export const ADMIN_TOKEN = 'tt-admin-test-0123456789abcdef';
export const CLI_TOKEN = 'cli-token-of-this-boot';

/** A stack with one task on the simulated vendor, as a person would write it. */
export const STACK = {
  providers: { sandbox: { type: 'sandbox' } },
  tasks: { reply: { route: ['sandbox/large', 'sandbox/small'] } },
};

export interface ControlFixture extends AsyncDisposable {
  control: Control;
  dataDir: string;
  snapshots: Snapshot[];
  /** Calls the app as the CLI does, signed in. */
  get(path: string): Promise<Response>;
  send(method: string, path: string, body?: unknown): Promise<Response>;
  /** Opens the same data folder again, as a restart does. */
  reopen(change?: Partial<ControlOptions>): Promise<void>;
}

export interface FixtureOptions extends Partial<ControlOptions> {
  env?: Record<string, string>;
  clock?: Clock;
  mode?: 'server' | 'command';
  onEngines?: ControlSetup['onEngines'];
}

/** The control plane over a real SQLite store in a folder of its own. */
export async function openControl(options: FixtureOptions = {}): Promise<ControlFixture> {
  const { env = {}, clock = systemClock, mode = 'server', onEngines = () => {}, ...control } = options;
  const dataDir = control.dataDir ?? mkdtempSync(join(tmpdir(), 'trimtab-control-'));
  const snapshots: Snapshot[] = [];
  const open = (change: Partial<ControlOptions> = {}) =>
    createControl({
      options: {
        dataDir,
        databaseUrl: null,
        config: null,
        configPath: null,
        cwd: dataDir,
        watch: false,
        probeLocal: false,
        adminToken: ADMIN_TOKEN,
        firstKey: null,
        cliToken: CLI_TOKEN,
        processKeys: [],
        ...control,
        ...change,
      },
      env,
      clock,
      logger: silentLogger,
      mode,
      onEngines,
      onSnapshot: (snapshot) => snapshots.push(snapshot),
    });
  const fixture: ControlFixture = {
    control: await open().catch((error: unknown) => {
      if (control.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
      throw error;
    }),
    dataDir,
    snapshots,
    get: (path) => fixture.send('GET', path),
    async send(method, path, body) {
      const answer = await fixture.control.app.fetch(
        new Request(`http://control.invalid${path}`, {
          method,
          headers: {
            authorization: `Bearer ${CLI_TOKEN}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
      await checkContract(method, path, answer);
      return answer;
    },
    async reopen(change) {
      await fixture.control.stop();
      fixture.control = await open(change);
    },
    async [Symbol.asyncDispose]() {
      await fixture.control.stop();
      if (control.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** Every answer a test gets is what the OpenAPI document says, member for member. */
async function checkContract(method: string, path: string, answer: Response): Promise<void> {
  const parts = path.split('?', 1)[0]?.split('/') ?? [];
  const route = routes.find(({ method: own, path: pattern }) => {
    const wanted = pattern.split('/');
    const fits =
      wanted.length === parts.length &&
      wanted.every((part, at) => part.startsWith(':') || part === parts[at]);
    return own === method && fits;
  });
  if (!answer.headers.get('content-type')?.startsWith('application/json') || !route) return;
  const schema = answer.ok ? route.answer.schema : apiError;
  if (answer.ok && answer.status !== route.answer.status) throw new Error(`${path}: ${answer.status}`);
  schema?.parse(await answer.clone().json());
}

/** A finished call of the sandbox; `change` replaces members. */
export function sampleCall(change: Partial<CallRecord> = {}): CallRecord {
  const startedAt = change.startedAt ?? Date.now();
  const usage = { inputTokens: 100, outputTokens: 20 };
  return {
    id: createIdMaker(() => startedAt)('call'),
    startedAt,
    durationMs: 800,
    ttftMs: null,
    revision: 'rev_0000000000000000',
    protocol: 'chat',
    streamed: false,
    task: 'reply',
    requestedModel: 'reply',
    keyId: 'key_1',
    user: 'ada',
    tags: {},
    dataClass: 'internal',
    outcome: 'ok',
    status: 200,
    errorCode: null,
    errorMessage: null,
    deployment: 'sandbox/large',
    provider: 'sandbox',
    model: 'large',
    sandbox: true,
    finishReason: 'stop',
    usage,
    costNanoUsd: 1_000_000,
    unpriced: false,
    requestBytes: 300,
    responseBytes: 200,
    attempts: [
      {
        deployment: 'sandbox/large',
        provider: 'sandbox',
        model: 'large',
        region: null,
        kind: 'primary',
        reason: 'first of the route',
        startMs: 1,
        headersMs: 700,
        firstTokenMs: null,
        endMs: 790,
        outcome: 'ok',
        status: 200,
        errorCode: null,
        errorMessage: null,
        usage,
        costNanoUsd: 1_000_000,
        priceSource: 'sandbox',
      },
    ],
    skipped: [],
    stages: [['authenticate', 0, 0.1]],
    ...change,
  };
}
