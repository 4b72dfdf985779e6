import './calls.css';
import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { CallSummary } from '../../../src/store/store.ts';
import { Scatter } from '../charts/scatter.tsx';
import { type CallsSearch, matches, toParams } from '../data/call-filter.ts';
import { useLive } from '../data/live.ts';
import { useCalls } from '../data/queries.ts';
import { type Scope, useScope, useSetSearch } from '../data/scope.ts';
import { ExportButton } from '../parts/data-table.tsx';
import { Failure, PageHead, PageSkeleton } from '../parts/page.tsx';
import { NoCalls } from '../parts/teach.tsx';
import { formatMs, formatTime, formatUsd, plural } from '../words/format.ts';
import { callColumns } from './call-columns.ts';
import { CallFilters } from './call-filters.tsx';
import { CallList } from './call-list.tsx';

/** Every call, newest first; the panel of one call opens over the list, which stays where it was. */
export function CallsPage() {
  const scope = useScope();
  const search = useSearch({ from: '/calls' });
  const params = toParams(search, scope);
  const pages = useCalls(params);
  const [paused, setPaused] = useState(false);
  const live = useLive(search.live === true, paused, (call) => matches(call, search, scope));
  const loaded = useMemo(() => pages.data?.pages.flatMap((page) => page.calls) ?? [], [pages.data]);
  const calls = useMemo(() => joinLive(live.calls, loaded), [live.calls, loaded]);
  const open = useParams({ strict: false }).id ?? null;
  const navigate = useNavigate();
  const openCall = (id: string): void => void navigate({ to: '/calls/$id', params: { id }, search });

  if (!pages.data) {
    if (pages.error) return <Failure error={pages.error} retry={() => void pages.refetch()} />;
    return <PageSkeleton name="Calls" />;
  }
  const nothing = calls.length === 0 && !isNarrowed(search) && !search.live;
  return (
    <>
      <div className={`${pages.isPlaceholderData ? 'stale' : ''} ${open ? 'with-panel' : ''}`}>
        {nothing ? (
          <NoCalls name="Calls" scope={scope} />
        ) : (
          <>
            <PageHead name="Calls">{describe(calls, scope, pages.hasNextPage)}</PageHead>
            <CallFilters search={search} live={live} paused={paused} onPause={setPaused} />
            {calls.length > 0 && <Scatter calls={calls.slice(0, 400)} onOpen={openCall} />}
            <ListBar calls={calls} search={search} />
            <CallList
              calls={calls}
              search={search}
              open={open}
              hasMore={pages.hasNextPage}
              loadingMore={pages.isFetchingNextPage}
              onMore={() => void pages.fetchNextPage()}
              onOpen={openCall}
            />
          </>
        )}
      </div>
      <Outlet />
    </>
  );
}

function ListBar({ calls, search }: { calls: readonly CallSummary[]; search: CallsSearch }) {
  const setSearch = useSetSearch();
  return (
    <div className="section-head row" style={{ marginTop: 8 }}>
      <span className="muted">
        {calls.length === 0 ? 'No call matches these filters.' : `${plural(calls.length, 'call')} loaded`}
      </span>
      {calls.length === 0 && isNarrowed(search) && (
        <button type="button" className="button quiet" onClick={() => setSearch(NO_FILTERS)}>
          Clear the filters
        </button>
      )}
      <span className="end" style={{ marginLeft: 'auto' }}>
        <ExportButton name="calls" columns={callColumns} rows={calls} />
      </span>
    </div>
  );
}

export const NO_FILTERS = {
  task: undefined,
  user: undefined,
  deployment: undefined,
  key: undefined,
  outcome: undefined,
  slower: undefined,
  unpriced: undefined,
  search: undefined,
};

function isNarrowed(search: CallsSearch): boolean {
  return Object.keys(NO_FILTERS).some((name) => search[name as keyof CallsSearch] !== undefined);
}

/** What the loaded calls say, and only they: the list may go on below. */
function describe(calls: readonly CallSummary[], scope: Scope, more: boolean): string {
  const [newest, oldest] = [calls[0], calls.at(-1)];
  if (!newest || !oldest) return `No call in ${scope.words} matches.`;
  const failed = calls.filter((call) => call.outcome === 'error').length;
  const unpriced = calls.filter((call) => call.unpriced).length;
  const cost = calls.reduce((sum, call) => sum + (call.costNanoUsd ?? 0), 0);
  const slowest = Math.max(...calls.slice(0, 20_000).map((call) => call.durationMs));
  const which = more
    ? `The newest ${plural(calls.length, 'call')}, back to ${formatTime(oldest.startedAt)},`
    : `${plural(calls.length, 'call')} in ${scope.words}`;
  return (
    `${which} cost ${formatUsd(cost)}; ${failed === 0 ? 'none failed' : `${failed} failed`}, ` +
    `the slowest took ${formatMs(slowest)}${unpriced > 0 ? `, ${unpriced} have no price` : ''}.`
  );
}

/** Live calls above loaded ones, each once: a call may arrive both ways. */
function joinLive(live: readonly CallSummary[], loaded: CallSummary[]): CallSummary[] {
  if (live.length === 0) return loaded;
  const seen = new Set(loaded.map((call) => call.id));
  return [...live.filter((call) => !seen.has(call.id)), ...loaded];
}
