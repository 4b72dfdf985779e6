import type { BatchAnswer, BatchPartView } from '../../../src/control/api-types.ts';
import type { Column } from '../parts/data-table.tsx';
import { CallsLink, DeploymentName } from '../parts/marks.tsx';
import { formatCount, formatTime } from '../words/format.ts';

export type PartRow = BatchPartView & { batch: string };

const STATUS_TAGS: Readonly<Partial<Record<BatchAnswer['status'], string>>> = {
  completed: 'good',
  failed: 'bad',
  expired: 'warn',
  cancelled: 'warn',
  cancelling: 'warn',
};

const status: Column<BatchAnswer> = {
  key: 'status',
  head: 'Status',
  className: 'steady',
  value: (batch) => batch.status,
  cell: (batch) => (
    <span className={`tag ${STATUS_TAGS[batch.status] ?? ''}`}>{batch.status.replace('_', ' ')}</span>
  ),
};

const id: Column<BatchAnswer> = {
  key: 'id',
  head: 'Batch',
  className: 'name',
  value: (batch) => batch.id,
  cell: (batch) => (
    <span className="mono" title={batch.id}>
      {batch.id}
    </span>
  ),
};

const count = (key: 'total' | 'completed' | 'failed', head: string): Column<BatchAnswer> => ({
  key,
  head,
  numeric: true,
  value: (batch) => batch[key],
  cell: (batch) => formatCount(batch[key]),
});

export const progressColumns: Column<BatchAnswer>[] = [
  id,
  status,
  count('completed', 'Answered'),
  count('failed', 'Failed'),
  count('total', 'Lines'),
];

export function batchColumns(of: {
  nameOf(keyId: string): string;
  onCancel(batch: BatchAnswer): void;
}): Column<BatchAnswer>[] {
  return [
    id,
    status,
    count('completed', 'Answered'),
    count('failed', 'Failed'),
    count('total', 'Lines'),
    {
      key: 'runs',
      head: 'Runs',
      lesser: true,
      value: runsAt,
      cell: runsAt,
    },
    {
      key: 'endpoint',
      head: 'Calls',
      lesser: true,
      value: (batch) => batch.endpoint,
      cell: (batch) => batch.endpoint,
    },
    {
      key: 'key',
      head: 'Key',
      lesser: true,
      value: (batch) => of.nameOf(batch.keyId),
      cell: (batch) => <CallsLink filter={{ key: batch.keyId }}>{of.nameOf(batch.keyId)}</CallsLink>,
    },
    {
      key: 'created',
      head: 'Created',
      value: (batch) => new Date(batch.createdAt).toISOString(),
      cell: (batch) => <span className="muted">{formatTime(batch.createdAt)}</span>,
    },
    {
      key: 'wrong',
      head: 'Wrong with its file',
      lesser: true,
      className: 'wrap',
      value: (batch) => batch.errors?.[0]?.message ?? null,
      cell: (batch) => wrongWith(batch),
    },
    {
      key: 'act',
      head: '',
      className: 'num',
      cell: (batch) =>
        batch.status === 'validating' || batch.status === 'in_progress' ? (
          <button
            type="button"
            className="button quiet"
            onClick={() => of.onCancel(batch)}
            aria-label={`Cancel batch ${batch.id}`}
          >
            Cancel
          </button>
        ) : null,
    },
  ];
}

/** `queue`, or how many lines vendors have. */
function runsAt({ parts, total }: BatchAnswer): string {
  const away = parts.reduce((sum, { lines }) => sum + lines, 0);
  if (away === 0) return 'queue';
  return away >= total ? 'vendors' : `vendors ${formatCount(away)}, queue ${formatCount(total - away)}`;
}

function wrongWith({ errors }: BatchAnswer): string {
  const [first] = errors ?? [];
  if (!first) return '';
  return first.line === null ? first.message : `line ${first.line}: ${first.message}`;
}

/** Columns of which some row says something. */
export function saidIn<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Column<Row>[] {
  const isQuiet = ({ key, value }: Column<Row>) =>
    (key === 'note' || key === 'wrong') && !rows.some((row) => value?.(row));
  return columns.filter((column) => !isQuiet(column));
}

export const partColumns: Column<PartRow>[] = [
  {
    key: 'deployment',
    head: 'Deployment',
    className: 'name',
    value: (part) => part.deployment,
    cell: (part) => (
      <CallsLink filter={{ deployment: part.deployment }}>
        <DeploymentName name={part.deployment} />
      </CallsLink>
    ),
  },
  {
    key: 'vendor',
    head: 'Its id there',
    className: 'name',
    lesser: true,
    value: (part) => part.vendorId,
    cell: (part) => <span className="mono">{part.vendorId ?? '–'}</span>,
  },
  {
    key: 'state',
    head: 'State',
    className: 'steady',
    value: (part) => part.vendorStatus ?? part.state,
    cell: (part) => stateOf(part),
  },
  {
    key: 'done',
    head: 'Done',
    numeric: true,
    value: (part) => part.completed + part.failed,
    cell: (part) => formatCount(part.completed + part.failed),
  },
  {
    key: 'lines',
    head: 'Lines',
    numeric: true,
    value: (part) => part.lines,
    cell: (part) => formatCount(part.lines),
  },
  {
    key: 'batch',
    head: 'Batch',
    className: 'name',
    lesser: true,
    value: (part) => part.batch,
    cell: (part) => <span className="mono">{part.batch}</span>,
  },
  {
    key: 'note',
    head: 'Note',
    className: 'wrap',
    lesser: true,
    value: (part) => part.note,
    cell: (part) => part.note ?? '',
  },
];

function stateOf({ state, vendorStatus }: PartRow): string {
  if (state === 'new') return 'not sent yet';
  if (state === 'sending') return 'being sent';
  return (vendorStatus ?? state).replace('_', ' ');
}
