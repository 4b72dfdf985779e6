/** The messages protocol (https://platform.claude.com/docs/en/api/messages, as known 2026-11-23): an app's bytes to a {@link ParsedRequest}. */
import {
  checkMessages,
  type IncomingHeaders,
  invalidField,
  kindOf,
  ParsedRequest,
  parseObject,
  pickHeaders,
  readFlag,
  readModel,
  tabulateMembers,
} from '../request.ts';

/** Throws TrimtabError(invalid_json | invalid_request) naming the field. Unknown members are kept. */
export function parseMessages(bytes: Buffer, headers: IncomingHeaders): ParsedRequest {
  return parse(bytes, headers, false);
}

/** The same of a request that only asks how many tokens it has. */
export function parseCount(bytes: Buffer, headers: IncomingHeaders): ParsedRequest {
  return parse(bytes, headers, true);
}

function parse(bytes: Buffer, headers: IncomingHeaders, counting: boolean): ParsedRequest {
  const body = parseObject(bytes);
  const model = readModel(body);
  checkMessages(body.messages, checkContent);
  return new ParsedRequest({
    protocol: 'messages',
    model,
    stream: !counting && readFlag(body.stream, 'stream'),
    // Every answer and every stream of this protocol says what it used.
    wantsUsage: true,
    counting,
    bytes,
    body,
    headers: pickHeaders(headers),
    members: tabulateMembers(bytes),
  });
}

function checkContent(message: Record<string, unknown>, field: string): void {
  const { content } = message;
  if (typeof content === 'string' || Array.isArray(content)) return;
  const at = `${field}.content`;
  throw invalidField(at, `\`${at}\` must be a text or a list of blocks, not ${kindOf(content)}.`);
}
