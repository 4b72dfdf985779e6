/** The meaning of a vendor's errors: by status and body, as for every provider; the package's own errors are not used. */
import { malformed, toFailure } from '../failure.ts';
import { asArray, asCount, asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { Failure, HeaderLookup } from '../provider.ts';

export interface Reading {
  vendor: string;
  /** Strings that must not reach the client, whatever the vendor echoes. */
  secrets: () => readonly string[];
}

/** An answer of a status that is no success. */
export function readErrorAnswer(
  { vendor, secrets }: Reading,
  found: { status: number; headers: HeaderLookup; body: Buffer },
): Failure {
  const text = found.body.toString();
  // One vendor puts its error into a list.
  const message = readObject(text) ?? asObject(asArray(readObject(`{"list":${text || 'null'}}`)?.list)[0]);
  const error = asObject(message?.error) ?? message;
  const said = asString(error?.message) ?? asString(error?.Message);
  const code =
    asString(error?.status) ??
    asString(error?.type) ??
    found.headers('x-amzn-errortype')?.split(':')[0] ??
    null;
  const leaks = said === undefined || secrets().some((secret) => text.includes(secret));
  const status = found.status;
  return toFailure({ vendor, status, code, headers: found.headers, body: leaks ? null : toBody(said, code) });
}

function toBody(message: string, code: string | null): Buffer {
  const error = { message, type: 'invalid_request_error', param: null, code };
  return Buffer.from(JSON.stringify({ error }));
}

/** Exceptions within a stream (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ResponseStream.html). */
const EXCEPTION_STATUS: Readonly<Record<string, number>> = {
  internalServerException: 500,
  modelStreamErrorException: 424,
  serviceUnavailableException: 503,
  throttlingException: 429,
  validationException: 400,
};

/** Gemini answers a prompt that it blocks with the reason, and with no candidate. */
export function isBlocked(value: unknown): boolean {
  return asString(asObject(asObject(value)?.promptFeedback)?.blockReason) !== undefined;
}

/** The error an event or a whole answer of status 200 carries; `null`: it carries none. */
export function readErrorEvent({ vendor }: Reading, value: unknown): Failure | null {
  const event = asObject(value);
  if (!event) return null;
  for (const [name, status] of Object.entries(EXCEPTION_STATUS)) {
    if (Object.hasOwn(event, name)) return eventFailure(vendor, status === 424 ? 502 : status, name);
  }
  const error = asObject(event.error);
  if (!error) return event.type === 'error' ? eventFailure(vendor, 502, null) : null;
  const code = asCount(error.code) ?? 502;
  return eventFailure(vendor, code >= 400 && code < 600 ? code : 502, statusOf(error));
}

function statusOf(error: JsonObject): string | null {
  return asString(error.status) ?? asString(error.type) ?? null;
}

function eventFailure(vendor: string, status: number, code: string | null): Failure {
  return toFailure({ vendor, status, code, headers: () => undefined, body: null });
}

/** What a package throws over bytes that are not its vendor's protocol. */
export function malformedAnswer({ vendor }: Reading): Failure {
  return malformed(vendor, 'an answer that is not its protocol');
}
