import { type ErrorCode, TrimtabError } from '../core/error.ts';
import type { Failure, HeaderLookup } from './provider.ts';

/** What a vendor's answer tells about an error, before it is given a meaning. */
export interface VendorError {
  /** The instance's type, for the message. */
  vendor: string;
  status: number;
  /** The vendor's own code or type; put into our message only when it is a plain identifier. */
  code: string | null;
  headers: HeaderLookup;
  /** The vendor's error in the app's protocol, without secrets; `null` when there is none to forward. */
  body: Buffer | null;
}

interface Meaning {
  code: ErrorCode;
  fallback: boolean;
  says: string;
  /** The fault is the request's: the vendor's own status and words are what helps. */
  forward?: true;
}

const REJECTED: Meaning = {
  code: 'upstream_rejected',
  fallback: false,
  says: 'rejected the request',
  forward: true,
};
const AUTH: Meaning = { code: 'upstream_auth', fallback: true, says: 'did not accept our credential' };
const OVERLOADED: Meaning = { code: 'upstream_overloaded', fallback: true, says: 'is overloaded' };
const BROKEN: Meaning = { code: 'upstream_error', fallback: true, says: 'failed' };

/** Statuses whose meaning is not that of their class. 402: the account is out of credit. 404: no such model there. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: AUTH,
  402: { ...AUTH, says: 'did not accept our account' },
  403: AUTH,
  404: { ...REJECTED, fallback: true, says: 'does not know the model or the path' },
  408: { ...BROKEN, says: 'timed out' },
  409: { ...BROKEN, says: 'reported a conflict' },
  425: BROKEN,
  429: { code: 'upstream_rate_limited', fallback: true, says: 'limits our rate' },
  498: OVERLOADED,
  503: OVERLOADED,
  529: OVERLOADED,
};

/** Gives a vendor's error its meaning. The message holds the status and the vendor's code, never its body. */
export function toFailure(found: VendorError): Failure {
  const meaning = MEANINGS[found.status] ?? (isRequestFault(found.status) ? REJECTED : BROKEN);
  const code = found.code && /^[a-z][a-z0-9_.-]{1,63}$/i.test(found.code) ? `, ${found.code}` : '';
  const retryAfterMs = meaning.forward ? null : readRetryAfter(found.headers);
  const details = retryAfterMs === null ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) };
  const error = new TrimtabError(
    meaning.code,
    `${found.vendor} ${meaning.says} (status ${found.status}${code})`,
    details,
  );
  const forwarded = meaning.forward ? found.body : null;
  return {
    kind: 'failure',
    error,
    fallback: meaning.fallback,
    body: forwarded,
    status: forwarded ? found.status : error.status,
    retryAfterMs,
    ...(meaning === REJECTED && isTooLong(found) && { tooLong: true }),
  };
}

/**
 * How vendors say that a prompt does not fit: OpenAI's code, llama.cpp's type, then the words of vLLM and OpenAI,
 * Anthropic, Gemini and Bedrock (from memory, not looked up). Words not among these only mean that no larger model is asked.
 */
const TOO_LONG_CODES: ReadonlySet<string> = new Set(['context_length_exceeded', 'exceed_context_size_error']);
const TOO_LONG_WORDS =
  /maximum context length is|prompt is too long|input token count .{0,40}exceeds the maximum|input is too long for requested model/i;
const MAX_READ_CHARS = 4_096;

function isTooLong({ code, body }: VendorError): boolean {
  if (code !== null && TOO_LONG_CODES.has(code)) return true;
  return body !== null && TOO_LONG_WORDS.test(body.toString('utf8', 0, MAX_READ_CHARS));
}

/** The vendor sent something that is not its protocol. `what` is ours; it quotes none of the bytes. */
export function malformed(vendor: string, what: string): Failure {
  return ownFailure('upstream_malformed', `${vendor} sent ${what}`);
}

export function ownFailure(code: ErrorCode, message: string): Failure {
  const error = new TrimtabError(code, message);
  return { kind: 'failure', error, fallback: true, body: null, status: error.status, retryAfterMs: null };
}

/**
 * When to try again, in milliseconds from the answer. Reads `retry-after-ms`, `retry-after` (seconds or a date,
 * RFC 9110 10.2.3, measured from the answer's own `date`), then the later of `x-ratelimit-reset-requests` and
 * `-tokens` (`20ms`, `1s`, `6m0s`). `null`: not said, or not readable.
 */
export function readRetryAfter(headers: HeaderLookup): number | null {
  const ms = toNumber(headers('retry-after-ms'));
  if (ms !== null) return ms;
  const after = headers('retry-after');
  const seconds = toNumber(after);
  if (seconds !== null) return seconds * 1000;
  if (after !== undefined) {
    const wait = Date.parse(after) - Date.parse(headers('date') ?? '');
    return Number.isFinite(wait) ? Math.max(0, wait) : null;
  }
  const resets = ['x-ratelimit-reset-requests', 'x-ratelimit-reset-tokens']
    .map((name) => readDuration(headers(name)))
    .filter((wait) => wait !== null);
  return resets.length === 0 ? null : Math.max(...resets);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readDuration(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = toNumber(text);
  if (seconds !== null) return seconds * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (UNIT_MS[unit as string] as number);
  }
  return total;
}

function toNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function isRequestFault(status: number): boolean {
  return status >= 400 && status < 500;
}
