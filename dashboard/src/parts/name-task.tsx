import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { GroupRow, RevisionApplied } from '../../../src/control/api-types.ts';
import { ApiFailure, request } from '../data/api.ts';
import { useRefreshAll } from '../data/queries.ts';
import { formatCount, plural } from '../words/format.ts';
import { Code } from './code.tsx';
import { Dialog } from './dialog.tsx';
import { CallsLink } from './marks.tsx';

/** Calls that named a model instead of a task: says so, and offers to name them. */
export function NameTask({ rows }: { rows: readonly GroupRow[] }) {
  const [open, setOpen] = useState(false);
  const calls = rows.reduce((sum, row) => sum + row.calls, 0);
  return (
    <div className="banners section">
      <div className="banner calm">
        <p>
          <strong>
            <CallsLink filter={{ task: 'untasked' }}>{plural(calls, 'call')}</CallsLink> named a model, not a
            task.
          </strong>{' '}
          A task with a name has its own figures, and its model can be swapped without touching the app.
        </p>
        <button type="button" className="button" onClick={() => setOpen(true)}>
          Name a task
        </button>
      </div>
      {open && <NameForm rows={rows} onClose={() => setOpen(false)} />}
    </div>
  );
}

function NameForm({ rows, onClose }: { rows: readonly GroupRow[]; onClose: () => void }) {
  const deployments = rows.flatMap((row) => (row.deployment ? [row] : []));
  const [name, setName] = useState('');
  const [deployment, setDeployment] = useState(deployments[0]?.deployment ?? '');
  const refresh = useRefreshAll();
  const create = useMutation({
    mutationFn: () =>
      request<RevisionApplied>('POST', '/api/v1/tasks', { body: { name, route: [deployment] } }),
    onSuccess: refresh,
  });
  if (create.isSuccess) return <Named name={name} onClose={onClose} />;
  return (
    <Dialog title="Name a task" onClose={onClose}>
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <label className="field">
          <span>Name, as the app will send it in model</span>
          <input
            className="input"
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="support-reply"
            pattern="[a-z0-9][a-z0-9._\-]*"
            title="Lower-case letters, digits, dots and dashes"
            required
          />
        </label>
        <label className="field">
          <span>Served by</span>
          <select
            className="input"
            value={deployment}
            onChange={(event) => setDeployment(event.target.value)}
          >
            {deployments.map((row) => (
              <option key={row.deployment} value={row.deployment ?? ''}>
                {row.deployment} ({formatCount(row.calls)} calls)
              </option>
            ))}
          </select>
        </label>
        {create.error && <NameFailure error={create.error} name={name} deployment={deployment} />}
        <div className="dialog-end">
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={name === '' || create.isPending}>
            Add the task
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** When a file decides, what to put into the file. */
function NameFailure({ error, name, deployment }: { error: Error; name: string; deployment: string }) {
  if (!(error instanceof ApiFailure)) return <p className="form-error">{error.message}</p>;
  const [text = '', ...snippet] = error.message.split('\n');
  if (error.code !== 'config_is_file') {
    return (
      <p className="form-error" role="alert">
        {error.message} {error.advice}
      </p>
    );
  }
  return (
    <div role="alert" className="dialog-body">
      <p>
        {text} {error.advice}
      </p>
      <Code
        text={snippet.join('\n').trim() || `tasks: {\n  '${name}': { route: ['${deployment}'] },\n},`}
        what="the lines to add to the config"
      />
    </div>
  );
}

function Named({ name, onClose }: { name: string; onClose: () => void }) {
  return (
    <Dialog title={`Task ${name} is there`} onClose={onClose}>
      <div className="dialog-body">
        <p>Now let the app send its name:</p>
        <Code text={`model: '${name}'`} what="the change in the app" />
      </div>
      <div className="dialog-end">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
