import { useId, useState } from 'react';
import type { AnswerValue } from '../../../src/advisor/profile/create.ts';
import type { NumberField } from '../../../src/advisor/profile/field.ts';
import type { Question } from '../../../src/advisor/wizard/questions.ts';
import { numberProblem, toList, toNumber } from '../../../src/advisor/wizard/written.ts';

interface Given {
  question: Question;
  /** `undefined`: not answered yet; `null`: not known. */
  value: AnswerValue | null | undefined;
  /** The contradiction it stands in, in words; `undefined`: none. */
  clash: string | undefined;
  answer(value: AnswerValue | null): void;
}

/** One question with why it is asked, and "I do not know". */
export function WizardQuestion(given: Given) {
  const { question, value, clash, answer } = given;
  const why = useId();
  const { field, fact } = question;
  return (
    <fieldset
      className={clash ? 'wizard-question clash' : 'wizard-question'}
      aria-describedby={why}
      id={`ask-${fact}`}
    >
      <legend>{field.question}</legend>
      <p className="why" id={why}>
        {field.why}
      </p>
      {clash && <p className="form-error">These cannot both be right. {clash}</p>}
      <Input {...given} />
      <label className="choice unknown">
        <input type="checkbox" checked={value === null} onChange={() => answer(null)} />
        <span>I do not know</span>
      </label>
    </fieldset>
  );
}

function Input({ question: { field, fact }, value, answer }: Given) {
  switch (field.kind) {
    case 'choice':
      return <OneOf name={fact} options={Object.entries(field.options)} picked={value} pick={answer} />;
    case 'flag': {
      const picked = typeof value === 'boolean' ? String(value) : value;
      return <OneOf name={fact} options={YES_NO} picked={picked} pick={(text) => answer(text === 'true')} />;
    }
    case 'choices':
      return (
        <SomeOf
          options={Object.entries(field.options)}
          picked={Array.isArray(value) ? value : []}
          pick={answer}
        />
      );
    case 'number':
      return <NumberInput field={field} value={value} answer={answer} />;
    case 'list':
      return (
        <Typed
          label={field.label}
          start={Array.isArray(value) ? value.join(', ') : ''}
          isUnknown={value === null}
          placeholder={field.example}
          take={(text) => answer(text === '' ? null : toList(text))}
        />
      );
  }
}

const YES_NO: [string, string][] = [
  ['true', 'yes'],
  ['false', 'no'],
];

function OneOf(props: {
  name: string;
  options: [value: string, label: string][];
  picked: AnswerValue | null | undefined;
  pick: (value: string) => void;
}) {
  return props.options.map(([value, label]) => (
    <label key={value} className="choice">
      <input
        type="radio"
        name={props.name}
        checked={props.picked === value}
        onChange={() => props.pick(value)}
      />
      <span>{label}</span>
    </label>
  ));
}

/** "None" stands alone. */
function SomeOf(props: {
  options: [value: string, label: string][];
  picked: readonly string[];
  pick: (value: string[] | null) => void;
}) {
  const toggle = (value: string) => {
    const others = props.picked.filter((one) => one !== value && one !== 'none' && value !== 'none');
    const next = props.picked.includes(value) ? others : [...others, value];
    props.pick(next.length > 0 ? next : null);
  };
  return props.options.map(([value, label]) => (
    <label key={value} className="choice">
      <input type="checkbox" checked={props.picked.includes(value)} onChange={() => toggle(value)} />
      <span>{label}</span>
    </label>
  ));
}

function NumberInput(props: {
  field: NumberField;
  value: AnswerValue | null | undefined;
  answer: (value: number | null) => void;
}) {
  const { field, value, answer } = props;
  const known = typeof value === 'object' && value !== null && 'mid' in value ? value.mid : value;
  return (
    <Typed
      label={`${field.label}, ${field.unit}`}
      start={typeof known === 'number' ? String(known) : ''}
      isUnknown={value === null}
      placeholder={field.unit}
      problem={(text) => (text === '' ? undefined : numberProblem(text, field))}
      take={(text) => answer(text === '' ? null : toNumber(text))}
    />
  );
}

/** Taken as it is typed, once it is whole. */
function Typed(props: {
  label: string;
  start: string;
  isUnknown: boolean;
  placeholder: string;
  problem?: (text: string) => string | undefined;
  take: (text: string) => void;
}) {
  const [text, setText] = useState(props.start);
  const problem = props.problem?.(text.trim());
  const hint = useId();
  return (
    <>
      <input
        className="input"
        value={props.isUnknown ? '' : text}
        aria-label={props.label}
        placeholder={props.placeholder}
        aria-invalid={problem !== undefined}
        aria-describedby={hint}
        onChange={({ target }) => {
          setText(target.value);
          const written = target.value.trim();
          if (props.problem?.(written) === undefined) props.take(written);
        }}
      />
      <p className="form-error" id={hint}>
        {problem}
      </p>
    </>
  );
}
