/** What the gateway thread answers itself when the control thread cannot. */
import { ERRORS, type ErrorCode, TrimtabError } from '../core/error.ts';
import type { GatewayResponse } from '../gateway/gateway.ts';
import { redact } from '../governance/redact.ts';
import { toErrorBody } from '../protocols/error-body.ts';
import type { ApiError } from './api-types.ts';

export function answerError(response: GatewayResponse, code: ErrorCode, message: string): void {
  const { status, advice } = ERRORS[code];
  const answer: ApiError = { error: { code, message, field: null, advice } };
  const body = Buffer.from(JSON.stringify(answer));
  response.head(status, {
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...(ERRORS[code].retryable ? { 'retry-after': '2' } : {}),
  });
  response.end(body);
}

export function lookupFailed(why: string): TrimtabError {
  return new TrimtabError('store_unavailable', `The earlier response cannot be looked up: ${why}.`);
}

export function feedbackUnavailable(): { status: number; body: unknown } {
  const error = new TrimtabError('store_unavailable', 'Feedback cannot be taken at the moment.');
  return { status: error.status, body: toErrorBody(error, redact) };
}
