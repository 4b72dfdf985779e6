import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { KeyCreated, KeysAnswer } from '../../../src/control/api-types.ts';
import { request } from '../data/api.ts';
import { useKeys, useRefreshAll, useStack, useStatus } from '../data/queries.ts';
import { Code } from '../parts/code.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { CallsLink } from '../parts/marks.tsx';
import { Failure, PageHead, PageSkeleton, Section } from '../parts/page.tsx';
import { formatDay, plural } from '../words/format.ts';

type Key = KeysAnswer['keys'][number];

/** Who may call. */
export function KeysPage() {
  const { data, error, refetch } = useKeys();
  const [creating, setCreating] = useState(false);
  const [switching, setSwitching] = useState<Key | null>(null);
  if (!data)
    return error ? <Failure error={error} retry={() => void refetch()} /> : <PageSkeleton name="Keys" />;
  const live = data.keys.filter(
    (key) => !key.disabled && (key.expiresAt === null || key.expiresAt > Date.now()),
  );
  return (
    <>
      <PageHead
        name="Keys"
        note="Only a hash of each key is kept: a key that is lost is replaced, not recovered."
      >
        {data.keys.length === 0
          ? 'No key yet, so no app can call.'
          : `${plural(live.length, 'key')} of ${data.keys.length} ${live.length === 1 ? 'takes' : 'take'} calls.`}
      </PageHead>
      <Section
        title="Virtual keys"
        end={
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            Create a key
          </button>
        }
      >
        {data.keys.length > 0 && (
          <DataTable
            caption="Virtual keys"
            columns={columns(setSwitching)}
            rows={data.keys}
            rowKey={(key) => key.id}
          />
        )}
      </Section>
      {creating && <CreateKey onClose={() => setCreating(false)} />}
      {switching && <SwitchKey key={switching.id} subject={switching} onClose={() => setSwitching(null)} />}
    </>
  );
}

function columns(onSwitch: (key: Key) => void): Column<Key>[] {
  return [
    { key: 'name', head: 'Name', className: 'name', value: (key) => key.name, cell: (key) => key.name },
    {
      key: 'prefix',
      head: 'Begins with',
      lesser: true,
      cell: (key) => <span className="mono">{key.prefix}…</span>,
    },
    {
      key: 'owner',
      head: 'Owner',
      lesser: true,
      value: (key) => key.owner,
      cell: (key) => key.owner ?? <span className="muted">–</span>,
    },
    {
      key: 'tasks',
      head: 'May call',
      lesser: true,
      className: 'wrap',
      value: (key) => key.tasks?.join(' ') ?? 'every task',
      cell: (key) => key.tasks?.join(', ') ?? <span className="muted">every task</span>,
    },
    {
      key: 'created',
      head: 'Created',
      lesser: true,
      value: (key) => key.createdAt,
      cell: (key) => formatDay(key.createdAt),
    },
    {
      key: 'state',
      head: 'State',
      value: (key) => stateOf(key),
      cell: (key) => <span className={`tag ${stateOf(key) === 'on' ? 'good' : 'warn'}`}>{stateOf(key)}</span>,
    },
    { key: 'calls', head: 'Calls', cell: (key) => <CallsLink filter={{ key: key.id }}>show</CallsLink> },
    {
      key: 'act',
      head: '',
      className: 'num',
      cell: (key) => (
        <button
          type="button"
          className="button quiet"
          onClick={() => onSwitch(key)}
          aria-label={`${key.disabled ? 'Enable' : 'Disable'} key ${key.name}`}
        >
          {key.disabled ? 'Enable' : 'Disable'}
        </button>
      ),
    },
  ];
}

function stateOf(key: Key): string {
  if (key.disabled) return 'disabled';
  return key.expiresAt !== null && key.expiresAt <= Date.now() ? 'expired' : 'on';
}

function CreateKey({ onClose }: { onClose: () => void }) {
  const { data: stack } = useStack();
  const [name, setName] = useState('');
  const [owner, setOwner] = useState('');
  const [tasks, setTasks] = useState<string[]>([]);
  const refresh = useRefreshAll();
  const create = useMutation({
    mutationFn: () =>
      request<KeyCreated>('POST', '/api/v1/keys', {
        body: {
          name: name.trim(),
          ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
          ...(tasks.length === 0 ? {} : { tasks }),
        },
      }),
    onSuccess: refresh,
  });
  if (create.data) return <NewKey created={create.data} onClose={onClose} />;
  const known = Object.keys(stack?.stack.tasks ?? {});
  return (
    <Dialog title="Create a key" onClose={onClose}>
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <label className="field">
          <span>Name, such as the app that uses it</span>
          <input
            className="input"
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            maxLength={100}
          />
        </label>
        <label className="field">
          <span>Owner (may stay empty)</span>
          <input
            className="input"
            value={owner}
            onChange={(event) => setOwner(event.target.value)}
            maxLength={200}
          />
        </label>
        {known.length > 0 && (
          <fieldset className="task-choice">
            <legend>May call (none chosen: every task)</legend>
            {known.map((task) => (
              <label key={task} className="row">
                <input
                  type="checkbox"
                  checked={tasks.includes(task)}
                  onChange={(event) =>
                    setTasks(
                      event.target.checked ? [...tasks, task] : tasks.filter((other) => other !== task),
                    )
                  }
                />
                {task}
              </label>
            ))}
          </fieldset>
        )}
        {create.error && <Failure error={create.error} />}
        <div className="dialog-end">
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={name.trim() === '' || create.isPending}>
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The only time the key itself is shown. */
function NewKey({ created, onClose }: { created: KeyCreated; onClose: () => void }) {
  const { data: status } = useStatus();
  const url = status?.url ?? location.origin;
  return (
    <Dialog title={`Key ${created.name}`} onClose={onClose}>
      <div className="dialog-body">
        <p>
          <strong>Copy it now: it is shown this once.</strong>
        </p>
        <Code text={created.key} what="key" />
        <p>In an OpenAI app:</p>
        <Code
          text={`OPENAI_BASE_URL=${url}/v1\nOPENAI_API_KEY=${created.key}`}
          what="environment of an app"
        />
      </div>
      <div className="dialog-end">
        <button type="button" className="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}

function SwitchKey({ subject, onClose }: { subject: Key; onClose: () => void }) {
  const refresh = useRefreshAll();
  const verb = subject.disabled ? 'enable' : 'disable';
  const act = useMutation({
    mutationFn: () => request<KeysAnswer>('POST', `/api/v1/keys/${subject.id}/${verb}`),
    onSuccess: () => {
      refresh();
      onClose();
    },
  });
  return (
    <Dialog title={`${subject.disabled ? 'Enable' : 'Disable'} ${subject.name}?`} onClose={onClose}>
      <div className="dialog-body">
        <p>
          {subject.disabled
            ? `Calls with the key ${subject.prefix}… are taken again, at once.`
            : `From now on every call with the key ${subject.prefix}… gets an error (401, key_disabled). Calls in flight finish. It can be enabled again.`}
        </p>
        {act.error && <Failure error={act.error} />}
      </div>
      <div className="dialog-end">
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className={subject.disabled ? 'button primary' : 'button danger'}
          disabled={act.isPending}
          onClick={() => act.mutate()}
        >
          {subject.disabled ? 'Enable the key' : 'Disable the key'}
        </button>
      </div>
    </Dialog>
  );
}
