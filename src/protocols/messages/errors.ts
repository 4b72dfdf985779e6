/** Errors in the shape of the messages protocol (https://platform.claude.com/docs/en/api/errors, as known 2026-11-23). */
import type { TrimtabError } from '../../core/error.ts';
import { encodeSse } from '../../core/sse.ts';
import { asObject, asString, readObject } from '../../providers/json.ts';
import type { Redact } from '../codec.ts';

/** `{"type": "error", "error": {type, message, code, param, advice}}`: the last three are ours. */
export function encodeMessagesError(error: TrimtabError, redact: Redact): Buffer {
  return Buffer.from(toText(error, redact));
}

/** The same as the last event of a broken stream; no `message_stop` follows. */
export function encodeMessagesErrorEvent(error: TrimtabError, redact: Redact): Buffer {
  return Buffer.from(encodeSse({ event: 'error', data: toText(error, redact) }));
}

/** A chat vendor's error body in this shape; `null` when it says nothing. */
export function fromChatError(body: Buffer, status: number): Buffer | null {
  const error = asObject(readObject(body)?.error);
  const message = asString(error?.message);
  if (message === undefined) return null;
  const type = typeOf(status, 'invalid_request_error');
  const code = asString(error?.code) ?? null;
  const param = asString(error?.param) ?? null;
  return Buffer.from(
    JSON.stringify({ type: 'error', error: { type, message, code, param }, request_id: null }),
  );
}

function toText(error: TrimtabError, redact: Redact): string {
  const { code, advice } = error;
  const members = {
    type: typeOf(error.status, error.type),
    message: redact(error.message),
    code,
    param: error.field ?? null,
    advice,
  };
  return JSON.stringify({ type: 'error', error: members, request_id: null });
}

/** Two statuses have types of their own in this protocol. */
function typeOf(status: number, type: string): string {
  if (status === 404) return 'not_found_error';
  return status === 413 ? 'request_too_large' : type;
}
