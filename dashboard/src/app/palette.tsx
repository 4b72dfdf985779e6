import './palette.css';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useCosts, useStack, useTasks } from '../data/queries.ts';
import { type Scope, useScope } from '../data/scope.ts';
import { Dialog } from '../parts/dialog.tsx';

interface Target {
  kind: 'Page' | 'Task' | 'Deployment' | 'User' | 'Call' | 'Search';
  name: string;
  to: string;
  params?: Record<string, string>;
  search?: Record<string, unknown>;
}

const PAGES: Target[] = [
  ['Overview', '/'],
  ['Tasks', '/tasks'],
  ['Stack', '/stack'],
  ['Calls', '/calls'],
  ['Costs', '/costs'],
  ['Feedback', '/feedback'],
  ['Advisor', '/advisor'],
  ['Keys', '/keys'],
].map(([name, to]) => ({ kind: 'Page', name: name as string, to: to as string }));
const MAX_SHOWN = 12;

/** Jump to any page, task, deployment, user or call id. */
export function Palette({ onClose }: { onClose: () => void }) {
  const scope = useScope();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = find(text, useTargets(scope));
  const current = Math.min(chosen, found.length - 1);
  const go = (target: Target | undefined): void => {
    if (!target) return;
    onClose();
    const { to, params, search = {} } = target;
    void navigate({ to, params, search } as never);
  };
  const move = (step: number): void => setChosen((current + step + found.length) % Math.max(1, found.length));
  return (
    <Dialog title="Jump to" onClose={onClose} className="palette">
      <input
        className="input"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${current}` : undefined}
        aria-label="Task, deployment, user or call id"
        placeholder="Task, deployment, user or call id"
        autoFocus
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter') go(found[current]);
          else return;
          event.preventDefault();
        }}
      />
      {/* The list is steered from the field: aria-activedescendant says where it stands. */}
      <div id="palette-list" role="listbox" aria-label="Matches">
        {found.map((target, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: steered from the field above
          <div
            key={`${target.kind}-${target.name}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === current}
            onClick={() => go(target)}
            onMouseMove={() => setChosen(index)}
          >
            <span className="kind">{target.kind}</span>
            <span className="what">{target.name}</span>
          </div>
        ))}
      </div>
    </Dialog>
  );
}

function useTargets(scope: Scope): Target[] {
  const { data: tasks } = useTasks(scope);
  const { data: stack } = useStack();
  const { data: users } = useCosts('user', scope);
  return [
    ...PAGES,
    ...(tasks?.tasks ?? []).map(
      ({ name }): Target => ({ kind: 'Task', name, to: '/tasks/$name', params: { name } }),
    ),
    ...(stack?.deployments ?? []).map(
      ({ name }): Target => ({ kind: 'Deployment', name, to: '/calls', search: { deployment: name } }),
    ),
    ...(users?.rows ?? []).flatMap(({ user }): Target[] =>
      user ? [{ kind: 'User', name: user, to: '/calls', search: { user } }] : [],
    ),
  ];
}

/** Names that begin with the text come first, then names that hold it; a call id always leads to its call. */
function find(text: string, targets: readonly Target[]): Target[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return targets.slice(0, MAX_SHOWN);
  if (/^call_[0-9a-z]{26}$/.test(wanted)) {
    return [{ kind: 'Call', name: wanted, to: '/calls/$id', params: { id: wanted } }];
  }
  const place = (target: Target): number => target.name.toLowerCase().indexOf(wanted);
  const found = targets
    .filter((target) => place(target) >= 0)
    .sort((a, b) => Number(place(a) > 0) - Number(place(b) > 0))
    .slice(0, MAX_SHOWN);
  const search: Target = {
    kind: 'Search',
    name: `calls: ${text.trim()}`,
    to: '/calls',
    search: { search: text.trim() },
  };
  return [...found, search];
}
