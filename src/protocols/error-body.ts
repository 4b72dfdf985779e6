/** Errors in the OpenAI shape, which chat, embeddings and `/v1/models` share. */
import { TrimtabError } from '../core/error.ts';

/** Removes secrets from a text. */
type Redact = (text: string) => string;

/** `{"error": {message, type, param, code, advice}}`. A message may quote foreign text, so it never goes out unredacted. */
export function encodeError(error: TrimtabError, redact: Redact): Buffer {
  return Buffer.from(JSON.stringify(toErrorBody(error, redact)));
}

/** The same before it is bytes. */
export function toErrorBody(error: TrimtabError, redact: Redact): { error: Record<string, string | null> } {
  return { error: errorMembers(error, redact) };
}

/** The same as the last event of a broken stream. No `[DONE]` follows: a client must not take it for a clean end. */
export function encodeErrorEvent(error: TrimtabError, redact: Redact): Buffer {
  return Buffer.from(`data: ${JSON.stringify(toErrorBody(error, redact))}\n\n`);
}

/** A vendor's error body in that shape, its message redacted; the same bytes when there was nothing to remove. */
export function redactErrorBody(body: Buffer, redact: Redact): Buffer {
  const text = body.toString();
  const parsed = JSON.parse(text) as { error?: { message?: unknown } };
  const message = parsed.error?.message;
  if (typeof message !== 'string' || redact(message) === message) return body;
  return Buffer.from(JSON.stringify({ ...parsed, error: { ...parsed.error, message: redact(message) } }));
}

/** Anything thrown, as an error of the catalogue. What is not ours says nothing of its insides to a caller. */
export function toTrimtabError(thrown: unknown): TrimtabError {
  if (thrown instanceof TrimtabError) return thrown;
  return new TrimtabError('internal', 'Trimtab failed on this request.', { cause: thrown });
}

function errorMembers(error: TrimtabError, redact: Redact): Record<string, string | null> {
  return {
    message: redact(error.message),
    type: error.type,
    param: error.field ?? null,
    code: error.code,
    advice: error.advice,
  };
}
