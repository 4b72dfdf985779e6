import type { Candidate, Load, PlannedAttempt, RoutingPolicy } from './policy.ts';

/** Above this use of its KV cache an engine begins to put requests off (our choice; that vLLM preempts when the cache is full is from memory, not looked up). */
const KV_CACHE_BUSY = 0.8;
/** How much worse a full KV cache makes a deployment. */
const KV_CACHE_FULL_FACTOR = 10;

/**
 * Power of two choices: two are drawn, the less loaded is first. That spreads calls almost as well as looking at all
 * of them and does not send every caller to the same one at once. The rest follow by load; what is not healthy is last.
 */
export const leastLoaded: RoutingPolicy = {
  name: 'least-loaded',
  summary: 'The less loaded of two drawn at random, by latency x calls in flight / weight; the rest by load.',
  plan(candidates, _route, random) {
    const fastestMs = Math.min(...candidates.map(({ load }) => load.latencyMs ?? Number.POSITIVE_INFINITY));
    const healthy = candidates.filter((candidate) => candidate.healthy);
    const ill = candidates.filter((candidate) => !candidate.healthy);
    const unknownMs = Number.isFinite(fastestMs) ? fastestMs : 1;
    const byCost = (one: Candidate, other: Candidate): number =>
      costOf(one, unknownMs) - costOf(other, unknownMs);
    const pair = drawTwo(healthy, random).sort(byCost);
    const rest = healthy.filter((candidate) => !pair.includes(candidate)).sort(byCost);
    return [
      ...describePair(pair),
      ...rest.map(({ deployment, load }) => ({ deployment, reason: `next by load: ${inWords(load)}` })),
      ...ill.sort(byCost).map(({ deployment, load }) => ({
        deployment,
        reason: `by load: ${inWords(load)}, put last: not healthy`,
      })),
    ];
  },
};

/** Without a latency of its own a deployment is taken for the fastest there is, so that it gets calls to show one. */
function costOf({ load, weight }: Candidate, unknownMs: number): number {
  if (weight <= 0) return Number.MAX_VALUE;
  const queue = load.inFlight + (load.engineWaiting ?? 0) + 1;
  const busy = Math.max(0, (load.kvCacheUse ?? 0) - KV_CACHE_BUSY) / (1 - KV_CACHE_BUSY);
  const kvCache = 1 + busy * (KV_CACHE_FULL_FACTOR - 1);
  return (Math.max(load.latencyMs ?? unknownMs, 0.01) * queue * kvCache) / weight;
}

function drawTwo(candidates: readonly Candidate[], random: () => number): Candidate[] {
  if (candidates.length <= 2) return [...candidates];
  const first = Math.floor(random() * candidates.length);
  const second = (first + 1 + Math.floor(random() * (candidates.length - 1))) % candidates.length;
  return [first, second].flatMap((index) => candidates[index] ?? []);
}

function describePair([first, second]: readonly Candidate[]): PlannedAttempt[] {
  if (!first) return [];
  if (!second)
    return [{ deployment: first.deployment, reason: `the only healthy one: ${inWords(first.load)}` }];
  const reason = `less loaded: ${inWords(first.load)} against ${second.deployment}: ${inWords(second.load)}`;
  return [
    { deployment: first.deployment, reason },
    { deployment: second.deployment, reason: `more loaded of two: ${inWords(second.load)}` },
  ];
}

/** `2 in flight, 410 ms, 3 waiting in the engine, KV cache 91 %` */
function inWords({ inFlight, latencyMs, engineWaiting, kvCacheUse }: Load): string {
  const parts = [
    `${inFlight} in flight`,
    latencyMs === null ? 'no latency known' : `${Math.round(latencyMs)} ms`,
  ];
  if (engineWaiting !== null) parts.push(`${engineWaiting} waiting in the engine`);
  if (kvCacheUse !== null) parts.push(`KV cache ${Math.round(kvCacheUse * 100)} %`);
  return parts.join(', ');
}
