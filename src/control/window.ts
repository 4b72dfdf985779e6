import { z } from 'zod';
import { TrimtabError } from '../core/error.ts';
import type { RollupFilter } from '../store/store.ts';
import type { ControlDeps } from './deps.ts';

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
export const HOUR_MS = UNIT_MS.h;
export const DAY_MS = UNIT_MS.d;

/** A moment: epoch milliseconds, an ISO date, or an age such as `30m`, `24h`, `7d`, `4w`. */
const moment = z
  .string()
  .regex(/^(\d+[mhdw]?|\d{4}-\d{2}-\d{2}.*)$/, 'must be epoch milliseconds, an ISO date, or an age like `7d`')
  .describe('Epoch milliseconds, an ISO date, or an age: `30m`, `24h`, `7d`, `4w`.');

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** Query members that choose a window of time. */
export const windowQuery = {
  since: moment.optional(),
  until: moment.optional(),
  sandbox: flag
    .optional()
    .describe('Figures of simulated calls. Default: real ones, unless there can only be simulated ones.'),
};

export const flagQuery = flag.optional();

/** A page size, with its default and largest value. */
export function limitQuery(standard: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,6}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(1).max(max))
    .optional()
    .transform((limit) => limit ?? standard);
}

export interface WindowQuery {
  since?: string | undefined;
  until?: string | undefined;
  sandbox?: boolean | undefined;
}

export interface Window {
  since: number;
  until: number;
  sandbox: boolean;
}

/** Reads a window; `sandbox` follows what exists when it is not said. Throws TrimtabError(invalid_request). */
export async function readWindow(query: WindowQuery, deps: ControlDeps, standardMs: number): Promise<Window> {
  const now = deps.clock.now();
  const until = query.until === undefined ? now : readMoment(query.until, now, 'query.until');
  const since = query.since === undefined ? until - standardMs : readMoment(query.since, now, 'query.since');
  if (since >= until) {
    throw new TrimtabError('invalid_request', 'query.since: must be before `until`', {
      field: 'query.since',
    });
  }
  return { since, until, sandbox: query.sandbox ?? (await onlySandbox(deps)) };
}

/** Epoch milliseconds of a moment as a query says it. */
export function readMoment(text: string, now: number, field: string): number {
  const age = /^(\d+)([mhdw])$/.exec(text);
  if (age) return now - Number(age[1]) * UNIT_MS[age[2] as keyof typeof UNIT_MS];
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isSafeInteger(at)) return at;
  throw new TrimtabError('invalid_request', `${field}: \`${text}\` is not a moment`, { field });
}

async function onlySandbox(deps: ControlDeps): Promise<boolean> {
  const presence = await deps.store.calls.presence();
  deps.state.presence = presence;
  return !presence.real && (presence.sandbox || deps.revisions.status().sandboxOnly);
}

/** Width of a series' buckets: whole hours that leave about a hundred points or fewer. */
export function bucketFor(window: Window): number {
  const length = window.until - window.since;
  if (length <= 4 * DAY_MS) return HOUR_MS;
  if (length <= 21 * DAY_MS) return 6 * HOUR_MS;
  if (length <= 120 * DAY_MS) return DAY_MS;
  return 7 * DAY_MS;
}

/** The window of equal length that ends where this one's first hour begins. */
export function windowBefore(window: Window): RollupFilter {
  const since = Math.floor(window.since / HOUR_MS) * HOUR_MS;
  return { since: since - (window.until - window.since), until: since, sandbox: window.sandbox };
}
