/**
 * Message Batches (https://platform.claude.com/docs/en/api/messages/batches; shapes as typed by the vendor's SDK, read
 * 2026-11-25). A batch holds its lines itself and carries no name of ours; its counts stay at nothing until it ended.
 */
import type { BatchApi, VendorBatch, VendorResult } from '../batch-api.ts';
import { bytesOf, isFailure, readFailure, readReply } from '../batch-reply.ts';
import { malformed } from '../failure.ts';
import { asArray, asCount, asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { UpstreamRequest } from '../provider.ts';
import { errorStatusOf } from './answer.ts';

export interface BatchBinding {
  vendor: string;
  origin: string;
  /** Path that `/v1/messages/batches` stands under. */
  path: string;
  /** Credentials and version, in flat form, with the content type. */
  headers: readonly string[];
}

const MEBIBYTE = 1024 * 1024;
const MESSAGES = '/v1/messages';
const PAGE = 100;

export function createBatchApi({ vendor, origin, path, headers }: BatchBinding): BatchApi {
  const ask = (method: UpstreamRequest['method'], below: string, body: Buffer[] | null = null) => ({
    origin,
    path: `${path}${MESSAGES}/batches${below}`,
    method,
    headers: [...headers],
    body,
  });
  const one = (id: string) => `/${encodeURIComponent(id)}`;

  return {
    isDefault: true,
    // "50% of the standard API prices": https://platform.claude.com/docs/en/build-with-claude/batch-processing, as known 2026-11-25.
    priceShare: 0.5,
    keepsMark: false,
    maxLines: 100_000,
    maxBytes: 256 * MEBIBYTE,
    endpointOf: (request) => (request.path === path + MESSAGES ? MESSAGES : null),
    toLine: (id, request) =>
      Buffer.concat([Buffer.from(`{"custom_id":"${id}","params":`), ...bytesOf(request), Buffer.from('}')]),
    upload: () => null,
    readUpload: () => malformed(vendor, 'a file nobody asked for'),
    create: ({ lines }) => ask('POST', '', toCreate(lines)),
    get: (id) => ask('GET', one(id)),
    cancel: (id) => ask('POST', `${one(id)}/cancel`),
    readBatch(reply) {
      const found = readReply(vendor, reply);
      if (isFailure(found)) return found;
      return toBatch(found) ?? malformed(vendor, 'a batch without `id` or `processing_status`');
    },
    list: (after) =>
      ask('GET', `?limit=${PAGE}${after === null ? '' : `&after_id=${encodeURIComponent(after)}`}`),
    readList(reply) {
      const found = readReply(vendor, reply);
      if (isFailure(found)) return found;
      const batches = asArray(found.data).flatMap((batch) => toBatch(asObject(batch) ?? {}) ?? []);
      const after = found.has_more === true ? (asString(found.last_id) ?? null) : null;
      return { kind: 'page', batches, after };
    },
    // Its `results_url` names the vendor's own host; the path below ours is the same, and passes a proxy.
    results: ({ id, resultFiles }) => resultFiles.map(() => ask('GET', `${one(id)}/results`)),
    readResult,
    readFailure: (reply) => readFailure(vendor, reply),
    remove: ({ id }) => [ask('DELETE', one(id))],
  };
}

function toCreate(lines: readonly Buffer[]): Buffer[] {
  const comma = Buffer.from(',');
  const listed = lines.flatMap((line, at) => (at === 0 ? [line] : [comma, line]));
  return [Buffer.from('{"requests":['), ...listed, Buffer.from(']}')];
}

function toBatch(found: JsonObject): VendorBatch | null {
  const id = asString(found.id);
  const status = asString(found.processing_status);
  if (id === undefined || status === undefined) return null;
  const counts = asObject(found.request_counts) ?? {};
  const count = (name: string) => asCount(counts[name]) ?? 0;
  const ended = status === 'ended';
  const failed = count('errored') + count('canceled') + count('expired');
  return {
    kind: 'batch',
    id,
    status,
    state: ended ? 'ended' : 'working',
    mark: null,
    createdAt: Date.parse(asString(found.created_at) ?? '') || 0,
    total: count('processing') + count('succeeded') + failed,
    completed: count('succeeded'),
    failed,
    // Results are gone once it is archived, 29 days after it was made.
    resultFiles: ended && found.results_url ? ['results'] : [],
    inputFile: null,
  };
}

function readResult(line: Buffer): VendorResult | null {
  const found = readObject(line);
  const id = asString(found?.custom_id);
  const result = asObject(found?.result);
  if (id === undefined || !result) return null;
  if (result.type === 'succeeded')
    return { kind: 'answer', id, status: 200, body: Buffer.from(JSON.stringify(result.message)) };
  if (result.type !== 'errored') return { kind: 'undone', id };
  const body = asObject(result.error) ?? {};
  return { kind: 'answer', id, status: errorStatusOf(body), body: Buffer.from(JSON.stringify(body)) };
}
