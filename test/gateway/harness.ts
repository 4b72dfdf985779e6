/** A gateway over real upstreams, reached through either transport. What is not under test is real too, or a plain list. */
import OpenAI from 'openai';
import type { TestContext } from 'vitest';
import type { CallRecord } from '../../src/core/call-record.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createIdMaker } from '../../src/core/id.ts';
import type { LogFields, Logger } from '../../src/core/log.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Gateway, GatewayOptions } from '../../src/gateway/gateway.ts';
import { createFetch } from '../../src/gateway/in-process.ts';
import { type ServerLimits, startServer } from '../../src/gateway/server.ts';
import { hashSecret } from '../../src/governance/keys.ts';
import { providers } from '../../src/providers/index.ts';
import { policies } from '../../src/routing/index.ts';
import type {
  DataPolicy,
  DeploymentConfig,
  KeySnapshot,
  ProviderConfig,
  RetryConfig,
  Snapshot,
  TaskConfig,
  Timeouts,
} from '../../src/stack/stack.ts';

export type Transport = 'server' | 'in-process';
export const TRANSPORTS: readonly Transport[] = ['server', 'in-process'];

export const KEY = `tt-${'a'.repeat(32)}`;
export const TIMEOUTS: Timeouts = {
  connectMs: 5_000,
  headersMs: 20_000,
  firstTokenMs: 20_000,
  idleMs: 20_000,
  totalMs: 60_000,
};
/** USD per million tokens: 1,000 in and 200 out cost 1,000 x 2 + 200 x 10 millionths = 0.004 USD. */
export const PRICE = { inputPerMillion: 2, outputPerMillion: 10 };
export const COST_NANO_USD = 4_000_000;

/** What one attempt does is what most tests are about. */
const NO_RETRIES: RetryConfig = { attempts: 0, backoffMs: 0, maxWaitMs: 0 };

const NO_SHUTDOWN_TIME = { noticeMs: 0, deadlineMs: 0 };

const OWN: DataPolicy = {
  party: 'own',
  allow: ['public', 'internal', 'confidential', 'restricted'],
  regions: [],
  retentionDays: null,
  trainsOnData: null,
};

export function provider(baseUrl: string, changes: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    type: 'openai-compatible',
    baseUrl,
    apiKey: null,
    headers: {},
    default: false,
    dataPolicy: OWN,
    options: {},
    ...changes,
  };
}

export function deployment(providerName: string, changes: Partial<DeploymentConfig> = {}): DeploymentConfig {
  return {
    provider: providerName,
    model: `model-of-${providerName}`,
    region: null,
    price: PRICE,
    limits: { maxConcurrent: null, requestsPerMinute: null, tokensPerMinute: null },
    timeouts: TIMEOUTS,
    ...changes,
  };
}

export function task(deployments: string[], changes: Partial<TaskConfig> = {}): TaskConfig {
  return {
    description: null,
    dataClass: 'internal',
    latencyClass: 'interactive',
    capture: 'metadata',
    route: { policy: 'ordered', targets: deployments.map((name) => ({ deployment: name, weight: 1 })) },
    retries: NO_RETRIES,
    budget: null,
    quality: null,
    ...changes,
  };
}

export interface SnapshotParts {
  providers?: Record<string, ProviderConfig>;
  deployments?: Record<string, DeploymentConfig>;
  tasks?: Record<string, TaskConfig>;
  keys?: KeySnapshot[];
  revision?: string;
  secrets?: Snapshot['secrets'];
  gateway?: Partial<Snapshot['stack']['gateway']>;
  whenFull?: 'refuse' | 'unrecorded';
}

export function key(changes: Partial<KeySnapshot> = {}): KeySnapshot {
  return {
    id: 'key_test',
    sha256: hashSecret(KEY),
    name: 'test',
    owner: null,
    tasks: null,
    expiresAt: null,
    disabled: false,
    ...changes,
  };
}

export function snapshot(parts: SnapshotParts): Snapshot {
  const all = parts.providers ?? {};
  return {
    revision: parts.revision ?? 'rev_test',
    stack: {
      providers: all,
      deployments: parts.deployments ?? {},
      tasks: parts.tasks ?? {},
      gateway: {
        maxBodyBytes: 1_000_000,
        maxAnswerBytes: 200_000,
        maxHeaderBytes: 16_384,
        maxFileBytes: 1_000_000_000,
        maxBatchCalls: 4,
        shutdown: NO_SHUTDOWN_TIME,
        untasked: { dataClass: 'internal', capture: 'metadata' },
        timeouts: TIMEOUTS,
        ...parts.gateway,
      },
      spool: { whenFull: parts.whenFull ?? 'refuse', maxBytes: 1e9 },
      retention: { callsDays: 30, payloadsDays: 7, rollupsDays: 400, filesDays: 30 },
    },
    secrets:
      parts.secrets ??
      Object.fromEntries(
        Object.keys(all).map((name) => [name, { apiKey: `vendor-key-of-${name}`, headers: {} }]),
      ),
    keys: parts.keys ?? [key()],
  };
}

/** One provider, deployment `a` (then `b`, ...) per base URL, and the task `reply` over them in order. */
export function stackOver(
  baseUrls: string[],
  changes: SnapshotParts & { deployment?: Partial<DeploymentConfig> } = {},
): Snapshot {
  const names = baseUrls.map((_, index) => String.fromCharCode(97 + index));
  return snapshot({
    providers: Object.fromEntries(
      names.map((name, index) => [`vendor-${name}`, provider(baseUrls[index] ?? '')]),
    ),
    deployments: Object.fromEntries(
      names.map((name) => [name, deployment(`vendor-${name}`, changes.deployment)]),
    ),
    tasks: { reply: task(names) },
    ...changes,
  });
}

export interface Harness {
  gateway: Gateway;
  records: CallRecord[];
  logs: { level: string; fields: LogFields; message: string }[];
  /** The official SDK, without its own retries. */
  openai: OpenAI;
  fetch: typeof fetch;
  /** `http://.../v1` */
  baseUrl: string;
  recorder: { state: 'ok' | 'full' };
  /** As a process does that is told to stop. Behind a server only. */
  stop(): Promise<void>;
  /** The record of the call after those there are now. */
  nextRecord(): Promise<CallRecord>;
}

export interface HarnessOptions {
  transport?: Transport;
  snapshot: Snapshot;
  clock?: Clock;
  limits?: Partial<ServerLimits>;
  feedback?: GatewayOptions['feedback'];
  random?: () => number;
}

export async function startGateway(
  onTestFinished: TestContext['onTestFinished'],
  options: HarnessOptions,
): Promise<Harness> {
  const records: CallRecord[] = [];
  const logs: Harness['logs'] = [];
  const waiting: ((record: CallRecord) => void)[] = [];
  const log = (level: string) => (fields: LogFields, message: string) =>
    void logs.push({ level, fields, message });
  const logger: Logger = { info: log('info'), warn: log('warn'), error: log('error') };
  const recorder = {
    state: 'ok' as 'ok' | 'full',
    take: (record: CallRecord) => {
      records.push(structuredClone(record));
      waiting.shift()?.(record);
    },
    close: () => {},
  };
  const gateway = createGateway({
    snapshot: options.snapshot,
    providers,
    policies,
    recorder,
    clock: options.clock ?? systemClock,
    makeId: createIdMaker(),
    random: options.random ?? Math.random,
    logger,
    feedback: options.feedback ?? (async () => ({ status: 202, body: { ok: true } })),
    localVendors: new Map(),
  });
  let baseUrl = 'http://in-process.test/v1';
  let stop = (): Promise<void> => Promise.reject(new Error('there is no server'));
  let transport: typeof fetch = createFetch(gateway);
  if (options.transport !== 'in-process') {
    const { maxBodyBytes, maxHeaderBytes } = options.snapshot.stack.gateway;
    const server = await startServer({
      gateway,
      forward: (_request, response) => {
        response.head(200, { 'content-type': 'text/plain' });
        response.end(Buffer.from('forwarded'));
      },
      host: '127.0.0.1',
      port: 0,
      limits: { maxBodyBytes, maxHeaderBytes, shutdown: NO_SHUTDOWN_TIME, ...options.limits },
      logger,
    });
    baseUrl = `${server.url}/v1`;
    transport = fetch;
    let stopped: Promise<void> | undefined;
    stop = () => {
      stopped ??= server.close();
      return stopped;
    };
    onTestFinished(() => stop());
  }
  onTestFinished(() => gateway.close());
  const openai = new OpenAI({ baseURL: baseUrl, apiKey: KEY, maxRetries: 0, fetch: transport });
  const nextRecord = (): Promise<CallRecord> => new Promise((resolve) => waiting.push(resolve));
  return { gateway, records, logs, openai, fetch: transport, baseUrl, recorder, stop, nextRecord };
}
