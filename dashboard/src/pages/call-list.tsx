import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, useState } from 'react';
import type { CallSummary } from '../../../src/store/store.ts';
import type { CallsSearch } from '../data/call-filter.ts';
import { seriesColour } from '../look/series.ts';
import { Bar, DeploymentName, OutcomeMark } from '../parts/marks.tsx';
import { formatCount, formatMs, formatTime, formatUsd } from '../words/format.ts';

const ROW = 32;
const ROW_NARROW = 44;
/** Rows drawn beyond each edge, and rows before the end at which the next page is asked for. */
const OVERSCAN = 12;
const AHEAD = 60;

export interface CallListProps {
  calls: readonly CallSummary[];
  search: CallsSearch;
  open: string | null;
  hasMore: boolean;
  loadingMore: boolean;
  onMore(): void;
  onOpen(id: string): void;
}

/** Only the rows in sight exist; pages are fetched before their rows come into sight. */
export function CallList({ calls, search, open, hasMore, loadingMore, onMore, onOpen }: CallListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRowHeight();
  const rows = useVirtualizer({
    count: calls.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: OVERSCAN,
    getItemKey: (index) => calls[index]?.id ?? index,
  });
  const items = rows.getVirtualItems();
  const end = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !loadingMore && end >= calls.length - AHEAD) onMore();
  }, [end, calls.length, hasMore, loadingMore, onMore]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows keep their sizes until told that these changed
  useEffect(() => rows.measure(), [rows, height]);
  useSteps(calls, open, onOpen, (index) => rows.scrollToIndex(index));
  const slowest = Math.max(1, ...items.map((item) => calls[item.index]?.durationMs ?? 0));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual list of links laid out as a grid, not a table
    <div className="call-list" role="group" aria-label="Calls, newest first">
      <div className="call-row head" aria-hidden="true">
        <span>Time</span>
        <span>Task</span>
        <span className="lesser mid">User</span>
        <span className="lesser">Deployment</span>
        <span className="num lesser mid">Tokens in, out</span>
        <span className="num lesser">First token</span>
        <span className="num">Took</span>
        <span className="num">Cost</span>
        <span className="lesser">Outcome</span>
      </div>
      <div className="call-scroll" ref={scroller}>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const call = calls[item.index];
            return call ? (
              <CallRow
                key={item.key}
                call={call}
                top={item.start}
                search={search}
                current={call.id === open}
                slowest={slowest}
              />
            ) : null;
          })}
        </div>
        <p className="list-foot" aria-live="polite">
          {loadingMore ? 'Loading older calls' : hasMore ? '' : 'That is all.'}
        </p>
      </div>
    </div>
  );
}

interface RowProps {
  call: CallSummary;
  top: number;
  search: CallsSearch;
  current: boolean;
  slowest: number;
}

const CallRow = memo(function CallRow({ call, top, search, current, slowest }: RowProps) {
  const { usage } = call;
  return (
    <Link
      to="/calls/$id"
      params={{ id: call.id }}
      search={search}
      resetScroll={false}
      preload={false}
      className="call-row"
      aria-current={current ? 'true' : undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <span className="muted">{formatTime(call.startedAt)}</span>
      <span>
        {call.outcome !== 'ok' && <span className="sr-only">{call.outcome} </span>}
        {call.task === 'untasked' ? (
          <span className="muted">{call.requestedModel ?? 'untasked'}</span>
        ) : (
          call.task
        )}
        <small className="second-line">
          {call.outcome !== 'ok' && <OutcomeMark outcome={call.outcome} errorCode={call.errorCode} />}
          {call.user ?? call.deployment}
        </small>
      </span>
      <span className="lesser mid">{call.user ?? <span className="muted">–</span>}</span>
      <span className="lesser">
        <DeploymentName name={call.deployment} />
        {call.attemptCount > 1 && <span className="muted"> after {call.attemptCount - 1}</span>}
      </span>
      <span className="num lesser mid">
        {usage.estimated ? '≈ ' : ''}
        {usage.inputTokens === undefined ? '–' : formatCount(usage.inputTokens)},{' '}
        {usage.outputTokens === undefined ? '–' : formatCount(usage.outputTokens)}
      </span>
      <span className="num lesser">
        {call.streamed ? formatMs(call.ttftMs) : <span className="muted">–</span>}
      </span>
      <span className="took num">
        <Bar value={call.durationMs} of={slowest} colour={seriesColour(call.deployment)} />
        <span>{formatMs(call.durationMs)}</span>
      </span>
      <span className="num">
        {call.unpriced ? (
          <span className="tag bad">unpriced</span>
        ) : call.costNanoUsd === null ? (
          '–'
        ) : (
          formatUsd(call.costNanoUsd)
        )}
      </span>
      <span className="lesser">
        <OutcomeMark outcome={call.outcome} errorCode={call.errorCode} />
        {call.feedbackScore !== null && <Score score={call.feedbackScore} />}
      </span>
    </Link>
  );
});

function Score({ score }: { score: number }) {
  return (
    <span className={`tag ${score >= 0.5 ? 'good' : 'bad'}`} style={{ marginLeft: 4 }} title="Feedback">
      {score === 1 ? 'up' : score === 0 ? 'down' : score.toFixed(1)}
    </span>
  );
}

function useRowHeight(): number {
  const [narrow, setNarrow] = useState(() => matchMedia('(max-width: 760px)').matches);
  useEffect(() => {
    const media = matchMedia('(max-width: 760px)');
    const change = (): void => setNarrow(media.matches);
    media.addEventListener('change', change);
    return () => media.removeEventListener('change', change);
  }, []);
  return narrow ? ROW_NARROW : ROW;
}

/** `j` and `k` step through the calls, as in a mail program. */
function useSteps(
  calls: readonly CallSummary[],
  open: string | null,
  onOpen: (id: string) => void,
  show: (index: number) => void,
): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof Element && event.target.closest('input, textarea, select, dialog');
      if (typing || event.metaKey || event.ctrlKey || (event.key !== 'j' && event.key !== 'k')) return;
      const at = calls.findIndex((call) => call.id === open);
      const to = Math.max(0, Math.min(calls.length - 1, at + (event.key === 'j' ? 1 : -1)));
      const call = calls[to];
      if (!call) return;
      show(to);
      onOpen(call.id);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [calls, open, onOpen, show]);
}
