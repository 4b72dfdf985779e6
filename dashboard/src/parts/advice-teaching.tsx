import { Code } from './code.tsx';

/** The two commands that give a task its profile. */
export function AdviceTeaching() {
  return (
    <div className="teach">
      <p className="note">Answer what is asked; what is not known may stay open.</p>
      <Code text="npm run trimtab -- advise --save profile.yaml" what="the command that asks" />
      <p className="note">Publish it; from then on the advice rests on it and on the calls of the task.</p>
      <Code
        text="npm run trimtab -- advise --profile profile.yaml --publish"
        what="the command that publishes a profile"
      />
    </div>
  );
}
