import type { GroupRow, GroupRowWithLatency, TaskAnswer } from '../../../src/control/api-types.ts';
import { seriesColour } from '../look/series.ts';
import type { Column } from '../parts/data-table.tsx';
import { Bar, DeploymentName } from '../parts/marks.tsx';
import { formatMs, formatUsd } from '../words/format.ts';
import { figureColumns } from './overview-tables.tsx';

export function userTaskColumns(task: TaskAnswer): Column<GroupRow>[] {
  const most = Math.max(0, ...task.topUsers.map((row) => row.costNanoUsd));
  return [
    {
      key: 'user',
      head: 'User',
      className: 'name',
      value: (row) => row.user,
      cell: (row) => row.user ?? <span className="muted">not named</span>,
    },
    ...figureColumns<GroupRow>((row) => ({ task: task.name, ...(row.user ? { user: row.user } : {}) })),
    perCallColumn(),
    {
      key: 'bar',
      head: '',
      className: 'bar-cell lesser',
      cell: (row) => <Bar value={row.costNanoUsd} of={most} />,
    },
  ];
}

export function deploymentTaskColumns(task: TaskAnswer): Column<GroupRowWithLatency>[] {
  const most = Math.max(0, ...task.deployments.map((row) => row.calls));
  return [
    {
      key: 'deployment',
      head: 'Deployment',
      className: 'name',
      value: (row) => row.deployment,
      cell: (row) => <DeploymentName name={row.deployment ?? null} />,
    },
    ...figureColumns<GroupRowWithLatency>((row) => ({
      task: task.name,
      ...(row.deployment ? { deployment: row.deployment } : {}),
    })),
    perCallColumn(),
    {
      key: 'p95',
      head: 'p95',
      numeric: true,
      lesser: true,
      value: (row) => row.total.p95,
      cell: (row) => formatMs(row.total.p95),
    },
    {
      key: 'bar',
      head: '',
      className: 'bar-cell lesser',
      cell: (row) => <Bar value={row.calls} of={most} colour={seriesColour(row.deployment ?? null)} />,
    },
  ];
}

function perCallColumn<Row extends GroupRow>(): Column<Row> {
  const mean = (row: Row): number | null => {
    const priced = row.calls - row.unpriced;
    return priced > 0 ? row.costNanoUsd / priced : null;
  };
  return {
    key: 'per-call',
    head: 'Per call',
    numeric: true,
    value: (row) => {
      const nano = mean(row);
      return nano === null ? null : nano / 1e9;
    },
    cell: (row) => formatUsd(mean(row)),
  };
}
