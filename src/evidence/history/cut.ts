/**
 * Cuts a file into records without holding it: CSV by row, JSONL by line, a JSON list by element, one JSON document as a
 * whole. Compressed files (gzip) are opened on the way. What cannot be read is a bad piece with its place, and the rest
 * goes on.
 */
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type CsvError, parse } from 'csv-parse';
import { BadRecord, type FileRecord } from './format.ts';

/** A record, or why there is none, and where it stands: `line 12`, `item 3`. */
export type Piece = { place: string; record: FileRecord } | { place: string; bad: string };

/** One document that is no list is held in memory, so it may not be larger. */
const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024;
const MAX_PIECE_BYTES = 16 * 1024 * 1024;

export interface CutOptions {
  /** Told how many bytes of the file were read so far. */
  onBytes(read: number): void;
}

/** Throws the file system's error when the file cannot be read, {@link BadRecord} when it is nothing we know. */
export async function* cutFile(path: string, options: CutOptions): AsyncGenerator<Piece> {
  const text = await openText(path, options);
  const [head, stream] = await peek(text);
  const start = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (start === '') throw new BadRecord('the file is empty');
  if (start.startsWith('[')) yield* cutList(stream);
  else if (start.startsWith('{')) yield* cutLines(stream);
  else yield* cutCsv(stream);
}

async function openText(path: string, { onBytes }: CutOptions): Promise<Readable> {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  let read = 0;
  file.on('data', (chunk) => {
    read += chunk.length;
    onBytes(read);
  });
  file.pause();
  const magic = await firstBytes(path);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return file;
  return pipeline(file, createGunzip(), () => {});
}

async function firstBytes(path: string): Promise<Buffer> {
  for await (const chunk of createReadStream(path, { end: 1 })) return chunk as Buffer;
  return Buffer.alloc(0);
}

/** The first bytes, and the stream with them still in it. */
async function peek(stream: Readable): Promise<[Buffer, AsyncIterable<Buffer>]> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const { value, done } = await chunks.next();
  const head = done ? Buffer.alloc(0) : value;
  async function* whole(): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  }
  return [head.subarray(0, 4096), whole()];
}

/** Objects one after another, each on a line of its own; or a single one over many lines. */
async function* cutLines(stream: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let number = 0;
  /** A document over many lines has a first line that is no JSON. */
  let document: Buffer[] | null = null;
  let size = 0;
  for await (const line of linesOf(stream)) {
    number++;
    if (document) {
      size += line.length;
      if (size > MAX_DOCUMENT_BYTES)
        throw new BadRecord('one JSON document of this size cannot be read; export it as JSONL');
      document.push(line);
      continue;
    }
    if (isBlank(line)) continue;
    const piece = toPiece(line, `line ${number}`);
    if (number === 1 && 'bad' in piece) document = [line];
    else yield piece;
  }
  if (document) yield toPiece(Buffer.concat(document), 'the document');
}

async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = chunk.subarray(from, end + 1);
      yield rest.length > 0 ? Buffer.concat([...rest, line]) : line;
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

/** Elements of a JSON list, told apart by brackets outside of strings, so that one bad element spoils no other. */
async function* cutList(stream: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const splitter = new ListSplitter();
  for await (const chunk of stream) {
    for (const element of splitter.push(chunk)) {
      yield toPiece(element, `item ${++splitter.count}`);
    }
  }
  const left = splitter.end();
  if (left) yield { place: `item ${splitter.count + 1}`, bad: left };
}

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSE: ReadonlySet<number> = new Set([0x5d, 0x7d]);

class ListSplitter {
  count = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #held: Buffer[] = [];
  #heldBytes = 0;

  push(chunk: Buffer): Buffer[] {
    const found: Buffer[] = [];
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
        continue;
      }
      if (byte === QUOTE) this.#inString = true;
      else if (OPEN.has(byte)) {
        if (this.#depth++ === 0) from = index + 1;
      } else if (CLOSE.has(byte)) this.#depth--;
      const isEnd = (byte === COMMA && this.#depth === 1) || (CLOSE.has(byte) && this.#depth === 0);
      if (!isEnd) continue;
      const element = Buffer.concat([...this.#held, chunk.subarray(from, index)]);
      this.#held = [];
      this.#heldBytes = 0;
      from = index + 1;
      if (!isBlank(element)) found.push(element);
    }
    if (this.#depth > 0 && from < chunk.length) this.#hold(chunk.subarray(from));
    return found;
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_PIECE_BYTES) throw new BadRecord(`item ${this.count + 1} is larger than 16 MB`);
  }

  /** What is wrong at the end of the file; `null`: nothing. */
  end(): string | null {
    return this.#depth === 0 ? null : 'the file ends in the middle of the list';
  }
}

async function* cutCsv(stream: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const bad: Piece[] = [];
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => name.trim()),
    delimiter: [',', ';', '\t'],
    info: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_PIECE_BYTES,
  });
  parser.on('skip', (error: CsvError | undefined) => {
    if (error) bad.push({ place: `line ${String(error.lines ?? '?')}`, bad: error.message });
  });
  const feed = (async () => {
    for await (const chunk of stream) {
      if (!parser.write(chunk)) await new Promise((resolve) => parser.once('drain', resolve));
    }
    parser.end();
  })();
  feed.catch((error: Error) => parser.destroy(error));
  for await (const { record, info } of parser as AsyncIterable<{
    record: FileRecord;
    info: { lines: number };
  }>) {
    yield* bad.splice(0);
    yield { place: `line ${info.lines}`, record };
  }
  yield* bad;
  await feed;
}

function toPiece(bytes: Buffer, place: string): Piece {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { place, record: value as FileRecord };
    }
    return { place, bad: 'is no JSON object' };
  } catch {
    return { place, bad: 'is not JSON' };
  }
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte > 32) return false;
  return true;
}
