import uPlot from 'uplot';
import { niceLevel } from './nice-level.ts';
import { type CanvasTheme, fade, hatch } from './theme.ts';

/** One row of the strip chart. */
export interface Strip {
  id: string;
  title: string;
  /** The figure of the whole stretch. */
  value: string;
  /** What stands beside it: change, or share. */
  aside?: string;
  /** `bars`: amounts from zero. `band`: a median and a high percentile with the space between filled. */
  kind: 'bars' | 'band' | 'line';
  /** One array per line, aligned with the times; for `band` low first. `null`: nothing to show there. */
  values: (number | null)[][];
  names: string[];
  format(value: number | null): string;
  formatAxis(value: number): string;
  bad?: boolean;
  /** Top of the scale when it is fixed. */
  max?: number;
}

export interface Mark {
  /** Epoch milliseconds. */
  at: number;
  label: string;
}

export interface StripContext {
  theme: CanvasTheme;
  sandbox: boolean;
  width: number;
  last: boolean;
  syncKey: string;
  bucketMs: number;
  since: number;
  until: number;
  marks: readonly Mark[];
  onCursor(index: number | null): void;
  onPick(index: number): void;
}

export const STRIP_HEIGHT = 72;
export const AXIS_HEIGHT = 28;

export function stripOptions(strip: Strip, context: StripContext): uPlot.Options {
  const { theme, last, width } = context;
  return {
    width,
    height: STRIP_HEIGHT + (last ? AXIS_HEIGHT : 0),
    padding: [8, 8, last ? 0 : 8, 0],
    legend: { show: false },
    cursor: {
      sync: { key: context.syncKey, setSeries: false, scales: ['x', null] },
      y: false,
      drag: { x: false, y: false },
      points: { size: 6 },
      bind: {
        click: (self) => () => {
          if (self.cursor.idx !== null && self.cursor.idx !== undefined) context.onPick(self.cursor.idx);
          return null;
        },
      },
    },
    scales: {
      x: { time: true, range: [context.since / 1000, context.until / 1000] },
      y: { range: (_self, _min, max) => [0, Math.max(strip.max ?? 0, max ?? 0) * 1.08 || 1] },
    },
    axes: [xAxis(theme, last), yAxis(strip, theme)],
    series: [{}, ...strip.values.map((_, place) => toSeries(strip, place, context))],
    bands: strip.kind === 'band' ? [{ series: [2, 1], fill: bandFill(strip, context) }] : [],
    hooks: {
      setCursor: [(self) => context.onCursor(self.cursor.idx ?? null)],
      draw: [
        (self) => strip.kind === 'bars' && veilUnfinished(self, context),
        (self) => drawMarks(self, context),
      ],
    },
  };
}

function xAxis(theme: CanvasTheme, last: boolean): uPlot.Axis {
  return {
    show: true,
    size: last ? AXIS_HEIGHT : 0,
    stroke: theme.muted,
    font: theme.font,
    grid: { stroke: theme.line, width: 1 },
    ticks: { show: last, stroke: theme.line, width: 1, size: 4 },
    space: 72,
    values: last ? timeLabels : (_self, splits) => splits.map(() => ''),
  };
}

function yAxis(strip: Strip, theme: CanvasTheme): uPlot.Axis {
  return {
    size: 52,
    stroke: theme.muted,
    font: theme.font,
    gap: 4,
    grid: { stroke: theme.line, width: 1 },
    ticks: { show: false },
    // Zero and one level above it are enough to read a strip by.
    splits: (_self, _axis, _min, max) => [0, niceLevel(max / 1.08)],
    values: (_self, splits) => splits.map((value) => strip.formatAxis(value)),
  };
}

function timeLabels(self: uPlot, splits: number[]): string[] {
  const span = ((self.scales.x?.max ?? 0) - (self.scales.x?.min ?? 0)) / 3600;
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0;
    if (span > 72 || midnight) return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    return date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  });
}

function toSeries(strip: Strip, place: number, context: StripContext): uPlot.Series {
  const { theme, sandbox, width, bucketMs, since, until } = context;
  const colour = strip.bad ? theme.bad : theme.accent;
  if (strip.kind === 'bars') {
    const buckets = Math.max(1, (until - since) / bucketMs);
    const gap = (width - 60) / buckets > 6 ? 0.84 : 0.94;
    return {
      stroke: colour,
      width: 0,
      fill: sandbox ? () => hatch(colour) : fade(colour, 80),
      paths: uPlot.paths.bars?.({ size: [gap, 48], align: 1, radius: 0.08 }) as uPlot.Series.PathBuilder,
      points: { show: false },
    };
  }
  const single = strip.values.every((line) => line.filter((value) => value !== null).length <= 1);
  return {
    stroke: place === 0 ? colour : fade(colour, 60),
    width: place === 0 ? 1.75 : 1,
    ...(sandbox ? { dash: [5, 3] } : {}),
    spanGaps: false,
    points: { show: single || sparse(strip.values[place] ?? []), size: 5, fill: colour, stroke: colour },
  };
}

/** Lone points between gaps draw no line: show them as dots. */
function sparse(line: readonly (number | null)[]): boolean {
  return line.some(
    (value, index) =>
      value !== null && (line[index - 1] ?? null) === null && (line[index + 1] ?? null) === null,
  );
}

function bandFill(strip: Strip, { theme, sandbox }: StripContext): uPlot.Band.Fill {
  const colour = strip.bad ? theme.bad : theme.accent;
  return () => (sandbox ? hatch(fade(colour, 35)) : fade(colour, 14)) as string;
}

/** The newest bucket is still filling: pale, so that it does not read as a drop. */
function veilUnfinished(self: uPlot, { until, bucketMs, theme }: StripContext): void {
  if (until <= Date.now()) return;
  const { ctx, bbox } = self;
  const from = self.valToPos((until - bucketMs) / 1000, 'x', true);
  ctx.save();
  ctx.fillStyle = fade(theme.page, 55);
  ctx.fillRect(from, bbox.top - 2, bbox.left + bbox.width - from + 2, bbox.height + 1);
  ctx.restore();
}

function drawMarks(self: uPlot, { marks, theme }: StripContext): void {
  if (marks.length === 0) return;
  const { ctx, bbox } = self;
  ctx.save();
  ctx.strokeStyle = theme.ink;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  for (const mark of marks) {
    const x = Math.round(self.valToPos(mark.at / 1000, 'x', true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
