/**
 * Where the top-level members of a JSON object stand in its bytes, so that one value can be replaced without
 * writing the rest again: stringifying a 36 KB prompt costs 29 us, splicing it 2 us (measured 2026-11).
 *
 * The bytes must already have passed `JSON.parse` as an object: this walks, it does not validate. Strings, which are
 * nearly all of a prompt, are crossed with the native `indexOf`. Keys are compared as JSON reads them, escapes
 * included (`"\u006dodel"` is `model`); of two members with one name the last counts, as in `JSON.parse`.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Strings shorter than this are crossed faster by a loop than by a native call. */
const SHORT_STRING = 24;
/** Numbers per member in the table: start and end of the key between its quotes, start and end of the value. */
const ROW = 4;

export type Span = readonly [start: number, end: number];

/** The top-level members of one JSON object. */
export class MemberTable {
  readonly #bytes: Buffer;
  /** Rows of {@link ROW} offsets. */
  readonly #offsets: number[];
  readonly #escapedKeys: boolean;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#offsets = [];
    this.#escapedKeys = scanMembers(bytes, this.#offsets);
  }

  /** Span of the value, end exclusive; of several members with this name the last. */
  span(member: string): Span | undefined {
    for (let row = this.#offsets.length - ROW; row >= 0; row -= ROW) {
      if (this.#isKey(row, member))
        return [this.#offsets[row + 2] as number, this.#offsets[row + 3] as number];
    }
    return undefined;
  }

  /** How often the member occurs. */
  count(member: string): number {
    let found = 0;
    for (let row = 0; row < this.#offsets.length; row += ROW) if (this.#isKey(row, member)) found++;
    return found;
  }

  #isKey(row: number, member: string): boolean {
    const start = this.#offsets[row] as number;
    const end = this.#offsets[row + 1] as number;
    if (this.#escapedKeys || !isAscii(member)) {
      return JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) === member;
    }
    if (end - start !== member.length) return false;
    for (let i = 0; i < member.length; i++) {
      if (this.#bytes[start + i] !== member.charCodeAt(i)) return false;
    }
    return true;
  }
}

/** Fills `offsets`; returns whether any key holds an escape. */
function scanMembers(bytes: Buffer, offsets: number[]): boolean {
  let escapedKeys = false;
  let at = skipSpace(bytes, 0) + 1;
  for (;;) {
    at = skipSpace(bytes, at);
    if (bytes[at] !== QUOTE) return escapedKeys;
    const keyStart = at + 1;
    const keyEnd = endOfString(bytes, at) - 1;
    if (!escapedKeys) escapedKeys = holdsBackslash(bytes, keyStart, keyEnd);
    at = skipSpace(bytes, keyEnd + 1);
    if (bytes[at] !== COLON) return escapedKeys;
    const valueStart = skipSpace(bytes, at + 1);
    const valueEnd = endOfValue(bytes, valueStart);
    offsets.push(keyStart, keyEnd, valueStart, valueEnd);
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] !== COMMA) return escapedKeys;
    at++;
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(bytes, start);
  let at = start;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === COMMA || byte === CLOSE_BRACE || byte <= 0x20) break;
  }
  return at;
}

function endOfNested(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return bytes.length;
}

/** `start` is the opening quote; returns the offset after the closing one. */
function endOfString(bytes: Buffer, start: number): number {
  const near = Math.min(start + SHORT_STRING, bytes.length);
  let at = start + 1;
  for (; at < near; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    let slashes = 0;
    while (quote - 1 - slashes >= at && bytes[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function holdsBackslash(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
