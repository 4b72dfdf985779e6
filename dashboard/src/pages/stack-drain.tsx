import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { DeploymentRow } from '../../../src/control/api-types.ts';
import { request } from '../data/api.ts';
import { useRefreshAll } from '../data/queries.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/page.tsx';

/** Takes a deployment out of service, or back into it, once it was said what that does. */
export function DrainButton({ row }: { row: DeploymentRow }) {
  const [open, setOpen] = useState(false);
  const verb = row.drain ? 'Resume' : 'Drain';
  return (
    <>
      <button
        type="button"
        className="button quiet"
        aria-label={`${verb} ${row.name}`}
        onClick={() => setOpen(true)}
      >
        {verb}
      </button>
      {open && <DrainDialog row={row} onClose={() => setOpen(false)} />}
    </>
  );
}

function DrainDialog({ row, onClose }: { row: DeploymentRow; onClose: () => void }) {
  const refresh = useRefreshAll();
  const [reason, setReason] = useState('');
  const verb = row.drain ? 'resume' : 'drain';
  const act = useMutation({
    mutationFn: () =>
      request<DeploymentRow>('POST', `/api/v1/deployments/${encodeURIComponent(row.name)}/${verb}`, {
        body: { by: 'the dashboard', ...(row.drain ? {} : { reason: reason.trim() || null }) },
      }),
    onSuccess: () => {
      refresh();
      onClose();
    },
  });
  return (
    <Dialog title={row.drain ? `Resume ${row.name}?` : `Drain ${row.name}?`} onClose={onClose}>
      <div className="dialog-body">
        {row.drain ? (
          <p>
            It gets calls again, a tenth of its share at first, all of it when its answers have been good.
          </p>
        ) : (
          <>
            <p>
              No further call begins there, in any replica, also after a restart; what runs there finishes. A
              task whose route has nothing else gets an error (503, no_deployment). It can be resumed.
            </p>
            <label className="field">
              <span>Reason (may stay empty; stands in the calls that pass it over)</span>
              <input
                className="input"
                value={reason}
                maxLength={200}
                onChange={(event) => setReason(event.target.value)}
              />
            </label>
          </>
        )}
        {act.error && <Failure error={act.error} />}
      </div>
      <div className="dialog-end">
        <button type="button" className="button quiet" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className={row.drain ? 'button primary' : 'button danger'}
          disabled={act.isPending}
          onClick={() => act.mutate()}
        >
          {row.drain ? 'Resume it' : 'Drain it'}
        </button>
      </div>
    </Dialog>
  );
}
