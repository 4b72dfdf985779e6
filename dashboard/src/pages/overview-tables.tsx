import { Link } from '@tanstack/react-router';
import type { GroupRow, GroupRowWithLatency, OverviewAnswer } from '../../../src/control/api-types.ts';
import { seriesColour } from '../look/series.ts';
import type { Column } from '../parts/data-table.tsx';
import { Bar, CallsLink, DeploymentName, Spend } from '../parts/marks.tsx';
import type { Mover } from '../words/compare.ts';
import { formatChange, formatCount, formatMs, formatShare, formatUsd } from '../words/format.ts';

const usd = (nano: number): number => nano / 1e9;

function largest(rows: readonly GroupRow[]): number {
  return Math.max(0, ...rows.map((row) => row.costNanoUsd));
}

export function taskColumns(data: OverviewAnswer): Column<GroupRowWithLatency>[] {
  const most = largest(data.tasks);
  return [
    {
      key: 'task',
      head: 'Task',
      className: 'name',
      value: (row) => row.task,
      cell: (row) => (
        <Link to="/tasks/$name" params={{ name: row.task ?? 'untasked' }}>
          {row.task === 'untasked' ? <span className="muted">untasked</span> : row.task}
        </Link>
      ),
    },
    ...figureColumns<GroupRowWithLatency>((row) => ({ task: row.task ?? 'untasked' })),
    latencyColumn(),
    barColumn(most),
  ];
}

export function deploymentColumns(data: OverviewAnswer): Column<GroupRowWithLatency>[] {
  const most = largest(data.deployments);
  return [
    {
      key: 'deployment',
      head: 'Deployment',
      className: 'name',
      value: (row) => row.deployment,
      cell: (row) => <DeploymentName name={row.deployment ?? null} />,
    },
    ...figureColumns<GroupRowWithLatency>((row) => (row.deployment ? { deployment: row.deployment } : {})),
    latencyColumn(),
    barColumn(most, (row) => seriesColour(row.deployment ?? null)),
  ];
}

export function userColumns(data: OverviewAnswer): Column<GroupRow>[] {
  const most = largest(data.users);
  return [
    {
      key: 'user',
      head: 'User',
      className: 'name',
      value: (row) => row.user,
      cell: (row) => row.user ?? <span className="muted">not named</span>,
    },
    ...figureColumns<GroupRow>((row) => (row.user ? { user: row.user } : {})),
    barColumn(most),
  ];
}

export const moverColumns: Column<Mover>[] = [
  {
    key: 'what',
    head: 'What',
    className: 'name',
    value: (row) => `${row.dimension} ${row.name}`,
    cell: (row) => (
      <CallsLink filter={row.name === null ? {} : { [row.dimension]: row.name }}>
        <span className="muted">{row.dimension}</span> {row.name ?? 'not named'}
      </CallsLink>
    ),
  },
  {
    key: 'before',
    head: 'Before',
    numeric: true,
    value: (row) => usd(row.before),
    cell: (row) => formatUsd(row.before),
  },
  { key: 'now', head: 'Now', numeric: true, value: (row) => usd(row.now), cell: (row) => formatUsd(row.now) },
  {
    key: 'change',
    head: 'Change',
    numeric: true,
    value: (row) => usd(row.now - row.before),
    cell: (row) => (
      <>
        {row.now >= row.before ? '+' : ''}
        {formatUsd(row.now - row.before)} <span className="muted">{formatChange(row.now, row.before)}</span>
      </>
    ),
  },
];

/** Calls, errors and spend; each leads to the calls it is made of. */
export function figureColumns<Row extends GroupRow>(
  filter: (row: Row) => { task?: string; user?: string; deployment?: string; key?: string },
): Column<Row>[] {
  return [
    {
      key: 'calls',
      head: 'Calls',
      numeric: true,
      value: (row) => row.calls,
      cell: (row) => <CallsLink filter={filter(row)}>{formatCount(row.calls)}</CallsLink>,
    },
    {
      key: 'errors',
      head: 'Errors',
      numeric: true,
      lesser: true,
      value: (row) => row.errors,
      cell: (row) =>
        row.errors === 0 ? (
          <span className="muted">0</span>
        ) : (
          <CallsLink filter={{ ...filter(row), outcome: 'error' }}>
            {formatShare(row.errors, row.calls)}
          </CallsLink>
        ),
    },
    {
      key: 'spend',
      head: 'Spend, USD',
      numeric: true,
      value: (row) => (row.unpriced >= row.calls && row.calls > 0 ? null : usd(row.costNanoUsd)),
      cell: (row) => (
        <CallsLink filter={filter(row)}>
          <Spend cost={row.costNanoUsd} unpriced={row.unpriced} calls={row.calls} />
        </CallsLink>
      ),
    },
  ];
}

function latencyColumn(): Column<GroupRowWithLatency> {
  return {
    key: 'p95',
    head: 'p95',
    numeric: true,
    lesser: true,
    value: (row) => row.total.p95,
    cell: (row) => formatMs(row.total.p95),
  };
}

function barColumn<Row extends GroupRow>(most: number, colour?: (row: Row) => string): Column<Row> {
  return {
    key: 'bar',
    head: '',
    className: 'bar-cell lesser',
    cell: (row) => <Bar value={row.costNanoUsd} of={most} {...(colour ? { colour: colour(row) } : {})} />,
  };
}
