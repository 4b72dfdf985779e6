/**
 * What a caller meets when a deployment fails: the one table, rendered into docs/faults.md by `npm run docs` and tested
 * cell by cell by faults.test.ts. Retries are off in it; docs/config.md says what they add.
 */
import { ERRORS, type ErrorCode } from '../../src/core/error.ts';
import type { Timeouts } from '../../src/stack/stack.ts';
import type { Fault } from '../support/upstream.ts';

/** How a fault is made: a vendor that misbehaves, or an address without one. */
export type FaultSource = { fault: Fault } | { address: 'closed-port' | 'unknown-host' };

/** What the failed attempt is billed: a vendor's error and what never arrived cost nothing. */
export type Bill = 'nothing' | 'estimated' | 'unknown';

export interface Outcome {
  code: ErrorCode;
  /** Part of the stream is with the client already: it gets an error event, and no other deployment is asked. */
  midStream: boolean;
  /** A second deployment of the route answers instead. */
  fallback: boolean;
  bill: Bill;
  /** The vendor's own status and words go to the client; `null`: ours. */
  vendorStatus: number | null;
  /** Seconds of `retry-after` for the client; `null`: none. */
  retryAfterSeconds: number | null;
}

export interface FaultRow {
  title: string;
  source: FaultSource;
  plain: Outcome;
  stream: Outcome;
  /** The one timeout that ends it; every other is far away. */
  timeout?: keyof Timeouts;
}

function outcome(code: ErrorCode, bill: Bill, changes: Partial<Outcome> = {}): Outcome {
  const usual = { midStream: false, fallback: true, vendorStatus: null, retryAfterSeconds: null };
  return { code, bill, ...usual, ...changes };
}

/** The same before any byte of an answer, plain or streamed. */
function refused(title: string, fault: Fault, [code, changes]: [ErrorCode, Partial<Outcome>?]): FaultRow {
  const both = outcome(code, 'nothing', changes);
  return { title, source: { fault }, plain: both, stream: both };
}

/** A 2xx, or no status at all: tokens may have been used, so that the attempt has a bill. */
function broken(title: string, fault: Fault, codes: { plain: ErrorCode; stream: ErrorCode }): FaultRow {
  const plain = outcome(codes.plain, 'unknown');
  return { title, source: { fault }, plain, stream: outcome(codes.stream, 'estimated') };
}

/** The same, where the stream breaks when its first words are with the client. */
function brokenOff(title: string, fault: Fault, codes: { plain: ErrorCode; stream: ErrorCode }): FaultRow {
  const row = broken(title, fault, codes);
  return { ...row, stream: { ...row.stream, midStream: true, fallback: false } };
}

function unreachable(title: string, address: 'closed-port' | 'unknown-host'): FaultRow {
  const both = outcome('upstream_error', 'nothing');
  return { title, source: { address }, plain: both, stream: both };
}

const same = (code: ErrorCode): { plain: ErrorCode; stream: ErrorCode } => ({ plain: code, stream: code });
const oversized = broken(
  'an oversized body, or one oversized event',
  'oversized',
  same('upstream_too_large'),
);

export const FAULTS: readonly FaultRow[] = [
  refused('429 with `retry-after`', 'status-429', ['upstream_rate_limited', { retryAfterSeconds: 7 }]),
  refused('429 without `retry-after`', 'status-429-bare', ['upstream_rate_limited']),
  refused('500', 'status-500', ['upstream_error']),
  refused('503', 'status-503', ['upstream_overloaded']),
  refused('529', 'status-529', ['upstream_overloaded']),
  refused('400, the context is too long', 'context-length', [
    'upstream_rejected',
    { fallback: false, vendorStatus: 400 },
  ]),
  refused('401', 'status-401', ['upstream_auth']),
  unreachable('connection refused', 'closed-port'),
  unreachable('host name does not resolve', 'unknown-host'),
  broken('reset before the headers', 'reset-before-headers', same('upstream_error')),
  {
    ...broken('stall before the headers', 'stall-before-headers', same('timeout_headers')),
    timeout: 'headersMs',
  },
  {
    ...broken('stall before the first token', 'stall-after-headers', same('timeout_first_token')),
    timeout: 'firstTokenMs',
  },
  {
    ...brokenOff('stall in the body', 'stall-mid-body', {
      plain: 'timeout_first_token',
      stream: 'timeout_idle',
    }),
    timeout: 'idleMs',
  },
  brokenOff('reset in the body', 'reset-mid-body', same('upstream_cut')),
  brokenOff('cut: a short body, or no terminator', 'cut', same('upstream_cut')),
  broken('no bytes at all', 'empty', { plain: 'upstream_malformed', stream: 'upstream_cut' }),
  brokenOff('malformed SSE: no events, or events for a plain call', 'not-events', same('upstream_malformed')),
  brokenOff('malformed JSON', 'malformed', same('upstream_malformed')),
  broken('wrong content type', 'wrong-type', same('upstream_malformed')),
  broken('200 with an error body, or an error as the first event', 'error-body', same('upstream_error')),
  // A plain answer that large would come from another deployment too; an event that large is a vendor gone wrong.
  { ...oversized, plain: { ...oversized.plain, fallback: false } },
];

/** Status of the error a lone deployment's fault becomes. */
export function statusOf({ code, midStream, vendorStatus }: Outcome): number {
  return midStream ? 200 : (vendorStatus ?? ERRORS[code].status);
}

const BILLS: Readonly<Record<Bill, string>> = {
  nothing: 'nothing',
  estimated: 'estimated',
  unknown: 'unknown: cost `null`',
};

function toCells(found: Outcome): string[] {
  const alone = found.midStream
    ? `error event \`${found.code}\`, no clean end`
    : `${statusOf(found)} \`${found.code}\``;
  const details = [
    found.vendorStatus === null ? '' : "vendor's words",
    found.retryAfterSeconds === null ? '' : '`retry-after` passed on',
  ].filter(Boolean);
  const second = found.fallback ? 'answers' : 'not asked';
  return [[alone, ...details].join(', '), second, BILLS[found.bill]];
}

/** Two rows a fault: plain and stream. */
export function faultReference(): string {
  const rows = FAULTS.flatMap(({ title, plain, stream }) => [
    ['', 'plain', ...toCells(plain)].with(0, title),
    ['', 'stream', ...toCells(stream)],
  ]);
  return [
    '| the deployment | call | alone: the client gets | a second one | the failed attempt costs |',
    '|---|---|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}
