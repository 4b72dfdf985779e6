import { useState } from 'react';
import type { RecommendationAnswer } from '../../../src/control/api-types.ts';
import type { RecommendationState } from '../../../src/core/recommendation.ts';
import { useAct } from '../data/advice-queries.ts';
import { ApiFailure } from '../data/api.ts';
import { ACT_WORDS, STATE_WORDS } from '../words/recommendation.ts';
import { Dialog } from './dialog.tsx';

type Acted = Pick<RecommendationAnswer, 'id' | 'title' | 'next'>;

/** State of a recommendation, with the doubt said aloud. */
export function StateMark({ state, doubt = null }: { state: RecommendationState; doubt?: string | null }) {
  if (doubt !== null)
    return (
      <span className="tag warn" title={doubt}>
        {STATE_WORDS[state]}, in doubt
      </span>
    );
  const kind = state === 'realised' ? 'good' : state === 'rejected' ? '' : 'accent';
  return <span className={`tag ${kind}`}>{STATE_WORDS[state]}</span>;
}

/** The decisions that may follow, one button each. Rejecting asks for the reason first. */
export function RecommendationActs({ of }: { of: Acted }) {
  const [rejecting, setRejecting] = useState(false);
  const act = useAct(of.id);
  return (
    <>
      <p className="acts">
        {of.next.map((to, index) => (
          <button
            key={to}
            type="button"
            className={index === 0 && to !== 'rejected' ? 'button primary' : 'button'}
            disabled={act.isPending}
            aria-label={`${ACT_WORDS[to]}: ${of.title}`}
            onClick={() => (to === 'rejected' ? setRejecting(true) : act.mutate({ to }))}
          >
            {ACT_WORDS[to]}
          </button>
        ))}
      </p>
      {act.error && <Refusal error={act.error} />}
      {rejecting && <RejectForm of={of} onClose={() => setRejecting(false)} />}
    </>
  );
}

function RejectForm({ of, onClose }: { of: Acted; onClose: () => void }) {
  const [note, setNote] = useState('');
  const act = useAct(of.id);
  return (
    <Dialog title={`Reject: ${of.title}`} onClose={onClose}>
      <form
        className="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          act.mutate({ to: 'rejected', note }, { onSuccess: onClose });
        }}
      >
        <label className="field">
          <span>Why? The reason is kept in its history.</span>
          <input
            className="input"
            value={note}
            onChange={(event) => setNote(event.target.value)}
            maxLength={2000}
            placeholder="Prompts differ too much to be cached"
            required
          />
        </label>
        <p className="note">
          It stays rejected unless its predicted effect changes beyond the interval; it can be proposed again
          by hand.
        </p>
        {act.error && <Refusal error={act.error} />}
        <div className="dialog-end">
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={note.trim() === '' || act.isPending}>
            Reject it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Refusal({ error }: { error: Error }) {
  return (
    <p className="form-error" role="alert">
      {error.message} {error instanceof ApiFailure ? error.advice : ''}
    </p>
  );
}
