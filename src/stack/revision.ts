import { createHash } from 'node:crypto';
import type { Revision, Stack } from './stack.ts';

const ID_HEX_DIGITS = 16;

/**
 * JSON with sorted keys and no blanks: equal values give equal text, whatever order they were written in. Members
 * that are `undefined` are left out, as JSON does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const record = value as Record<string, unknown>;
  const members = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`);
  return `{${members.join(',')}}`;
}

/** Hex SHA-256 of the canonical JSON. */
export function hashStack(stack: Stack): string {
  return createHash('sha256').update(canonicalJson(stack)).digest('hex');
}

export interface RevisionOrigin {
  source: Revision['source'];
  /** File path, API caller; shown to people. */
  origin: string;
  /** Epoch milliseconds. */
  now: number;
}

/** The immutable revision of a stack. Equal stacks have equal ids. */
export function createRevision(stack: Stack, { source, origin, now }: RevisionOrigin): Revision {
  return { id: `rev_${hashStack(stack).slice(0, ID_HEX_DIGITS)}`, stack, createdAt: now, source, origin };
}
