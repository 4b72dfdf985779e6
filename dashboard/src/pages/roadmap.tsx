import './roadmap.css';
import './recommendations.css';
import { Link, useSearch } from '@tanstack/react-router';
import type { Phase } from '../../../src/advisor/advice.ts';
import type { RoadmapAnswer, RoadmapRow } from '../../../src/control/api-types.ts';
import { useRoadmap } from '../data/advice-queries.ts';
import { AdviceTeaching } from '../parts/advice-teaching.tsx';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatUsd, plural } from '../words/format.ts';
import { PHASE_WORDS } from '../words/recommendation.ts';
import { Unadvised } from './portfolio.tsx';
import { RoadmapSteps } from './roadmap-steps.tsx';

/** Which phase each task is in, what ends it, and what to do next. */
export function RoadmapPage() {
  const { data, error, refetch } = useRoadmap();
  const { task: asked } = useSearch({ from: '/roadmap' });
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Roadmap" />;
  const chosen = data.tasks.find(({ task }) => task === asked) ?? data.tasks[0];
  if (!chosen) return <NoRoadmap unadvised={data.unadvised} />;
  const open = openCriteria(data);
  return (
    <>
      <Headline data={data} open={open} />
      <Section title="Phases" aside="tasks by spend; the bar is how much of the phase’s exit is met">
        <div className="phases">
          {data.phases.map((phase) => (
            <PhaseColumn
              key={phase.id}
              phase={phase}
              tasks={data.tasks.filter((row) => row.phase === phase.id)}
              chosen={chosen.task}
            />
          ))}
        </div>
      </Section>
      <TaskRoadmap row={chosen} phases={data.phases} />
      <Section
        title="What holds the team back"
        aside="exit criteria that are open, by tasks"
        end={<ExportButton name="exit-criteria" columns={OPEN_COLUMNS} rows={open} />}
      >
        <DataTable caption="Open exit criteria" columns={OPEN_COLUMNS} rows={open} rowKey={({ id }) => id} />
      </Section>
      <Unadvised tasks={data.unadvised} />
    </>
  );
}

function Headline({ data: { tasks }, open }: { data: RoadmapAnswer; open: readonly OpenCriterion[] }) {
  const counts = (['learn', 'optimise', 'own'] as const).map((id) => ({
    id,
    count: tasks.filter(({ phase }) => phase === id).length,
  }));
  const [most] = open;
  return (
    <PageHead name="Roadmap" note="A phase is read from the evidence of its task, not chosen.">
      {plural(tasks.length, 'task')}:{' '}
      {counts
        .filter(({ count }) => count > 0)
        .map(({ id, count }) => `${count} ${PHASE_DOES[id]}`)
        .join(', ')}
      {most && most.open > 0 ? (
        <>
          . What most often stands open is “{most.text}”, in {plural(most.open, 'task')}
        </>
      ) : null}
      .
    </PageHead>
  );
}

const PHASE_DOES = { learn: 'learning fast', optimise: 'optimising', own: 'owning more' } as const;

/** Tasks of a phase that are shown before "more". */
const SHOWN = 10;

function PhaseColumn({ phase, tasks, chosen }: { phase: Phase; tasks: RoadmapRow[]; chosen: string }) {
  const spend = tasks.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
  const rest = tasks.slice(SHOWN);
  return (
    <section className="phase" aria-label={phase.label}>
      <h3>{phase.label}</h3>
      <p className="note">
        {plural(tasks.length, 'task')}
        {spend > 0 ? `, ${formatUsd(spend)} in 30 days` : ''}
      </p>
      {tasks.length === 0 && <p className="note">{phase.focus.join('. ')}.</p>}
      <TaskList tasks={tasks.slice(0, SHOWN)} chosen={chosen} />
      {rest.length > 0 && (
        <details className="behind">
          <summary>{rest.length} more</summary>
          <TaskList tasks={rest} chosen={chosen} />
        </details>
      )}
    </section>
  );
}

function TaskList({ tasks, chosen }: { tasks: readonly RoadmapRow[]; chosen: string }) {
  return (
    <ul>
      {tasks.map(({ task, exit }) => {
        const met = exit.filter((one) => one.met === true).length;
        return (
          <li key={task}>
            <Link
              to="/roadmap"
              search={{ task }}
              resetScroll={false}
              className="phase-task"
              {...(task === chosen
                ? { 'aria-current': 'true' as const }
                : { 'aria-current': 'false' as const })}
            >
              <span className="phase-name">{task}</span>
              <span className="muted">
                {met} of {exit.length}
              </span>
              <progress aria-hidden="true" value={met} max={Math.max(1, exit.length)} />
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

function TaskRoadmap({ row, phases }: { row: RoadmapRow; phases: readonly Phase[] }) {
  const phase = phases.find(({ id }) => id === row.phase);
  const index = phases.findIndex(({ id }) => id === row.phase);
  const after = phases[index + 1];
  return (
    <Section
      title={row.task}
      aside={`${phase?.label ?? row.phase}. ${row.because}`}
      end={
        <Link to="/advisor/$task" params={{ task: row.task }} className="link">
          Open its advice
        </Link>
      }
    >
      <div className="columns">
        <div>
          <h3>{after ? `What leads to “${after.label}”` : 'What this phase asks for'}</h3>
          <ul className="criteria">
            {row.exit.map(({ id, text, current, met }) => (
              <li key={id}>
                <Met met={met} /> {text}
                <small>{current}</small>
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h3>Next steps</h3>
          <RoadmapSteps task={row.task} steps={row.steps} />
        </div>
      </div>
    </Section>
  );
}

function Met({ met }: { met: boolean | null }) {
  if (met === null) return <span className="tag warn">not known</span>;
  return met ? <span className="tag good">met</span> : <span className="tag">open</span>;
}

interface OpenCriterion {
  id: string;
  text: string;
  phase: string;
  open: number;
  unknown: number;
  tasks: number;
}

/** Over all tasks, most open first. */
function openCriteria({ tasks }: RoadmapAnswer): OpenCriterion[] {
  const found = new Map<string, OpenCriterion>();
  for (const { phase, exit } of tasks) {
    for (const { id, text, met } of exit) {
      const row = found.get(id) ?? {
        id,
        text,
        phase: PHASE_WORDS[phase] ?? phase,
        open: 0,
        unknown: 0,
        tasks: 0,
      };
      row.tasks++;
      if (met === false) row.open++;
      if (met === null) row.unknown++;
      found.set(id, row);
    }
  }
  return [...found.values()].sort((a, b) => b.open + b.unknown - a.open - a.unknown);
}

const number = (key: 'open' | 'unknown' | 'tasks', head: string): Column<OpenCriterion> => ({
  key,
  head,
  numeric: true,
  value: (row) => row[key],
  cell: (row) => row[key],
});

const OPEN_COLUMNS: Column<OpenCriterion>[] = [
  { key: 'text', head: 'Criterion', className: 'wrap', value: ({ text }) => text, cell: ({ text }) => text },
  { key: 'phase', head: 'Ends', lesser: true, value: ({ phase }) => phase, cell: ({ phase }) => phase },
  number('open', 'Open'),
  number('unknown', 'Not known'),
  { ...number('tasks', 'Tasks'), lesser: true },
];

function NoRoadmap({ unadvised }: { unadvised: readonly string[] }) {
  return (
    <>
      <PageHead name="Roadmap">
        No task is advised yet. From its evidence each gets a phase (learn fast, optimise and specialise,
        scale and own more), what ends that phase, and the next three steps.
      </PageHead>
      <AdviceTeaching />
      <Unadvised tasks={unadvised} />
    </>
  );
}
