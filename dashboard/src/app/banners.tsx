import { Link } from '@tanstack/react-router';
import { ApiFailure } from '../data/api.ts';
import { useStatus } from '../data/queries.ts';
import { formatBytes, formatTime } from '../words/format.ts';

/** What everyone should know now, whichever page they are on. Nothing when all is well. */
export function Banners() {
  const { data: status, error, dataUpdatedAt } = useStatus();
  const away = error instanceof ApiFailure && error.code === 'server_away';
  return (
    <div className="banners" aria-live="polite">
      {away && (
        <div className="banner bad">
          <p>
            <strong>The server does not answer.</strong>{' '}
            {dataUpdatedAt > 0 && <>What you see is from {formatTime(dataUpdatedAt)}. </>}
            This page reconnects by itself.
          </p>
        </div>
      )}
      {status?.database === 'away' && (
        <div className="banner bad">
          <p>
            <strong>The database does not answer.</strong> Calls are still served; their records wait in the
            spool ({formatBytes(status.spool.pendingBytes)}) and will arrive. Figures here may be old.
          </p>
        </div>
      )}
      {status?.spool.state === 'full' && (
        <div className="banner bad">
          <p>
            <strong>The spool is full.</strong> Calls meet what <code>spool.whenFull</code> says until there
            is room: free disk space in the data folder.
          </p>
        </div>
      )}
      {status?.database === 'ok' && status.spool.pendingBytes > 5_000_000 && (
        <div className="banner">
          <p>
            <strong>{formatBytes(status.spool.pendingBytes)} of records wait to be stored.</strong> The newest
            calls are not in these figures yet.
          </p>
        </div>
      )}
      {status?.configProblem && (
        <div className="banner">
          <p>
            <strong>The config on disk is not what runs.</strong> {status.configProblem}
          </p>
          <Link to="/stack" className="link">
            See the revisions
          </Link>
        </div>
      )}
    </div>
  );
}
