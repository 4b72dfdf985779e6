/** What an adopted recommendation did to the cost of a task, from its call records before and since. */
import { effectInWords } from '../../advisor/recommendation/effect-words.ts';
import { moved } from '../../advisor/recommendation/lifecycle.ts';
import { measureRealised, type PricedCall } from '../../advisor/recommendation/realised.ts';
import type { Recommendation } from '../../core/recommendation.ts';
import type { Store } from '../../store/store.ts';
import { DAY_MS, HOUR_MS } from '../window.ts';
import { placesOf } from './task-evidence.ts';

/** Calls are looked at for so long before the adoption, and as long after it; then what was measured stands. */
const WINDOW_MS = 28 * DAY_MS;
/** Places a sample is taken from on each side, 50 calls each. */
const PLACES = 60;

/** The recommendation with what was measured now; `null`: nothing new can be said. */
export async function measureAdopted(
  store: Store,
  recommendation: Recommendation,
  { now, by }: { now: number; by: string },
): Promise<Recommendation | null> {
  const { state, adoptedAt, task, predictedUsdPerMonth: predicted } = recommendation;
  if ((state !== 'adopted' && state !== 'realised') || adoptedAt === null) return null;
  const until = Math.min(now, adoptedAt + WINDOW_MS);
  if (recommendation.realised && recommendation.realised.measuredAt >= until - DAY_MS) return null;
  const from = adoptedAt - WINDOW_MS;
  const [before, after] = [
    await readSide(store, { task, since: from, until: adoptedAt }),
    await readSide(store, { task, since: adoptedAt, until }),
  ];
  const realised = measureRealised({
    from,
    adoptedAt,
    now: until,
    calls: [...before.calls, ...after.calls],
    callsSince: after.priced,
    predicted,
  });
  if (!realised) return null;
  const note = `measured: it ${effectInWords(realised.usdPerMonth)}`;
  if (state === 'realised') return { ...recommendation, realised, changedAt: now };
  return { ...moved(recommendation, { to: 'realised', at: now, by, note }), realised };
}

interface Side {
  calls: PricedCall[];
  /** Answered calls of the side, less the share of the sample that has no price. */
  priced: number;
}

async function readSide(store: Store, window: { task: string; since: number; until: number }): Promise<Side> {
  const series = await store.rollups.series({ ...window, sandbox: false }, HOUR_MS);
  const hours = series.map(({ at, calls, refused, errors, clientLeft }) => ({
    at,
    calls: Math.max(0, calls - refused - errors - clientLeft),
  }));
  // Rollups have whole hours: the first of them may begin on the other side of the adoption.
  const places = placesOf(hours, PLACES).map((place) => Math.max(place, window.since));
  const sample = await store.taskCalls.sample(window, places);
  const calls = sample.flatMap(({ at, costNanoUsd }) =>
    costNanoUsd === null ? [] : [{ at, usd: costNanoUsd / 1e9 }],
  );
  const answered = hours.reduce((sum, hour) => sum + hour.calls, 0);
  return { calls, priced: sample.length === 0 ? 0 : (answered * calls.length) / sample.length };
}
