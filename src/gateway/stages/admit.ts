import { TrimtabError } from '../../core/error.ts';
import type { GatewayRequest } from '../gateway.ts';
import type { GatewayState } from '../state.ts';

/**
 * Whether a call may begin now. Throws shutting_down while draining, and spool_unavailable when its record could not
 * be written and the stack says to refuse then.
 */
export function admit(state: GatewayState): void {
  if (state.draining) throw shuttingDown();
  if (canRecord(state)) return;
  throw new TrimtabError('spool_unavailable', 'Calls cannot be recorded now, so none are served.', {
    retryAfterSeconds: 1,
  });
}

/** To a client that comes while this process takes its leave: another replica takes the call, or this one once it is back. */
export function shuttingDown(): TrimtabError {
  return new TrimtabError('shutting_down', 'This server is shutting down.', { retryAfterSeconds: 1 });
}

/** What `/readyz` tells a load balancer: another replica may be able to record. */
export function takesCalls(state: GatewayState): boolean {
  return !state.leaving && canRecord(state);
}

function canRecord({ serving, options }: GatewayState): boolean {
  return !(serving.snapshot.stack.spool.whenFull === 'refuse' && options.recorder.state === 'full');
}

/** What every transport owes the pipeline: a plain JSON body within the limit. Throws 413 and 415. */
export function checkBody(state: GatewayState, { headers, body }: GatewayRequest): void {
  const { maxBodyBytes } = state.serving.snapshot.stack.gateway;
  if (body.length > maxBodyBytes) {
    throw new TrimtabError('body_too_large', `The body is larger than ${maxBodyBytes} bytes.`);
  }
  checkEncoding(headers);
  const type = headers['content-type'];
  if (
    typeof type === 'string' &&
    type !== 'application/json' &&
    !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)
  ) {
    throw new TrimtabError('unsupported_media_type', 'The content type is not `application/json`.');
  }
}

/** Throws unsupported_media_type for a compressed body. */
export function checkEncoding(headers: GatewayRequest['headers']): void {
  const encoding = headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  throw new TrimtabError('unsupported_media_type', 'The body is compressed; send it plain.');
}
