/** A file of another tool's usage, read into rows: format found, ids made, tasks named, unpriced rows priced. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { TrimtabError } from '../../core/error.ts';
import type { HistoryRow } from '../../core/history-row.ts';
import { nearest } from '../../stack/nearest.ts';
import { cutFile, type Piece } from './cut.ts';
import { BadRecord, type FileRecord, type HistoryFormat, type ReadOptions, type ReadRow } from './format.ts';
import { PLAIN_FIELDS } from './formats/plain.ts';
import { historyFormats } from './index.ts';

export interface HistoryReadOptions {
  path: string;
  /** Name of a format; `null`: the first that knows the records. */
  format: string | null;
  /** Task of every row; `null`: as the file says, else `imported`. */
  task: string | null;
  /** @see ReadOptions.taskFrom */
  taskFrom: string | null;
  /** @see ReadOptions.columns */
  columns: Readonly<Record<string, string>>;
  /** USD x 1e9 of a call the file gives no cost for; `null`: no price is known. */
  price(row: ReadRow): number | null;
  /** Told once which format it is. */
  onFormat(name: string): void;
  /** Told now and then how far it is, 0 to 1, and how many rows there are. */
  onProgress(share: number, rows: number): void;
  signal: AbortSignal;
}

/** Rows in the order of the file, and what is wrong with it. */
export type HistoryItem = { row: HistoryRow } | { place: string; bad: string };

/** Task of rows that name none. */
export const IMPORTED_TASK = 'imported';

const PROGRESS_EVERY = 5_000;
const MAX_TASK_CHARS = 120;
/** So many records without a format, and the file is of none. */
const TRIES = 50;

/**
 * Throws TrimtabError(invalid_request) when the file is of no known format, cannot be read, or an option names what
 * is not there. Bad records are items, not errors.
 */
export async function* readHistory(options: HistoryReadOptions): AsyncGenerator<HistoryItem> {
  const bytes = await sizeOf(options.path);
  const ids = new IdMaker();
  let format = options.format === null ? null : findFormat(options.format);
  checkColumns(options.columns);
  let readBytes = 0;
  let rows = 0;
  let tried = 0;
  const held: Piece[] = [];
  try {
    for await (const piece of cutFile(options.path, { onBytes: (read) => (readBytes = read) })) {
      options.signal.throwIfAborted();
      if (!format) {
        held.push(piece);
        format = 'record' in piece ? detect(piece.record, options) : null;
        if (!format && ++tried >= TRIES) break;
        if (!format) continue;
        options.onFormat(format.name);
      } else held.push(piece);
      for (const each of held.splice(0)) {
        for (const item of readPiece(each, format, options)) {
          if ('bad' in item) yield item;
          else yield { row: finish(item.row, options, ids) };
          if (++rows % PROGRESS_EVERY === 0) options.onProgress(Math.min(1, readBytes / bytes), rows);
        }
      }
    }
  } catch (error) {
    throw error instanceof BadRecord ? fileError(options.path, error.message) : error;
  }
  if (!format) throw unknownFormat(options.path, held);
  options.onProgress(1, rows);
}

type ReadItem = { row: ReadRow } | { place: string; bad: string };

function readPiece(piece: Piece, format: HistoryFormat, options: ReadOptions): ReadItem[] {
  if ('bad' in piece) return [piece];
  try {
    return format.read(piece.record, options).map((row) => {
      checkRow(row);
      return { row };
    });
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
    return [{ place: piece.place, bad: error.message }];
  }
}

/** What no tool may say of a call, whatever its format. */
function checkRow(row: ReadRow): void {
  const cached = (row.cacheReadTokens ?? 0) + (row.cacheWriteTokens ?? 0);
  if (row.inputTokens !== null && cached > row.inputTokens) {
    throw new BadRecord(
      `${cached} cached tokens are more than the ${row.inputTokens} input tokens they are part of`,
    );
  }
  if (row.inputTokens === null && row.outputTokens === null && row.costNanoUsd === null && !row.failed) {
    throw new BadRecord('there are neither tokens nor a cost');
  }
  for (const [name, ms] of [
    ['duration', row.durationMs],
    ['time to first token', row.ttftMs],
  ] as const) {
    if (ms !== null && (ms < 0 || ms > 86_400_000)) throw new BadRecord(`the ${name} is ${ms} ms`);
  }
}

function finish(read: ReadRow, options: HistoryReadOptions, ids: IdMaker): HistoryRow {
  const { naturalId: _id, sumOf: _sum, ...row } = read;
  const task = (options.task ?? read.task ?? IMPORTED_TASK).slice(0, MAX_TASK_CHARS);
  const priced = row.costSource === null && row.costNanoUsd === null ? options.price(read) : null;
  return {
    ...row,
    id: ids.make(read),
    task,
    ...(priced === null ? {} : { costNanoUsd: priced, costSource: 'table' as const }),
  };
}

/**
 * Ids by content, so that a row is taken once however often its file, or another export that holds it, is imported. The
 * n-th of equal rows is told from the first by its number. A sum is known by what it sums, so that a later export of
 * the same day takes the place of the earlier.
 */
class IdMaker {
  readonly #seen = new Map<number, number>();

  make(row: ReadRow): string {
    if (row.naturalId !== null) return toId(`id\n${row.provider ?? ''}\n${row.naturalId}`).id;
    if (row.spanMs > 0) {
      const { at, spanMs, task, provider, model, user, sumOf, costSource } = row;
      const isBill = costSource === 'bill';
      return toId(JSON.stringify(['sum', at, spanMs, task, provider, model, user, sumOf, isBill])).id;
    }
    const content = JSON.stringify(row);
    const { id, number } = toId(content);
    const before = this.#seen.get(number) ?? 0;
    this.#seen.set(number, before + 1);
    return before === 0 ? id : toId(`${content}\n${before}`).id;
  }
}

function toId(content: string): { id: string; number: number } {
  const digest = createHash('sha256').update(content).digest();
  return { id: `hist_${digest.subarray(0, 15).toString('base64url')}`, number: digest.readUIntBE(0, 6) };
}

function findFormat(name: string): HistoryFormat {
  const format = historyFormats.find((known) => known.name === name);
  if (format) return format;
  const names = historyFormats.map((known) => known.name);
  const near = nearest(name, names);
  throw new TrimtabError(
    'invalid_request',
    `no format "${name}"${near ? `; did you mean ${near}?` : ''} Known: ${names.join(', ')}`,
    { field: 'format' },
  );
}

function detect(record: FileRecord, options: ReadOptions): HistoryFormat | null {
  // Who maps columns says that it is a plain file.
  const formats =
    Object.keys(options.columns).length > 0
      ? historyFormats.filter(({ name }) => name === 'csv')
      : historyFormats;
  if (formats.length === 1) return formats[0] ?? null;
  return formats.find((format) => format.matches(record)) ?? null;
}

function checkColumns(columns: Readonly<Record<string, string>>): void {
  for (const field of Object.keys(columns)) {
    if (field in PLAIN_FIELDS) continue;
    const names = Object.keys(PLAIN_FIELDS);
    const near = nearest(field, names);
    throw new TrimtabError(
      'invalid_request',
      `map: no field "${field}"${near ? `; did you mean ${near}?` : ''} Fields: ${names.join(', ')}`,
      { field: 'map' },
    );
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw fileError(path, 'it is not a file');
    return Math.max(1, found.size);
  } catch (error) {
    if (error instanceof TrimtabError) throw error;
    throw fileError(
      path,
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error),
    );
  }
}

function unknownFormat(path: string, tried: readonly Piece[]): TrimtabError {
  const seen = tried.find((piece) => 'record' in piece);
  const names = seen && 'record' in seen ? Object.keys(seen.record).slice(0, 12).join(', ') : null;
  const what = names === null ? 'it holds neither CSV nor JSON' : `its records hold ${names}`;
  const known = historyFormats.map(({ name }) => name).join(', ');
  return fileError(path, `${what}, which no format knows (${known}); say which column is which with --map`);
}

function fileError(path: string, message: string): TrimtabError {
  return new TrimtabError('invalid_request', `${path}: ${message}`, { field: 'file' });
}
