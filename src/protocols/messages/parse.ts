/** The messages protocol (https://platform.claude.com/docs/en/api/messages, as known 2026-11-23): an app's bytes to a {@link ParsedRequest}. */
import {
  type IncomingHeaders,
  invalidField,
  isObject,
  kindOf,
  ParsedRequest,
  parseObject,
  pickHeaders,
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
  checkMessages(body.messages);
  return new ParsedRequest({
    protocol: 'messages',
    model,
    stream: !counting && readStream(body.stream),
    // Every answer and every stream of this protocol says what it used.
    wantsUsage: true,
    counting,
    bytes,
    body,
    headers: pickHeaders(headers),
    members: tabulateMembers(bytes),
  });
}

function checkMessages(messages: unknown): void {
  if (messages === undefined)
    throw invalidField('messages', '`messages` is missing: send a list of messages.');
  if (!Array.isArray(messages))
    throw invalidField('messages', `\`messages\` must be a list of messages, not ${kindOf(messages)}.`);
  if (messages.length === 0) throw invalidField('messages', '`messages` must hold at least one message.');
  for (const [i, message] of messages.entries()) {
    const field = `messages[${i}]`;
    if (!isObject(message))
      throw invalidField(field, `\`${field}\` must be an object, not ${kindOf(message)}.`);
    if (typeof message.role !== 'string')
      throw invalidField(`${field}.role`, `\`${field}.role\` must be a text, not ${kindOf(message.role)}.`);
    if (typeof message.content !== 'string' && !Array.isArray(message.content)) {
      const at = `${field}.content`;
      throw invalidField(at, `\`${at}\` must be a text or a list of blocks, not ${kindOf(message.content)}.`);
    }
  }
}

/** `null` counts as absent. */
function readStream(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean')
    throw invalidField('stream', `\`stream\` must be true or false, not ${kindOf(value)}.`);
  return value;
}
