import { type ReactNode, useMemo, useState } from 'react';
import { type CsvValue, toCsv } from './csv.ts';
import { download } from './download.ts';
import { Scroll } from './scroll.tsx';

export interface Column<Row> {
  key: string;
  head: string;
  cell(row: Row): ReactNode;
  /** What the export and sorting use; a column without it is in neither. */
  value?(row: Row): CsvValue;
  numeric?: boolean;
  /** Left out on narrow screens. */
  lesser?: boolean;
  className?: string;
}

export interface DataTableProps<Row> {
  /** Read out by screen readers; not shown. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey(row: Row): string;
  /** Rows shown before "show all". Default: all. */
  limit?: number;
}

interface Order {
  key: string;
  up: boolean;
}

/** A table that sorts by its heads. Order given by the server stands until a head is pressed. */
export function DataTable<Row>({ caption, columns, rows, rowKey, limit }: DataTableProps<Row>) {
  const [order, setOrder] = useState<Order | null>(null);
  const [all, setAll] = useState(false);
  const sorted = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
  const shown = limit === undefined || all ? sorted : sorted.slice(0, limit);
  return (
    <>
      <Scroll className="table-scroll" label={caption}>
        <table className="table">
          <caption className="sr-only">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.key} column={column} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.key} className={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {shown.length < sorted.length && (
        <button type="button" className="button quiet" onClick={() => setAll(true)}>
          Show all {sorted.length}
        </button>
      )}
    </>
  );
}

export function ExportButton<Row>(props: {
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
}) {
  const save = (): void => {
    const columns = props.columns.filter((column) => column.value);
    download(
      `${props.name}.csv`,
      toCsv(
        columns.map((column) => column.head),
        props.rows.map((row) => columns.map((column) => column.value?.(row))),
      ),
    );
  };
  return (
    <button
      type="button"
      className="button quiet"
      onClick={save}
      disabled={props.rows.length === 0}
      aria-label={`Save ${props.name} as CSV`}
    >
      CSV
    </button>
  );
}

function Head<Row>(props: {
  column: Column<Row>;
  order: Order | null;
  onOrder: (order: Order | null) => void;
}) {
  const { column, order, onOrder } = props;
  const current = order?.key === column.key ? order : null;
  const press = (): void => {
    // First press: largest first for figures, A first for names; then the other way; then as the server gave it.
    if (!current) onOrder({ key: column.key, up: !column.numeric });
    else if (current.up === !column.numeric) onOrder({ key: column.key, up: !current.up });
    else onOrder(null);
  };
  return (
    <th
      scope="col"
      className={classOf(column)}
      {...(current ? { 'aria-sort': current.up ? ('ascending' as const) : ('descending' as const) } : {})}
    >
      {column.value ? (
        <button type="button" onClick={press}>
          {column.head}
          <span aria-hidden="true">{current ? (current.up ? ' ↑' : ' ↓') : ''}</span>
        </button>
      ) : (
        column.head
      )}
    </th>
  );
}

function classOf<Row>(column: Column<Row>): string {
  return [column.numeric ? 'num' : '', column.lesser ? 'lesser' : '', column.className ?? '']
    .filter(Boolean)
    .join(' ');
}

function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order | null) {
  const value = columns.find((column) => column.key === order?.key)?.value;
  if (!order || !value) return rows;
  const sign = order.up ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [left, right] = [value(a) ?? null, value(b) ?? null];
    if (left === right) return 0;
    // What is unknown stands last either way.
    if (left === null) return 1;
    if (right === null) return -1;
    const less = typeof left === 'string' ? left.localeCompare(String(right)) < 0 : left < right;
    return less ? -sign : sign;
  });
}
