/** Usage in answers that pass as they come: only their end is kept. */
import { asObject, readObject } from '../../providers/json.ts';

/** Vendors write `usage` last, or before members that are short. */
const KEPT_BYTES = 16 * 1024;
const MEMBER = '"usage"';
const MAX_TRIES = 8;

/** The last bytes of an answer. */
export class Tail {
  #bytes: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const end = chunk.length >= KEPT_BYTES ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#bytes = end.length > KEPT_BYTES ? Buffer.from(end.subarray(-KEPT_BYTES)) : end;
  }

  text(): string {
    return this.#bytes.toString();
  }
}

/**
 * The `usage` member of an answer or, of events, of the last that has one; `undefined`: none stands in what was kept. From the
 * member on, the text of its object must parse with one brace before it: so neither a member of the same name further in
 * nor a text that holds the word is taken for it.
 */
export function readTail(tail: Tail): Record<string, unknown> | undefined {
  const text = tail.text();
  let at = text.length;
  for (let tries = 0; tries < MAX_TRIES && at > 0; tries++) {
    at = text.lastIndexOf(MEMBER, at - 1);
    if (at < 0) return undefined;
    const lineEnd = text.indexOf('\n\n', at);
    const usage = asObject(readObject(`{${text.slice(at, lineEnd < 0 ? undefined : lineEnd)}`)?.usage);
    if (usage) return usage;
  }
  return undefined;
}

/** Details that count tokens of another kind than text. */
const OTHER = /^(audio|image|video)_tokens$/;

/** Whether any of a usage's tokens are not text, as far as it says. */
export function hasOtherTokens(usage: Record<string, unknown>): boolean {
  return Object.entries(usage).some(([name, value]) => {
    if (OTHER.test(name)) return typeof value === 'number' && value > 0;
    const details = asObject(value);
    return details !== undefined && hasOtherTokens(details);
  });
}
