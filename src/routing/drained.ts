import type { Drain, Snapshot } from '../stack/stack.ts';

/** Why this deployment takes no call, in words: `drained since 2026-11-25 10:02 UTC by ada: new drivers`; `null`: it is in service. */
export function drainReason({ drained = {} }: Snapshot, deployment: string): string | null {
  if (!Object.hasOwn(drained, deployment)) return null;
  const { since, by, reason } = drained[deployment] as Drain;
  const at = new Date(since).toISOString();
  return `drained since ${at.slice(0, 10)} ${at.slice(11, 16)} UTC by ${by}${reason === null ? '' : `: ${reason}`}`;
}

/** Those that were drained before and are no more. */
export function resumedBetween({ drained = {} }: Snapshot, { drained: now = {} }: Snapshot): string[] {
  return Object.keys(drained).filter((name) => !Object.hasOwn(now, name));
}
