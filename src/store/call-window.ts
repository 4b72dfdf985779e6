import { encodeTime } from '../core/id.ts';

/** Ids are made within this of `startedAt`; a window of time is first a window of ids, then of exact times. */
export const ID_SLACK_MS = 60_000;

/** The first call id made at or after `ms`. */
export function firstIdAt(ms: number): string {
  return `call_${encodeTime(Math.max(0, ms))}`;
}
