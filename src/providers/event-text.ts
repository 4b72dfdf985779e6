/** One event of a stream: its data, or that it carries none (comment, blank), or that it is no event at all. */
export type EventText =
  | { kind: 'data'; event: string | null; data: string }
  | { kind: 'nothing' }
  | { kind: 'foreign' };

const FIELDS = ['data', 'event', 'id', 'retry'];

/** Reads one event. Stricter than the specification: a field nobody sends is a sign of another protocol. */
export function readEventText(text: string): EventText {
  return readOneLine(text) ?? readLines(text);
}

/** `data: ...` and a blank line, as nearly every event of every vendor is; `undefined`: anything else. */
function readOneLine(text: string): EventText | undefined {
  const end = text.length - 2;
  if (!text.startsWith('data:') || text.indexOf('\n') !== end || text[end + 1] !== '\n') return undefined;
  if (text.includes('\r')) return undefined;
  const data = text.slice(5, end).trim();
  return data === '' ? { kind: 'nothing' } : { kind: 'data', event: null, data };
}

function readLines(text: string): EventText {
  const data: string[] = [];
  let event: string | null = null;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    if (line === '' || line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    if (!FIELDS.includes(name)) return isCutField(name, colon) ? { kind: 'nothing' } : { kind: 'foreign' };
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
  }
  const joined = data.join('\n').trim();
  return joined === '' ? { kind: 'nothing' } : { kind: 'data', event, data: joined };
}

/** `dat`: a field whose stream was cut. */
function isCutField(name: string, colon: number): boolean {
  return colon === -1 && FIELDS.some((field) => field.startsWith(name));
}
