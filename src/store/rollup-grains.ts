import type { Dimension } from './store.ts';

/**
 * Which rollups exist. A grain is a set of dimensions told apart; a tier is a length of bucket, aligned to the epoch.
 * Latency histograms are kept for few-valued grains only. Users are many, so their sums are kept apart, in bulk (user-sums.ts).
 */
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export interface Grain {
  readonly id: number;
  readonly dimensions: readonly Exclude<Dimension, 'user'>[];
  /** Milliseconds, longest first. */
  readonly tiers: readonly number[];
  /** Whether its rows carry latency histograms. */
  readonly latency: boolean;
}

/** In `rollups`, fewest dimensions first: a query takes the first that has what it needs. */
export const GRAINS: readonly Grain[] = [
  { id: 0, dimensions: [], tiers: [DAY_MS, HOUR_MS], latency: true },
  { id: 1, dimensions: ['task'], tiers: [DAY_MS, HOUR_MS], latency: true },
  { id: 2, dimensions: ['deployment'], tiers: [DAY_MS, HOUR_MS], latency: true },
  { id: 3, dimensions: ['task', 'deployment'], tiers: [DAY_MS, HOUR_MS], latency: true },
  { id: 4, dimensions: ['key'], tiers: [DAY_MS, HOUR_MS], latency: true },
  { id: 5, dimensions: ['task', 'deployment', 'key'], tiers: [DAY_MS, HOUR_MS], latency: false },
];

/**
 * In `user_sums`. The hours of {@link USER_GRAIN} are read from {@link USER_TASK_GRAIN}, which has them anyway.
 * Tiers: longest first.
 */
export const USER_GRAIN = { id: 0, tiers: [DAY_MS] } as const;
export const USER_TASK_GRAIN = { id: 1, tiers: [DAY_MS, HOUR_MS] } as const;

/** The first grain of `rollups` that tells these dimensions apart; `undefined` when none does. */
export function grainFor(needed: ReadonlySet<Dimension>, want: { latency: boolean }): Grain | undefined {
  return GRAINS.find(
    (grain) =>
      (grain.latency || !want.latency) &&
      [...needed].every((dimension) => dimension !== 'user' && grain.dimensions.includes(dimension)),
  );
}

/** A run of whole buckets of one tier: `from` to `to` (exclusive), epoch milliseconds. */
export interface Segment {
  tier: number;
  from: number;
  to: number;
}

/**
 * Cuts a window of whole hours into the longest buckets that fit, in order of time. What no tier fits at the edges
 * (when the finest is longer than an hour) comes back with `tier` one hour.
 */
export function cutWindow(since: number, until: number, tiers: readonly number[]): Segment[] {
  if (since >= until) return [];
  const [tier, ...finer] = tiers;
  if (tier === undefined) return [{ tier: HOUR_MS, from: since, to: until }];
  const from = Math.ceil(since / tier) * tier;
  const to = Math.floor(until / tier) * tier;
  if (from >= to) return cutWindow(since, until, finer);
  return [...cutWindow(since, from, finer), { tier, from, to }, ...cutWindow(to, until, finer)];
}

/** The start of every bucket in a segment. */
export function bucketsOf({ tier, from, to }: Segment): number[] {
  return Array.from({ length: Math.round((to - from) / tier) }, (_, i) => from + i * tier);
}

export function floorTo(at: number, tier: number): number {
  return Math.floor(at / tier) * tier;
}
