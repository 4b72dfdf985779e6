import { Link } from '@tanstack/react-router';
import type { CSSProperties } from 'react';
import type { TaskRow } from '../../../src/control/api-types.ts';
import { useTasks } from '../data/queries.ts';
import { useScope } from '../data/scope.ts';
import { seriesColour } from '../look/series.ts';
import { Code } from '../parts/code.tsx';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Bar, CallsLink, Spend } from '../parts/marks.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatCount, formatMs, formatShare, formatUsd, plural } from '../words/format.ts';

/** Every task, declared or called, with what it costs. */
export function TasksPage() {
  const scope = useScope();
  const { data, error, refetch, isPlaceholderData } = useTasks(scope);
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Tasks" />;
  const called = data.tasks.filter((task) => task.figures.calls > 0);
  const dearest = [...called].sort((a, b) => perCall(b) - perCall(a))[0];
  if (data.tasks.length === 0) return <NoTasks />;
  return (
    <div className={isPlaceholderData ? 'stale' : ''}>
      <PageHead name="Tasks">
        {plural(called.length, 'task')} of {formatCount(data.tasks.length)}{' '}
        {called.length === 1 ? 'was' : 'were'} called in {scope.words}
        {dearest && perCall(dearest) > 0 && called.length > 1 && (
          <>
            ; one call costs most in{' '}
            <Link to="/tasks/$name" params={{ name: dearest.name }}>
              {dearest.name}
            </Link>
            , {formatUsd(perCall(dearest))}
          </>
        )}
        .
      </PageHead>
      <Section
        title="All tasks"
        aside="bars: share of spend"
        end={<ExportButton name="tasks" columns={columns(data.tasks)} rows={data.tasks} />}
      >
        <DataTable
          caption="Tasks"
          columns={columns(data.tasks)}
          rows={data.tasks}
          rowKey={(task) => task.name}
        />
      </Section>
    </div>
  );
}

function NoTasks() {
  return (
    <>
      <PageHead name="Tasks">
        No task yet. A task is a use case with a name; the app sends the name as its model.
      </PageHead>
      <div className="teach">
        <p>In the config, a task says which deployments may serve it:</p>
        <Code
          what="a task in the config"
          text={`tasks: {\n  'support-reply': { route: ['sandbox/small', 'sandbox/large'], dataClass: 'internal' },\n},`}
        />
      </div>
    </>
  );
}

/** Mean cost of a priced call, nano-USD. */
export function perCall({ figures }: Pick<TaskRow, 'figures'>): number {
  const priced = figures.calls - figures.unpriced;
  return priced <= 0 ? 0 : figures.costNanoUsd / priced;
}

function columns(tasks: readonly TaskRow[]): Column<TaskRow>[] {
  const most = Math.max(0, ...tasks.map((task) => task.figures.costNanoUsd));
  return [
    {
      key: 'task',
      head: 'Task',
      className: 'name',
      value: (task) => task.name,
      cell: (task) => (
        <Link to="/tasks/$name" params={{ name: task.name }}>
          {task.name}
        </Link>
      ),
    },
    {
      key: 'route',
      head: 'Served by',
      lesser: true,
      value: (task) => task.config?.route.targets.map((target) => target.deployment).join(' ') ?? null,
      cell: (task) => <Route task={task} />,
    },
    {
      key: 'calls',
      head: 'Calls',
      numeric: true,
      value: (task) => task.figures.calls,
      cell: (task) => <CallsLink filter={{ task: task.name }}>{formatCount(task.figures.calls)}</CallsLink>,
    },
    {
      key: 'users',
      head: 'Users',
      numeric: true,
      lesser: true,
      value: (task) => task.users,
      cell: (task) => formatCount(task.users),
    },
    {
      key: 'errors',
      head: 'Errors',
      numeric: true,
      lesser: true,
      value: (task) => task.figures.errors,
      cell: (task) =>
        task.figures.errors === 0 ? (
          <span className="muted">0</span>
        ) : (
          <CallsLink filter={{ task: task.name, outcome: 'error' }}>
            {formatShare(task.figures.errors, task.figures.calls)}
          </CallsLink>
        ),
    },
    {
      key: 'p95',
      head: 'p95',
      numeric: true,
      lesser: true,
      value: (task) => task.latency.total.p95,
      cell: (task) => formatMs(task.latency.total.p95),
    },
    {
      key: 'per-call',
      head: 'Per call, USD',
      numeric: true,
      value: (task) => (perCall(task) === 0 ? null : perCall(task) / 1e9),
      cell: (task) => (perCall(task) === 0 ? <span className="muted">–</span> : formatUsd(perCall(task))),
    },
    {
      key: 'spend',
      head: 'Spend, USD',
      numeric: true,
      value: (task) => task.figures.costNanoUsd / 1e9,
      cell: ({ name, figures }) => (
        <CallsLink filter={{ task: name }}>
          <Spend cost={figures.costNanoUsd} unpriced={figures.unpriced} calls={figures.calls} />
        </CallsLink>
      ),
    },
    {
      key: 'bar',
      head: '',
      className: 'bar-cell lesser',
      cell: (task) => <Bar value={task.figures.costNanoUsd} of={most} />,
    },
  ];
}

function Route({ task }: { task: TaskRow }) {
  if (!task.config) {
    return (
      <span className="muted">
        {task.name === 'untasked'
          ? 'whatever model was named'
          : task.name === 'load-test'
            ? 'the deployment under test'
            : 'no longer declared'}
      </span>
    );
  }
  return task.config.route.targets.map((target) => (
    <i
      key={target.deployment}
      className="swatch"
      style={{ '--bar': seriesColour(target.deployment), marginRight: 4 } as CSSProperties}
      role="img"
      aria-label={target.deployment}
      title={target.deployment}
    />
  ));
}
