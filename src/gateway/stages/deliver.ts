/** What goes to the client: heads, bytes, errors in its protocol's shape. */
import type { TrimtabError } from '../../core/error.ts';
import type { Failure } from '../../providers/provider.ts';
import type { Call, RunningAttempt } from '../call.ts';
import { MAX_KEPT_BYTES } from './record.ts';

/** Vendor response headers an app may use; no other passes. */
const FORWARDED = [
  'x-request-id',
  'request-id',
  'openai-processing-ms',
  'openai-version',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'anthropic-ratelimit-requests-limit',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
] as const;

export function answerHeaders(call: Call, contentType: string): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': contentType,
    'x-trimtab-call-id': call.id,
    'x-trimtab-cache': 'none',
  };
  const { attempt } = call;
  if (!attempt) return headers;
  headers['x-trimtab-deployment'] = headerValue(attempt.allowed.name);
  for (const name of FORWARDED) {
    const value = attempt.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

export function sendPlain(call: Call, headers: Record<string, string>, body: Buffer): void {
  headers['content-length'] = String(body.length);
  call.response.head(200, headers);
  call.response.end(body);
}

export function sendStreamHead(call: Call): void {
  call.headSent = true;
  const headers = answerHeaders(call, 'text/event-stream; charset=utf-8');
  headers['cache-control'] = 'no-cache';
  call.response.head(200, headers);
}

/** Writes part of a stream; the vendor waits while the client is slower. */
export function sendPart(attempt: RunningAttempt, bytes: Buffer): void {
  const { call } = attempt;
  count(call, bytes);
  call.lastSent = bytes;
  if (!call.response.write(bytes)) attempt.pause();
}

/** Counts answer bytes, and keeps them for a record with payload, up to its bound. */
export function count(call: Call, bytes: Buffer): void {
  if (call.kept && call.responseBytes < MAX_KEPT_BYTES) call.kept.push(bytes);
  call.responseBytes += bytes.length;
}

export interface ErrorReply {
  error: TrimtabError;
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** The vendor's own words when the fault is the request's, else ours. */
export function failureReply(call: Call, { error, body, status, retryAfterMs }: Failure): ErrorReply {
  const reply = errorReply(call, error);
  if (retryAfterMs !== null) reply.headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  if (!body) return reply;
  return { ...reply, status, body: call.codec.redactErrorBody(body, call.serving.redact) };
}

export function errorReply(call: Call, error: TrimtabError): ErrorReply {
  const headers = answerHeaders(call, 'application/json');
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  const body = call.codec.encodeError(error, call.serving.redact);
  return { error, status: error.status, headers, body };
}

export function sendReply(call: Call, { status, headers, body }: ErrorReply): void {
  headers['content-length'] = String(body.length);
  call.response.head(status, headers);
  call.response.end(body);
}

/** The explicit end of a stream that broke: an error event, no `[DONE]`. */
export function brokenEnd(call: Call, error: TrimtabError): Buffer {
  return call.codec.encodeErrorEvent(error, call.serving.redact, call.lastSent);
}

/** A deployment's name may hold any character; a header value may not. */
function headerValue(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text);
}
