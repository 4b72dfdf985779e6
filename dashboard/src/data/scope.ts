import { useNavigate, useSearch } from '@tanstack/react-router';
import { useStatus } from './queries.ts';

/** The part of the address every page shares: which stretch of time, and real or simulated calls. */
export interface ScopeSearch {
  range?: RangeName;
  /** Epoch milliseconds; only with `range=custom`. */
  since?: number;
  until?: number;
  env?: Env;
}

export type Env = 'real' | 'sandbox';
export const RANGES = ['1h', '24h', '7d', '30d', '90d'] as const;
export type RangeName = (typeof RANGES)[number] | 'custom';

const HOUR = 3_600_000;
const LENGTH: Record<(typeof RANGES)[number], number> = {
  '1h': HOUR,
  '24h': 24 * HOUR,
  '7d': 168 * HOUR,
  '30d': 720 * HOUR,
  '90d': 2160 * HOUR,
};
const WORDS: Record<(typeof RANGES)[number], string> = {
  '1h': 'the last hour',
  '24h': 'the last 24 hours',
  '7d': 'the last 7 days',
  '30d': 'the last 30 days',
  '90d': 'the last 90 days',
};
const BEFORE_WORDS: Record<(typeof RANGES)[number], string> = {
  '1h': 'the hour before',
  '24h': 'the 24 hours before',
  '7d': 'the 7 days before',
  '30d': 'the 30 days before',
  '90d': 'the 90 days before',
};
export const DEFAULT_RANGE = '24h';

export interface Scope {
  range: RangeName;
  env: Env;
  sandbox: boolean;
  /** `the last 7 days`, or the stretch in dates. */
  words: string;
  wordsBefore: string;
  /** Changes exactly when other figures must be asked for. */
  key: string;
  /** The stretch as of now. */
  window(): { since: number; until: number };
}

/** Reads the shared search members from an address; what is not valid is dropped. */
export function parseScope(search: Record<string, unknown>): ScopeSearch {
  const since = toNumber(search.since);
  const until = toNumber(search.until);
  const range = search.range;
  const scope: ScopeSearch = {};
  if (range === 'custom' && since !== undefined && until !== undefined && since < until) {
    Object.assign(scope, { range: 'custom', since, until });
  } else if (RANGES.some((name) => name === range)) {
    scope.range = range as RangeName;
  }
  if (search.env === 'real' || search.env === 'sandbox') scope.env = search.env;
  return scope;
}

/** The scope of the address in the bar; real calls unless only simulated ones exist. */
export function useScope(): Scope {
  const search = useSearch({ strict: false }) as ScopeSearch;
  const { data: status } = useStatus();
  const presence = status?.presence;
  const env = search.env ?? (presence && !presence.real && presence.sandbox ? 'sandbox' : 'real');
  return toScope(search, env);
}

export function toScope(search: ScopeSearch, env: Env): Scope {
  const { since, until } = search;
  const base = { env, sandbox: env === 'sandbox' };
  if (search.range === 'custom' && since !== undefined && until !== undefined) {
    const words = `${stamp(since)} to ${stamp(until)}`;
    const key = `${since}-${until}`;
    return {
      ...base,
      range: 'custom',
      words,
      wordsBefore: 'the same length before',
      key,
      window: () => ({ since, until }),
    };
  }
  const range = search.range && search.range !== 'custom' ? search.range : DEFAULT_RANGE;
  return {
    ...base,
    range,
    words: WORDS[range],
    wordsBefore: BEFORE_WORDS[range],
    key: range,
    window: () => ({ since: Date.now() - LENGTH[range], until: Date.now() }),
  };
}

/** Changes members of the address and keeps the rest; `replace` leaves no step to go back to. */
export function useSetSearch(): (change: Record<string, unknown>, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return (change, options = {}) => {
    void navigate({
      to: '.',
      search: (previous: Record<string, unknown>) => ({ ...previous, ...change }),
      replace: options.replace ?? false,
    } as never);
  };
}

function toNumber(value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}

const stampFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

function stamp(at: number): string {
  return stampFormat.format(at).replace(',', '');
}
