import { Link, useSearch } from '@tanstack/react-router';
import { useFeedback, useTasks } from '../data/queries.ts';
import { type Scope, useScope, useSetSearch } from '../data/scope.ts';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Bar } from '../parts/marks.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { FeedbackLines } from '../parts/teach.tsx';
import { formatCount, plural } from '../words/format.ts';
import { type FeedbackRow, FeedbackTable, feedbackColumns } from './feedback-table.tsx';

/** What people and clients thought of the answers. */
export function FeedbackPage() {
  const scope = useScope();
  const { task } = useSearch({ from: '/feedback' });
  const since = scope.range === 'custom' ? scope.window().since : scope.range === '1h' ? '60m' : scope.range;
  const pages = useFeedback({ task, since });
  const rows = pages.data?.pages.flatMap((page) => page.feedback) ?? [];
  if (!pages.data) {
    if (pages.error) return <Failure error={pages.error} retry={() => void pages.refetch()} />;
    return <PageSkeleton name="Feedback" />;
  }
  if (rows.length === 0) return <NoFeedback task={task} scope={scope} />;
  const mean = rows.reduce((sum, row) => sum + row.score, 0) / rows.length;
  const worst = byTask(rows)[0];
  return (
    <div className={pages.isPlaceholderData ? 'stale' : ''}>
      <PageHead name="Feedback">
        {pages.hasNextPage
          ? `The newest ${plural(rows.length, 'score')}`
          : `${plural(rows.length, 'score')} in ${scope.words}`}
        {task ? ` on ${task}` : ''}, {mean.toFixed(2)} on average
        {worst && !task && byTask(rows).length > 1 && (
          <>
            ; lowest for{' '}
            <Link to="/tasks/$name" params={{ name: worst.task }}>
              {worst.task}
            </Link>
            , {worst.mean.toFixed(2)}
          </>
        )}
        .
      </PageHead>
      <TaskFilter task={task} />
      {!task && (
        <Section title="By task" aside="mean score, 0 to 1">
          <DataTable
            caption="Mean feedback by task"
            columns={taskColumns}
            rows={byTask(rows)}
            rowKey={(row) => row.task}
          />
        </Section>
      )}
      <Section
        title="Scores"
        aside="newest first"
        end={<ExportButton name="feedback" columns={columns} rows={rows} />}
      >
        <FeedbackTable rows={rows} columns={columns} />
        {pages.hasNextPage && (
          <button
            type="button"
            className="button"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show older
          </button>
        )}
      </Section>
    </div>
  );
}

function NoFeedback({ task, scope }: { task: string | undefined; scope: Scope }) {
  const setSearch = useSetSearch();
  return (
    <>
      <PageHead name="Feedback">
        No feedback{task ? ` on ${task}` : ''} in {scope.words}.
      </PageHead>
      <div className="teach">
        {task && (
          <p>
            <button type="button" className="button" onClick={() => setSearch({ task: undefined })}>
              Show every task
            </button>
          </p>
        )}
        <p>
          Every answer carries its call id in the header <code>x-trimtab-call-id</code>. When a person likes
          it or not, or a check passes or fails, two lines say so:
        </p>
        <FeedbackLines />
      </div>
    </>
  );
}

function TaskFilter({ task }: { task: string | undefined }) {
  const scope = useScope();
  const { data } = useTasks(scope);
  const setSearch = useSetSearch();
  return (
    <label className="row" style={{ marginTop: 16 }}>
      <span className="muted">Task</span>
      <select
        className="input small"
        style={{ width: 'auto', maxWidth: '100%' }}
        value={task ?? ''}
        onChange={(event) => setSearch({ task: event.target.value || undefined })}
      >
        <option value="">all</option>
        {[...new Set([...(data?.tasks.map((row) => row.name) ?? []), ...(task ? [task] : [])])].map(
          (name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ),
        )}
      </select>
    </label>
  );
}

interface TaskMean {
  task: string;
  count: number;
  mean: number;
}

/** Worst first. */
function byTask(rows: readonly FeedbackRow[]): TaskMean[] {
  const sums = new Map<string, { count: number; sum: number }>();
  for (const row of rows) {
    const task = row.task ?? 'call not stored';
    const entry = sums.get(task) ?? { count: 0, sum: 0 };
    entry.count++;
    entry.sum += row.score;
    sums.set(task, entry);
  }
  return [...sums]
    .map(([task, { count, sum }]) => ({ task, count, mean: sum / count }))
    .sort((a, b) => a.mean - b.mean);
}

const taskColumns: Column<TaskMean>[] = [
  {
    key: 'task',
    head: 'Task',
    className: 'name',
    value: (row) => row.task,
    cell: (row) => (
      <Link to="/feedback" search={{ task: row.task }}>
        {row.task}
      </Link>
    ),
  },
  {
    key: 'count',
    head: 'Scores',
    numeric: true,
    value: (row) => row.count,
    cell: (row) => formatCount(row.count),
  },
  { key: 'mean', head: 'Mean', numeric: true, value: (row) => row.mean, cell: (row) => row.mean.toFixed(2) },
  { key: 'bar', head: '', className: 'bar-cell', cell: (row) => <Bar value={row.mean} of={1} /> },
];

const columns: Column<FeedbackRow>[] = [
  ...feedbackColumns.slice(0, 2),
  {
    key: 'task',
    head: 'Task',
    className: 'name',
    value: (row) => row.task,
    cell: (row) => row.task ?? <span className="muted">call not stored yet</span>,
  },
  ...feedbackColumns.slice(2),
];
