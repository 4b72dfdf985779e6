import { FIGURE_COLUMNS } from './schema.ts';

/**
 * Sums per user, many users to one run of bytes. A row per user and hour would be as many rows as calls; here the
 * users of an hour (or day) stand in one body, a column per figure, each column as narrow as its largest value. That
 * takes about 13 bytes per user, and summing a million of them takes milliseconds.
 *
 * Layout, little-endian as every supported processor is: number of users (uint32); for the users' ids and then each of
 * {@link FIGURE_COLUMNS} one byte, the width of its values (0: all zero; 1, 2, 4: unsigned integers; 8: float64);
 * then the columns that have a width, each beginning at a multiple of eight bytes. Users ascend.
 */
export interface UserSums {
  readonly users: Column;
  /** In the order of {@link FIGURE_COLUMNS}; `null`: all zero. */
  readonly figures: readonly (Column | null)[];
}

export type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Figures of one user, in the order of {@link FIGURE_COLUMNS}. */
export type UserFigures = Float64Array;

const COLUMNS = 1 + FIGURE_COLUMNS.length;
const HEADER_BYTES = 4 + COLUMNS;

export function encodeUserSums(sums: ReadonlyMap<number, UserFigures>): Uint8Array {
  const ids = Float64Array.from(sums.keys()).sort();
  const columns = [ids, ...FIGURE_COLUMNS.map((_, i) => columnOf(ids, sums, i))];
  const widths = columns.map(widthOf);
  const bytes = widths.reduce((at, width) => align(at) + width * ids.length, HEADER_BYTES);
  const body = new Uint8Array(align(bytes));
  new DataView(body.buffer).setUint32(0, ids.length, true);
  let at = HEADER_BYTES;
  columns.forEach((column, i) => {
    const width = widths[i] as number;
    body[4 + i] = width;
    if (width === 0) return;
    at = align(at);
    viewOf(body.buffer, { at, width, length: ids.length }).set(column);
    at += width * ids.length;
  });
  return body;
}

/** Reads what {@link encodeUserSums} wrote. */
export function decodeUserSums(bytes: Uint8Array): UserSums {
  // A copy of its own begins at a multiple of eight, as the views need.
  const body = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.prototype.slice.call(bytes);
  const length = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const columns: (Column | null)[] = [];
  let at = HEADER_BYTES;
  for (let i = 0; i < COLUMNS; i++) {
    const width = body[4 + i] as number;
    if (width === 0) {
      columns.push(null);
      continue;
    }
    at = align(at);
    columns.push(viewOf(body.buffer, { at: body.byteOffset + at, width, length }));
    at += width * length;
  }
  const [users, ...figures] = columns;
  return { users: users ?? new Uint8Array(length), figures };
}

/** Adds all of `from` to `into`. */
export function addUserSums(into: Map<number, UserFigures>, from: UserSums): void {
  for (let i = 0; i < from.users.length; i++) {
    const user = from.users[i] as number;
    let figures = into.get(user);
    if (!figures) {
      figures = new Float64Array(FIGURE_COLUMNS.length);
      into.set(user, figures);
    }
    for (let f = 0; f < figures.length; f++)
      (figures[f] as number) += (from.figures[f]?.[i] as number | undefined) ?? 0;
  }
}

/** Where `user` stands, or -1. */
export function positionOf({ users }: UserSums, user: number): number {
  let low = 0;
  let high = users.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = users[middle] as number;
    if (found === user) return middle;
    if (found < user) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function columnOf(ids: Float64Array, sums: ReadonlyMap<number, UserFigures>, figure: number): Float64Array {
  return ids.map((id) => sums.get(id)?.[figure] ?? 0);
}

function widthOf(column: Float64Array): number {
  let max = 0;
  for (const value of column) {
    if (value < 0 || !Number.isInteger(value)) return 8;
    if (value > max) max = value;
  }
  if (max === 0) return 0;
  if (max < 2 ** 8) return 1;
  if (max < 2 ** 16) return 2;
  return max < 2 ** 32 ? 4 : 8;
}

function viewOf(
  buffer: ArrayBufferLike,
  { at, width, length }: { at: number; width: number; length: number },
): Column {
  if (width === 1) return new Uint8Array(buffer, at, length);
  if (width === 2) return new Uint16Array(buffer, at, length);
  if (width === 4) return new Uint32Array(buffer, at, length);
  return new Float64Array(buffer, at, length);
}

function align(at: number): number {
  return (at + 7) & ~7;
}
