/** What both wires of batch APIs share: bodies of lines, and answers that are a JSON object or an error. */
import type { BatchReply } from './batch-api.ts';
import { malformed, toFailure } from './failure.ts';
import { asObject, asString, type JsonObject, readObject } from './json.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { Failure } from './vendor-failure.ts';

export function readReply(vendor: string, reply: BatchReply): JsonObject | Failure {
  if (reply.status >= 300) return readFailure(vendor, reply);
  return readObject(reply.body) ?? malformed(vendor, 'an answer that is not a JSON object');
}

export function readFailure(vendor: string, { status, headers, body }: BatchReply): Failure {
  const error = asObject(readObject(body)?.error);
  const code = asString(error?.code) ?? asString(error?.type) ?? null;
  return toFailure({ vendor, status, code, headers, body: null });
}

export function isFailure(found: JsonObject | Failure): found is Failure {
  return found.kind === 'failure' && found.error instanceof Error;
}

/** The bytes of a request built for a live call, which never streams them. */
export function bytesOf({ body }: UpstreamRequest): Buffer[] {
  return Buffer.isBuffer(body) ? [body] : Array.isArray(body) ? body : [];
}
