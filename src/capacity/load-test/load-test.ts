/** What a load test of a real endpoint found, and how it answers for the performance model. */
import type { Engine, EngineSetup, LatencyTarget, Precision, ReplicaCapacity } from '../capacity.ts';
import type { Percentiles } from '../simulator/percentiles.ts';

/** One stretch of load. */
export interface LoadPoint {
  kind: 'concurrency' | 'replay' | 'search';
  /** Calls kept in flight; `null`: calls came by their own clock. */
  concurrency: number | null;
  /** Calls per second that were sent; `null` where concurrency decided. */
  offeredCallsPerSecond: number | null;
  /** Finished without error, over the stretch. */
  callsPerSecond: number;
  /** Of calls whose usage is known. */
  outputTokensPerSecond: number;
  /** Warm-up left out. */
  durationMs: number;
  calls: number;
  errors: number;
  /** The most frequent errors of ours, with their counts. */
  errorCodes: { code: string; calls: number }[];
  /** From the moment a call was due, so that a late generator or a full queue hides nothing. */
  ttftMs: Percentiles;
  tpotMs: Percentiles;
  endToEndMs: Percentiles;
}

/** What serves the endpoint, as the person who ran the test said. */
export interface TestedSetup {
  engine: Engine;
  /** Id of a model among the facts. */
  model: string;
  gpu: string;
  gpusPerReplica: number;
  weights: Precision;
  replicas: number;
}

/** Why a test ended. `lost`: its process died; what was measured by then is kept. */
export type LoadTestEnd = 'done' | 'cancelled' | 'max-usd' | 'max-calls' | 'errors' | 'lost';

export interface LoadTest {
  id: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** `null`: it runs, or waits to. */
  endedAt: number | null;
  /** A declared deployment, or `provider/model`. */
  deployment: string;
  /** Simulated models: never taken for evidence. */
  sandbox: boolean;
  /** `null`: not said, so that it answers no question of capacity. */
  setup: TestedSetup | null;
  target: LatencyTarget;
  /** In words, what was sent: `azure-conversation`, `512 + 128 tokens`. */
  workload: string;
  /** As the endpoint counted them; `null`: it reports no usage, or nothing was measured yet. */
  meanInputTokens: number | null;
  meanOutputTokens: number | null;
  points: LoadPoint[];
  /** All that were sent, warm-up included. */
  calls: number;
  /** What they cost; `null`: some are unpriced. */
  costUsd: number | null;
  /** `null`: it runs, or waits to. */
  ended: LoadTestEnd | null;
}

/** Largest share of failed calls in a point that counts as sustained. */
export const MOST_ERRORS = 0.01;
/** How far mean input and output tokens may be from the workload's for a test to stand for it. */
const SHAPE_TOLERANCE = 0.3;
/** Share of the offered calls that must have been served for the queue not to have grown. */
const LEAST_SERVED = 0.95;

/** Whether a stretch met the target. Concurrency decides the rate of a closed loop: its latency alone counts. */
export function meetsTarget(point: LoadPoint, target: LatencyTarget): boolean {
  if (point.calls === 0 || point.errors > MOST_ERRORS * point.calls) return false;
  const within = (measured: number | null, wanted: number | null): boolean =>
    wanted === null || (measured !== null && measured <= wanted);
  const keptUp =
    point.offeredCallsPerSecond === null ||
    point.callsPerSecond >= LEAST_SERVED * point.offeredCallsPerSecond;
  return (
    keptUp &&
    within(point.ttftMs.p95, target.ttftP95Ms) &&
    within(point.tpotMs.p95, target.tpotP95Ms) &&
    within(point.endToEndMs.p95, target.endToEndP95Ms)
  );
}

export interface CapacityQuestion {
  setup: EngineSetup;
  target: LatencyTarget;
  shape: { meanInputTokens: number; meanOutputTokens: number };
}

/**
 * The newest real test of the same engine, model, GPU, parallelism and weights, with calls of about the same size (means within
 * 30 %), that has a point within the target; `null`: none. The interval reaches from the highest rate that met the target
 * to the lowest above it that did not.
 */
export function measuredCapacity(
  tests: readonly LoadTest[],
  { setup, target, shape }: CapacityQuestion,
): ReplicaCapacity | null {
  const fitting = tests
    .filter((test) => !test.sandbox && isOf(test, setup) && isLike(test, shape))
    .toSorted((a, b) => b.createdAt - a.createdAt);
  for (const test of fitting) {
    const capacity = capacityOf(test, target);
    if (capacity) return capacity;
  }
  return null;
}

function isOf({ setup }: LoadTest, wanted: EngineSetup): boolean {
  const { engine, model, gpu, gpusPerReplica, weights } = wanted;
  return (
    setup !== null &&
    setup.engine === engine &&
    setup.model === model.id &&
    setup.gpu === gpu.id &&
    setup.gpusPerReplica === gpusPerReplica &&
    setup.weights === weights
  );
}

function isLike(test: LoadTest, shape: CapacityQuestion['shape']): boolean {
  const near = (a: number | null, b: number): boolean =>
    a !== null && Math.abs(Math.log(a / b)) <= Math.log1p(SHAPE_TOLERANCE);
  return (
    near(test.meanInputTokens, shape.meanInputTokens) && near(test.meanOutputTokens, shape.meanOutputTokens)
  );
}

function capacityOf(
  { id, createdAt, points, setup }: LoadTest,
  target: LatencyTarget,
): ReplicaCapacity | null {
  const met = points.filter((point) => meetsTarget(point, target));
  const best = met.toSorted((a, b) => b.callsPerSecond - a.callsPerSecond)[0];
  if (!best || !setup) return null;
  const missed = points
    .filter((point) => !met.includes(point) && point.callsPerSecond > best.callsPerSecond)
    .map(({ callsPerSecond }) => callsPerSecond);
  const rate = best.callsPerSecond / setup.replicas;
  const tokens = best.outputTokensPerSecond / setup.replicas;
  const room = missed.length > 0 ? Math.min(...missed) / best.callsPerSecond : 1;
  return {
    model: setup.model,
    gpu: setup.gpu,
    gpusPerReplica: setup.gpusPerReplica,
    weights: setup.weights,
    callsPerSecond: { low: rate, mid: rate, high: rate * room },
    outputTokensPerSecond: { low: tokens, mid: tokens, high: tokens * room },
    latency: {
      ttftP50Ms: best.ttftMs.p50 ?? 0,
      ttftP95Ms: best.ttftMs.p95 ?? 0,
      tpotP50Ms: best.tpotMs.p50 ?? 0,
      tpotP95Ms: best.tpotMs.p95 ?? 0,
    },
    source: 'load test',
    loadTest: { id, at: createdAt },
  };
}
