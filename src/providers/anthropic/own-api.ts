/** The rest of this API: message batches, files, models. Bytes under our credential. */
import type { OwnApi } from '../../core/operation.ts';
import { asArray, asObject, type JsonObject, readObject } from '../json.ts';
import type { OwnExchange, OwnRequest } from '../provider.ts';
import { type NativeBinding, toNativeHeaders } from './native.ts';

export const OWN_API: OwnApi = { wire: 'messages', groups: ['batches', 'files', 'models'] };

export interface OwnBinding extends Pick<NativeBinding, 'origin' | 'path' | 'pinned'> {
  /** Credential, version and configured headers, flat. */
  auth: string[];
}

export function openOwn({ origin, path, pinned, auth }: OwnBinding, request: OwnRequest): OwnExchange {
  const { method, query, body, transport } = request;
  const headers = toNativeHeaders({ headers: [...transport, ...auth], pinned }, request.headers);
  const place = `${path}/v1${request.path}${query === '' ? '' : `?${query}`}`;
  const exchange: OwnExchange = { request: { origin, path: place, method, headers, body } };
  const tellsBatches = /^\/messages\/batches(\/[^/]+)?(\/cancel)?$/.test(request.path);
  return tellsBatches ? { ...exchange, mend: cutOrigins } : exchange;
}

/**
 * `results_url` is an absolute address, which the vendor's client follows with the key it has: ours. Left as a path, the
 * client asks here (https://platform.claude.com/docs/en/api/retrieving-message-batch-results, as known 2026-11-25).
 */
function cutOrigins(answer: Buffer): Buffer {
  const body = readObject(answer);
  const batches = [body, ...asArray(body?.data).map(asObject)].filter((batch) => hasUrl(batch));
  if (batches.length === 0) return answer;
  for (const batch of batches) {
    const { pathname, search } = new URL(batch.results_url, 'http://relative.invalid');
    batch.results_url = pathname.slice(Math.max(0, pathname.indexOf('/v1/'))) + search;
  }
  return Buffer.from(JSON.stringify(body));
}

function hasUrl(batch: JsonObject | undefined): batch is JsonObject & { results_url: string } {
  return typeof batch?.results_url === 'string' && URL.canParse(batch.results_url, 'http://relative.invalid');
}
