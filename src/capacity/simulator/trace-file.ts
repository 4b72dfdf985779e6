/** Traces of calls: a CSV file that someone has, and the ones that come with Trimtab. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import type { WorkloadCall } from '../capacity.ts';
import { emptyWorkload, toWorkload, type Workload } from './workload.ts';

/** Names of the traces that come with Trimtab. `traces/SOURCES.md` says where they come from. */
export const BUILT_IN_TRACES = ['azure-conversation'] as const;

export type BuiltInTrace = (typeof BUILT_IN_TRACES)[number];

export function isBuiltInTrace(name: string): name is BuiltInTrace {
  return (BUILT_IN_TRACES as readonly string[]).includes(name);
}

export function readBuiltInTrace(name: BuiltInTrace): Workload {
  const encoded = readFileSync(new URL(`./traces/${name}.txt`, import.meta.url), 'latin1');
  const [gaps = [], inputs = [], outputs = []] = brotliDecompressSync(Buffer.from(encoded, 'base64'))
    .toString('latin1')
    .split('\n')
    .map((line) => line.split(','));
  const workload = emptyWorkload(gaps.length);
  let atMs = 0;
  for (let i = 0; i < gaps.length; i++) {
    atMs += Number(gaps[i]);
    workload.atMs[i] = atMs;
    workload.inputTokens[i] = Number(inputs[i]);
    workload.outputTokens[i] = Number(outputs[i]);
  }
  return workload;
}

/** Spellings of each column, compared without case, spaces, `_` and `-`. */
const COLUMNS = {
  at: ['timestamp', 'time', 'at', 'atms', 'startedat', 'starttime', 'arrivaltimestamp'],
  inputTokens: ['contexttokens', 'inputtokens', 'prompttokens', 'inputlength', 'requesttokens'],
  outputTokens: ['generatedtokens', 'outputtokens', 'completiontokens', 'outputlength', 'responsetokens'],
} as const;

/** A trace that cannot be read; the message names the line or the column. */
export class TraceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TraceError';
  }
}

/**
 * Reads CSV with a heading: a moment (a date, epoch milliseconds or seconds; `at_ms` is milliseconds after any start),
 * input tokens and output tokens. Throws {@link TraceError} at the first row that does not read: a trace with holes
 * would size for less than there was.
 */
export function parseTrace(text: string): Workload {
  const rows = readRows(text);
  const heading = rows[0];
  if (!heading || rows.length < 3) throw new TraceError('a trace needs a heading and at least two calls');
  const at = columnOf(heading, 'at');
  const inputAt = columnOf(heading, 'inputTokens');
  const outputAt = columnOf(heading, 'outputTokens');
  const inSeconds = /^\d{9,10}(\.\d+)?$/.test(rows[1]?.[at] ?? '');
  const calls = rows.slice(1).map((row, i): WorkloadCall => {
    const line = i + 2;
    return {
      atMs: momentOf(row[at] ?? '', { line, inSeconds }),
      inputTokens: tokensOf(row[inputAt] ?? '', line),
      outputTokens: tokensOf(row[outputAt] ?? '', line),
    };
  });
  return toWorkload(calls);
}

function readRows(text: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, trim: true }) as string[][];
  } catch (cause) {
    throw new TraceError(cause instanceof Error ? cause.message : String(cause));
  }
}

function columnOf(heading: readonly string[], column: keyof typeof COLUMNS): number {
  const names: readonly string[] = COLUMNS[column];
  const found = heading.findIndex((name) => names.includes(name.toLowerCase().replace(/[\s_-]/g, '')));
  if (found >= 0) return found;
  throw new TraceError(
    `no column for ${column}: one of ${names.join(', ')}; there are ${heading.join(', ')}`,
  );
}

function momentOf(text: string, { line, inSeconds }: { line: number; inSeconds: boolean }): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * (inSeconds ? 1000 : 1);
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`;
  const ms = Date.parse(zoned.replace(' ', 'T').replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(ms)) throw new TraceError(`line ${line}: "${text.slice(0, 40)}" is not a moment`);
  return ms;
}

function tokensOf(text: string, line: number): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TraceError(`line ${line}: "${text.slice(0, 40)}" is not a number of tokens`);
}
