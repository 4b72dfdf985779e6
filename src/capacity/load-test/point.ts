/** What the calls of one stretch of load amount to. */
import { percentilesOf } from '../simulator/percentiles.ts';
import type { MadeCall } from './call.ts';
import type { LoadPoint } from './load-test.ts';

export interface Stretch {
  kind: LoadPoint['kind'];
  /** `null`: calls came by their own clock. */
  concurrency: number | null;
  /** Calls due before are warm-up. Milliseconds after its beginning, as `endMs`. */
  warmMs: number;
  /** When the last call might be due. */
  endMs: number;
}

const SHOWN_ERRORS = 5;

export function toPoint(stretch: Stretch, made: readonly MadeCall[]): LoadPoint {
  const isOpen = stretch.concurrency === null;
  const counted = made.filter(({ dueMs, endMs }) =>
    isOpen ? dueMs >= stretch.warmMs && dueMs < stretch.endMs : isWithin(stretch, endMs),
  );
  const good = counted.filter(({ error }) => error === null);
  const plannedMs = Math.max(1, stretch.endMs - stretch.warmMs);
  const durationMs = isOpen ? plannedMs + backlogMs(stretch, counted) : plannedMs;
  const perSecond = (value: number): number => (value * 1000) / durationMs;
  const tokens = good.reduce((sum, { outputTokens }) => sum + (outputTokens ?? 0), 0);
  return {
    kind: stretch.kind,
    concurrency: stretch.concurrency,
    offeredCallsPerSecond: isOpen ? (counted.length * 1000) / plannedMs : null,
    callsPerSecond: perSecond(good.length),
    outputTokensPerSecond: perSecond(tokens),
    durationMs,
    calls: counted.length,
    errors: counted.length - good.length,
    errorCodes: errorCodes(counted),
    ttftMs: percentilesOf(
      timesOf(good, (call) => (call.ttftMs === null ? null : call.ttftMs + lateMs(call))),
    ),
    tpotMs: percentilesOf(timesOf(good, tpotMs)),
    endToEndMs: percentilesOf(timesOf(good, (call) => call.durationMs + lateMs(call))),
  };
}

/** A closed loop sends the next call when one ends: what ends within the stretch is its rate. */
function isWithin({ warmMs, endMs }: Stretch, at: number): boolean {
  return at >= warmMs && at <= endMs;
}

/**
 * Calls still run when the last one is sent, also where the endpoint keeps up: about as long as calls of the first half ran.
 * What lasts beyond that is a queue that grew, and counts as time in which no more was served.
 */
function backlogMs({ warmMs, endMs }: Stretch, counted: readonly MadeCall[]): number {
  const half = (warmMs + endMs) / 2;
  const lasted = (call: MadeCall): number => call.endMs - call.dueMs;
  const early = counted.filter(({ dueMs }) => dueMs < half).map(lasted);
  const last = Math.max(endMs, ...counted.map((call) => call.endMs));
  return Math.max(0, last - endMs - Math.max(0, ...early));
}

function lateMs({ dueMs, sentMs }: MadeCall): number {
  return Math.max(0, sentMs - dueMs);
}

function tpotMs({ ttftMs, durationMs, outputTokens }: MadeCall): number | null {
  if (ttftMs === null || outputTokens === null || outputTokens < 2) return null;
  return (durationMs - ttftMs) / (outputTokens - 1);
}

function timesOf(calls: readonly MadeCall[], of: (call: MadeCall) => number | null): Float64Array {
  return Float64Array.from(calls.map(of).filter((ms) => ms !== null));
}

function errorCodes(calls: readonly MadeCall[]): LoadPoint['errorCodes'] {
  const counts = new Map<string, number>();
  for (const { error } of calls) if (error !== null) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts]
    .map(([code, count]) => ({ code, calls: count }))
    .toSorted((a, b) => b.calls - a.calls)
    .slice(0, SHOWN_ERRORS);
}
