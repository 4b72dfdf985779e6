import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { OverviewAnswer } from '../../../src/control/api-types.ts';
import { toStrips } from '../charts/series.ts';
import { Strips } from '../charts/strips.tsx';
import { useNextMove } from '../data/advice-queries.ts';
import { useCostsBefore, useOverview } from '../data/queries.ts';
import { type Scope, useScope } from '../data/scope.ts';
import { DataTable, ExportButton } from '../parts/data-table.tsx';
import { CallsLink } from '../parts/marks.tsx';
import { NameTask } from '../parts/name-task.tsx';
import { NextMove } from '../parts/next-move.tsx';
import { Behind, Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { seriesColumns } from '../parts/series-table.tsx';
import { NoCalls } from '../parts/teach.tsx';
import { compareInWords, findMovers, rankMovers } from '../words/compare.ts';
import { formatCount, formatMs, formatShare, formatUsd, plural } from '../words/format.ts';
import { deploymentColumns, moverColumns, taskColumns, userColumns } from './overview-tables.tsx';

/** Is this going well, what does it cost, what changed. */
export function OverviewPage() {
  const scope = useScope();
  const { data, error, refetch, isPlaceholderData } = useOverview(scope);
  const { data: move } = useNextMove();
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Overview" />;
  if (data.totals.calls === 0) return <NoCalls name="Overview" scope={scope} />;
  return (
    <div className={isPlaceholderData ? 'stale' : ''}>
      <Headline data={data} scope={scope} />
      <Picture data={data} scope={scope} />
      {!scope.sandbox && <NextMove move={move?.next ?? null} />}
      {data.untasked.length > 0 && <NameTask rows={data.untasked} />}
      <div className="columns">
        <Section
          title="Tasks"
          end={<ExportButton name="tasks" columns={taskColumns(data)} rows={data.tasks} />}
        >
          <DataTable
            caption="Tasks by spend"
            columns={taskColumns(data)}
            rows={data.tasks}
            rowKey={(row) => row.task ?? ''}
            limit={8}
          />
        </Section>
        <Section
          title="Deployments"
          end={<ExportButton name="deployments" columns={deploymentColumns(data)} rows={data.deployments} />}
        >
          <DataTable
            caption="Deployments by spend"
            columns={deploymentColumns(data)}
            rows={data.deployments}
            rowKey={(row) => row.deployment ?? ''}
            limit={8}
          />
        </Section>
        <Section
          title="Users"
          aside={plural(data.userCount, 'user')}
          end={<ExportButton name="users" columns={userColumns(data)} rows={data.users} />}
        >
          <DataTable
            caption="Users by spend"
            columns={userColumns(data)}
            rows={data.users}
            rowKey={(row) => row.user ?? ''}
            limit={8}
          />
        </Section>
        <Changes data={data} scope={scope} />
      </div>
    </div>
  );
}

function Headline({ data, scope }: { data: OverviewAnswer; scope: Scope }) {
  const { totals, previous } = data;
  const top = data.tasks.find((row) => row.task !== 'untasked' && row.costNanoUsd > 0);
  const priced = totals.calls - totals.unpriced;
  return (
    <PageHead
      name="Overview"
      note={
        totals.errors + totals.refused > 0
          ? `${formatShare(totals.errors, totals.calls)} of calls failed, ${formatCount(totals.refused)} were refused; half got their first token within ${formatMs(totals.ttft.p50)}, half were done within ${formatMs(totals.total.p50)}.`
          : `No call failed; half were done within ${formatMs(totals.total.p50)}, 95 of 100 within ${formatMs(totals.total.p95)}.`
      }
    >
      <CallsLink filter={{}}>{plural(totals.calls, scope.sandbox ? 'sandbox call' : 'call')}</CallsLink>{' '}
      {priced > 0 ? (
        <>
          cost <Link to="/costs">{formatUsd(totals.costNanoUsd)}</Link> in {scope.words}
          {previous.calls > 0 && (
            <>
              , {compareInWords(totals.costNanoUsd, previous.costNanoUsd)} {scope.wordsBefore}
            </>
          )}
        </>
      ) : (
        <>in {scope.words}</>
      )}
      {top?.task && totals.costNanoUsd > 0 && data.tasks.length > 1 && (
        <>
          ; {formatShare(top.costNanoUsd, totals.costNanoUsd)} of it is{' '}
          <Link to="/tasks/$name" params={{ name: top.task }}>
            {top.task}
          </Link>
        </>
      )}
      .
      {totals.unpriced > 0 && (
        <>
          {' '}
          <span className="loud">
            <CallsLink filter={{ unpriced: true }}>{plural(totals.unpriced, 'call')}</CallsLink>{' '}
            {totals.unpriced === 1 ? 'has' : 'have'} no price and {totals.unpriced === 1 ? 'is' : 'are'} not
            in any sum.
          </span>
        </>
      )}
    </PageHead>
  );
}

function Picture({ data, scope }: { data: OverviewAnswer; scope: Scope }) {
  const navigate = useNavigate();
  const strips = useMemo(() => toStrips(data.series, data.totals, data.previous), [data]);
  const times = useMemo(() => data.series.map((point) => point.at), [data]);
  const last = times.at(-1) ?? data.until;
  return (
    <>
      <Strips
        label="Spend, calls, errors and latency over time"
        times={times}
        bucketMs={data.bucketMs}
        since={times[0] ?? data.since}
        until={last + data.bucketMs}
        strips={strips}
        sandbox={scope.sandbox}
        onPick={(since, until) => void navigate({ to: '/calls', search: { range: 'custom', since, until } })}
      />
      <Behind what="spend, calls, errors and latency over time">
        <DataTable
          caption="Figures over time"
          columns={seriesColumns}
          rows={data.series}
          rowKey={(point) => String(point.at)}
        />
        <ExportButton name="overview" columns={seriesColumns} rows={data.series} />
      </Behind>
    </>
  );
}

/** Largest changes of spend against the window before, over all three dimensions. */
function Changes({ data, scope }: { data: OverviewAnswer; scope: Scope }) {
  const tasks = useCostsBefore('task', scope);
  const users = useCostsBefore('user', scope);
  const deployments = useCostsBefore('deployment', scope);
  const before = { task: tasks.data, user: users.data, deployment: deployments.data };
  if (!before.task || !before.user || !before.deployment || data.previous.calls === 0) return null;
  const dimensions = ['task', 'user', 'deployment'] as const;
  const now = { task: data.tasks, user: data.users, deployment: data.deployments };
  const movers = rankMovers(
    dimensions.flatMap((dimension) => {
      const spends = (rows: readonly OverviewAnswer['users'][number][]) =>
        rows.map((row) => ({ name: row[dimension] ?? null, cost: row.costNanoUsd, calls: row.calls }));
      const names = new Set(now[dimension].map((row) => row[dimension] ?? null));
      // The overview lists the top groups only: a group that is not among them did not come to nothing.
      const known = spends(before[dimension]?.rows ?? []).filter((row) => names.has(row.name));
      return findMovers(dimension, spends(now[dimension]), known);
    }),
  ).slice(0, 8);
  return (
    <Section title="What changed" aside={`against ${scope.wordsBefore}`}>
      <DataTable
        caption="Largest changes of spend"
        columns={moverColumns}
        rows={movers}
        rowKey={(mover) => `${mover.dimension}-${mover.name}`}
      />
    </Section>
  );
}
