import { Link } from '@tanstack/react-router';
import { BASE_IDS, labelOf } from '../../../src/advisor/options.ts';
import type { AdviceListAnswer } from '../../../src/control/api-types.ts';
import { useAdviceList, useTasks } from '../data/queries.ts';
import { useScope } from '../data/scope.ts';
import { AdviceTeaching } from '../parts/advice-teaching.tsx';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { CallsLink } from '../parts/marks.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatCount, formatDay, formatUsd, plural } from '../words/format.ts';
import { PHASE_WORDS } from '../words/recommendation.ts';
import { CalibrationSection } from './calibration.tsx';

type Row = AdviceListAnswer['tasks'][number] & { costNanoUsd: number | null };

/** Every task with what is advised for it. */
export function AdvisorPage() {
  const scope = useScope();
  const { data, error, refetch } = useAdviceList();
  const spend = useTasks(scope).data?.tasks;
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Advisor" />;
  if (data.tasks.length === 0) return <NoAdvice waiting={data.waiting} />;
  const rows = data.tasks.map((task): Row => {
    const figures = spend?.find(({ name }) => name === task.task)?.figures;
    return { ...task, costNanoUsd: figures && figures.unpriced < figures.calls ? figures.costNanoUsd : null };
  });
  rows.sort((a, b) => (b.costNanoUsd ?? 0) - (a.costNanoUsd ?? 0));
  const [dearest] = rows;
  const columns = columnsOf(scope.words);
  return (
    <>
      <PageHead name="Advisor">
        {plural(rows.length, 'task')} with advice
        {dearest?.costNanoUsd ? (
          <>
            ; most money in {scope.words} is in <TaskLink task={dearest.task} />,{' '}
            {formatUsd(dearest.costNanoUsd)}
          </>
        ) : null}
        .
      </PageHead>
      <Section
        title="Tasks"
        aside="a task opens its path, score, break-even and next steps"
        end={<ExportButton name="advice" columns={columns} rows={rows} />}
      >
        <DataTable caption="Advice by task" columns={columns} rows={rows} rowKey={({ task }) => task} />
      </Section>
      <Waiting tasks={data.waiting} />
      <CalibrationSection />
    </>
  );
}

/** `null`: not settled. */
function baseName(base: string | null): string | null {
  const known = BASE_IDS.find((id) => id === base);
  return known ? labelOf(known) : base;
}

function TaskLink({ task }: { task: string }) {
  return (
    <Link to="/advisor/$task" params={{ task }}>
      {task}
    </Link>
  );
}

function columnsOf(words: string): Column<Row>[] {
  return [
    {
      key: 'task',
      head: 'Task',
      className: 'name',
      value: ({ task }) => task,
      cell: ({ task }) => <TaskLink task={task} />,
    },
    {
      key: 'finding',
      head: 'Finding',
      className: 'wrap',
      value: ({ finding }) => finding,
      cell: ({ finding }) => finding,
    },
    {
      key: 'base',
      head: 'Advised',
      lesser: true,
      value: ({ base }) => baseName(base),
      cell: ({ base }) => baseName(base) ?? <span className="muted">not settled</span>,
    },
    {
      key: 'phase',
      head: 'Phase',
      lesser: true,
      value: ({ phase }) => PHASE_WORDS[phase] ?? phase,
      cell: ({ phase }) => <span className="tag accent">{PHASE_WORDS[phase] ?? phase}</span>,
    },
    {
      key: 'next',
      head: 'Next step',
      lesser: true,
      className: 'wrap',
      value: ({ next }) => next,
      cell: ({ next }) => next,
    },
    {
      key: 'calls',
      head: 'Calls behind it',
      numeric: true,
      lesser: true,
      value: ({ evidenceCalls }) => evidenceCalls,
      cell: ({ task, evidenceCalls }) => (
        <CallsLink filter={{ task }}>{formatCount(evidenceCalls)}</CallsLink>
      ),
    },
    {
      key: 'spend',
      head: `Spend in ${words}, USD`,
      numeric: true,
      lesser: true,
      value: ({ costNanoUsd }) => (costNanoUsd === null ? null : costNanoUsd / 1e9),
      cell: ({ task, costNanoUsd }) =>
        costNanoUsd === null ? (
          <span className="muted">not known</span>
        ) : (
          <CallsLink filter={{ task }}>{formatUsd(costNanoUsd)}</CallsLink>
        ),
    },
    {
      key: 'profile',
      head: 'Profile',
      lesser: true,
      value: ({ profile }) => (profile ? `${profile.by}, ${formatDay(profile.at)}` : null),
      cell: ({ profile }) =>
        profile ? `${profile.by}, ${formatDay(profile.at)}` : <span className="muted">none</span>,
    },
  ];
}

function Waiting({ tasks }: { tasks: readonly string[] }) {
  if (tasks.length === 0) return null;
  return <p className="note section">Being worked out in the background: {tasks.join(', ')}.</p>;
}

function NoAdvice({ waiting }: { waiting: readonly string[] }) {
  return (
    <>
      <PageHead name="Advisor">
        No advice yet. A profile says what a task is for and what it may not do; its calls say the rest. A
        task with 100 real calls in 30 days is advised without a profile, too.
      </PageHead>
      <Waiting tasks={waiting} />
      <AdviceTeaching />
    </>
  );
}
