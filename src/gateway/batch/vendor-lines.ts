/**
 * Lines of a batch on their way to a vendor's own batch API and back: which deployment one goes to, in which words, and
 * what its answer says and costs. A line passes the same stages as any call, so that its key, task, data policy and
 * route decide as they do for the others; only the wait in between is the vendor's. Runs off the gateway's thread.
 */
import type { CallRecord } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import { TrimtabError } from '../../core/error.ts';
import type { MakeId } from '../../core/id.ts';
import type { Logger } from '../../core/log.ts';
import type { DataClass, Protocol } from '../../core/protocol.ts';
import { priceUsage } from '../../evidence/pricing.ts';
import { checkEgress } from '../../governance/egress.ts';
import { openExchange } from '../../protocols/index.ts';
import { openLeniently } from '../../protocols/lenient.ts';
import type { BatchApi, BatchReply, VendorResult } from '../../providers/batch-api.ts';
import type {
  Answer,
  Connection,
  Exchange,
  Failure,
  Provider,
  UpstreamRequest,
} from '../../providers/provider.ts';
import type { RoutingPolicy } from '../../routing/policy.ts';
import type { DeploymentConfig, KeySnapshot, Snapshot, Stack } from '../../stack/stack.ts';
import { Call } from '../call.ts';
import { createGatewayState } from '../create-gateway.ts';
import type { GatewayResponse } from '../gateway.ts';
import { protocolAt } from '../routes.ts';
import { checkBody } from '../stages/admit.ts';
import { allowDeployments } from '../stages/allow.ts';
import * as client from '../stages/deliver.ts';
import { fitContexts } from '../stages/fit.ts';
import { callerOf, identify, parse } from '../stages/identify.ts';
import { openRecord } from '../stages/next-attempt.ts';
import { makePlan } from '../stages/plan.ts';
import { recordCall } from '../stages/record.ts';
import { type GatewayState, prepareServing } from '../state.ts';
import { ask, askStream, type StreamedReply } from './ask.ts';

/** A line of a batch, as a call of the key the batch belongs to. */
export interface LineOfBatch {
  keyId: string;
  batchId: string;
  /** `/v1/chat/completions` */
  path: string;
  /** JSON. */
  body: Buffer;
}

/** Where a line goes. Lines with the same place may share a vendor's batch. */
export interface LinePlace {
  deployment: string;
  dataClass: DataClass;
  /** @see BatchApi.endpointOf */
  endpoint: string;
}

/** A line that a vendor has. */
export interface SentLine extends LineOfBatch {
  deployment: string;
  callId: string;
  /** When the vendor got it, epoch milliseconds. */
  sentAt: number;
}

export interface SettledLine {
  record: CallRecord;
  status: number;
  body: Buffer;
}

/** The batch API behind one deployment, for data of one class. */
export interface VendorLink {
  readonly api: BatchApi;
  /** Rejects with a TrimtabError when no complete answer comes. */
  ask(request: UpstreamRequest): Promise<BatchReply>;
  askStream(request: UpstreamRequest): Promise<StreamedReply>;
}

export interface VendorLines {
  /** Whether any deployment of this stack may be reached through a vendor's batch API. */
  readonly isOffered: boolean;
  update(snapshot: Snapshot): void;
  /** `null`: the line is none of a vendor's batch; as a call of the gateway it gets its answer, or its error. */
  place(line: LineOfBatch): (LinePlace & { bytes: number }) | null;
  /** The line in the vendor's words, under an id. Rejects when the deployment cannot carry it. */
  write(line: LineOfBatch, deployment: string, id: string): Promise<Buffer>;
  /** What a vendor's result is to the app, with the one record of the call; `null`: it may do better when called again. */
  settle(line: SentLine, result: VendorResult & { kind: 'answer' }): Promise<SettledLine | null>;
  /** Throws data_policy_refused, and no_deployment when the stack has it no more. */
  link(deployment: string, dataClass: DataClass): VendorLink;
  close(): Promise<void>;
}

export interface VendorLinesOptions {
  snapshot: Snapshot;
  providers: readonly Provider[];
  policies: readonly RoutingPolicy[];
  clock: Clock;
  makeId: MakeId;
  random: () => number;
  logger: Logger;
}

const NOWHERE: GatewayResponse = {
  head() {},
  write: () => true,
  end() {},
  onDrain() {},
  onClientLeft() {},
  cut() {},
};
/** Vendor errors that say nothing about the line itself. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504, 529]);
const CHOSEN = 'in the batch of its vendor';

export function createVendorLines(options: VendorLinesOptions): VendorLines {
  return new Lines(options);
}

class Lines implements VendorLines {
  readonly #options: VendorLinesOptions;
  readonly #state: GatewayState;
  #taken: CallRecord | null = null;

  constructor(options: VendorLinesOptions) {
    this.#options = options;
    this.#state = createGatewayState({
      ...options,
      recorder: {
        take: (record) => {
          this.#taken = record;
        },
        state: 'ok',
        close() {},
      },
      feedback: () => Promise.reject(new TrimtabError('internal', 'A line of a batch gives no feedback.')),
      localVendors: new Map(),
    });
  }

  get isOffered(): boolean {
    return [...this.#state.serving.providers.values()].some(({ connection }) => connection?.batch);
  }

  update(snapshot: Snapshot): void {
    this.#state.serving = prepareServing(snapshot, this.#options);
  }

  place(line: LineOfBatch): (LinePlace & { bytes: number }) | null {
    try {
      const call = this.#open(line);
      call.key = callerOf(call);
      checkBody(this.#state, call.request);
      call.parsed = parse(call);
      identify(call);
      call.allowed = fitContexts(call, allowDeployments(call));
      const [first] = makePlan(call);
      const allowed = call.allowed.find(({ name }) => name === first?.deployment);
      const { target } = call;
      if (!allowed || !target) return null;
      const { stack } = call.serving.snapshot;
      const { name: deployment, config, connection } = allowed;
      const api = connection.batch;
      if (!api || !goesToVendor(stack, { task: target.task, config, api })) return null;
      const request = openLine(call, { connection, config }).request;
      // A vendor whose requests take time to build has no batch API of ours.
      if (request instanceof Promise) return null;
      const endpoint = api.endpointOf(request);
      if (endpoint === null) return null;
      return { deployment, dataClass: target.dataClass, endpoint, bytes: api.toLine('', request).length };
    } catch (error) {
      // A fault of ours shows in the call that the queue makes of the line; the batch goes on.
      if (!(error instanceof TrimtabError))
        this.#options.logger.error({ error: String(error) }, 'a line of a batch could not be placed');
      return null;
    }
  }

  async write(line: LineOfBatch, deployment: string, id: string): Promise<Buffer> {
    const call = this.#reopen(line);
    const { config, connection, api } = this.#find(deployment);
    return api.toLine(id, await openLine(call, { connection, config }).request);
  }

  async settle(line: SentLine, result: VendorResult & { kind: 'answer' }): Promise<SettledLine | null> {
    const call = this.#reopen(line, { id: line.callId, at: line.sentAt });
    const { config, connection, api } = this.#find(line.deployment);
    const why = { kind: 'batch', reason: CHOSEN } as const;
    const record = openRecord(call, { name: line.deployment, config }, why);
    record.startMs = 0;
    call.attempts.push(record);
    const exchange = openLine(call, { connection, config }, (parameter) => {
      record.dropped = [...(record.dropped ?? []), parameter];
    });
    const read = await exchange.readAnswer(result.status, 'application/json', result.body, () => undefined);
    if (read.kind === 'failure' && PASSING.has(result.status)) return null;
    record.status = result.status;
    record.endMs = call.elapsed();
    call.markAttempts();
    if (read.kind === 'answer') return this.#settleAnswer(call, read, priceOf(read));
    return this.#settleFailure(call, read);

    function priceOf({ usage }: Answer) {
      return priceUsage({ deployment: config, connection, usage, at: line.sentAt, share: api.priceShare });
    }
  }

  #settleAnswer(call: Call, answer: Answer, priced: ReturnType<typeof priceUsage>): SettledLine {
    const [record] = call.attempts;
    if (!record) throw new TrimtabError('internal', 'A line was settled without an attempt.');
    record.outcome = 'ok';
    record.usage = answer.usage;
    record.costNanoUsd = priced?.costNanoUsd ?? null;
    record.priceSource = priced?.source ?? null;
    call.unpriced = priced === null;
    call.answering = record;
    client.count(call, answer.body);
    const { finishReason } = answer;
    return this.#record(call, { outcome: 'ok', status: 200, error: null, finishReason }, answer.body);
  }

  /** Vendors do not bill a line they refuse. */
  #settleFailure(call: Call, failure: Failure): SettledLine {
    const [record] = call.attempts;
    if (!record) throw new TrimtabError('internal', 'A line was settled without an attempt.');
    record.errorCode = failure.error.code;
    record.errorMessage = call.serving.redact(failure.error.message);
    record.costNanoUsd = 0;
    const { status, error, body } = client.failureReply(call, failure);
    client.count(call, body);
    return this.#record(call, { outcome: 'error', status, error }, body);
  }

  #record(call: Call, ending: Parameters<typeof recordCall>[1], body: Buffer): SettledLine {
    recordCall(call, ending);
    const record = this.#taken;
    this.#taken = null;
    if (!record) throw new TrimtabError('internal', 'A line of a batch left no record.');
    return { record, status: ending.status, body };
  }

  link(deployment: string, dataClass: DataClass): VendorLink {
    const { clock } = this.#options;
    const { config, api } = this.#find(deployment);
    const provider = this.#state.serving.providers.get(config.provider);
    if (!provider) throw gone(deployment);
    const { dataPolicy: policy } = provider.config;
    const pass = checkEgress({ provider: config.provider, policy, dataClass });
    const { upstream } = this.#state;
    const asking = { upstream, clock, pass, deployment, connectMs: config.timeouts.connectMs };
    return {
      api,
      ask: (request) => ask(asking, request),
      askStream: (request) => askStream(asking, request),
    };
  }

  close(): Promise<void> {
    return this.#state.upstream.close();
  }

  #open({ keyId, batchId, path, body }: LineOfBatch, begun?: { id: string; at: number }): Call {
    const request = {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body,
      acting: { keyId, batchId },
    };
    return new Call(this.#state, protocolOf(path), { request, response: NOWHERE, ...(begun && { begun }) });
  }

  /**
   * A line that was let through when it was placed. What changed since, its key or its task, changes nothing any more:
   * the vendor has it, or may have it.
   */
  #reopen(line: LineOfBatch, begun?: { id: string; at: number }): Call {
    const call = this.#open(line, begun);
    call.parsed = parse(call);
    call.key = keyOf(call, line.keyId);
    try {
      identify(call);
    } catch (error) {
      if (!(error instanceof TrimtabError)) throw error;
    }
    return call;
  }

  #find(name: string): { config: DeploymentConfig; connection: Connection; api: BatchApi } {
    const { snapshot, providers, targets } = this.#state.serving;
    const declared = snapshot.stack.deployments[name];
    const config = declared ?? deploymentOf(() => targets.resolve(name).deployments, name);
    const provider = config && providers.get(config.provider);
    const api = provider?.connection?.batch;
    if (!config || !provider?.connection || !api) throw gone(name);
    return { config, connection: provider.connection, api };
  }
}

function keyOf(call: Call, id: string): KeySnapshot {
  try {
    return callerOf(call);
  } catch (error) {
    if (!(error instanceof TrimtabError)) throw error;
    return { id, sha256: '', name: id, owner: null, tasks: null, expiresAt: null, disabled: true };
  }
}

function deploymentOf(
  find: () => readonly { name: string; config: DeploymentConfig }[],
  name: string,
): DeploymentConfig | undefined {
  try {
    return find().find((one) => one.name === name)?.config;
  } catch (error) {
    if (error instanceof TrimtabError) return undefined;
    throw error;
  }
}

/** `queue` said by the task or the deployment stands; else `vendor` said by either, or the vendor's default. */
function goesToVendor(
  stack: Stack,
  { task, config, api }: { task: string; config: DeploymentConfig; api: BatchApi },
): boolean {
  const said = [stack.tasks[task]?.batch, config.batch];
  if (said.includes('queue')) return false;
  return said.includes('vendor') || api.isDefault;
}

interface LineTarget {
  connection: Connection;
  config: DeploymentConfig;
}

/** Throws what the provider's `open` throws. */
function openLine(
  { parsed, target }: Call,
  { connection, config }: LineTarget,
  dropped: (parameter: string) => void = () => {},
): Exchange {
  if (!parsed) throw new TrimtabError('internal', 'A line was opened before it was read.');
  const request = parsed.forModel(config.model);
  return target?.lenient ? openLeniently(connection, request, dropped) : openExchange(connection, request);
}

function protocolOf(path: string): Protocol {
  const protocol = protocolAt(path);
  if (protocol) return protocol;
  throw new TrimtabError('internal', 'A batch calls a path that no call has.');
}

function gone(deployment: string): TrimtabError {
  const text = `The stack has no deployment "${deployment}" with a batch API any more.`;
  return new TrimtabError('no_deployment', text);
}
