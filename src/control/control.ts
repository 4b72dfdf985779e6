/**
 * The control plane, put together: store, sign-in, revisions, drain, app and jobs, without a thread or a socket of its
 * own. `worker.ts` runs it beside a gateway; `open-local.ts` runs it alone for a CLI command.
 */
import type { Hono } from 'hono';
import type { Clock, Timer } from '../core/clock.ts';
import { TrimtabError } from '../core/error.ts';
import { createIdMaker } from '../core/id.ts';
import type { Logger } from '../core/log.ts';
import { createDrain } from '../evidence/drain.ts';
import { parseFeedback } from '../evidence/feedback.ts';
import { createMetrics } from '../evidence/metrics.ts';
import { createUpstream } from '../gateway/upstream/upstream.ts';
import { redact } from '../governance/redact.ts';
import { toErrorBody } from '../protocols/error-body.ts';
import { catalog } from '../providers/index.ts';
import type { EngineReports } from '../routing/engine-loads.ts';
import { policies } from '../routing/index.ts';
import { watchConfig } from '../stack/load.ts';
import type { Snapshot } from '../stack/stack.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { createAdviceKind, startAdviceSchedule } from './advice/advice-job.ts';
import { createAdviceKeeper } from './advice/keeper.ts';
import { createApp } from './app.ts';
import { createBatchKind } from './batches/batch-job.ts';
import { createKeptApi, type KeptApi } from './batches/kept-api.ts';
import { createConfigSource } from './config-source.ts';
import { spoolFolder } from './data-folder.ts';
import type { ControlDeps, RunState } from './deps.ts';
import { createEngineWatch } from './engines/watch.ts';
import { ensureSecrets } from './first-start.ts';
import { createJobRunner, type JobKind, type JobRunner } from './jobs/runner.ts';
import { type LineCalls, NO_LINE_CALLS } from './line-calls.ts';
import type { ControlOptions, Notice } from './link.ts';
import { createLiveCalls } from './live.ts';
import { createLoadTestKind } from './load-tests/load-test-job.ts';
import { toPublicError } from './public-error.ts';
import { createResponseKeeper, type ResponseKeeper } from './responses.ts';
import { createRevisions, type Revisions } from './revisions.ts';
import { createSignIn } from './sign-in.ts';
import type { Assets } from './static.ts';
import { readVersion } from './version.ts';

const EXPIRE_EVERY_MS = 3_600_000;
const FIRST_EXPIRE_MS = 60_000;
/** How soon what another process changed in a shared database arrives here. */
const REFRESH_EVERY_MS = 3_000;
const KEEP_ALIVE_EVERY_MS = 15_000;

export interface ControlSetup {
  options: ControlOptions;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
  onSnapshot: (snapshot: Snapshot) => void;
  /** Told what engines tell of themselves. */
  onEngines?: (reports: EngineReports) => void;
  /**
   * `server`: applies config, makes first secrets, keeps draining, runs jobs. `command`: drains once, before
   * anything is read, and does none of the others.
   */
  mode: 'server' | 'command';
  /** The dashboard's files; absent: none are served. Closed with the rest. */
  assets?: Assets;
  /** How calls are made through the gateway. Absent: there is none. */
  calls?: Pick<LineCalls, 'run'>;
}

export interface Control {
  readonly app: Hono;
  /** Files and batches of virtual keys. */
  readonly keptApi: KeptApi;
  readonly deps: ControlDeps;
  /** What to say on the terminal at start, secrets included. */
  readonly notices: Notice[];
  /** New records are in the spool. */
  spooled(): void;
  spoolPendingBytes(): number;
  /** Takes feedback of a call; answers what the client gets. */
  takeFeedback(keyId: string, body: unknown): Promise<{ status: number; body: unknown }>;
  readonly responses: ResponseKeeper;
  /** Begins no more work in the background, and hands back what runs once its calls under way are answered. */
  rest(): Promise<void>;
  /** Drains what can be drained and closes everything. */
  stop(): Promise<void>;
}

/** Opens the control plane. Throws store_unavailable, config_invalid. */
export async function createControl(setup: ControlSetup): Promise<Control> {
  const { options, clock, logger } = setup;
  const store = await openStore({
    dataDir: options.dataDir,
    databaseUrl: options.databaseUrl,
    logger,
    clock,
  });
  try {
    return await assemble(setup, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(setup: ControlSetup, store: Store): Promise<Control> {
  const { options, clock, logger, mode } = setup;
  const makeId = createIdMaker(clock.now);
  const notices = mode === 'server' ? await ensureSecrets({ store, clock, makeId, ...options }) : [];
  const revisions = openRevisions(setup, store, notices);
  const parts: Omit<ControlDeps, 'advice'> = {
    store,
    revisions,
    engines: createEngineWatch({
      snapshot: () => revisions.snapshot(),
      upstream: createUpstream(new Map(), clock),
      clock,
      onReports: setup.onEngines ?? (() => {}),
    }),
    signIn: await createSignIn({ settings: store.settings, clock, cliToken: options.cliToken }),
    live: createLiveCalls(),
    jobs: { add: store.jobs.add, cancel: (id, how) => store.jobs.cancel(id, clock.now(), how) },
    metrics: createMetrics(),
    state: newRunState(clock, options),
    clock,
    makeId,
    logger,
  };
  const deps: ControlDeps = { ...parts, advice: createAdviceKeeper(parts) };
  await deps.revisions.start({ activate: mode === 'server' });
  const drain = openDrain(deps, options);
  const { calls = NO_LINE_CALLS } = setup;
  const batches = createBatchKind(deps, calls);
  const kinds = [batches, createAdviceKind(deps), createLoadTestKind(deps, calls)];
  const runner = mode === 'server' ? startRunner(deps, setup, kinds) : null;
  if (mode === 'server') drain.wake();
  else await drain.stop();
  const stopJobs = mode === 'server' ? startJobs(deps, options) : () => {};
  return {
    app: createApp(deps, setup.assets),
    keptApi: createKeptApi(deps),
    deps,
    notices,
    spooled: () => drain.wake(),
    spoolPendingBytes: () => drain.pendingBytes(),
    takeFeedback: (keyId, body) => takeFeedback(deps, keyId, body),
    responses: createResponseKeeper(deps),
    rest: async () => runner?.stop(),
    async stop() {
      stopJobs();
      await runner?.stop();
      await batches.close();
      await deps.advice.stop();
      setup.assets?.close();
      await deps.engines.close();
      deps.live.close();
      if (mode === 'server') await drain.stop();
      await store.close();
    },
  };
}

/** `notices` gains what discovery finds. */
function openRevisions(setup: ControlSetup, store: Store, notices: Notice[]): Revisions {
  const { options, env } = setup;
  return createRevisions({
    ...setup,
    store,
    config: createConfigSource({
      ...options,
      env,
      catalog,
      onFound: (found) => notices.push(...found.map(toFoundNotice)),
    }),
    catalog,
    policies: policies.map(({ name }) => name),
    processKeys: options.processKeys,
  });
}

function openDrain(deps: ControlDeps, { dataDir }: ControlOptions) {
  const { store, logger, clock } = deps;
  return createDrain({
    dir: spoolFolder(dataDir),
    insert: (records) => store.calls.insert(records),
    logger,
    clock,
    onInserted(records) {
      deps.metrics.observe(records);
      deps.live.publish(records);
    },
  });
}

/** Does the jobs of the store. */
function startRunner(deps: ControlDeps, { options }: ControlSetup, kinds: readonly JobKind[]): JobRunner {
  const { store, makeId, clock, logger } = deps;
  const runner = createJobRunner({
    store: store.jobs,
    kinds,
    worker: makeId('job'),
    // The data folder is locked by this process.
    exclusive: options.databaseUrl === null,
    clock,
    logger,
  });
  deps.jobs = runner;
  return runner;
}

function newRunState(clock: Clock, options: ControlOptions): RunState {
  return {
    version: readVersion(),
    startedAt: clock.now(),
    url: null,
    engine: options.databaseUrl === null ? 'SQLite' : 'PostgreSQL',
    deployments: [],
    drained: [],
    process: null,
    spoolPendingBytes: 0,
    presence: { real: false, sandbox: false },
    storage: { calls: 0, bytes: 0, bytesPerCall: null, oldest: null },
  };
}

function toFoundNotice(text: string): Notice {
  return { level: 'info', text, name: 'found' };
}

/** Starts what runs beside requests; returns what stops it. */
function startJobs(deps: ControlDeps, options: ControlOptions): () => void {
  const { clock, revisions, engines, live, logger } = deps;
  const timers: Timer[] = [
    clock.after(FIRST_EXPIRE_MS, () => void expire(deps)),
    clock.every(EXPIRE_EVERY_MS, () => void expire(deps)),
    clock.every(KEEP_ALIVE_EVERY_MS, () => live.keepAlive()),
  ];
  if (options.databaseUrl !== null) timers.push(clock.every(REFRESH_EVERY_MS, () => void refresh(deps)));
  const stopAdvice = startAdviceSchedule(deps);
  const stopEngines = engines.start();
  const { configFile } = revisions.status();
  const watcher =
    configFile !== null && options.watch
      ? watchConfig(configFile, () => void revisions.configChanged())
      : null;
  if (configFile !== null)
    logger.info({ file: configFile, watching: options.watch }, 'the stack comes from a file');
  return () => {
    for (const timer of timers) timer.stop();
    stopAdvice();
    stopEngines();
    watcher?.close();
  };
}

/** Deletes what retention says. A store that is away is asked again in an hour. */
async function expire({ store, revisions, clock, logger }: ControlDeps): Promise<void> {
  try {
    const gone = await store.expire(revisions.active().stack.retention, clock.now());
    if (gone.calls + gone.payloads + gone.rollups > 0) logger.info(gone, 'retention deleted old rows');
  } catch (error) {
    logger.warn({ error: messageOf(error) }, 'retention did not run; it runs again in an hour');
  }
}

/** Picks up keys, revisions and sign-in secrets that another process on the same database changed. */
async function refresh({ revisions, signIn, logger }: ControlDeps): Promise<void> {
  try {
    await revisions.refresh();
    await signIn.refresh();
  } catch (error) {
    // The drain and the API already say, each in its place, that the database is away.
    if (error instanceof TrimtabError && error.code === 'store_unavailable') return;
    logger.error({ error: messageOf(error) }, 'reading changes of other processes failed');
  }
}

async function takeFeedback(
  { store, makeId, clock, logger }: ControlDeps,
  keyId: string,
  body: unknown,
): Promise<{ status: number; body: unknown }> {
  try {
    const feedback = parseFeedback(body, { keyId, makeId, now: clock.now() });
    await store.feedback.add(feedback);
    return { status: 201, body: feedback };
  } catch (error) {
    const known = toPublicError(error, { logger, what: 'feedback was not taken' });
    return { status: known.status, body: toErrorBody(known, redact) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
