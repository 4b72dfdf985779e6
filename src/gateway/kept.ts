/** Files and batches: served off this thread, for the key that asks. */
import type { GatewayRequest, GatewayResponse } from './gateway.ts';
import { shuttingDown } from './stages/admit.ts';
import type { GatewayState } from './state.ts';

const KEPT = /^\/v1\/(files|batches)(\/|$)/;
const FILES = '/v1/files';

export function isKept({ options }: GatewayState, { path }: GatewayRequest): boolean {
  return options.keptApi !== undefined && KEPT.test(path);
}

/** Bodies that may be larger than a call's, and so are not collected. */
export function streamsBody(method: string, path: string): boolean {
  return method === 'POST' && path === FILES;
}

/** Throws what refuses a request without a usable key, and while shutting down. */
export function serveKept(state: GatewayState, request: GatewayRequest, response: GatewayResponse): void {
  const { keptApi } = state.options;
  const key = state.serving.keyring.authenticate(request.headers);
  if (state.draining) throw shuttingDown();
  keptApi?.(key.id, request, response);
}
