/**
 * How fast each deployment answers, as this process's own calls have shown: percentiles over the last five to ten minutes
 * and a peak-sensitive moving average. Streams count to the first token, plain answers to their end, each for themselves.
 */
import type { Clock } from '../core/clock.ts';
import { createHistogram, type Histogram, merge, quantile, record } from '../core/histogram.ts';

export type Pace = 'stream' | 'plain';

export interface Latencies {
  /** Milliseconds. An attempt cancelled before it answered counts with the time it had: it took at least that. */
  observe(deployment: string, pace: Pace, ms: number): void;
  /** Milliseconds below which this share of recent answers came, within 2 %; `null` on fewer samples. */
  percentile(deployment: string, pace: Pace, asked: { share: number; minSamples: number }): number | null;
  /**
   * Milliseconds. Jumps to a slower answer at once, comes down over {@link DECAY_MS}, also while nothing is heard, so that
   * a deployment that was slow is tried again. `null`: nothing is known.
   */
  peakMs(deployment: string, pace: Pace): number | null;
}

const WINDOW_MS = 300_000;
/** Time in which the weight of the past falls to 1/e, as in Finagle's peak EWMA (its default from memory, not looked up). */
export const DECAY_MS = 10_000;
/** Names kept at most: a `default` provider makes a deployment of any model name an app invents. */
const MAX_NAMES = 5_000;
/** A percentile is worked out anew when the samples have grown by this share. */
const FRESH_SHARE = 1 / 16;

interface Entry {
  window: number;
  current: Histogram;
  previous: Histogram;
  averageMs: number;
  averagedAt: number;
  /** Last answers, by share. */
  asked: Map<number, { count: number; answer: number | null }>;
}

export function createLatencies(clock: Clock): Latencies {
  const tables = { stream: new Map<string, Entry>(), plain: new Map<string, Entry>() };

  function entryOf(deployment: string, pace: Pace): Entry | undefined {
    const entry = tables[pace].get(deployment);
    if (entry) rotate(entry, Math.floor(clock.monotonic() / WINDOW_MS));
    return entry;
  }

  return {
    observe(deployment, pace, ms) {
      const now = clock.monotonic();
      let entry = entryOf(deployment, pace);
      if (!entry) {
        const table = tables[pace];
        if (table.size >= MAX_NAMES) table.delete(table.keys().next().value as string);
        entry = newEntry(now);
        table.set(deployment, entry);
      }
      record(entry.current, ms);
      const kept = Math.exp((entry.averagedAt - now) / DECAY_MS);
      entry.averageMs = ms > entry.averageMs ? ms : entry.averageMs * kept + ms * (1 - kept);
      entry.averagedAt = now;
    },
    percentile(deployment, pace, { share, minSamples }) {
      const entry = entryOf(deployment, pace);
      if (!entry) return null;
      const count = entry.current.count + entry.previous.count;
      if (count < minSamples) return null;
      const last = entry.asked.get(share);
      if (last && Math.abs(count - last.count) <= last.count * FRESH_SHARE) return last.answer;
      const both = createHistogram();
      merge(both, entry.previous);
      merge(both, entry.current);
      const answer = quantile(both, share);
      entry.asked.set(share, { count, answer });
      return answer;
    },
    peakMs(deployment, pace) {
      const entry = tables[pace].get(deployment);
      return entry ? entry.averageMs * Math.exp((entry.averagedAt - clock.monotonic()) / DECAY_MS) : null;
    },
  };
}

function newEntry(now: number): Entry {
  return {
    window: Math.floor(now / WINDOW_MS),
    current: createHistogram(),
    previous: createHistogram(),
    averageMs: 0,
    averagedAt: now,
    asked: new Map(),
  };
}

function rotate(entry: Entry, window: number): void {
  if (entry.window === window) return;
  entry.previous = entry.window === window - 1 ? entry.current : createHistogram();
  entry.current = createHistogram();
  entry.window = window;
  entry.asked.clear();
}
