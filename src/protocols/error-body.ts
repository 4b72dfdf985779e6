/** Errors in the OpenAI shape, which chat, embeddings and `/v1/models` share. */
import { TrimtabError } from '../core/error.ts';

/** `{"error": {message, type, param, code, advice}}`. */
export function encodeError(error: TrimtabError): Buffer {
  return Buffer.from(JSON.stringify({ error: errorMembers(error) }));
}

/** The same as the last event of a broken stream. No `[DONE]` follows: a client must not take it for a clean end. */
export function encodeErrorEvent(error: TrimtabError): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ error: errorMembers(error) })}\n\n`);
}

/** Anything thrown, as an error of the catalogue. What is not ours says nothing of its insides to a caller. */
export function toTrimtabError(thrown: unknown): TrimtabError {
  if (thrown instanceof TrimtabError) return thrown;
  return new TrimtabError('internal', 'Trimtab failed on this request.', { cause: thrown });
}

function errorMembers(error: TrimtabError): Record<string, string | null> {
  return {
    message: error.message,
    type: error.type,
    param: error.field ?? null,
    code: error.code,
    advice: error.advice,
  };
}
