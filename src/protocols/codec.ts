/** What the gateway needs of an app protocol besides its exchanges: how to read a request, and how errors look in it. */
import type { TrimtabError } from '../core/error.ts';
import type { IncomingHeaders, ParsedRequest } from './request.ts';

/** Removes secrets from a text. */
export type Redact = (text: string) => string;

export interface ProtocolCodec {
  /** Throws TrimtabError(invalid_json | invalid_request) naming the field. Unknown members are kept. */
  parse(bytes: Buffer, headers: IncomingHeaders): ParsedRequest;
  /** What may name the app's user, in order of preference. */
  usersOf(body: Readonly<Record<string, unknown>>): readonly unknown[];
  /** The object whose texts become tags. */
  tagsOf(body: Readonly<Record<string, unknown>>): unknown;
  /** An error as a whole answer. A message may quote foreign text, so it never goes out unredacted. */
  encodeError(error: TrimtabError, redact: Redact): Buffer;
  /**
   * The same as the last event of a broken stream: a client must not take it for a clean end. `sent`: the events that
   * went out before, or the last of them, for protocols that number their events.
   */
  encodeErrorEvent(error: TrimtabError, redact: Redact, sent?: Buffer | null): Buffer;
  /** A vendor's error body, already in this protocol, with its message redacted. */
  redactErrorBody(body: Buffer, redact: Redact): Buffer;
}
