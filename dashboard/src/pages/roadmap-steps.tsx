import { Link } from '@tanstack/react-router';
import type { RoadmapRow } from '../../../src/control/api-types.ts';
import { useRecommendations, useRenew } from '../data/advice-queries.ts';
import { Code } from '../parts/code.tsx';
import { RecommendationActs, StateMark } from '../parts/recommendation-acts.tsx';

type Step = RoadmapRow['steps'][number];

/** Steps that a page of this dashboard starts. */
const PAGES: Readonly<Record<string, { to: '/costs' | '/stack' | '/calls' | '/feedback'; label: string }>> = {
  'watch-cost': { to: '/costs', label: 'Open the costs' },
  'read-terms': { to: '/stack', label: 'Open the stack' },
  operate: { to: '/stack', label: 'Open the stack' },
  'safe-shift': { to: '/stack', label: 'Open the revisions' },
  'evaluation-set': { to: '/feedback', label: 'Open the feedback to collect from' },
};

/** The next steps of a task, each with effort, effect and what starts it. */
export function RoadmapSteps({ task, steps }: { task: string; steps: readonly Step[] }) {
  if (steps.length === 0) return <p>Nothing to do next: what this phase asks for is done.</p>;
  return (
    <ol className="steps">
      {steps.map((step) => (
        <li key={step.id}>
          <h4>{step.title}</h4>
          <p>{step.why}</p>
          <small>
            Effort: {step.effort}. Effect: {step.effect}.
          </small>
          <Start task={task} step={step} />
        </li>
      ))}
    </ol>
  );
}

/** What starts a step: a decision on its recommendation, a page, a command; or work outside this product. */
function Start({ task, step }: { task: string; step: Step }) {
  const all = useRecommendations(task).data?.recommendations;
  const recommendation = all?.find(({ id }) => id === step.recommendation);
  const page = PAGES[step.id];
  return (
    <>
      {recommendation && (
        <div className="step-start">
          <StateMark state={recommendation.state} doubt={recommendation.doubt} />
          <RecommendationActs of={recommendation} />
        </div>
      )}
      {page && (
        <p className="acts">
          <Link to={page.to} className="button">
            {page.label}
          </Link>
        </p>
      )}
      {step.id === 'advise-again' && <Renew task={task} />}
      {step.command !== null && (
        <Code text={`npm run ${toScript(step.command)}`} what={`the command for: ${step.title}`} />
      )}
      {!recommendation && !page && step.command === null && (
        <small>Work outside this product; say so in the profile when it is done.</small>
      )}
    </>
  );
}

function Renew({ task }: { task: string }) {
  const renew = useRenew(task);
  return (
    <p className="acts">
      <button type="button" className="button" disabled={renew.isPending} onClick={() => renew.mutate()}>
        {renew.isPending ? 'Working it out' : 'Ask again now'}
      </button>
    </p>
  );
}

/** `trimtab plan` -> `trimtab -- plan`, as the other commands of this dashboard are written. */
function toScript(command: string): string {
  return command.replace(/^trimtab /, 'trimtab -- ');
}
