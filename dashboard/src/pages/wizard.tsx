import './advisor.css';
import './wizard.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Quantity } from '../../../src/advisor/economics/quantity.ts';
import { type Answers, createProfile } from '../../../src/advisor/profile/create.ts';
import type { FactId } from '../../../src/advisor/profile/fields/index.ts';
import { toProfileFile } from '../../../src/advisor/profile/file.ts';
import type { Contradiction } from '../../../src/advisor/profile/profile.ts';
import { questionsFor, questionsOf, WIZARD_FACTS } from '../../../src/advisor/wizard/questions.ts';
import type { AdviceAnswer } from '../../../src/control/api-types.ts';
import { ApiFailure, request } from '../data/api.ts';
import { saidIn, useDraft } from '../data/profile-draft.ts';
import { useAdvice } from '../data/queries.ts';
import { Failure, PageHead, PageSkeleton } from '../parts/page.tsx';
import { WizardQuestion } from './wizard-question.tsx';

/** The questions of `trimtab advise`, answered on a page. */
export function WizardPage() {
  const { task } = useParams({ from: '/advisor/$task/profile' });
  const { data, error, refetch } = useAdvice(task);
  const isNew = error instanceof ApiFailure && error.status === 404;
  if (!data && !isNew)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name={task} />;
  const said = data?.profile ? saidIn(data.advice) : { answers: {}, assumptions: [] };
  return <Wizard key={task} task={task} said={said} by={data?.profile?.by ?? ''} />;
}

interface Said {
  answers: Answers;
  assumptions: Quantity[];
}

function Wizard({ task, said, by }: { task: string; said: Said; by: string }) {
  const { draft, change, forget } = useDraft(task, said.answers);
  const [name, setName] = useState(by);
  const profile = useMemo(() => createProfile({ task, answers: draft.answers }), [task, draft.answers]);
  const { contradictions } = profile;
  const clashing = new Set<FactId>(contradictions.flatMap(({ fields }) => fields));
  const asked = new Set(questionsFor(profile).map(({ fact }) => fact));
  const isAnswered = (fact: FactId) => draft.unknown.includes(fact) || draft.answers[fact] !== undefined;
  // What was answered stays where it was, also when another answer made it idle.
  const order = [...new Set([...WIZARD_FACTS, ...clashing])];
  const questions = questionsOf(
    order.filter((fact) => asked.has(fact) || isAnswered(fact) || clashing.has(fact)),
  );
  const done = questions.filter(({ fact }) => isAnswered(fact)).length;
  const given = (fact: FactId) => (draft.unknown.includes(fact) ? null : draft.answers[fact]?.value);
  const signed = name.trim();
  return (
    <>
      <PageHead
        name={
          <>
            <Link to="/advisor">Advisor</Link> / {task} / Profile
          </>
        }
        note="What is not known may stay open: it widens the answer and is never replaced by a default. Answers are kept in this browser until they are saved."
      >
        {done} of about {questions.length} questions about {task} answered.
      </PageHead>
      <form className="wizard" onSubmit={(event) => event.preventDefault()}>
        {questions.map((question) => (
          <WizardQuestion
            key={question.fact}
            question={question}
            value={given(question.fact)}
            clash={contradictions.find(({ fields }) => fields.includes(question.fact))?.message}
            answer={(value) =>
              change(
                question.fact,
                value === null ? null : { value, by: signed || ANONYMOUS, at: Date.now() },
              )
            }
          />
        ))}
        <label className="field">
          <span>Who answers</span>
          <input
            className="input"
            value={name}
            onChange={({ target }) => setName(target.value)}
            placeholder="ana"
          />
        </label>
        <Contradictions list={contradictions} />
        <Save
          parsed={{ task, answers: draft.answers, assumptions: said.assumptions }}
          by={signed || ANONYMOUS}
          clashes={contradictions.length > 0}
          saved={forget}
        />
      </form>
    </>
  );
}

const ANONYMOUS = 'the dashboard';

/** The questions that contradict each other, each with a way back to it. */
function Contradictions({ list }: { list: readonly Contradiction[] }) {
  const questions = questionsOf([...new Set(list.flatMap(({ fields }) => fields))]);
  return (
    <div role="status">
      {questions.length > 0 && (
        <p className="banner bad">
          Some answers cannot all be right. Answer again:{' '}
          {questions.map(({ fact, field }, index) => (
            <span key={fact}>
              {index > 0 && ' · '}
              <a className="link" href={`#ask-${fact}`}>
                {field.label}
              </a>
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

function Save(props: { parsed: Said & { task: string }; by: string; clashes: boolean; saved: () => void }) {
  const { parsed, by, clashes } = props;
  const navigate = useNavigate();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      request<AdviceAnswer>('POST', `/api/v1/advice/${encodeURIComponent(parsed.task)}/profile`, {
        body: toProfileFile(parsed, by, new Date().toISOString().slice(0, 10)),
      }),
    onSuccess: async () => {
      props.saved();
      await client.invalidateQueries({ queryKey: ['advice'] });
      await navigate({ to: '/advisor/$task', params: { task: parsed.task } });
    },
  });
  return (
    <div className="wizard-end">
      <button
        type="button"
        className={clashes ? 'button' : 'button primary'}
        disabled={save.isPending}
        onClick={() => save.mutate()}
      >
        {clashes ? 'Save with the contradiction' : 'Save and advise'}
      </button>
      {save.error && (
        <p className="form-error" role="alert">
          {save.error.message} {save.error instanceof ApiFailure && save.error.advice}
        </p>
      )}
    </div>
  );
}
