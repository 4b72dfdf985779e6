import './advice-teaching.css';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Code } from './code.tsx';

/** Two ways to give a task its profile: questions on a page, or two commands. */
export function AdviceTeaching() {
  return (
    <div className="teach">
      <p className="note">Answer what is asked; what is not known may stay open. Here:</p>
      <AskTask />
      <p className="note">Or in a terminal:</p>
      <Code text="npm run trimtab -- advise --save profile.yaml" what="the command that asks" />
      <p className="note">Publish it; from then on the advice rests on it and on the calls of the task.</p>
      <Code
        text="npm run trimtab -- advise --profile profile.yaml --publish"
        what="the command that publishes a profile"
      />
    </div>
  );
}

/** Opens the questions about a task of any name. */
function AskTask() {
  const [task, setTask] = useState('');
  const navigate = useNavigate();
  return (
    <form
      className="ask-task"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: '/advisor/$task/profile', params: { task: task.trim() } });
      }}
    >
      <label className="field">
        <span>Name of the task</span>
        <input
          className="input"
          value={task}
          onChange={({ target }) => setTask(target.value)}
          placeholder="support-reply"
          required
        />
      </label>
      <button type="submit" className="button primary" disabled={task.trim() === ''}>
        Answer the questions
      </button>
    </form>
  );
}
