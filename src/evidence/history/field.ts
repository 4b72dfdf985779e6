/** Reading single members of records that other tools wrote: absent is `null`, nonsense is a {@link BadRecord}. */
import { toNanoUsd } from '../../core/money.ts';
import { BadRecord, type FileRecord } from './format.ts';

const EARLIEST = Date.UTC(2018, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);
/** Above this a number of seconds or milliseconds since 1970 is milliseconds, microseconds, nanoseconds. */
const MS_FROM = 1e11;
const US_FROM = 1e14;
const NS_FROM = 1e17;

/** A member by its name, or by a path with dots; a JSON text on the way is opened. */
export function at(record: FileRecord, path: string): unknown {
  if (path in record) return record[path];
  let value: unknown = record;
  for (const part of path.split('.')) {
    const opened = typeof value === 'string' && value.startsWith('{') ? parseOrNull(value) : value;
    if (typeof opened !== 'object' || opened === null) return undefined;
    value = (opened as Record<string, unknown>)[part];
  }
  return value;
}

/** The first of these members that says something. */
export function first(record: FileRecord, paths: readonly string[]): unknown {
  for (const path of paths) {
    const value = at(record, path);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

export function textOf(record: FileRecord, ...paths: string[]): string | null {
  const value = first(record, paths);
  if (value === undefined) return null;
  if (typeof value === 'string') return value.trim().slice(0, 500) || null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** A count of something, 0 or more, rounded to a whole. */
export function countOf(record: FileRecord, ...paths: string[]): number | null {
  const value = numberOf(record, ...paths);
  if (value === null) return null;
  if (value < 0 || value > 1e12) throw new BadRecord(`${paths[0]} is ${value}, which no count is`);
  return Math.round(value);
}

export function numberOf(record: FileRecord, ...paths: string[]): number | null {
  const value = first(record, paths);
  if (value === undefined) return null;
  const number = typeof value === 'string' ? Number(value.trim()) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new BadRecord(`${paths[0]} is not a number: ${shown(value)}`);
  }
  return number;
}

/** USD -> nano-USD. */
export function costOf(record: FileRecord, ...paths: string[]): number | null {
  const usd = numberOf(record, ...paths);
  if (usd === null) return null;
  if (usd < 0 || usd > 9e6) throw new BadRecord(`${paths[0]} is ${usd} USD, which no cost is`);
  return toNanoUsd(usd);
}

/** Epoch milliseconds. Text without a zone is UTC; a number is seconds to nanoseconds by its size. */
export function timeOf(record: FileRecord, ...paths: string[]): number | null {
  const value = first(record, paths);
  if (value === undefined) return null;
  const ms = parseTime(value);
  if (ms === null) throw new BadRecord(`${paths[0]} is not a time: ${shown(value)}`);
  if (ms < EARLIEST || ms >= LATEST) throw new BadRecord(`${paths[0]} is not a likely time: ${shown(value)}`);
  return ms;
}

export function needTime(record: FileRecord, ...paths: string[]): number {
  const ms = timeOf(record, ...paths);
  if (ms === null) throw new BadRecord(`${paths[0]} is missing`);
  return ms;
}

export function parseTime(value: unknown): number | null {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,20}(\.\d+)?$/.test(value.trim()))) {
    const number = Number(value);
    if (number >= NS_FROM) return Math.floor(number / 1e6);
    if (number >= US_FROM) return Math.floor(number / 1e3);
    return Math.floor(number >= MS_FROM ? number : number * 1000);
  }
  if (typeof value !== 'string') return null;
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i.exec(
      value.trim(),
    );
  if (!match) return null;
  const [, day, clock = '00:00', zone = 'Z'] = match;
  const offset = /^utc$/i.test(zone) ? 'Z' : zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase();
  const ms = Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}${offset}`);
  return Number.isNaN(ms) ? null : ms;
}

/** Milliseconds from one time to another; `null` when one is missing, a {@link BadRecord} when they are reversed. */
export function spanOf(from: number | null, to: number | null, name: string): number | null {
  if (from === null || to === null) return null;
  if (to < from) throw new BadRecord(`${name} ends before it begins`);
  return to - from;
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
