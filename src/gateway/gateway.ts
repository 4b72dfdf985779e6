import type { Readable } from 'node:stream';
import type { CallRecord } from '../core/call-record.ts';
import type { Clock } from '../core/clock.ts';
import type { MakeId } from '../core/id.ts';
import type { Logger } from '../core/log.ts';
import type { Recorder } from '../evidence/recorder.ts';
import type { Provider } from '../providers/provider.ts';
import type { EngineReports } from '../routing/engine-loads.ts';
import type { DeploymentHealth } from '../routing/health.ts';
import type { RoutingPolicy } from '../routing/policy.ts';
import type { ShutdownConfig, Snapshot } from '../stack/stack.ts';

/**
 * The data plane as the rest of the house sees it. It knows no `node:http` types: `server.ts` feeds it from sockets,
 * `in-process.ts` from a `fetch`, and both behave the same.
 */
export interface Gateway {
  /** Serves one call. Never throws or rejects: every outcome is written to `response`. */
  handle(request: GatewayRequest, response: GatewayResponse): void;
  /** Serves later calls by a new snapshot; calls under way keep theirs. */
  update(snapshot: Snapshot): void;
  /** Chooses by what engines told of themselves from now on. */
  setEngines(reports: EngineReports): void;
  health(): GatewayHealth;
  /** False from {@link drain} on, and while records cannot be written and the stack says to refuse calls then. */
  takesCalls(): boolean;
  /** Whether the body of such a request is to be handed on as it comes, rather than collected first. */
  streamsBody(request: Pick<GatewayRequest, 'method' | 'path' | 'headers'>): boolean;
  /**
   * Is not ready any more at once; after `noticeMs` takes no new calls, waits for those under way up to `deadlineMs`, then
   * cuts them with an error event.
   */
  drain(shutdown: ShutdownConfig): Promise<void>;
  close(): Promise<void>;
}

export interface GatewayHealth {
  deployments: DeploymentHealthView[];
  /** Names of the deployments that are drained in the snapshot it serves by. */
  drained: string[];
  callsServed: number;
  openStreams: number;
}

export interface GatewayOptions {
  snapshot: Snapshot;
  providers: readonly Provider[];
  policies: readonly RoutingPolicy[];
  recorder: Recorder;
  clock: Clock;
  makeId: MakeId;
  random: () => number;
  logger: Logger;
  /** Takes checked feedback to the store; resolves to what the client gets. */
  feedback: (keyId: string, body: unknown) => Promise<{ status: number; body: unknown }>;
  /** Where responses that apps may continue by `previous_response_id` are kept. Absent: none are. */
  responses?: KeptResponses;
  /**
   * Serves `/v1/files` and `/v1/batches` for the virtual key of this id, off the gateway's thread. Absent: neither is
   * there.
   */
  keptApi?: (keyId: string, request: GatewayRequest, response: GatewayResponse) => void;
  /** Vendors simulated on this machine, by the origin their provider names: started on first use. */
  localVendors: ReadonlyMap<string, () => Promise<{ host: string; port: number }>>;
}

/** Responses of the Responses protocol, kept off the gateway's thread. */
export interface KeptResponses {
  /** Takes an answer, or the last events of one, and the request it answers. What may not be kept is dropped there. */
  keep(keyId: string, turn: { request: Buffer; answer: Buffer }): void;
  /**
   * JSON of the items up to a response, comma-separated, for a call that asks for `model`; `null` when this key has none
   * of that id. Rejects with TrimtabError(store_unavailable), and with data_policy_refused when the conversation holds
   * data of a higher class than the model's task.
   */
  find(keyId: string, previous: { responseId: string; model: string }): Promise<string | null>;
}

/** A request whose body is complete and within limits, unless it is an `upload`. Header names are lower case. */
export interface GatewayRequest {
  method: string;
  /** Path without query. */
  path: string;
  /** What stands behind the `?`; absent or empty: nothing. */
  query?: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The provider whose own base URL is asked: `model` is then the vendor's own name. Absent: none's. */
  provider?: string;
  /** Empty when the body is an {@link upload}. */
  body: Buffer;
  /** The body as it comes, of a request that {@link Gateway.streamsBody} wants so. Whoever takes it reads or resumes it. */
  upload?: Readable;
  /** Of a call that the house itself makes. Never set from what a client sent. */
  acting?: Acting;
}

/** For whom, and as part of what, the house makes a call. */
export type Acting = ActingForKey | ActingForTest;

export interface ActingForKey {
  keyId: string;
  batchId: string;
}

/** For nobody's key, to one deployment and no other. */
export interface ActingForTest {
  loadTestId: string;
  /** A declared deployment, or `provider/model`. */
  deployment: string;
  /** Told once, before the answer ends, unless the call leaves no record. */
  recorded(record: CallRecord): void;
}

/** Where an answer goes. Owned by the transport. */
export interface GatewayResponse {
  /** Once, first. Header names lower case. */
  head(status: number, headers: Record<string, string>): void;
  /** Returns false when the client reads slower than we write: stop until {@link onDrain}. */
  write(bytes: Buffer): boolean;
  end(bytes?: Buffer): void;
  /** Breaks the answer off so that no client takes what it has for the whole. */
  cut(): void;
  onDrain(listener: () => void): void;
  /** The client closed before the answer was complete. */
  onClientLeft(listener: () => void): void;
}

/** How a deployment does, as the calls themselves tell. */
export interface DeploymentHealthView extends DeploymentHealth {
  /** Calls that wait for a place. */
  waiting: number;
  /** Of a deployment whose price says `measured`; `null`: not enough evidence, or another price. */
  measuredTokensPerSecond: number | null;
}
