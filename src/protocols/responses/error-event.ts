/** The last event of a Responses stream that broke. */
import type { TrimtabError } from '../../core/error.ts';
import { encodeSse } from '../../core/sse.ts';
import { encodeError } from '../error-body.ts';

/**
 * The API's `error` event. Its members stand twice: flat, as the reference has them, and below `error`, as the API sends
 * them and its SDKs look for them (openai 6 throws only then). No `response.completed` follows.
 *
 * `sent`: the events sent before it, or the last of them; the numbering goes on from there.
 */
export function encodeErrorEvent(
  error: TrimtabError,
  redact: (text: string) => string,
  sent: Buffer | null = null,
): Buffer {
  const body = JSON.parse(encodeError(error, redact).toString()) as { error: Record<string, string | null> };
  const { message, code, param } = body.error;
  const event = { type: 'error', sequence_number: nextNumber(sent), code, message, param, error: body.error };
  return Buffer.from(encodeSse({ event: 'error', data: JSON.stringify(event) }));
}

/** An app's own text cannot look like the member: its quotes are escaped. */
function nextNumber(sent: Buffer | null): number {
  const numbers = [...(sent?.toString('latin1') ?? '').matchAll(/"sequence_number": ?(\d+)/g)];
  const last = numbers.at(-1)?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}
