import { type ErrorCode, TrimtabError } from '../../core/error.ts';
import type { Failure } from '../../providers/provider.ts';

/** A failure of ours or of the wire: another deployment may do better unless `fallback` says no. */
export function toFailure(error: TrimtabError, fallback = true): Failure {
  const retryAfterMs = error.retryAfterSeconds === undefined ? null : error.retryAfterSeconds * 1000;
  return { kind: 'failure', error, fallback, body: null, status: error.status, retryAfterMs };
}

/** What a provider read out of an answer, saying whose: two deployments may have providers of one type. */
export function atDeployment(failure: Failure, deployment: string): Failure {
  const { code, message, field, retryAfterSeconds, cause } = failure.error;
  const details = {
    cause,
    ...(field !== undefined && { field }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  return { ...failure, error: new TrimtabError(code, `Deployment "${deployment}": ${message}`, details) };
}

/** Node and undici error codes that say more than "it broke". */
const WORDS: Readonly<Record<string, [ErrorCode, string]>> = {
  UND_ERR_CONNECT_TIMEOUT: ['timeout_connect', 'did not accept a connection in time'],
  ETIMEDOUT: ['timeout_connect', 'did not accept a connection in time'],
  ECONNREFUSED: ['upstream_error', 'refused the connection'],
  EHOSTUNREACH: ['upstream_error', 'cannot be reached: no route to its host'],
  ENETUNREACH: ['upstream_error', 'cannot be reached: no network'],
  ENOTFOUND: ['upstream_error', 'has a host name that does not resolve'],
  EAI_AGAIN: ['upstream_error', 'has a host name that does not resolve now'],
  UND_ERR_HEADERS_OVERFLOW: ['upstream_malformed', 'sent headers larger than HTTP clients accept'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: [
    'upstream_malformed',
    'sent a body of another length than it announced',
  ],
  UND_ERR_INVALID_ARG: ['internal', 'was sent a request that is not valid HTTP'],
};

/** A transport error, in our words. The vendor's bytes and addresses do not appear. */
export function toTrouble(error: Error, who: string, afterHead: boolean): Failure {
  if (error instanceof TrimtabError) return toFailure(error);
  const code = codeOf(error);
  const [ours, words] = WORDS[code] ?? guess(error, code, afterHead);
  return toFailure(new TrimtabError(ours, `${who} ${words}.`, { cause: error }));
}

function guess(error: Error, code: string, afterHead: boolean): [ErrorCode, string] {
  if (error.name === 'HTTPParserError') return ['upstream_malformed', 'sent something that is not HTTP'];
  if (code.includes('CERT') || code.startsWith('ERR_TLS') || code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE') {
    return ['upstream_error', `has a TLS certificate that is not trusted (${code})`];
  }
  if (code === '' && !isWire(error)) return ['internal', 'could not be read because of a fault in Trimtab'];
  return afterHead
    ? ['upstream_cut', 'closed the connection before the answer was complete']
    : ['upstream_error', 'closed the connection without an answer'];
}

function codeOf(error: Error): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  // Happy eyeballs fails with one error per address.
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return first instanceof Error ? codeOf(first) : '';
}

function isWire(error: Error): boolean {
  return error.name === 'SocketError' || error.name === 'AggregateError';
}
