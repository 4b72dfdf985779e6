import './advisor.css';
import { Link, useParams } from '@tanstack/react-router';
import type { Advice, RoadmapStep } from '../../../src/advisor/advice.ts';
import type { AdviceAnswer } from '../../../src/control/api-types.ts';
import { useAdvice } from '../data/queries.ts';
import { Code } from '../parts/code.tsx';
import { CallsLink } from '../parts/marks.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatDay, plural } from '../words/format.ts';
import { CostSections } from './advice-cost.tsx';
import { DecisionPath } from './advice-path.tsx';
import { ScoreSection } from './advice-score.tsx';
import { Freshness, RecommendationsSection } from './recommendations.tsx';

/** What is advised for one task, and everything it rests on. */
export function AdvicePage() {
  const { task } = useParams({ from: '/advisor/$task' });
  const { data, error, refetch } = useAdvice(task);
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name={task} />;
  const { advice } = data;
  return (
    <>
      <PageHead
        name={
          <>
            <Link to="/advisor">Advisor</Link> / {task}
          </>
        }
        note={<Basis answer={data} />}
      >
        {advice.finding}
      </PageHead>
      <Freshness task={task} at={data.at} stale={data.stale} />
      <Warnings advice={advice} />
      <Section title="Decision path" end={<ReportLink task={task} />}>
        <DecisionPath path={advice.path} />
      </Section>
      <RecommendationsSection task={task} />
      <NextSteps advice={advice} />
      <ScoreSection advice={advice} />
      <CostSections advice={advice} />
      <WatchOuts advice={advice} />
    </>
  );
}

function Basis({ answer: { advice, profile, evidenceCalls } }: { answer: AdviceAnswer }) {
  return (
    <>
      From <CallsLink filter={{ task: advice.task }}>{plural(evidenceCalls, 'call')}</CallsLink> and{' '}
      {profile ? `the profile by ${profile.by} of ${formatDay(profile.at)}` : 'what the stack declares'}.{' '}
      <Link to="/advisor/$task/profile" params={{ task: advice.task }}>
        {profile ? 'Change its answers' : 'Answer the questions about it'}
      </Link>
      .{' '}
      {advice.openQuestions.length > 0 && (
        <>
          Worth finding out first:{' '}
          {advice.openQuestions
            .slice(0, 3)
            .map(({ question }) => question)
            .join(' ')}
        </>
      )}
    </>
  );
}

function ReportLink({ task }: { task: string }) {
  return (
    <a
      className="link"
      href={`/api/v1/advice/${encodeURIComponent(task)}/report`}
      target="_blank"
      rel="noreferrer"
    >
      Open the full report
    </a>
  );
}

function Warnings({ advice: { contradictions, decision } }: { advice: Advice }) {
  const apart = decision.agree ? null : decision.reason;
  if (contradictions.length === 0 && apart === null && decision.layerReason === null) return null;
  return (
    <div className="advice-warnings">
      {contradictions.map(({ message }) => (
        <p key={message} className="banner bad">
          Contradiction: {message}
        </p>
      ))}
      {apart !== null && <p className="banner">Decision path and scorecard differ. {apart}</p>}
      {decision.layerReason !== null && <p className="banner">{decision.layerReason}</p>}
    </div>
  );
}

function NextSteps({ advice: { roadmap } }: { advice: Advice }) {
  const phase = roadmap.phases.find(({ id }) => id === roadmap.phase);
  return (
    <Section title="Next steps" aside={`${phase?.label ?? roadmap.phase}. ${roadmap.because}`}>
      <ol className="advice-list">
        {roadmap.next.slice(0, 3).map((step) => (
          <Step key={step.id} step={step} />
        ))}
      </ol>
      {roadmap.next.length === 0 && <p>Nothing to do next: what this phase asks for is done.</p>}
    </Section>
  );
}

function Step({ step: { title, why, effort, effect, command } }: { step: RoadmapStep }) {
  return (
    <li>
      <h3>{title}</h3>
      <p>{why}</p>
      <small>
        Effort: {effort}. Effect: {effect}.
      </small>
      {command !== null && <Code text={command} what={`the command for: ${title}`} />}
    </li>
  );
}

function WatchOuts({ advice: { watchOuts } }: { advice: Advice }) {
  if (watchOuts.length === 0) return null;
  return (
    <Section title="Watch out">
      <ul className="advice-list">
        {watchOuts.map(({ id, text, because, see }) => (
          <li key={id}>
            {text} {because !== null && <strong>{because}</strong>} <small>{see}</small>
          </li>
        ))}
      </ul>
    </Section>
  );
}
