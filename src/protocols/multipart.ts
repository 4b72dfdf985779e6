/** Reads `multipart/form-data` (RFC 7578) as it comes, in memory of one chunk. */
import { TrimtabError } from '../core/error.ts';

export interface PartHead {
  /** The form's field. */
  name: string;
  /** `null`: the part is no file. */
  filename: string | null;
  contentType: string | null;
}

export interface PartListener {
  began(head: PartHead): void;
  /** `at`: where these bytes stand in the body. */
  received(bytes: Buffer, at: number): void;
  ended(): void;
}

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_PARTS = 100;
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

/** The boundary of a `content-type`; `null` when it is another type. Throws invalid_request when it names none. */
export function readBoundary(contentType: string | undefined): string | null {
  if (!contentType || !/^multipart\/form-data\s*(;|$)/i.test(contentType)) return null;
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^;\s"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw broken('its content type names no boundary');
  return boundary;
}

/** Every method throws invalid_request on bytes that are no form. */
export class MultipartReader {
  readonly #delimiter: Buffer;
  readonly #listener: PartListener;
  // The first delimiter has no line break before it.
  #rest: Buffer = CRLF;
  /** Where `#rest` begins in the body. */
  #at = -CRLF.length;
  #state: 'before' | 'delimiter' | 'head' | 'body' | 'over' = 'before';
  #parts = 0;

  constructor(boundary: string, listener: PartListener) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#step());
  }

  end(): void {
    if (this.#state !== 'over') throw broken('it ends before its last part does');
  }

  /** Returns whether there may be more to read in what is here. */
  #step(): boolean {
    switch (this.#state) {
      case 'before':
      case 'body':
        return this.#readBody(this.#state === 'body');
      case 'delimiter':
        return this.#readDelimiter();
      case 'head':
        return this.#readHead();
      case 'over':
        this.#take(this.#rest.length);
        return false;
    }
  }

  #readBody(isPart: boolean): boolean {
    const found = this.#rest.indexOf(this.#delimiter);
    const length = found < 0 ? Math.max(0, this.#rest.length - this.#delimiter.length + 1) : found;
    if (length > 0) {
      const at = this.#at;
      const bytes = this.#take(length);
      if (isPart) this.#listener.received(bytes, at);
    }
    if (found < 0) return false;
    this.#take(this.#delimiter.length);
    if (isPart) this.#listener.ended();
    this.#state = 'delimiter';
    return true;
  }

  #readDelimiter(): boolean {
    if (this.#rest.length < 2) return false;
    if (this.#rest[0] === DASH && this.#rest[1] === DASH) {
      this.#state = 'over';
      return true;
    }
    const end = this.#rest.indexOf(CRLF);
    if (end < 0 && this.#rest.length < MAX_HEAD_BYTES) return false;
    if (end < 0 || this.#rest.toString('latin1', 0, end).trim() !== '') throw broken('a boundary is not one');
    // The line break stays: a part without headers begins with its blank line.
    this.#take(end);
    this.#state = 'head';
    return true;
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(HEAD_END);
    if (end > MAX_HEAD_BYTES || (end < 0 && this.#rest.length > MAX_HEAD_BYTES))
      throw broken('the head of a part is too large');
    if (end < 0) return false;
    if (++this.#parts > MAX_PARTS) throw broken(`it has more than ${MAX_PARTS} parts`);
    const head = readHead(this.#take(end + HEAD_END.length).toString());
    this.#state = 'body';
    this.#listener.began(head);
    // An empty part: its delimiter's line break is the one that ended the head.
    if (this.#rest.subarray(0, this.#delimiter.length - 2).equals(this.#delimiter.subarray(2))) {
      this.#rest = Buffer.concat([CRLF, this.#rest]);
      this.#at -= CRLF.length;
    }
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    this.#at += length;
    return taken;
  }
}

function readHead(text: string): PartHead {
  const headers = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (headers.has(name)) throw broken('a part has the same header twice');
    headers.set(name, line.slice(colon + 1).trim());
  }
  const disposition = (headers.get('content-disposition') ?? '').replace(/[;\s]+$/, '');
  const parameters = readParameters(disposition);
  const name = parameters.get('name');
  if (name === undefined) throw broken('a part has no name');
  const filename = parameters.get('filename') ?? null;
  return { name, filename, contentType: headers.get('content-type') ?? null };
}

const PARAMETER = /\s*;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))/y;

/**
 * Parameters of a `form-data` disposition. Read strictly, since the body may go on to a reader that would take another of two
 * names. Browsers and SDKs write `%22`, `%0D` and `%0A` for what may not stand in quotes.
 */
function readParameters(header: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!/^form-data\b/i.test(header)) return found;
  PARAMETER.lastIndex = 'form-data'.length;
  for (let end = PARAMETER.lastIndex; end < header.length; end = PARAMETER.lastIndex) {
    const match = PARAMETER.exec(header);
    const name = match?.[1]?.toLowerCase();
    if (!match || name === undefined || name === 'name*' || found.has(name))
      throw broken('a part has a head that can be read in two ways');
    const text = (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1');
    found.set(
      name,
      text.replace(/%(22|0D|0A)/gi, (code) => decodeURIComponent(code)),
    );
  }
  return found;
}

function broken(why: string): TrimtabError {
  return new TrimtabError('invalid_request', `The body is not valid \`multipart/form-data\`: ${why}.`);
}
