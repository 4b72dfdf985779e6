/**
 * The composition root: puts the two threads together and is the only file that knows every room. Start: lock ->
 * control thread (store, config) -> spool -> gateway -> server. Stop: the same backwards, so that nothing taken is lost.
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeDataDir, spoolFolder } from './control/data-folder.ts';
import { type ControlHost, createControlHost } from './control/host.ts';
import { answerError } from './control/host-answers.ts';
import type { ControlOptions, Notice } from './control/link.ts';
import { removeServerFile, writeServerFile } from './control/server-file.ts';
import { readVersion } from './control/version.ts';
import { systemClock } from './core/clock.ts';
import { createIdMaker } from './core/id.ts';
import { type Logger, silentLogger } from './core/log.ts';
import type { Recorder } from './evidence/recorder.ts';
import type { Gateway } from './gateway/gateway.ts';
import { newVirtualKey } from './governance/keys.ts';
import { createRedactingLogger, createSnapshotRedact, redact } from './governance/redact.ts';
import type { Snapshot, Stack } from './stack/stack.ts';
import { lockDataDir } from './store/lock.ts';

/**
 * The gateway thread's rooms. Loaded while the control thread starts, not before: on two cores the two loads run
 * side by side, which is a third of the time to ready.
 */
async function loadDataPlane() {
  const [spool, gateway, server, fetching, registry, sandbox, vendor, routing] = await Promise.all([
    import('./evidence/spool.ts'),
    import('./gateway/create-gateway.ts'),
    import('./gateway/server.ts'),
    import('./gateway/in-process.ts'),
    import('./providers/index.ts'),
    import('./providers/sandbox/index.ts'),
    import('./providers/sandbox/vendor/start.ts'),
    import('./routing/index.ts'),
  ]);
  return { ...spool, ...gateway, ...server, ...fetching, ...registry, ...sandbox, ...vendor, ...routing };
}

type DataPlane = Awaited<ReturnType<typeof loadDataPlane>>;

const HEALTH_EVERY_MS = 1_000;
const LOOP_RESOLUTION_MS = 20;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface StartOptions {
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default 7070; 0 takes a free one. */
  port?: number;
  /** Default `./.trimtab` below `cwd`; made with mode 0700. */
  dataDir?: string;
  /** Default: `trimtab.config.*` in `cwd`, else what is found on the machine. */
  configPath?: string | null;
  /** PostgreSQL; default `null`: SQLite in the data folder. */
  databaseUrl?: string | null;
  /** Where secrets by reference come from. Default `process.env`. */
  env?: Environment;
  cwd?: string;
  logger?: Logger;
  /** Apply edits of the config file. Default true. */
  watch?: boolean;
  /** Look on local ports for providers when there is no config. Default true. */
  probeLocal?: boolean;
  /** Replaces the stored admin token. Default: one is made at first start. */
  adminToken?: string | null;
  /** A virtual key that must exist. Default: one is made when there are none. */
  firstKey?: string | null;
  /** Told what should be said on the terminal after the start. */
  onNotice?: (notice: Notice) => void;
}

export interface RunningTrimtab {
  /** Where it listens, with the real port. */
  url: string;
  dataDir: string;
  version: string;
  /** A `model` that works for a first call: simulated where there is a sandbox. */
  exampleModel: string;
  /** What to say at start: first secrets (shown once, never logged), what was found, warnings. */
  notices: Notice[];
  /** Takes its leave as `gateway.shutdown` says, stores what it can, closes. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a server. Throws data_folder_in_use, address_unavailable, store_unavailable, config_invalid; whatever was
 * opened by then is closed again.
 */
export async function startTrimtab(options: StartOptions = {}): Promise<RunningTrimtab> {
  const host = options.host ?? '127.0.0.1';
  const port = options.port ?? 7070;
  const logger = options.logger ?? silentLogger;
  const cliToken = randomBytes(32).toString('base64url');
  const core = await startCore({ ...options, config: null, cliToken, processKeys: [] });
  try {
    const server = await core.plane.startServer({
      gateway: core.gateway,
      forward: (request, response) => core.host.forward(request, response),
      host,
      port,
      limits: {
        // Asked at every request: an edit of the config counts at once. The size of a head is set with the socket.
        get maxBodyBytes() {
          return core.snapshot.stack.gateway.maxBodyBytes;
        },
        maxHeaderBytes: core.snapshot.stack.gateway.maxHeaderBytes,
        get shutdown() {
          return core.snapshot.stack.gateway.shutdown;
        },
      },
      logger,
    });
    core.host.send({ type: 'listening', url: server.url });
    writeServerFile(core.dataDir, {
      url: server.url,
      pid: process.pid,
      token: cliToken,
      startedAt: systemClock.now(),
    });
    const stop = async () => {
      core.host.send({ type: 'rest' });
      core.host.endAnswers();
      await server.close();
      removeServerFile(core.dataDir);
      await core.close();
    };
    let stopped: Promise<void> | undefined;
    return {
      url: server.url,
      dataDir: core.dataDir,
      version: readVersion(),
      exampleModel: chooseExampleModel(core.snapshot.stack, core.plane),
      notices: [...core.notices, ...exposureNotices(host)],
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await core.close();
    throw error;
  }
}

export interface CreateStackOptions
  extends Pick<StartOptions, 'dataDir' | 'databaseUrl' | 'logger' | 'env' | 'cwd'> {}

/** A stack inside this process, without the hop over a socket. */
export interface InProcessStack {
  /**
   * As `fetch` to a server's `/v1/*`, whatever the host in the URL says: `new OpenAI({ fetch: stack.fetch })`. A
   * request that carries a virtual key is that key's; any other is the process's own.
   */
  fetch: typeof fetch;
  /** Resolved: `createStack` returns when calls can be made. */
  ready: Promise<void>;
  /** Finishes calls under way, stores what it can, closes. */
  close(): Promise<void>;
}

/**
 * Runs a stack in this process: the same gateway, spool, store and prices as a server, on its own data folder.
 * `config` is what `defineStack` returns. Throws config_invalid, data_folder_in_use, store_unavailable.
 */
export async function createStack(
  config: unknown,
  options: CreateStackOptions = {},
): Promise<InProcessStack> {
  const { key, sha256 } = newVirtualKey();
  const processKey = {
    id: 'key_in_process',
    sha256,
    name: 'in process',
    owner: null,
    tasks: null,
    expiresAt: null,
    disabled: false,
  };
  const core = await startCore({ ...options, config, cliToken: null, processKeys: [processKey] });
  const plain = core.plane.createFetch(core.gateway);
  return {
    fetch: (input, init) => plain(...withKey(key, input, init)),
    ready: Promise.resolve(),
    async close() {
      core.host.send({ type: 'rest' });
      await core.gateway.drain({ ...core.snapshot.stack.gateway.shutdown, noticeMs: 0 });
      await core.close();
    },
  };
}

type FetchInput = Parameters<typeof fetch>[0];

/** Puts the process's own key where a request carries none of ours: SDKs insist on sending some key. */
function withKey(key: string, input: FetchInput, init?: RequestInit): [FetchInput, RequestInit] {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  const given = headers.get('authorization') ?? headers.get('x-api-key') ?? '';
  if (/^(bearer )?tt-/i.test(given)) return [input, init ?? {}];
  headers.delete('x-api-key');
  headers.set('authorization', `Bearer ${key}`);
  return [input, { ...init, headers }];
}

interface CoreOptions extends StartOptions {
  config: unknown;
  cliToken: string | null;
  processKeys: ControlOptions['processKeys'];
}

/** Everything but the listening socket: what a server and an in-process stack share. */
interface Core {
  plane: DataPlane;
  dataDir: string;
  host: ControlHost;
  gateway: Gateway;
  /** What is served by now. */
  readonly snapshot: Snapshot;
  notices: Notice[];
  close(): Promise<void>;
}

async function startCore(options: CoreOptions): Promise<Core> {
  const cwd = options.cwd ?? process.cwd();
  const dataDir = resolve(cwd, options.dataDir ?? '.trimtab');
  let clean = redact;
  const logger = createRedactingLogger(options.logger ?? silentLogger, () => clean);
  makeDataDir(dataDir);
  const lock = lockDataDir(dataDir);
  let gateway: Gateway | undefined;
  let latest: Snapshot | undefined;
  const host = createControlHost({
    control: toControlOptions(options, dataDir, cwd),
    env: options.env ?? process.env,
    clock: systemClock,
    logger,
    onSnapshot(snapshot) {
      latest = snapshot;
      clean = createSnapshotRedact(snapshot);
      gateway?.update(snapshot);
    },
    onEngines: (reports) => gateway?.setEngines(reports),
    onNotice: options.onNotice ?? (() => {}),
    serve(request, response) {
      if (gateway) gateway.handle(request, response);
      else answerError(response, 'shutting_down', 'the gateway is not there yet, or no more');
    },
  });
  try {
    const [plane, first] = await Promise.all([loadDataPlane(), host.ready]);
    const snapshot = latest ?? first.snapshot;
    const serving = startDataPlane({ plane, host, snapshot, dataDir, logger });
    gateway = serving.gateway;
    return {
      plane,
      dataDir,
      host,
      gateway,
      get snapshot() {
        return latest ?? snapshot;
      },
      notices: first.notices,
      async close() {
        await serving.closeGateway();
        await host.stop();
        await serving.closeVendors();
        lock.release();
      },
    };
  } catch (error) {
    await host.stop();
    lock.release();
    throw error;
  }
}

interface DataPlaneParts {
  plane: DataPlane;
  host: ControlHost;
  snapshot: Snapshot;
  dataDir: string;
  logger: Logger;
}

/** The spool and the gateway on it, their health reported. */
function startDataPlane({ plane, host, snapshot, dataDir, logger }: DataPlaneParts) {
  const recorder = plane.openSpool({
    dir: spoolFolder(dataDir),
    maxBytes: snapshot.stack.spool.maxBytes,
    logger,
    onAppend: () => host.spooled(),
  });
  const vendors = createLocalVendors(plane);
  const gateway = plane.createGateway({
    snapshot,
    providers: plane.providers,
    policies: plane.policies,
    recorder,
    clock: systemClock,
    makeId: createIdMaker(),
    random: Math.random,
    logger,
    feedback: (keyId, body) => host.feedback(keyId, body),
    responses: host.responses,
    keptApi: (keyId, request, response) => host.keptApi(keyId, request, response),
    localVendors: vendors.byOrigin,
  });
  const stopHealth = reportHealth(gateway, host, recorder);
  return {
    gateway,
    /** The spool closes after the last record and before the drain's last look. */
    async closeGateway() {
      stopHealth();
      await gateway.close();
      recorder.close();
    },
    closeVendors: vendors.close,
  };
}

function toControlOptions(options: CoreOptions, dataDir: string, cwd: string): ControlOptions {
  return {
    dataDir,
    databaseUrl: options.databaseUrl ?? null,
    config: options.config,
    configPath: options.configPath ?? null,
    cwd,
    watch: options.watch ?? true,
    probeLocal: options.probeLocal ?? true,
    adminToken: options.adminToken ?? null,
    firstKey: options.firstKey ?? null,
    cliToken: options.cliToken,
    processKeys: options.processKeys,
  };
}

/** Vendors simulated on this machine, each started once, at its first call. */
function createLocalVendors({ startVendor, SANDBOX_ORIGIN }: DataPlane) {
  let vendor: ReturnType<typeof startVendor> | undefined;
  const start = () => {
    vendor ??= startVendor();
    return vendor;
  };
  return {
    byOrigin: new Map([[SANDBOX_ORIGIN, start]]),
    close: async () => (await vendor)?.close(),
  };
}

/** Sends measured health to the control thread once a second; returns what stops it. */
function reportHealth(gateway: Gateway, host: ControlHost, recorder: Recorder): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const timer = systemClock.every(HEALTH_EVERY_MS, () => {
    const { deployments, drained, callsServed, openStreams } = gateway.health();
    const p99 = delay.count > 0 ? delay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS : 0;
    delay.reset();
    host.send({
      type: 'health',
      deployments,
      drained,
      process: {
        rssBytes: process.memoryUsage.rss(),
        callsServed,
        openStreams,
        eventLoopDelayP99Ms: Math.max(0, p99),
        spool: recorder.state,
      },
    });
  });
  return () => {
    timer.stop();
    delay.disable();
  };
}

/** A simulated model where there is one (costs nothing), else the first task, else any model. */
function chooseExampleModel({ providers: configured, tasks }: Stack, { findProvider }: DataPlane): string {
  const named = Object.entries(configured).flatMap(([name, { type }]) => {
    const provider = findProvider(type);
    return provider ? [{ name, provider }] : [];
  });
  const free = named.find(({ provider }) => provider.sandbox);
  const [task] = Object.keys(tasks);
  if (!free && task !== undefined) return task;
  const chosen = free ?? named[0];
  return chosen ? `${chosen.name}/${chosen.provider.suggestedModels[0] ?? 'default'}` : 'no-provider';
}

const LOOPBACK = /^(127\.|::1$|localhost$|\[::1\]$)/;

function exposureNotices(host: string): Notice[] {
  if (LOOPBACK.test(host)) return [];
  const text = `Listening on ${host} without TLS: keys and prompts cross the network in the clear. Put a TLS proxy in front.`;
  return [{ level: 'warn', text }];
}
