import type { SeriesPoint } from '../../../src/store/store.ts';
import { formatCount, formatMoment, formatMs, formatUsd } from '../words/format.ts';
import type { Column } from './data-table.tsx';

/** The columns of a time series, as the table behind a picture and as CSV. */
export const seriesColumns: Column<SeriesPoint>[] = [
  {
    key: 'at',
    head: 'From',
    value: (point) => new Date(point.at).toISOString(),
    cell: (point) => formatMoment(point.at).replace(/:\d\d$/, ''),
  },
  number('calls', 'Calls', (point) => point.calls, formatCount),
  number('errors', 'Errors', (point) => point.errors, formatCount),
  number(
    'spend',
    'Spend, USD',
    (point) => point.costNanoUsd / 1e9,
    (usd) => formatUsd(usd * 1e9),
  ),
  number('unpriced', 'Unpriced', (point) => point.unpriced, formatCount),
  number('ttft50', 'First token p50, ms', (point) => point.ttft.p50, formatMs),
  number('ttft95', 'First token p95, ms', (point) => point.ttft.p95, formatMs),
  number('total50', 'Whole call p50, ms', (point) => point.total.p50, formatMs),
  number('total95', 'Whole call p95, ms', (point) => point.total.p95, formatMs),
];

function number(
  key: string,
  head: string,
  value: (point: SeriesPoint) => number | null,
  format: (value: number) => string,
): Column<SeriesPoint> {
  return {
    key,
    head,
    numeric: true,
    value,
    cell: (point) => {
      const found = value(point);
      return found === null ? '–' : format(found);
    },
  };
}
