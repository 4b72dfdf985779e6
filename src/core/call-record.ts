import type { ErrorCode } from './error.ts';
import type { NanoUsd } from './money.ts';
import type { CallProtocol, DataClass } from './protocol.ts';
import type { Usage } from './usage.ts';

/** How a call or an attempt ended. `refused`: we answered before any attempt. */
export type Outcome = 'ok' | 'error' | 'client_left' | 'refused';

/** Why an attempt exists. `batch`: it was a line of the vendor's own batch, and is billed as one. */
export type AttemptKind = 'primary' | 'fallback' | 'retry' | 'hedge' | 'batch';

/** `cancelled`: another attempt of the call was faster. */
export type AttemptOutcome = Exclude<Outcome, 'refused'> | 'cancelled';

/** One try at one deployment. Times are milliseconds after the call's `startedAt`; `null`: never reached. */
export interface AttemptRecord {
  deployment: string;
  provider: string;
  /** The vendor's model name; `null`: the request names none. */
  model: string | null;
  region: string | null;
  kind: AttemptKind;
  /** In words, why this deployment was chosen at this point. */
  reason: string;
  startMs: number;
  headersMs: number | null;
  firstTokenMs: number | null;
  endMs: number;
  outcome: AttemptOutcome;
  /** HTTP status of the vendor; `null` when no answer came. */
  status: number | null;
  errorCode: ErrorCode | null;
  /** Our words on what went wrong, redacted; never a vendor's body. */
  errorMessage: string | null;
  usage: Usage;
  /** `null`: unpriced, or usage unknown. Never 0 for unknown. */
  costNanoUsd: NanoUsd | null;
  /** Where the price came from: `genai-prices openai/gpt-5-mini 2026-10-01`, `config`, `gpu-hour`, `sandbox`. */
  priceSource: string | null;
  /** Parameters of the request left out for this deployment, for a task that is `lenient`. Absent: none. */
  dropped?: string[];
}

/** A deployment of the route that was not tried, and why. */
export interface SkippedDeployment {
  deployment: string;
  reason: string;
}

/** A stage of the request path: name, start and end in milliseconds after `startedAt`. */
export type StageTiming = readonly [name: string, startMs: number, endMs: number];

/**
 * The one wide, immutable row that says what happened to a call. Appended to the spool as one line of JSON;
 * everything else (rollups, pages, advice) is derived from it.
 */
export interface CallRecord {
  id: string;
  /** Epoch milliseconds. */
  startedAt: number;
  durationMs: number;
  /** Call start -> first token to the client, streams only. */
  ttftMs: number | null;
  revision: string;
  protocol: CallProtocol;
  /** Of `passthrough`: method and path, `{id}` for what names one thing: `POST /v1/fine_tuning/jobs/{id}/cancel`. */
  operation?: string;
  streamed: boolean;
  /** Task name, or {@link UNTASKED}. */
  task: string;
  /** What the app wrote in `model`; `null` when it was not readable. */
  requestedModel: string | null;
  keyId: string;
  /** The app's user, or `null` when it named none (or capture is `none`). */
  user: string | null;
  tags: Record<string, string>;
  dataClass: DataClass;
  outcome: Outcome;
  /** HTTP status the client got. */
  status: number;
  errorCode: ErrorCode | null;
  errorMessage: string | null;
  /** The deployment whose answer the client got; `null` when none did. */
  deployment: string | null;
  provider: string | null;
  model: string | null;
  /** True when any attempt went to the sandbox: never mixed into real figures. */
  sandbox: boolean;
  finishReason: string | null;
  /** Usage of the answering attempt. */
  usage: Usage;
  /** Sum over all attempts; `null` when any attempt that may have used tokens could not be priced. */
  costNanoUsd: NanoUsd | null;
  /** True when `costNanoUsd` is `null` because a price or a usage is missing. */
  unpriced: boolean;
  requestBytes: number;
  responseBytes: number;
  attempts: AttemptRecord[];
  skipped: SkippedDeployment[];
  stages: StageTiming[];
  /** Kept only when the task's capture is `full`. */
  payload?: { request: string; response: string };
}

/**
 * Whether its duration says how fast calls are answered. A refused call reached no deployment: its microseconds would
 * only flatter. A line of a vendor's batch waited for hours because nobody did.
 */
export function isTimed({ outcome, attempts }: Pick<CallRecord, 'outcome' | 'attempts'>): boolean {
  return outcome !== 'refused' && attempts[0]?.kind !== 'batch';
}

/** The task of calls that named a model instead of a task. */
export const UNTASKED = 'untasked';

/** The task of calls that a load test makes: in no other task's figures. */
export const LOAD_TEST = 'load-test';
