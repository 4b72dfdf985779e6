import 'uplot/dist/uPlot.min.css';
import './charts.css';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { formatMoment } from '../words/format.ts';
import { type Mark, type Strip, type StripContext, stripOptions } from './strip-options.ts';
import { readTheme, useColourScheme } from './theme.ts';

export type { Mark, Strip } from './strip-options.ts';

/** One and the same array, so that a chart without marks is not drawn anew for each. */
const NO_MARKS: readonly Mark[] = [];

export interface StripsProps {
  label: string;
  /** Starts of the buckets, epoch milliseconds. */
  times: readonly number[];
  bucketMs: number;
  since: number;
  until: number;
  strips: readonly Strip[];
  marks?: readonly Mark[];
  sandbox: boolean;
  /** A bucket was pressed. */
  onPick(since: number, until: number): void;
}

/**
 * Small multiples on one time axis, as a strip chart: every row shares the cursor. With the keyboard: arrow keys move
 * the cursor, Enter opens the calls under it.
 */
export function Strips(props: StripsProps) {
  const { times, bucketMs, strips, marks = NO_MARKS } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const plots = useRef(new Map<string, uPlot>());
  const steered = useRef(false);
  const at = cursor === null ? undefined : times[cursor];
  const pick = (index: number): void => {
    const start = times[index];
    if (start !== undefined) props.onPick(start, start + bucketMs);
  };
  const move = (to: number): void => {
    const index = Math.max(0, Math.min(times.length - 1, to));
    // The plots report their cursor too; what the keys say stands.
    steered.current = true;
    for (const plot of plots.current.values()) {
      const left = plot.valToPos((times[index] ?? 0) / 1000, 'x');
      plot.setCursor({ left: left + 1, top: 10 }, false);
    }
    steered.current = false;
    setCursor(index);
  };
  const report = (index: number | null): void => {
    if (!steered.current) setCursor(index);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (step !== undefined) move((cursor ?? (step < 0 ? times.length : -1)) + step);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(times.length - 1);
    else if (event.key === 'Enter' && cursor !== null) pick(cursor);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a chart is a group of drawings with its own keys, not a fieldset
    <div
      className="strips"
      role="group"
      aria-label={`${props.label}. Arrow keys move the cursor, Enter opens the calls under it.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is read by keyboard
      tabIndex={0}
      onKeyDown={onKeyDown}
      onMouseLeave={() => setCursor(null)}
    >
      <p className="strips-at" aria-hidden="true">
        {at === undefined ? '' : formatMoment(at).replace(/:\d\d$/, '')}
      </p>
      {strips.map((strip, index) => (
        <StripRow
          key={strip.id}
          strip={strip}
          last={index === strips.length - 1}
          cursor={cursor}
          props={{ ...props, marks }}
          onCursor={report}
          onPick={pick}
          plots={plots.current}
        />
      ))}
      {marks.length > 0 && <MarkLabels marks={marks} since={props.since} until={props.until} />}
      <p className="sr-only" aria-live="polite">
        {at === undefined ? '' : readOut(at, cursor ?? 0, strips)}
      </p>
    </div>
  );
}

interface RowProps {
  strip: Strip;
  last: boolean;
  cursor: number | null;
  props: StripsProps & { marks: readonly Mark[] };
  onCursor(index: number | null): void;
  onPick(index: number): void;
  plots: Map<string, uPlot>;
}

function StripRow(row: RowProps) {
  const { strip, cursor } = row;
  const holder = usePlot(row);
  const values = cursor === null ? null : strip.values.map((line) => line[cursor] ?? null);
  return (
    <div className={row.last ? 'strip last' : 'strip'}>
      <div className="strip-label">
        <span className="strip-title">{strip.title}</span>
        {values === null ? (
          <>
            <span className="strip-value">{strip.value}</span>
            <span className="strip-aside">{strip.aside ?? ''}</span>
          </>
        ) : (
          <>
            <span className="strip-value at-cursor">{strip.format(values[0] ?? null)}</span>
            <span className="strip-aside">
              {values.length > 1 ? `${strip.names[1]} ${strip.format(values[1] ?? null)}` : ' '}
            </span>
          </>
        )}
      </div>
      <div ref={holder} className="strip-plot" role="img" aria-label={`${strip.title}: ${strip.value}`} />
    </div>
  );
}

function usePlot({ strip, last, props, onCursor, onPick, plots }: RowProps) {
  const holder = useRef<HTMLDivElement>(null);
  const scheme = useColourScheme();
  const width = useWidth(holder);
  const group = useId();
  const syncKey = `strips-${props.label}-${group.length}`;
  const handlers = useRef({ onCursor, onPick });
  handlers.current = { onCursor, onPick };
  const shape = `${strip.kind} ${strip.values.length} ${strip.bad} ${strip.id}`;
  const data = useMemo(
    () => [props.times.map((time) => time / 1000), ...strip.values] as unknown as uPlot.AlignedData,
    [props.times, strip.values],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new scheme or shape needs a new plot; data is set below
  useEffect(() => {
    const element = holder.current;
    if (!element || width === 0) return;
    const context: StripContext = {
      ...props,
      theme: readTheme(),
      width,
      last,
      syncKey,
      onCursor: (index) => handlers.current.onCursor(index),
      onPick: (index) => handlers.current.onPick(index),
    };
    const plot = new uPlot(stripOptions(strip, context), data, element);
    plots.set(strip.id, plot);
    return () => {
      plots.delete(strip.id);
      plot.destroy();
    };
  }, [shape, scheme, width, last, data, props.marks, props.sandbox, props.since, props.until]);
  return holder;
}

function useWidth(holder: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [holder]);
  return width;
}

function MarkLabels({ marks, since, until }: { marks: readonly Mark[]; since: number; until: number }) {
  const inside = marks.filter((mark) => mark.at >= since && mark.at < until);
  return (
    <ol className="mark-labels" aria-label="Marks on the time axis">
      {inside.map((mark) => (
        <li key={`${mark.at}-${mark.label}`}>
          <i aria-hidden="true" /> {formatMoment(mark.at).replace(/:\d\d$/, '')} {mark.label}
        </li>
      ))}
    </ol>
  );
}

function readOut(at: number, index: number, strips: readonly Strip[]): string {
  const parts = strips.map((strip) => {
    const values = strip.values.map((line, place) => {
      const name = strip.values.length > 1 ? `${strip.names[place]} ` : '';
      return `${name}${strip.format(line[index] ?? null)}`;
    });
    return `${strip.title} ${values.join(', ')}`;
  });
  return `${formatMoment(at)}: ${parts.join('; ')}`;
}
