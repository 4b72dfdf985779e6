import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { TaskAnswer } from '../../../src/control/api-types.ts';
import { feedbackStrip, toStrips } from '../charts/series.ts';
import { type Mark, Strips } from '../charts/strips.tsx';
import { useTask } from '../data/queries.ts';
import { type Scope, useScope } from '../data/scope.ts';
import { Code } from '../parts/code.tsx';
import { DataTable, ExportButton } from '../parts/data-table.tsx';
import { CallsLink, DeploymentName } from '../parts/marks.tsx';
import { Behind, Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { seriesColumns } from '../parts/series-table.tsx';
import { FeedbackLines } from '../parts/teach.tsx';
import { compareInWords } from '../words/compare.ts';
import { formatMs, formatShare, formatUsd, plural, shortRevision } from '../words/format.ts';
import { FeedbackTable } from './feedback-table.tsx';
import { deploymentTaskColumns, userTaskColumns } from './task-tables.tsx';
import { perCall } from './tasks.tsx';

/** One task: what it declares beside what it measures. */
export function TaskPage() {
  const { name } = useParams({ from: '/tasks/$name' });
  const scope = useScope();
  const { data, error, refetch, isPlaceholderData } = useTask(name, scope);
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name={name} />;
  return (
    <div className={isPlaceholderData ? 'stale' : ''}>
      <Headline task={data} scope={scope} />
      {data.figures.calls === 0 ? <Uncalled name={name} /> : <Picture task={data} scope={scope} />}
      <IntentAndFact task={data} />
      <div className="columns">
        <Section
          title="Users"
          aside={plural(data.users, 'user')}
          end={<ExportButton name={`${name}-users`} columns={userTaskColumns(data)} rows={data.topUsers} />}
        >
          <DataTable
            caption="Users of this task by spend"
            columns={userTaskColumns(data)}
            rows={data.topUsers}
            rowKey={(row) => row.user ?? ''}
            limit={10}
          />
        </Section>
        <Section
          title="Deployments"
          end={
            <ExportButton
              name={`${name}-deployments`}
              columns={deploymentTaskColumns(data)}
              rows={data.deployments}
            />
          }
        >
          <DataTable
            caption="Deployments that answered this task"
            columns={deploymentTaskColumns(data)}
            rows={data.deployments}
            rowKey={(row) => row.deployment ?? ''}
          />
        </Section>
      </div>
      <Section
        title="Feedback"
        aside={data.feedback.length > 0 ? 'newest first' : undefined}
        end={
          data.feedback.length > 0 ? (
            <Link to="/feedback" search={{ task: name }} className="button quiet">
              All
            </Link>
          ) : undefined
        }
      >
        {data.feedback.length > 0 ? (
          <FeedbackTable rows={data.feedback} />
        ) : (
          <>
            <p className="muted">No feedback yet. Two lines send it:</p>
            <FeedbackLines />
          </>
        )}
      </Section>
    </div>
  );
}

function Headline({ task, scope }: { task: TaskAnswer; scope: Scope }) {
  const { figures, previous, name } = task;
  const crumb = (
    <>
      <Link to="/tasks" className="link">
        Tasks
      </Link>{' '}
      / {name}
    </>
  );
  const note = task.config?.description ?? undefined;
  if (figures.calls === 0) {
    return (
      <PageHead name={crumb} note={note}>
        {name} was not called in {scope.words}.
      </PageHead>
    );
  }
  const users = task.users > 0 ? figures.costNanoUsd / task.users : 0;
  return (
    <PageHead name={crumb} note={note}>
      {name} took <CallsLink filter={{ task: name }}>{plural(figures.calls, 'call')}</CallsLink> and cost{' '}
      <CallsLink filter={{ task: name }}>{formatUsd(figures.costNanoUsd)}</CallsLink> in {scope.words}
      {previous.calls > 0 && (
        <>
          , {compareInWords(figures.costNanoUsd, previous.costNanoUsd)} {scope.wordsBefore}
        </>
      )}
      {perCall(task) > 0 && <>: {formatUsd(perCall(task))} a call</>}
      {users > 0 && <>, {formatUsd(users)} a user</>}.
      {figures.unpriced > 0 && (
        <>
          {' '}
          <span className="loud">
            <CallsLink filter={{ task: name, unpriced: true }}>{plural(figures.unpriced, 'call')}</CallsLink>{' '}
            had no price.
          </span>
        </>
      )}
    </PageHead>
  );
}

function Uncalled({ name }: { name: string }) {
  return (
    <div className="teach">
      <p>An app calls it by sending its name:</p>
      <Code text={`model: '${name}'`} what="how an app calls this task" />
    </div>
  );
}

function Picture({ task, scope }: { task: TaskAnswer; scope: Scope }) {
  const navigate = useNavigate();
  const strips = useMemo(
    () => [
      ...toStrips(task.series, { ...task.figures, ...task.latency }, task.previous),
      feedbackStrip(task.series, task.figures),
    ],
    [task],
  );
  const times = useMemo(() => task.series.map((point) => point.at), [task]);
  const marks = useMemo<Mark[]>(
    () =>
      task.activations.map(({ at, kind, revision }) => ({
        at,
        label: `${kind === 'applied' ? 'revision' : 'rolled back to'} ${shortRevision(revision)}`,
      })),
    [task],
  );
  return (
    <>
      <Strips
        label={`${task.name} over time`}
        times={times}
        bucketMs={task.bucketMs}
        since={times[0] ?? task.since}
        until={(times.at(-1) ?? task.until) + task.bucketMs}
        strips={strips}
        marks={marks}
        sandbox={scope.sandbox}
        onPick={(since, until) =>
          void navigate({ to: '/calls', search: { range: 'custom', since, until, task: task.name } })
        }
      />
      <Behind what={`${task.name} over time`}>
        <DataTable
          caption="Figures over time"
          columns={seriesColumns}
          rows={task.series}
          rowKey={(point) => String(point.at)}
        />
        <ExportButton name={task.name} columns={seriesColumns} rows={task.series} />
      </Behind>
    </>
  );
}

/** Two columns of the same length: what the stack declares, what happened. */
function IntentAndFact({ task }: { task: TaskAnswer }) {
  const { config, figures, latency, deployments } = task;
  if (!config) {
    return (
      <Section title="Declared and measured">
        <p className="muted">
          {task.name === 'untasked'
            ? 'These calls named a model, not a task: nothing is declared for them.'
            : task.name === 'load-test'
              ? 'Calls of load tests (trimtab bench): nothing is declared for them.'
              : 'The running stack does not declare this task any more.'}
        </p>
      </Section>
    );
  }
  const mean = figures.feedbackCount > 0 ? figures.feedbackSum / figures.feedbackCount : null;
  const { route, quality, budget } = config;
  return (
    <Section title="Declared and measured">
      <div className="table-scroll">
        <table className="table">
          <caption className="sr-only">What the task declares beside what was measured</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Declared</th>
              <th scope="col">Measured</th>
            </tr>
          </thead>
          <tbody>
            <Pair what="Route" measured={<Served rows={deployments} calls={figures.calls} />}>
              {route.policy}:{' '}
              {route.targets.map((target) => targetInWords(target, route.policy)).join(', then ')}
            </Pair>
            <Pair
              what="Latency"
              measured={`first token ${formatMs(latency.ttft.p50)} (p95 ${formatMs(latency.ttft.p95)}), whole call ${formatMs(latency.total.p50)} (p95 ${formatMs(latency.total.p95)})`}
            >
              {config.latencyClass}
            </Pair>
            <Pair
              what="Reliability"
              measured={`${formatShare(figures.errors, figures.calls)} of calls failed`}
            >
              <span className="muted">nothing</span>
            </Pair>
            <Pair
              what="Quality"
              measured={mean === null ? 'no feedback yet' : `mean feedback ${mean.toFixed(2)}`}
            >
              {quality ? (
                `${quality.measure}${quality.target === null ? '' : `, at least ${quality.target}`}`
              ) : (
                <span className="muted">nothing</span>
              )}
            </Pair>
            <Pair what="Budget" measured={`${formatUsd(figures.costNanoUsd)} in this stretch`}>
              {budget ? `$${budget.usd} a ${budget.per}` : <span className="muted">nothing</span>}
            </Pair>
            <Pair what="Data" measured={`payloads: ${config.capture === 'full' ? 'kept' : 'not kept'}`}>
              {config.dataClass}, capture {config.capture}
            </Pair>
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Pair(props: { what: string; children: React.ReactNode; measured: React.ReactNode }) {
  return (
    <tr>
      <th scope="row">{props.what}</th>
      <td className="wrap">{props.children}</td>
      <td className="wrap">{props.measured}</td>
    </tr>
  );
}

function Served({ rows, calls }: { rows: TaskAnswer['deployments']; calls: number }) {
  if (calls === 0) return <>no calls</>;
  const most = [...rows].sort((a, b) => b.calls - a.calls);
  return most.map((row, index) => (
    <span key={row.deployment}>
      {index > 0 && ', '}
      {formatShare(row.calls, calls)} <DeploymentName name={row.deployment ?? null} />
    </span>
  ));
}

function targetInWords(target: { deployment: string; weight: number }, policy: string): string {
  return policy === 'weighted' ? `${target.deployment} (weight ${target.weight})` : target.deployment;
}
