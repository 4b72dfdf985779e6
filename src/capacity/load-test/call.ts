/** A call of a load test, as whoever makes them tells of it. */
import type { WorkloadCall } from '../capacity.ts';

export type CallSize = Pick<WorkloadCall, 'inputTokens' | 'outputTokens'>;

export interface CallResult {
  /** `null`: answered whole. */
  error: string | null;
  /** From sending to the first token; `null`: none came. */
  ttftMs: number | null;
  durationMs: number;
  /** `null`: not reported. */
  inputTokens: number | null;
  outputTokens: number | null;
  /** `null`: unpriced. */
  costUsd: number | null;
}

/** Makes a call. Never rejects. */
export type MakeCall = (size: CallSize) => Promise<CallResult>;

/** A call that was made. Times are milliseconds after the beginning of its stretch. */
export interface MadeCall extends CallResult {
  /** When it was to be sent; {@link CallResult} counts from when it was. */
  dueMs: number;
  sentMs: number;
  endMs: number;
}
