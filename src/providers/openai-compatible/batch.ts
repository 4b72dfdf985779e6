/**
 * The batch API of the OpenAI wire: a file of lines, a batch of it, a file of results
 * (https://platform.openai.com/docs/api-reference/batch; shapes as typed by the `openai` package 6, read 2026-11-25).
 */
import type { BatchApi, NewVendorBatch, VendorBatch, VendorBatchPage, VendorResult } from '../batch-api.ts';
import { bytesOf, isFailure, readFailure, readReply } from '../batch-reply.ts';
import { malformed } from '../failure.ts';
import { asArray, asCount, asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { Failure, UpstreamRequest } from '../provider.ts';

/** What differs between vendors of this API. */
export interface BatchPreset {
  /** Default true. @see BatchApi.isDefault */
  isDefault?: boolean;
  priceShare: number;
  /** Below the base URL. Default none: `/files`, `/batches`. */
  prefix?: string;
  /** Endpoints that its batches may call. */
  endpoints: readonly string[];
  /** Where the vendor says so, and the date that was known. */
  source: string;
  asOf: string;
}

export interface BatchBinding {
  vendor: string;
  origin: string;
  /** Path that `/files` and `/batches` stand under. */
  path: string;
  /** Credentials, in flat form. */
  headers: readonly string[];
  preset: BatchPreset;
}

const MEBIBYTE = 1024 * 1024;
const MARK = 'trimtab';
const PAGE = 100;
/** No batch holds it twice: a line of JSON has no raw line break, so none can look like a boundary. */
const BOUNDARY = 'trimtab-0f5b2e7c9a4d41f8';
const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

export function createBatchApi(binding: BatchBinding): BatchApi {
  const { vendor, origin, path, preset } = binding;
  const ask = (method: UpstreamRequest['method'], below: string, body: Buffer[] | null = null) => ({
    origin,
    path: path + below,
    method,
    headers: [...binding.headers],
    body,
  });

  return {
    isDefault: preset.isDefault ?? true,
    priceShare: preset.priceShare,
    keepsMark: true,
    maxLines: 50_000,
    maxBytes: 200 * MEBIBYTE,
    endpointOf: (request) => preset.endpoints.find((endpoint) => isOf(request.path, endpoint)) ?? null,
    toLine(id, request) {
      const endpoint = preset.endpoints.find((known) => isOf(request.path, known)) ?? '';
      return oneLine([
        Buffer.from(`{"custom_id":"${id}","method":"POST","url":"${endpoint}","body":`),
        ...bytesOf(request),
        Buffer.from('}'),
      ]);
    },
    upload(name, lines) {
      const request = ask('POST', '/files', toForm(name, lines));
      return { ...request, headers: [...request.headers, 'content-type', FORM] };
    },
    readUpload(reply) {
      const file = readReply(vendor, reply);
      if (isFailure(file)) return file;
      const id = asString(file.id);
      return id === undefined ? malformed(vendor, 'a file without an `id`') : { kind: 'file', id };
    },
    create(batch) {
      const request = ask('POST', '/batches', [Buffer.from(JSON.stringify(toCreate(batch)))]);
      return { ...request, headers: [...request.headers, 'content-type', 'application/json'] };
    },
    get: (id) => ask('GET', `/batches/${encodeURIComponent(id)}`),
    cancel: (id) => ask('POST', `/batches/${encodeURIComponent(id)}/cancel`),
    readBatch(reply) {
      const found = readReply(vendor, reply);
      if (isFailure(found)) return found;
      return toBatch(found) ?? malformed(vendor, 'a batch without `id` or `status`');
    },
    list: (after) =>
      ask('GET', `/batches?limit=${PAGE}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`),
    readList: (reply) => toPage(readReply(vendor, reply)),
    results: ({ resultFiles }) =>
      resultFiles.map((id) => ask('GET', `/files/${encodeURIComponent(id)}/content`)),
    readResult,
    readFailure: (reply) => readFailure(vendor, reply),
    remove: ({ inputFile, resultFiles }) =>
      [...(inputFile === null ? [] : [inputFile]), ...resultFiles].map((id) =>
        ask('DELETE', `/files/${encodeURIComponent(id)}`),
      ),
  };
}

const FORM = `multipart/form-data; boundary=${BOUNDARY}`;

function toForm(name: string, lines: readonly Buffer[]): Buffer[] {
  const part = (disposition: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; ${disposition}\r\n`;
  const newline = Buffer.from('\n');
  return [
    Buffer.from(`${part('name="purpose"')}\r\nbatch\r\n`),
    Buffer.from(
      `${part(`name="file"; filename="${name}.jsonl"`)}content-type: application/octet-stream\r\n\r\n`,
    ),
    ...lines.flatMap((line) => [line, newline]),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ];
}

function toCreate({ endpoint, fileId, mark }: NewVendorBatch): JsonObject {
  return { input_file_id: fileId, endpoint, completion_window: '24h', metadata: { [MARK]: mark } };
}

function toBatch(found: JsonObject): VendorBatch | null {
  const id = asString(found.id);
  const status = asString(found.status);
  if (id === undefined || status === undefined) return null;
  const counts = asObject(found.request_counts) ?? {};
  const total = asCount(counts.total) ?? 0;
  return {
    kind: 'batch',
    id,
    status,
    state: ENDED.has(status) ? 'ended' : 'working',
    mark: asString(asObject(found.metadata)?.[MARK]) ?? null,
    createdAt: (asCount(found.created_at) ?? 0) * 1000,
    // Until the file is validated it counts none.
    total: total === 0 ? null : total,
    completed: asCount(counts.completed) ?? 0,
    failed: asCount(counts.failed) ?? 0,
    resultFiles: [asString(found.output_file_id), asString(found.error_file_id)].filter(
      (file) => file !== undefined && file !== '',
    ) as string[],
    inputFile: asString(found.input_file_id) ?? null,
  };
}

function toPage(found: JsonObject | Failure): VendorBatchPage | Failure {
  if (isFailure(found)) return found;
  const batches = asArray(found.data).flatMap((one) => toBatch(asObject(one) ?? {}) ?? []);
  const after = found.has_more === true ? (batches.at(-1)?.id ?? null) : null;
  return { kind: 'page', batches, after };
}

/** A line of the output file or of the error file. */
function readResult(line: Buffer): VendorResult | null {
  const found = readObject(line);
  const id = asString(found?.custom_id);
  if (!found || id === undefined) return null;
  const response = asObject(found.response);
  const status = asCount(response?.status_code);
  // A line that was never called has no response, and an error that says so: `batch_expired`, `batch_cancelled`.
  if (!response || status === undefined) return { kind: 'undone', id };
  return { kind: 'answer', id, status, body: Buffer.from(JSON.stringify(response.body ?? null)) };
}

/** `/openai/deployments/x/chat/completions?api-version=1` is of `/v1/chat/completions`. */
function isOf(path: string, endpoint: string): boolean {
  const [bare = ''] = path.split('?', 1);
  return bare.endsWith(endpoint.replace('/v1', ''));
}

/** JSON may hold line breaks between its members; a line may not. */
function oneLine(parts: Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  if (!bytes.includes('\n') && !bytes.includes('\r')) return bytes;
  return Buffer.from(bytes.toString().replace(/[\r\n]+/g, ' '));
}
