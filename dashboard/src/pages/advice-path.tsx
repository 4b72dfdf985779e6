import type { Path, PathStep } from '../../../src/advisor/advice.ts';

/** The questions that were asked, the taken branch lit, and at each what it rests on. */
export function DecisionPath({ path }: { path: Path }) {
  return (
    <ol className="advice-path" aria-label="Decision path">
      {path.steps.map((step, index) => (
        <Step key={step.question} step={step} place={index + 1} />
      ))}
      <li>
        <span className="dot" aria-hidden="true">
          →
        </span>
        <h3>{path.recommendation}</h3>
        {path.fork && (
          <div className="advice-forks">
            <p>
              <strong>If yes:</strong> {path.fork.ifYes.recommendation}
            </p>
            <p>
              <strong>If no:</strong> {path.fork.ifNo.recommendation}
            </p>
          </div>
        )}
      </li>
    </ol>
  );
}

function Step({ step, place }: { step: PathStep; place: number }) {
  return (
    <li className={step.answer === 'unknown' ? 'unknown' : 'known'}>
      <span className="dot" aria-hidden="true">
        {place}
      </span>
      <h3>{step.text}</h3>
      <div className="branches">
        <Branch step={step} answer="yes" leadsTo={step.ifYes} />
        <Branch step={step} answer="no" leadsTo={step.ifNo} />
        {step.answer === 'unknown' && <span className="tag warn">not known</span>}
      </div>
      <p>{step.because}</p>
      {step.evidence.map(({ fact, label, shown, source }) => (
        <p key={fact} className="evidence">
          {label}: {shown} · {source}
        </p>
      ))}
    </li>
  );
}

function Branch(props: { step: PathStep; answer: 'yes' | 'no'; leadsTo: string }) {
  const { step, answer, leadsTo } = props;
  const taken = step.answer === answer;
  return (
    <span className={taken ? 'branch taken' : 'branch'}>
      {taken && <span className="sr-only">Taken: </span>}
      {answer === 'yes' ? 'Yes' : 'No'}: {leadsTo}
      {taken && step.certainty === 'likely' && ' (likely)'}
    </span>
  );
}
