/** Machines: what a GPU-hour costs by published prices, and what one replica sustains under the calls as they really came. */
import type { EngineSetup, GpuPrice, LatencyTarget, ReplicaCapacity } from '../../capacity/capacity.ts';
import { findGpu, findModel, gpuPrices } from '../../capacity/facts/index.ts';
import { measuredCapacity, type TestedSetup } from '../../capacity/load-test/load-test.ts';
import { createPerformanceModel } from '../../capacity/performance/performance-model.ts';
import { ENGINE_LIMITS } from '../../capacity/plan/candidates.ts';
import { sizeReplica } from '../../capacity/plan/size-replica.ts';
import { toWorkload, type Workload } from '../../capacity/simulator/workload.ts';
import type { Interval } from '../../core/interval.ts';
import { exactly } from '../../core/interval.ts';
import { publishedPrice } from '../economics/gpu-hour.ts';
import type { Quantity } from '../economics/quantity.ts';
import type { TaskEvidence } from '../evidence.ts';
import type { FactSource } from '../fact.ts';
import type { Profile } from '../profile/profile.ts';
import { factValue } from '../profile/reader.ts';

/** The GPU that prices and sizes are taken of: the one most clouds rent out. */
const GPU = 'h100-sxm';
/** Small and large open models that stand for easy and for hard work. */
const SMALL = { model: 'llama-3.1-8b', gpusPerReplica: 1, weights: 'bf16' } as const;
const LARGE = { model: 'llama-3.3-70b', gpusPerReplica: 4, weights: 'bf16' } as const;
/** Fewer calls in the busiest hour show no pattern of arrival. */
const MIN_CALLS = 200;
const MAX_CALLS = 4_000;

/** First token within so many milliseconds, 95 times in 100, by what the latency class says of who waits. */
const TARGET_MS = { interactive: 1_000, standard: 5_000, batch: 60_000 } as const;

/** Of the GPU that was load-tested, else of {@link GPU}. */
export function gpuPrice(profile: Profile, tested: ReplicaCapacity | null): Quantity[] {
  const kinds = kindsOf(profile);
  const id = tested?.gpu ?? GPU;
  const rows = gpuPrices.filter(({ gpu, kind }) => gpu === id && kinds.includes(kind));
  const value = publishedPrice(rows.map(({ usdPerGpuHour }) => usdPerGpuHour));
  const [first] = rows;
  if (value === null || !first) return [];
  const source: FactSource = {
    kind: 'published',
    by: `${rows.length} prices of ${findGpu(id)?.label ?? id} (${kinds.join(', ')}): ${[...new Set(rows.map(({ source: { by } }) => by))].join(', ')}`,
    url: first.source.url,
    date: first.source.date,
  };
  return [{ id: 'self.usd-per-gpu-hour', value, source }];
}

/** Not known whether they are rented or owned: both. Spot machines want more capacity than this counts. */
function kindsOf(profile: Profile): GpuPrice['kind'][] {
  const assets = factValue(profile, 'assets.gpus');
  if (assets === 'own') return ['owned', 'reserved'];
  return assets === 'rent' ? ['on-demand'] : ['on-demand', 'reserved', 'owned'];
}

/** What the newest load test with calls of this size, within this task's target, found; `null`: there is none. */
export function testedReplica(profile: Profile, evidence: TaskEvidence): ReplicaCapacity | null {
  const { loadTests = [], sample } = evidence;
  const target = targetOf(profile);
  if (target === null || sample.length === 0) return null;
  const mean = (of: (call: TaskEvidence['sample'][number]) => number): number =>
    sample.reduce((sum, call) => sum + of(call), 0) / sample.length;
  const shape = {
    meanInputTokens: mean(({ inputTokens }) => inputTokens),
    meanOutputTokens: mean(({ outputTokens }) => outputTokens),
  };
  for (const test of loadTests.toSorted((a, b) => b.createdAt - a.createdAt)) {
    const setup = test.setup && setupOf(test.setup);
    const capacity = setup && measuredCapacity([test], { setup, target, shape });
    if (capacity) return capacity;
  }
  return null;
}

function testedQuantities(
  { callsPerSecond, gpusPerReplica, loadTest }: ReplicaCapacity,
  { loadTests = [] }: TaskEvidence,
): Quantity[] {
  const test = loadTests.find(({ id }) => id === loadTest?.id);
  if (!test) return [];
  const { id, createdAt, endedAt, calls } = test;
  const source: FactSource = {
    kind: 'measured',
    from: createdAt,
    to: endedAt ?? createdAt,
    calls,
    loadTest: id,
  };
  return [
    { id: 'self.calls-per-second', value: callsPerSecond, source },
    { id: 'self.gpus-per-replica', value: exactly(gpusPerReplica), source },
  ];
}

/** A load test's word stands before the model's. Empty: too few calls, or nobody said who waits for the answer. */
export function sizedReplica(
  profile: Profile,
  evidence: TaskEvidence,
  tested: ReplicaCapacity | null,
): Quantity[] {
  if (tested !== null) return testedQuantities(tested, evidence);
  const target = targetOf(profile);
  const workload = workloadOf(evidence);
  if (target === null || workload === null) return [];
  const sizes = modelsOf(profile).flatMap((size) => capacityOf(size, { workload, target }) ?? []);
  if (sizes.length === 0) return [];
  const source: FactSource = {
    kind: 'measured',
    from: evidence.from,
    to: evidence.to,
    calls: workload.atMs.length,
  };
  return [
    { id: 'self.calls-per-second', value: hull(sizes.map(({ callsPerSecond }) => callsPerSecond)), source },
    {
      id: 'self.gpus-per-replica',
      value: hull(sizes.map(({ gpusPerReplica }) => exactly(gpusPerReplica))),
      source,
    },
  ];
}

function targetOf(profile: Profile): LatencyTarget | null {
  const stated = factValue(profile, 'latency.ttftP95TargetMs');
  const waits = factValue(profile, 'latency.class');
  const ttftP95Ms = stated ?? (waits === null ? null : TARGET_MS[waits]);
  return ttftP95Ms === null ? null : { ttftP95Ms, tpotP95Ms: null, endToEndP95Ms: null };
}

/** Not known how hard the work is: both, and the interval reaches from one to the other. */
function modelsOf(profile: Profile): (typeof SMALL | typeof LARGE)[] {
  const difficulty = factValue(profile, 'work.difficulty');
  if (difficulty === null) return [SMALL, LARGE];
  return difficulty === 'simple' ? [SMALL] : [LARGE];
}

/** Arrivals of the busiest hour, each with the sizes of a call of the sample. */
function workloadOf({ busiestHour, sample }: TaskEvidence): Workload | null {
  if (busiestHour.length < MIN_CALLS || sample.length === 0) return null;
  const calls = busiestHour.slice(0, MAX_CALLS).map((atMs, index) => {
    const { inputTokens, outputTokens } = sample[
      (index * 31) % sample.length
    ] as TaskEvidence['sample'][number];
    return { atMs, inputTokens, outputTokens };
  });
  return toWorkload(calls);
}

/** `null`: the target is missed at any rate, even at the low side of the model's error. */
function capacityOf(
  size: typeof SMALL | typeof LARGE,
  question: { workload: Workload; target: LatencyTarget },
): ReplicaCapacity | null {
  const setup = setupOf({ engine: 'vLLM', gpu: GPU, ...size });
  if (!setup) return null;
  const { capacity } = sizeReplica({ model: createPerformanceModel(setup), loadTests: [], ...question });
  return capacity !== null && capacity.callsPerSecond.low > 0 ? capacity : null;
}

/** `null`: there are no facts of the model or the GPU any more. */
function setupOf({
  engine,
  gpusPerReplica,
  weights,
  ...named
}: Omit<TestedSetup, 'replicas'>): EngineSetup | null {
  const model = findModel(named.model);
  const gpu = findGpu(named.gpu);
  if (!model || !gpu) return null;
  return { engine, model, gpu, gpusPerReplica, weights, cache: 'bf16', ...ENGINE_LIMITS };
}

function hull(intervals: readonly Interval[]): Interval {
  const low = Math.min(...intervals.map((one) => one.low));
  const high = Math.max(...intervals.map((one) => one.high));
  const mids = intervals.map(({ mid }) => Math.log(mid));
  return { low, mid: Math.exp(mids.reduce((sum, one) => sum + one, 0) / mids.length), high };
}
