import { useEffect, useRef, useState } from 'react';
import { type CallsSearch, OUTCOMES } from '../data/call-filter.ts';
import type { useLive } from '../data/live.ts';
import { useCosts, useKeys, useStack, useTasks } from '../data/queries.ts';
import { useScope, useSetSearch } from '../data/scope.ts';
import { OUTCOME_WORDS } from '../words/errors.ts';
import { formatMs } from '../words/format.ts';

interface FiltersProps {
  search: CallsSearch;
  live: ReturnType<typeof useLive>;
  paused: boolean;
  onPause(paused: boolean): void;
}

/** What the list is narrowed to, as chips; everything stands in the address. */
export function CallFilters({ search, live, paused, onPause }: FiltersProps) {
  const setSearch = useSetSearch();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a bar of filters; the search field inside is the form
    <div className="filter-bar" role="search" aria-label="Filter calls">
      <SearchField
        value={search.search ?? ''}
        onChange={(text) => setSearch({ search: text || undefined })}
      />
      <Chips search={search} />
      <AddFilter search={search} />
      <span className="row" style={{ marginLeft: 'auto' }}>
        {live.state !== 'off' && (
          <>
            <span className="row muted" role="status">
              <i className={`live-dot ${live.state}`} aria-hidden="true" />
              {live.state === 'paused' ? `${live.held} waiting` : live.state}
            </span>
            <button type="button" className="button" onClick={() => onPause(!paused)}>
              {paused ? 'Resume' : 'Pause'}
            </button>
          </>
        )}
        <button
          type="button"
          className="button"
          aria-pressed={search.live === true}
          onClick={() => {
            onPause(false);
            setSearch({ live: search.live ? undefined : true });
          }}
        >
          Live
        </button>
      </span>
    </div>
  );
}

function SearchField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <form
      style={{ display: 'contents' }}
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim());
      }}
    >
      <input
        className="input small search"
        type="search"
        aria-label="Search calls by id, task, user or deployment"
        placeholder="Call id, task, user, deployment"
        value={text}
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value);
          if (event.target.value === '') onChange('');
        }}
      />
    </form>
  );
}

function Chips({ search }: { search: CallsSearch }) {
  const setSearch = useSetSearch();
  const { data: keys } = useKeys();
  const keyName = keys?.keys.find((key) => key.id === search.key)?.name ?? search.key;
  const chips: [name: keyof CallsSearch, text: string][] = [];
  if (search.task) chips.push(['task', `task ${search.task}`]);
  if (search.user) chips.push(['user', `user ${search.user}`]);
  if (search.deployment) chips.push(['deployment', `deployment ${search.deployment}`]);
  if (search.key) chips.push(['key', `key ${keyName}`]);
  if (search.outcome) chips.push(['outcome', OUTCOME_WORDS[search.outcome]]);
  if (search.slower) chips.push(['slower', `slower than ${formatMs(search.slower)}`]);
  if (search.unpriced) chips.push(['unpriced', 'unpriced']);
  return chips.map(([name, text]) => (
    <span className="chip" key={name}>
      <span>{text}</span>
      <button
        type="button"
        aria-label={`Remove filter: ${text}`}
        onClick={() => setSearch({ [name]: undefined })}
      >
        ×
      </button>
    </span>
  ));
}

const KINDS = ['task', 'user', 'deployment', 'key', 'outcome', 'slower', 'unpriced'] as const;
type Kind = (typeof KINDS)[number];
const KIND_WORDS: Record<Kind, string> = {
  task: 'Task',
  user: 'User',
  deployment: 'Deployment',
  key: 'Key',
  outcome: 'Outcome',
  slower: 'Slower than, ms',
  unpriced: 'Unpriced',
};

function AddFilter({ search }: { search: CallsSearch }) {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<Kind>('task');
  const [value, setValue] = useState('');
  const setSearch = useSetSearch();
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => {
    if (open) first.current?.focus();
  }, [open]);
  const apply = (): void => {
    const given = kind === 'unpriced' ? true : value.trim();
    if (given === '') return;
    setSearch({ ...search, [kind]: given });
    setValue('');
    setOpen(false);
  };
  return (
    <div className="popover-anchor filter-add">
      <button type="button" className="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Add filter
      </button>
      {open && (
        <form
          className="popover"
          onSubmit={(event) => {
            event.preventDefault();
            apply();
          }}
          onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
        >
          <label className="field">
            <span>Show calls by</span>
            <select
              ref={first}
              className="input"
              value={kind}
              onChange={(event) => {
                setKind(event.target.value as Kind);
                setValue('');
              }}
            >
              {KINDS.map((name) => (
                <option key={name} value={name}>
                  {KIND_WORDS[name]}
                </option>
              ))}
            </select>
          </label>
          {kind !== 'unpriced' && <ValueField kind={kind} value={value} onChange={setValue} />}
          <button type="submit" className="button primary">
            Show
          </button>
        </form>
      )}
    </div>
  );
}

function ValueField({
  kind,
  value,
  onChange,
}: {
  kind: Kind;
  value: string;
  onChange: (value: string) => void;
}) {
  const choices = useChoices(kind);
  if (kind === 'slower') {
    return (
      <label className="field">
        <span>Milliseconds</span>
        <input
          className="input"
          type="number"
          min={1}
          step={1}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          required
        />
      </label>
    );
  }
  return (
    <label className="field">
      <span>{KIND_WORDS[kind]}</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)} required>
        <option value="">Choose</option>
        {choices.map(([id, name]) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function useChoices(kind: Kind): [id: string, name: string][] {
  const scope = useScope();
  const { data: tasks } = useTasks(scope);
  const { data: stack } = useStack();
  const { data: users } = useCosts('user', scope);
  const { data: keys } = useKeys();
  const same = (name: string): [string, string] => [name, name];
  if (kind === 'task') return (tasks?.tasks ?? []).map((row) => same(row.name));
  if (kind === 'deployment') return (stack?.deployments ?? []).map((row) => same(row.name));
  if (kind === 'user') return (users?.rows ?? []).flatMap((row) => (row.user ? [same(row.user)] : []));
  if (kind === 'key') return (keys?.keys ?? []).map((key) => [key.id, key.name]);
  return OUTCOMES.map((outcome) => [outcome, OUTCOME_WORDS[outcome]]);
}
