import { Link } from '@tanstack/react-router';
import type { Feedback } from '../../../src/store/store.ts';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { formatTime } from '../words/format.ts';

export type FeedbackRow = Feedback & { task?: string | null };

export const feedbackColumns: Column<FeedbackRow>[] = [
  {
    key: 'at',
    head: 'When',
    value: (row) => new Date(row.createdAt).toISOString(),
    cell: (row) => <span className="muted">{formatTime(row.createdAt)}</span>,
  },
  {
    key: 'score',
    head: 'Score',
    numeric: true,
    value: (row) => row.score,
    cell: (row) => (
      <span className={`tag ${row.score >= 0.5 ? 'good' : 'bad'}`}>
        {row.score === 1 ? 'up' : row.score === 0 ? 'down' : row.score.toFixed(2)}
      </span>
    ),
  },
  { key: 'name', head: 'Measure', lesser: true, value: (row) => row.name, cell: (row) => row.name },
  {
    key: 'comment',
    head: 'Said',
    className: 'wrap',
    value: (row) => row.comment,
    cell: (row) => (
      <>
        {row.comment}
        {row.correction && <span className="muted"> Corrected to: {row.correction}</span>}
        {!row.comment && !row.correction && <span className="muted">–</span>}
      </>
    ),
  },
  {
    key: 'call',
    head: 'Call',
    value: (row) => row.callId,
    cell: (row) => (
      <Link to="/calls/$id" params={{ id: row.callId }} className="link" aria-label={`Call ${row.callId}`}>
        open
      </Link>
    ),
  },
];

export function FeedbackTable({
  rows,
  columns = feedbackColumns,
}: {
  rows: readonly FeedbackRow[];
  columns?: Column<FeedbackRow>[];
}) {
  return (
    <DataTable caption="Feedback, newest first" columns={columns} rows={rows} rowKey={(row) => row.id} />
  );
}
