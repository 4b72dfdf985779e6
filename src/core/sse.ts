/**
 * The one codec for server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html, read
 * 2026-11-23). Two ways to read: {@link createSseDecoder} for code that needs every event, {@link findEventEnd} for
 * code that passes bytes on and looks at few of them.
 */

export interface SseEvent {
  /** The `event` field; `null` when it is absent (the spec's `message`). */
  event: string | null;
  /** `data` lines joined by a newline. */
  data: string;
  /** The `id` field of this event; `null` when it is absent. */
  id: string | null;
}

export interface SseDecoder {
  /** Takes bytes, gives the events they complete. Any re-chunking of the same bytes gives the same events. */
  push(chunk: Uint8Array): SseEvent[];
  /** True while bytes of an event that is not complete are held. */
  readonly pending: boolean;
  /** Characters held of an event that is not complete: whoever reads from outside bounds them. */
  readonly pendingChars: number;
  /** True once a line was read that is no field of an event; only with `strict`. No event after it is reported. */
  readonly foreign: boolean;
}

export interface SseDecoderOptions {
  /** A field the specification does not know is a sign of another protocol, not to be passed over. Default false. */
  strict?: boolean;
}

const LF = 10;
const CR = 13;
const FIELDS = new Set(['data', 'event', 'id', 'retry']);

/**
 * Decodes LF, CRLF and CR line ends, a leading byte-order mark, comments, multi-line data, and characters split
 * across chunks. An event is complete at its blank line; what a cut stream leaves behind is no event. Events without
 * a `data` field are not reported, as the spec says. `retry` is ignored: nobody here reconnects a model stream.
 */
export function createSseDecoder({ strict = false }: SseDecoderOptions = {}): SseDecoder {
  const text = new TextDecoder('utf-8');
  const lines = new EventLines(strict);
  let rest = '';
  let afterCr = false;

  return {
    push(chunk) {
      let more = text.decode(chunk, { stream: true });
      if (afterCr && more !== '') {
        if (more[0] === '\n') more = more.slice(1);
        afterCr = false;
      }
      const events: SseEvent[] = [];
      rest += more;
      // A long line is put together once, not once a chunk.
      if (!more.includes('\n') && !more.includes('\r')) return events;
      let from = 0;
      for (let i = rest.length - more.length; i < rest.length; i++) {
        const code = rest.charCodeAt(i);
        if (code !== LF && code !== CR) continue;
        lines.take(rest.slice(from, i), events);
        if (code === CR) {
          if (i + 1 === rest.length) afterCr = true;
          else if (rest.charCodeAt(i + 1) === LF) i++;
        }
        from = i + 1;
      }
      rest = rest.slice(from);
      return events;
    },
    get pending() {
      return rest !== '' || lines.pending;
    },
    get pendingChars() {
      return rest.length + lines.heldChars;
    },
    get foreign() {
      return lines.foreign;
    },
  };
}

/** The fields of one event after another. */
class EventLines {
  heldChars = 0;
  foreign = false;
  readonly #strict: boolean;
  #event: string | null = null;
  #data: string[] | null = null;
  #id: string | null = null;

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  get pending(): boolean {
    return this.#data !== null || this.#event !== null;
  }

  take(line: string, events: SseEvent[]): void {
    if (this.foreign || line.startsWith(':')) return;
    if (line === '') {
      this.#finish(events);
      return;
    }
    const [name, value] = splitField(line);
    if (this.#strict && !FIELDS.has(name)) this.foreign = true;
    if (name === 'data') {
      this.#data ??= [];
      this.#data.push(value);
      this.heldChars += value.length;
    }
    if (name === 'event') this.#event = value === '' ? null : value;
    if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  #finish(events: SseEvent[]): void {
    if (this.#data) events.push({ event: this.#event, data: this.#data.join('\n'), id: this.#id });
    this.#event = null;
    this.#data = null;
    this.#id = null;
    this.heldChars = 0;
  }
}

function splitField(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)];
}

/** Writes one event. Line breaks in `data` become further `data` lines; `event` and `id` must hold none. */
export function encodeSse(event: { data: string; event?: string | null; id?: string | null }): string {
  let text = '';
  if (event.event) text += `event: ${event.event}\n`;
  if (event.id !== undefined && event.id !== null) text += `id: ${event.id}\n`;
  const data = /[\r\n]/.test(event.data) ? event.data.split(/\r\n|\r|\n/).join('\ndata: ') : event.data;
  return `${text}data: ${data}\n\n`;
}

/**
 * Where the event that begins at `from` ends (exclusive, blank line included), or -1 when it is not complete. Knows
 * LF and CRLF line ends; lone CR, which no model vendor sends, is left to {@link createSseDecoder}. One native search
 * per line, so that passing a stream on costs far less than decoding it.
 */
export function findEventEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}
