import { type CliIo, paint } from './io.ts';

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  align?: 'right';
  /** Narrowest it may be cut to; default: never cut. */
  min?: number;
  /** Left out first where the terminal is narrow, highest number first. Default: stays. */
  drop?: number;
  style?(row: Row): 'red' | 'green' | 'yellow' | 'dim' | undefined;
}

const GAP = 2;
const ELLIPSIS = '…';
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Characters two cells wide: East Asian wide forms and emoji. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6])$/u;

/** Text of others, safe to print: what could move the cursor or hide text is shown as a dot. */
export function printable(text: string): string {
  return text.replace(CONTROL, '·');
}

/** Cells a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += WIDE.test(char) ? 2 : /\p{M}/u.test(char) ? 0 : 1;
  return width;
}

/** Rows below a head, aligned, fitted into the terminal: columns are cut, then left out. `totals` closes it. */
export function renderTable<Row>(
  io: Pick<CliIo, 'colour' | 'columns'>,
  columns: readonly Column<Row>[],
  { rows, totals }: { rows: readonly Row[]; totals?: Row },
): string {
  const all = totals === undefined ? rows : [...rows, totals];
  const shown = fitColumns(columns, all, io.columns);
  const line = (cells: string[], paintCell: (text: string, index: number) => string): string =>
    cells
      .map((text, index) => {
        const { width, column } = shown[index] as Fitted<Row>;
        const cut = cutTo(text, width);
        const space = ' '.repeat(Math.max(0, width - widthOf(cut)));
        const isLast = index === cells.length - 1;
        const styled = paintCell(cut, index);
        return column.align === 'right' ? space + styled : styled + (isLast ? '' : space);
      })
      .join(' '.repeat(GAP));
  const cellsOf = (row: Row): string[] => shown.map(({ column }) => printable(column.cell(row)));
  const rowLine = (row: Row): string =>
    line(cellsOf(row), (text, index) => {
      const style = (shown[index] as Fitted<Row>).column.style?.(row);
      return style === undefined ? text : paint(io, style, text);
    });
  const head = line(
    shown.map(({ column }) => column.title),
    (text) => paint(io, 'dim', text),
  );
  const rule = paint(io, 'dim', '─'.repeat(shown.reduce((sum, { width }) => sum + width + GAP, -GAP)));
  const closing = totals === undefined ? [] : [rule, rowLine(totals)];
  return `${[head, ...rows.map(rowLine), ...closing].join('\n')}\n`;
}

interface Fitted<Row> {
  column: Column<Row>;
  width: number;
}

function fitColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  available: number,
): Fitted<Row>[] {
  const fitted = columns.map((column) => ({
    column,
    width: Math.max(
      widthOf(column.title),
      rows.reduce((most, row) => Math.max(most, widthOf(printable(column.cell(row)))), 0),
    ),
  }));
  const total = (list: Fitted<Row>[]): number => list.reduce((sum, { width }) => sum + width + GAP, -GAP);
  const least = (list: Fitted<Row>[]): number =>
    list.reduce((sum, { column, width }) => sum + Math.min(width, column.min ?? width) + GAP, -GAP);
  let shown = fitted;
  while (least(shown) > available) {
    const first = shown.reduce((most, { column }) => Math.max(most, column.drop ?? 0), 0);
    if (first === 0) break;
    shown = shown.filter(({ column }) => (column.drop ?? 0) !== first);
  }
  while (total(shown) > available) {
    const widest = shown
      .filter(({ column, width }) => column.min !== undefined && width > column.min)
      .sort((a, b) => b.width - a.width)[0];
    if (!widest) break;
    widest.width--;
  }
  return shown;
}

function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const char of text) {
    used += widthOf(char);
    if (used > width - 1) break;
    cut += char;
  }
  return cut + ELLIPSIS;
}
