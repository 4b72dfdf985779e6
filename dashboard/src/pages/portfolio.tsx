import './portfolio.css';
import { Link, useNavigate } from '@tanstack/react-router';
import { effectInWords } from '../../../src/advisor/recommendation/effect-words.ts';
import type { PortfolioAnswer, PortfolioRow } from '../../../src/control/api-types.ts';
import { optionColour } from '../charts/break-even.tsx';
import { type BubbleRow, Bubbles } from '../charts/bubbles.tsx';
import { usePortfolio } from '../data/advice-queries.ts';
import { AdviceTeaching } from '../parts/advice-teaching.tsx';
import { type Column, DataTable, ExportButton } from '../parts/data-table.tsx';
import { CallsLink } from '../parts/marks.tsx';
import { NextMove } from '../parts/next-move.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { StateMark } from '../parts/recommendation-acts.tsx';
import { formatCount, formatShare, formatUsd, plural } from '../words/format.ts';
import { BASE_WORDS, PHASE_WORDS } from '../words/recommendation.ts';

/** All tasks: where the money, the risk and the next best move are. */
export function PortfolioPage() {
  const { data, error, refetch } = usePortfolio();
  const navigate = useNavigate();
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Portfolio" />;
  if (data.tasks.length === 0) return <NoPortfolio unadvised={data.unadvised} />;
  return (
    <>
      <Headline data={data} />
      <NextMove move={data.next} />
      <Section title="Money and risk" aside="area: what the next move saves; colour: what is advised">
        <Bubbles
          rows={data.tasks.map(toBubble)}
          onOpen={(task) => void navigate({ to: '/advisor/$task', params: { task } })}
        />
        <Legend rows={data.tasks} />
      </Section>
      <Section
        title="Tasks"
        aside="most spend first"
        end={<ExportButton name="portfolio" columns={COLUMNS} rows={data.tasks} />}
      >
        <DataTable
          caption="Tasks by spend, with risks and next move"
          columns={COLUMNS}
          rows={data.tasks}
          rowKey={({ task }) => task}
          limit={20}
        />
      </Section>
      <Unadvised tasks={data.unadvised} />
    </>
  );
}

function Headline({ data: { tasks } }: { data: PortfolioAnswer }) {
  const total = tasks.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);
  const [dearest] = tasks;
  const riskiest = tasks.reduce<PortfolioRow | null>(
    (most, row) => (most !== null && most.risk >= row.risk ? most : row),
    null,
  );
  const urgent = tasks.filter(({ risks }) => risks.some(({ weight }) => weight === 3)).length;
  return (
    <PageHead
      name="Portfolio"
      note="Real calls of the last 30 days. Risk sums what could go wrong as it is run today: 1 is worth knowing, 2 a plan, 3 acting on now."
    >
      {plural(tasks.length, 'advised task')} cost {formatUsd(total)} in the last 30 days
      {dearest?.costNanoUsd && total > 0 ? (
        <>
          ; {formatShare(dearest.costNanoUsd, total)} of it is <TaskLink task={dearest.task} />
        </>
      ) : null}
      {urgent > 0 ? (
        <>
          . {plural(urgent, 'task')} {urgent === 1 ? 'has' : 'have'} a risk to act on now
        </>
      ) : null}
      {riskiest && riskiest.risk > 0 ? (
        <>
          ; most at risk is <TaskLink task={riskiest.task} />
        </>
      ) : null}
      .
    </PageHead>
  );
}

/** `null`: not settled. */
function baseName(base: string | null): string | null {
  return base === null ? null : (BASE_WORDS[base] ?? base);
}

function toBubble({ task, costNanoUsd, risk, risks, move, base }: PortfolioRow): BubbleRow {
  const saves = Math.max(0, -(move?.predictedUsdPerMonth?.mid ?? 0));
  const spend = costNanoUsd === null ? 'spend not known' : `${formatUsd(costNanoUsd)} in 30 days`;
  return {
    task,
    usd: costNanoUsd === null ? null : costNanoUsd / 1e9,
    risk,
    saves,
    colour: base === null ? 'var(--ink-3)' : optionColour(base),
    title: [
      `${task}: ${spend}, risk ${risk}`,
      ...risks.map(({ text }) => text),
      ...(move ? [`Next: ${move.title}, ${effectInWords(move.predictedUsdPerMonth)}`] : []),
    ].join('\n'),
  };
}

function Legend({ rows }: { rows: readonly PortfolioRow[] }) {
  const bases = [...new Set(rows.map(({ base }) => base))];
  return (
    <p className="bubble-legend">
      {bases.map((base) => (
        <span key={base ?? 'none'}>
          <i
            className="swatch"
            style={{ background: base === null ? 'var(--ink-3)' : optionColour(base) }}
            aria-hidden="true"
          />
          {baseName(base) ?? 'not settled'}
        </span>
      ))}
    </p>
  );
}

function TaskLink({ task }: { task: string }) {
  return (
    <Link to="/advisor/$task" params={{ task }}>
      {task}
    </Link>
  );
}

const COLUMNS: Column<PortfolioRow>[] = [
  {
    key: 'task',
    head: 'Task',
    className: 'name',
    value: ({ task }) => task,
    cell: ({ task }) => <TaskLink task={task} />,
  },
  {
    key: 'spend',
    head: 'Spend, USD',
    numeric: true,
    value: ({ costNanoUsd }) => (costNanoUsd === null ? null : costNanoUsd / 1e9),
    cell: ({ task, costNanoUsd }) =>
      costNanoUsd === null ? (
        <span className="muted">not known</span>
      ) : (
        <CallsLink filter={{ task, range: '30d' }}>{formatUsd(costNanoUsd)}</CallsLink>
      ),
  },
  {
    key: 'calls',
    head: 'Calls',
    numeric: true,
    lesser: true,
    value: ({ calls }) => calls,
    cell: ({ task, calls }) => <CallsLink filter={{ task, range: '30d' }}>{formatCount(calls)}</CallsLink>,
  },
  {
    key: 'risk',
    head: 'Risk',
    numeric: true,
    value: ({ risk }) => risk,
    cell: ({ risk, risks }) => (
      <span className={risks.some(({ weight }) => weight === 3) ? 'tag bad' : risk > 0 ? '' : 'muted'}>
        {risk}
      </span>
    ),
  },
  {
    key: 'risks',
    head: 'What could go wrong',
    className: 'wrap',
    lesser: true,
    value: ({ risks }) => risks.map(({ text }) => text).join(' '),
    cell: ({ risks }) => <Risks risks={risks} />,
  },
  {
    key: 'base',
    head: 'Advised',
    lesser: true,
    value: ({ base }) => baseName(base),
    cell: ({ base }) => (
      <span className={base === null ? 'one-line muted' : 'one-line'}>{baseName(base) ?? 'not settled'}</span>
    ),
  },
  {
    key: 'phase',
    head: 'Phase',
    lesser: true,
    value: ({ phase }) => PHASE_WORDS[phase],
    cell: ({ phase }) => (
      <Link to="/roadmap" className="tag accent">
        {PHASE_WORDS[phase]}
      </Link>
    ),
  },
  {
    key: 'move',
    head: 'Next best move',
    className: 'wrap',
    value: ({ move, step }) =>
      move ? `${move.title}: ${effectInWords(move.predictedUsdPerMonth)}` : step?.title,
    cell: (row) => <Move row={row} />,
  },
];

/** The first open recommendation; where there is none, the first step of the roadmap. */
function Move({ row: { task, move, step } }: { row: PortfolioRow }) {
  if (move)
    return (
      <>
        {move.title} <StateMark state={move.state} />
        <small>{effectInWords(move.predictedUsdPerMonth)}</small>
      </>
    );
  if (!step) return <span className="muted">none</span>;
  return (
    <>
      <Link to="/roadmap" search={{ task }}>
        {step.title}
      </Link>
      <small>{step.effect}</small>
    </>
  );
}

/** The heaviest, then how many more. */
function Risks({ risks }: { risks: PortfolioRow['risks'] }) {
  const [first] = risks;
  if (!first) return <span className="muted">nothing known</span>;
  const rest = risks.slice(1);
  return (
    <>
      {first.text}
      {rest.length > 0 && (
        <details className="more">
          <summary>{plural(rest.length, 'more', 'more')}</summary>
          <ul>
            {rest.map(({ id, text }) => (
              <li key={id}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

export function Unadvised({ tasks }: { tasks: readonly string[] }) {
  if (tasks.length === 0) return null;
  const [shown, rest] = [tasks.slice(0, 12), tasks.length - 12];
  return (
    <p className="note section">
      No advice yet, for want of a profile or of 100 calls in 30 days: {shown.join(', ')}
      {rest > 0 ? ` and ${rest} more` : ''}.
    </p>
  );
}

function NoPortfolio({ unadvised }: { unadvised: readonly string[] }) {
  return (
    <>
      <PageHead name="Portfolio">
        No task is advised yet. With a profile, or 100 real calls in 30 days, each shows here with its spend,
        its risks and its next best move.
      </PageHead>
      <AdviceTeaching />
      <Unadvised tasks={unadvised} />
    </>
  );
}
