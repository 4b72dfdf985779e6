/**
 * What is measured of a task, as the advisor reads it: made from call records and imported history by
 * `control/`, never typed in. Everything downstream (profile, economics) takes this and asks no database.
 */
import type { LoadTest } from '../capacity/load-test/load-test.ts';
import type { ApiPrice } from './economics/economics.ts';

export interface TaskEvidence {
  task: string;
  /** The window that was looked at, epoch milliseconds, end exclusive. */
  from: number;
  to: number;
  /** Calls within it, imported ones included. Sandbox calls never count. */
  calls: number;
  /** Of these, from imported history. */
  importedCalls: number;
  /** One entry per hour of the window, hours without calls included. */
  hourly: { at: number; calls: number }[];
  /** Up to 5,000 calls, drawn at random over the window. Empty when only daily sums were imported. */
  sample: CallSample[];
  /** Sums over the window, by what answered. */
  byModel: ModelUse[];
  /** What the token prices of these models are and were, where they are known. */
  prices: ApiPrice[];
  errors: { code: string; calls: number }[];
  /** `null`: not enough calls with a time. */
  latency: { endToEndP50Ms: number; endToEndP95Ms: number } | null;
  ttft: { p50Ms: number; p95Ms: number } | null;
  /** Offsets in milliseconds of the calls in the busiest hour, ascending; for burstiness and the simulator. At most 20,000. */
  busiestHour: number[];
  /** Share of captured prompts that were seen before within a day; `null`: no prompts are kept. */
  repeated: { share: number; calls: number } | null;
  /** Share of captured prompts with personal data in them; `null`: not looked for. */
  personalData: { share: number; calls: number } | null;
  feedback: { name: string; mean: number; scores: number }[];
  /** Real load tests whose setup is known, newest first. Absent: none were looked for. */
  loadTests?: readonly LoadTest[];
  /** Users who made at least one call; `null`: apps name none. */
  users: number | null;
}

/** `null`: not known. */
export interface CallSample {
  at: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  durationMs: number | null;
  ttftMs: number | null;
  costNanoUsd: number | null;
  model: string | null;
}

export interface ModelUse {
  provider: string;
  model: string;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  /** `null`: some of it is unpriced. */
  costNanoUsd: number | null;
  unpricedCalls: number;
}
