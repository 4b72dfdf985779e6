/** What a self-hosted deployment sustains, measured from its own call records: the other half of a GPU-hour price. */
import type { CallRecord } from '../core/call-record.ts';

export interface ThroughputWindow {
  deployment: string;
  /** Epoch milliseconds, `until` exclusive. */
  since: number;
  until: number;
}

/** Less than this is not evidence: the answer is `null`. */
export const MIN_ATTEMPTS = 20;
export const MIN_BUSY_MS = 10_000;

/**
 * Output tokens per second over all concurrent calls while the deployment was busy: tokens of its answered attempts
 * in the window / time in which at least one of them was under way. Idle time does not count, so the figure is what
 * it sustains at the load it gets; the hour's cost of standing idle is not in it. An attempt that reaches over
 * the edge of the window counts by the share inside. `null` under 20 attempts or 10 busy seconds.
 */
export function measureThroughput(records: Iterable<CallRecord>, window: ThroughputWindow): number | null {
  const spans: [start: number, end: number][] = [];
  let tokens = 0;
  for (const record of records) {
    for (const attempt of record.attempts) {
      const output = attempt.usage.outputTokens;
      if (attempt.deployment !== window.deployment || attempt.outcome !== 'ok' || output === undefined)
        continue;
      const from = record.startedAt + attempt.startMs;
      const to = record.startedAt + attempt.endMs;
      const start = Math.max(from, window.since);
      const end = Math.min(to, window.until);
      if (end <= start) continue;
      tokens += (output * (end - start)) / (to - from);
      spans.push([start, end]);
    }
  }
  const busyMs = unionLength(spans);
  return spans.length < MIN_ATTEMPTS || busyMs < MIN_BUSY_MS ? null : tokens / (busyMs / 1000);
}

function unionLength(spans: [start: number, end: number][]): number {
  let length = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [start, end] of spans.sort((a, b) => a[0] - b[0])) {
    length += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return length;
}
