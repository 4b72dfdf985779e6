/** What a self-hosted deployment sustains, measured from its own calls: the other half of a GPU-hour price. */
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

/** The same figure kept up while calls are served: what prices a `measured` deployment at the moment it answers. */
export interface ThroughputMeter {
  /** Counts an answered attempt. Times are epoch milliseconds. */
  add(deployment: string, span: { from: number; to: number; outputTokens: number }): void;
  /** Over the last 15 minutes; `null` on as little evidence as {@link measureThroughput} refuses. */
  tokensPerSecond(deployment: string, now: number): number | null;
}

const SECONDS = 900;

/** Seconds of a ring; each holds what fell into the second it was last stamped with. */
interface Ring {
  stamp: Float64Array;
  tokens: Float64Array;
  busyMs: Float64Array;
  attempts: Float64Array;
  /** The last answer and the second it was for. */
  asked: number;
  answer: number | null;
}

/**
 * Memory: 29 KB per deployment it is told of. Where attempts overlap within one second, that second's busy time is
 * their sum up to the whole second, which reads a little low under light load.
 */
export function createThroughputMeter(): ThroughputMeter {
  const rings = new Map<string, Ring>();
  return {
    add(deployment, { from, to, outputTokens }) {
      if (to <= from) return;
      const ring = rings.get(deployment) ?? newRing();
      rings.set(deployment, ring);
      const last = Math.floor(to / 1000);
      const first = Math.max(Math.floor(from / 1000), last - SECONDS + 1);
      for (let second = first; second <= last; second++) {
        const overlap = Math.min(to, second * 1000 + 1000) - Math.max(from, second * 1000);
        addToSecond(ring, second, { overlap, tokens: (outputTokens * overlap) / (to - from) });
      }
      ring.attempts[last % SECONDS] = (ring.attempts[last % SECONDS] as number) + 1;
    },
    tokensPerSecond(deployment, now) {
      const ring = rings.get(deployment);
      if (!ring) return null;
      const second = Math.floor(now / 1000);
      if (ring.asked !== second) {
        ring.asked = second;
        ring.answer = sumRing(ring, second);
      }
      return ring.answer;
    },
  };
}

function newRing(): Ring {
  const seconds = () => new Float64Array(SECONDS);
  const data = { stamp: seconds(), tokens: seconds(), busyMs: seconds(), attempts: seconds() };
  return { ...data, asked: -1, answer: null };
}

function addToSecond(ring: Ring, second: number, part: { overlap: number; tokens: number }): void {
  const at = second % SECONDS;
  if ((ring.stamp[at] as number) > second) return;
  if (ring.stamp[at] !== second) {
    ring.stamp[at] = second;
    ring.tokens[at] = 0;
    ring.busyMs[at] = 0;
    ring.attempts[at] = 0;
  }
  ring.tokens[at] = (ring.tokens[at] as number) + part.tokens;
  ring.busyMs[at] = Math.min(1000, (ring.busyMs[at] as number) + part.overlap);
}

function sumRing(ring: Ring, now: number): number | null {
  let tokens = 0;
  let busyMs = 0;
  let attempts = 0;
  for (let at = 0; at < SECONDS; at++) {
    if ((ring.stamp[at] as number) <= now - SECONDS) continue;
    tokens += ring.tokens[at] as number;
    busyMs += ring.busyMs[at] as number;
    attempts += ring.attempts[at] as number;
  }
  return attempts < MIN_ATTEMPTS || busyMs < MIN_BUSY_MS ? null : tokens / (busyMs / 1000);
}
