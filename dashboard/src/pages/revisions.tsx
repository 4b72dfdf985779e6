import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { RevisionApplied, RevisionsAnswer } from '../../../src/control/api-types.ts';
import { request } from '../data/api.ts';
import { useDiff, useRefreshAll, useStatus } from '../data/queries.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure, Section } from '../parts/page.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { formatMoment, shortRevision } from '../words/format.ts';

type Entry = RevisionsAnswer['history'][number];

/** When which revision began to serve. Any of them can serve again. */
export function Revisions({ answer }: { answer: RevisionsAnswer }) {
  const [shown, setShown] = useState<number | null>(null);
  const [target, setTarget] = useState<Entry | null>(null);
  return (
    <Section title="Revisions" aside="newest first; the running one is filled">
      <ol className="timeline">
        {answer.history.map((entry, index) => (
          <Line
            key={`${entry.revision}-${entry.at}`}
            entry={entry}
            before={answer.history[index + 1] ?? null}
            active={index === 0}
            canReturn={entry.revision !== answer.active}
            open={shown === entry.at}
            onDiff={() => setShown(shown === entry.at ? null : entry.at)}
            onReturn={() => setTarget(entry)}
          />
        ))}
      </ol>
      {target && <RollBack target={target} active={answer.active} onClose={() => setTarget(null)} />}
    </Section>
  );
}

interface LineProps {
  entry: Entry;
  before: Entry | null;
  active: boolean;
  canReturn: boolean;
  open: boolean;
  onDiff(): void;
  onReturn(): void;
}

function Line({ entry, before, active, canReturn, open, onDiff, onReturn }: LineProps) {
  const name = shortRevision(entry.revision);
  return (
    <li className={active ? 'active' : ''}>
      <span className="muted when">{formatMoment(entry.at).replace(/ \d{4}|:\d\d$/g, '')}</span>
      <span>
        <span className="mono">{name}</span> {entry.kind === 'applied' ? 'applied' : 'rolled back to'}{' '}
        <span className="muted">{originInWords(entry)}</span>
      </span>
      <span className="act">
        {before && (
          <button
            type="button"
            className="button quiet"
            aria-expanded={open}
            onClick={onDiff}
            aria-label={`Changes of ${name}`}
          >
            Changes
          </button>
        )}
        {canReturn && (
          <button type="button" className="button" onClick={onReturn} aria-label={`Roll back to ${name}`}>
            Roll back to this
          </button>
        )}
      </span>
      {open && before && <Diff from={before.revision} to={entry.revision} />}
    </li>
  );
}

function Diff({ from, to }: { from: string; to: string }) {
  const { data, error } = useDiff(from, to);
  if (error) return <Failure error={error} />;
  if (!data) return <p className="diff muted">Comparing</p>;
  if (data.changes.length === 0) return <p className="diff muted">No difference.</p>;
  return (
    <Scroll className="diff" label={`Changes from ${shortRevision(from)} to ${shortRevision(to)}`}>
      <table className="table">
        <caption className="sr-only">Changes, leaf by leaf</caption>
        <thead>
          <tr>
            <th scope="col">Where</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {data.changes.map((change) => (
            <tr key={change.path}>
              <td>{change.path}</td>
              <td>
                {change.before === undefined ? (
                  <span className="muted">–</span>
                ) : (
                  <del>{JSON.stringify(change.before)}</del>
                )}
              </td>
              <td>
                {change.after === undefined ? (
                  <span className="muted">–</span>
                ) : (
                  <ins>{JSON.stringify(change.after)}</ins>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Says what will change before it does, and how to undo it. */
function RollBack({ target, active, onClose }: { target: Entry; active: string; onClose: () => void }) {
  const { data: status } = useStatus();
  const refresh = useRefreshAll();
  const rollBack = useMutation({
    mutationFn: () => request<RevisionApplied>('POST', `/api/v1/revisions/${target.revision}/rollback`),
    onSuccess: () => {
      refresh();
      onClose();
    },
  });
  const name = shortRevision(target.revision);
  return (
    <Dialog title={`Roll back to ${name}?`} onClose={onClose}>
      <div className="dialog-body">
        <p>
          The next call is served by revision {name}. Calls in flight finish on {shortRevision(active)}; none
          is dropped. This is what changes:
        </p>
        <Diff from={active} to={target.revision} />
        {status?.configFile && (
          <p>
            <code>{status.configFile}</code> stays as it is and no longer says what runs. Editing it applies
            it again.
          </p>
        )}
        <p className="muted">To undo, roll back to {shortRevision(active)}: it stays in this list.</p>
        {rollBack.error && <Failure error={rollBack.error} />}
      </div>
      <div className="dialog-end">
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          disabled={rollBack.isPending}
          onClick={() => rollBack.mutate()}
        >
          Roll back to {name}
        </button>
      </div>
    </Dialog>
  );
}

function originInWords(entry: Entry): string {
  const by = entry.by === entry.origin ? '' : `by ${entry.by}, `;
  if (entry.source === 'file') return `${by}from ${fileName(entry.origin)}`;
  return `${by}${entry.source === 'api' ? 'through the API' : 'found by itself'}`;
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}
