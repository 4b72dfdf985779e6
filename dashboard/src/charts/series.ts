import type { LatencyPair } from '../../../src/control/api-types.ts';
import type { Figures, SeriesPoint } from '../../../src/store/store.ts';
import {
  formatChange,
  formatCount,
  formatMs,
  formatShare,
  formatShort,
  formatUsd,
  formatUsdShort,
  plural,
} from '../words/format.ts';
import type { Strip } from './strip-options.ts';

/** The five strips every time picture is made of: spend, calls, errors, time to first token, total time. */
export function toStrips(
  series: readonly SeriesPoint[],
  totals: Figures & LatencyPair,
  previous: Figures,
): Strip[] {
  const change = (now: number, before: number): string => {
    const text = formatChange(now, before);
    return text === '' ? '' : text === 'new' ? 'none before' : `${text} vs before`;
  };
  const errorShare = (point: Figures): number | null =>
    point.calls === 0 ? null : point.errors / point.calls;
  return [
    {
      id: 'spend',
      title: 'Spend',
      kind: 'bars',
      names: ['spend'],
      value: formatUsd(totals.costNanoUsd),
      aside:
        totals.unpriced > 0
          ? `${plural(totals.unpriced, 'call')} unpriced`
          : change(totals.costNanoUsd, previous.costNanoUsd),
      values: [series.map((point) => point.costNanoUsd)],
      format: (value) => formatUsd(value ?? 0),
      formatAxis: formatUsdShort,
    },
    {
      id: 'calls',
      title: 'Calls',
      kind: 'bars',
      names: ['calls'],
      value: formatCount(totals.calls),
      aside: change(totals.calls, previous.calls),
      values: [series.map((point) => point.calls)],
      format: (value) => formatCount(value ?? 0),
      formatAxis: formatShort,
    },
    {
      id: 'errors',
      title: 'Errors',
      kind: 'bars',
      bad: true,
      names: ['error rate'],
      max: 0.02,
      value: formatShare(totals.errors, totals.calls),
      aside: `${formatCount(totals.errors)} of ${formatCount(totals.calls)}`,
      values: [series.map(errorShare)],
      format: (value) => (value === null ? '–' : formatShare(value, 1)),
      formatAxis: (value) => `${Number((value * 100).toPrecision(2))} %`,
    },
    latencyStrip(
      'ttft',
      'First token, p50',
      totals.ttft,
      series.map((point) => point.ttft),
    ),
    latencyStrip(
      'total',
      'Whole call, p50',
      totals.total,
      series.map((point) => point.total),
    ),
  ];
}

/** Mean score per bucket, 0 to 1. */
export function feedbackStrip(series: readonly SeriesPoint[], totals: Figures): Strip {
  const mean = (point: Figures): number | null =>
    point.feedbackCount === 0 ? null : point.feedbackSum / point.feedbackCount;
  const all = mean(totals);
  return {
    id: 'feedback',
    title: 'Feedback, mean',
    kind: 'line',
    names: ['mean'],
    max: 1 / 1.08,
    value: all === null ? '–' : all.toFixed(2),
    aside: totals.feedbackCount === 0 ? 'none yet' : `${formatCount(totals.feedbackCount)} scores`,
    values: [series.map(mean)],
    format: (value) => (value === null ? '–' : value.toFixed(2)),
    formatAxis: (value) => String(Number(value.toFixed(1))),
  };
}

function latencyStrip(
  id: string,
  title: string,
  totals: LatencyPair['ttft'],
  points: readonly LatencyPair['ttft'][],
): Strip {
  return {
    id,
    title,
    kind: 'band',
    names: ['p50', 'p95'],
    value: formatMs(totals.p50),
    aside: `p95 ${formatMs(totals.p95)}`,
    values: [points.map((point) => point.p50), points.map((point) => point.p95)],
    format: formatMs,
    formatAxis: (value) =>
      value >= 1000 ? `${Number((value / 1000).toPrecision(2))} s` : `${Math.round(value)} ms`,
  };
}
