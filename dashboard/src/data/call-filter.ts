import type { Outcome } from '../../../src/core/call-record.ts';
import type { CallSummary } from '../../../src/store/store.ts';
import type { Params } from './api.ts';
import { parseScope, type Scope, type ScopeSearch } from './scope.ts';

/** What the calls page is narrowed to, as it stands in the address. */
export interface CallsSearch extends ScopeSearch {
  task?: string;
  user?: string;
  deployment?: string;
  key?: string;
  outcome?: Outcome;
  /** Milliseconds. */
  slower?: number;
  unpriced?: boolean;
  search?: string;
  live?: boolean;
}

const TEXTS = ['task', 'user', 'deployment', 'key', 'search'] as const;
export const OUTCOMES: readonly Outcome[] = ['ok', 'error', 'client_left', 'refused'];

export function parseCallsSearch(search: Record<string, unknown>): CallsSearch {
  const found: CallsSearch = parseScope(search);
  for (const name of TEXTS) {
    const value = search[name];
    if (value !== undefined && value !== null && String(value) !== '') found[name] = String(value);
  }
  const outcome = OUTCOMES.find((name) => name === search.outcome);
  if (outcome) found.outcome = outcome;
  const slower = Number(search.slower);
  if (Number.isInteger(slower) && slower > 0) found.slower = slower;
  if (String(search.unpriced) === 'true') found.unpriced = true;
  if (String(search.live) === 'true') found.live = true;
  return found;
}

/** The filter as the API takes it. A moving range is sent as an age, so that the same view keeps the same question. */
export function toParams(search: CallsSearch, scope: Scope): Params {
  const { task, user, deployment, key, outcome, slower, unpriced, search: text } = search;
  const time =
    scope.range === 'custom' ? scope.window() : { since: scope.range === '1h' ? '60m' : scope.range };
  return {
    ...time,
    sandbox: scope.sandbox,
    task,
    user,
    deployment,
    key,
    outcome,
    minDurationMs: slower,
    unpriced,
    search: text,
  };
}

/** Whether a call that just arrived belongs in the list. */
export function matches(call: CallSummary, search: CallsSearch, scope: Scope): boolean {
  const { since, until } = scope.window();
  const text = search.search;
  return (
    call.sandbox === scope.sandbox &&
    call.startedAt >= since &&
    (scope.range !== 'custom' || call.startedAt < until) &&
    (search.task === undefined || call.task === search.task) &&
    (search.user === undefined || call.user === search.user) &&
    (search.deployment === undefined || call.deployment === search.deployment) &&
    (search.key === undefined || call.keyId === search.key) &&
    (search.outcome === undefined || call.outcome === search.outcome) &&
    (search.slower === undefined || call.durationMs > search.slower) &&
    (search.unpriced === undefined || call.unpriced === search.unpriced) &&
    (text === undefined || call.id.startsWith(text) || [call.task, call.user, call.deployment].includes(text))
  );
}
