/** Reading YAML and JSON configs, with the line and column of what is wrong. Messages never quote the file. */
import { type Document, isScalar, LineCounter, parseDocument } from 'yaml';
import { TrimtabError } from '../core/error.ts';
import { parsePath } from './config-path.ts';

export interface Place {
  /** From 1. */
  line: number;
  column: number;
}

/** Parses YAML. Throws TrimtabError(config_invalid) naming line and column. */
export function parseYamlConfig(text: string, file: string): unknown {
  const { document, lines } = readYaml(text);
  const [error] = document.errors;
  if (error) throw malformed(file, lines.linePos(error.pos[0]), withoutQuotes(error.message));
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    throw new TrimtabError('config_invalid', `${file}: ${withoutQuotes((cause as Error).message)}`);
  }
}

/** Parses JSON. Throws TrimtabError(config_invalid) naming line and column; a key that stands twice is an error. */
export function parseJsonConfig(text: string, file: string): unknown {
  const { document, lines } = readYaml(text, 'json');
  const duplicate = document.errors.find(({ code }) => code === 'DUPLICATE_KEY');
  if (duplicate) throw malformed(file, lines.linePos(duplicate.pos[0]), 'this key stands twice');
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (cause) {
    const [error] = document.errors;
    if (error) throw malformed(file, lines.linePos(error.pos[0]), withoutQuotes(error.message));
    const at = /at position (\d+)/.exec((cause as Error).message);
    const place = at ? linePosition(text, Number(at[1])) : undefined;
    throw malformed(file, place, 'not valid JSON (a comment, a trailing comma or a single quote?)');
  }
}

/** Where a field of a YAML or JSON config stands, or the nearest thing above it; `undefined` when neither is there. */
export function locateField(text: string, field: string): Place | undefined {
  const path = parsePath(field);
  if (!path) return undefined;
  const { document, lines } = readYaml(text);
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  }
  return undefined;
}

/** Offset of the key, else of the list item, at a path. */
function offsetOf(document: Document.Parsed, path: (string | number)[]): number | undefined {
  const last = path.at(-1) as string | number;
  const holder = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const { items } = (holder ?? {}) as { items?: unknown[] };
  if (!Array.isArray(items)) return undefined;
  if (typeof last === 'number') return (items[last] as { range?: [number] } | undefined)?.range?.[0];
  for (const pair of items as { key?: unknown }[]) {
    if (isScalar(pair.key) && String(pair.key.value) === last) return pair.key.range?.[0];
  }
  return undefined;
}

function readYaml(text: string, schema: 'core' | 'json' = 'core') {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema,
    logLevel: 'error',
  });
  return { document, lines };
}

function malformed(
  file: string,
  place: { line: number; col: number } | undefined,
  why: string,
): TrimtabError {
  const at = place ? `:${place.line}:${place.col}` : '';
  return new TrimtabError('config_invalid', `${file}${at}: ${why}`);
}

/** Quoted pieces of the file may hold a secret. */
function withoutQuotes(message: string): string {
  return (message.split('\n')[0] as string).replace(/"[^"]{4,}"/g, '"..."').replace(/:$/, '');
}

function linePosition(text: string, offset: number): { line: number; col: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, col: (before.at(-1) as string).length + 1 };
}
