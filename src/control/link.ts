import type { ErrorCode } from '../core/error.ts';
import type { LogFields } from '../core/log.ts';
import type { DeploymentHealthView } from '../gateway/gateway.ts';
import type { EngineReports } from '../routing/engine-loads.ts';
import type { KeySnapshot, Snapshot } from '../stack/stack.ts';
import type { CallRan, RunCall } from './line-calls.ts';

/**
 * The two threads and what passes between them. The gateway thread serves calls and owns the listening socket; the
 * control thread owns the store, the config, the control API and every job. So no query, no rollup and no large JSON
 * ever runs where calls are served. Records do not pass here: they go through the spool's files.
 */

/** Gateway thread -> control thread. */
export type ToControl =
  | { type: 'start'; options: ControlOptions }
  /** Bytes were appended to the spool. At most one per 25 ms. */
  | { type: 'spooled' }
  /**
   * A request for `/api`, `/metrics` or the dashboard; with a `keyId`, that virtual key's for files and batches. `more`:
   * its body follows in parts.
   */
  | {
      type: 'request';
      id: number;
      keyId: string | null;
      method: string;
      url: string;
      headers: [string, string][];
      body: Uint8Array | null;
      more: boolean;
    }
  | { type: 'part'; id: number; body: Uint8Array; more: boolean }
  /** Bytes of a streamed answer that the client has taken. */
  | { type: 'taken'; id: number; bytes: number }
  | CallRan
  /** The client went away before the answer was complete. */
  | { type: 'abort'; id: number }
  /** Feedback that came through `/v1/feedback`, already checked. */
  | { type: 'feedback'; id: number; keyId: string; body: unknown }
  /** An answer of the Responses protocol, with the request it answers, both as bytes: kept unless the app or the task says no. */
  | { type: 'keep-response'; keyId: string; request: Uint8Array; answer: Uint8Array }
  /** The conversation up to a response, to continue it. */
  | { type: 'find-response'; id: number; keyId: string; responseId: string; model: string }
  | { type: 'health'; deployments: DeploymentHealthView[]; drained: string[]; process: ProcessHealth }
  /** Where the server listens, once it does. */
  | { type: 'listening'; url: string }
  /** The server takes no more calls: jobs are handed back as soon as their calls under way are answered. */
  | { type: 'rest' }
  | { type: 'stop' };

/** Control thread -> gateway thread. */
export type FromControl =
  | { type: 'ready'; snapshot: Snapshot; notices: Notice[] }
  | { type: 'snapshot'; snapshot: Snapshot }
  /** What self-hosted engines told of themselves, after every round of asking. */
  | { type: 'engines'; reports: EngineReports }
  | { type: 'failed'; code: ErrorCode; message: string; field: string | null }
  | {
      type: 'response';
      id: number;
      status: number;
      headers: [string, string][];
      body: Uint8Array | null;
      more: boolean;
    }
  | { type: 'chunk'; id: number; body: Uint8Array; more: boolean }
  /** Bytes of an upload that were taken. */
  | { type: 'taken'; id: number; bytes: number }
  /** A line of a batch, to be called. */
  | RunCall
  | { type: 'feedback-taken'; id: number; status: number; body: unknown }
  /** `items`: JSON of its items, comma-separated; `null`: not there for this key. `error`: it could not be looked up. */
  | { type: 'response-found'; id: number; items: string | null; error: FoundError | null }
  /** Bytes of the spool the store does not have yet. */
  | { type: 'spool'; pendingBytes: number }
  | { type: 'notice'; notice: Notice }
  /** One logger serves both threads: the gateway thread's. */
  | { type: 'log'; level: 'info' | 'warn' | 'error'; fields: LogFields; message: string }
  | { type: 'stopped' };

/** Why a response may not be continued. */
export interface FoundError {
  code: ErrorCode;
  message: string;
}

/** Something to say on the terminal. `secret`: shown once on a terminal, never logged. */
export interface Notice {
  level: 'info' | 'warn' | 'error';
  text: string;
  secret?: boolean;
  /** What `text` is when it is a value rather than a sentence. */
  name?: 'admin-token' | 'first-key' | 'found';
}

export interface ControlOptions {
  dataDir: string;
  databaseUrl: string | null;
  /** A config given in process by `createStack`, already plain data; else the file, else discovery. */
  config: unknown | null;
  configPath: string | null;
  cwd: string;
  /** Watch the config file and apply changes. */
  watch: boolean;
  /** Look for providers on local ports when there is no config. */
  probeLocal: boolean;
  adminToken: string | null;
  firstKey: string | null;
  /** Random per boot, in `server.json` (0600): lets the CLI on this machine in without the admin token. */
  cliToken: string | null;
  /** Virtual keys that live as long as the process (in-process use), never stored. */
  processKeys: KeySnapshot[];
}

export interface ProcessHealth {
  rssBytes: number;
  callsServed: number;
  openStreams: number;
  eventLoopDelayP99Ms: number;
  spool: 'ok' | 'full';
}
