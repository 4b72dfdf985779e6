import type { Protocol } from '../../core/protocol.ts';
import { completeUsage, estimateOutput } from '../estimate.ts';
import { malformed, toFailure } from '../failure.ts';
import { asArray, asCount, asObject, asString, isObject, type JsonObject, readObject } from '../json.ts';
import type { Answer, AppRequest, Failure, HeaderLookup } from '../provider.ts';
import { readUsage } from './usage.ts';

/** What reading needs to know of the instance. */
export interface Reading {
  vendor: string;
  request: AppRequest;
  /** Strings that must not reach the client, whatever the vendor echoes. */
  secrets: readonly string[];
}

/** Reads a complete answer of any status. The bytes of a good answer go on as they came. */
export function readAnswer(
  reading: Reading,
  answer: { status: number; body: Buffer; headers: HeaderLookup },
): Answer | Failure {
  const { status, body, headers } = answer;
  const message = readObject(body);
  if (status < 200 || status >= 300) return readError(reading, { status, headers, message, bytes: body });
  if (!message) return malformed(reading.vendor, 'an answer that is not a JSON object');
  if (isError(message)) {
    return readError(reading, { status: errorStatus(message), headers, message, bytes: body });
  }
  const { protocol } = reading.request;
  if (!hasResult(message, protocol))
    return malformed(reading.vendor, `an answer without ${resultOf(protocol)}`);
  return {
    kind: 'answer',
    body,
    usage: completeUsage(reading.request, readUsage(message) ?? {}, () =>
      protocol === 'embeddings' ? 0 : estimateOutput(message),
    ),
    finishReason: asString(asObject(asArray(message.choices)[0])?.finish_reason) ?? null,
  };
}

/** Whether a 200 or an event carries an error instead of a result. */
export function isError(message: JsonObject): boolean {
  return (
    isObject(message.error) ||
    (message.error !== '' && typeof message.error === 'string') ||
    message.object === 'error'
  );
}

/** The meaning of an error body or event; `status` 200 stands for an error inside a good answer. */
export function readError(
  reading: Reading,
  found: { status: number; headers: HeaderLookup; message: JsonObject | undefined; bytes: Buffer | null },
): Failure {
  const error = asObject(found.message?.error);
  const code = asString(error?.code) ?? asString(error?.type) ?? asString(found.message?.type) ?? null;
  const text = found.bytes?.toString() ?? '';
  const leaks = reading.secrets.some((secret) => text.includes(secret));
  return toFailure({
    vendor: reading.vendor,
    status: found.status,
    code,
    headers: found.headers,
    body: leaks || !found.message ? null : toErrorBody(found.message, found.bytes),
  });
}

/** Status that an error inside a 200 stands for: its own numeric code when it is one, else 502. */
export function errorStatus(message: JsonObject): number {
  const error = asObject(message.error);
  const code = asCount(error?.code) ?? asCount(error?.status) ?? asCount(message.code) ?? 502;
  return code >= 400 && code < 600 ? code : 502;
}

/** The vendor's error in the protocol's shape: its own bytes when they have it, else its message put into it. */
function toErrorBody(message: JsonObject, bytes: Buffer | null): Buffer | null {
  if (asString(asObject(message.error)?.message) !== undefined) return bytes;
  const said = message.error ?? message.message ?? message.detail;
  if (said === undefined || said === null) return null;
  const error = {
    message: typeof said === 'string' ? said : JSON.stringify(said),
    type: 'invalid_request_error',
    param: null,
    code: asString(message.error_type) ?? asString(message.type) ?? null,
  };
  return Buffer.from(JSON.stringify({ error }));
}

function hasResult(message: JsonObject, protocol: Protocol): boolean {
  return Array.isArray(protocol === 'chat' ? message.choices : message.data);
}

function resultOf(protocol: Protocol): string {
  return protocol === 'chat' ? '`choices`' : '`data`';
}
