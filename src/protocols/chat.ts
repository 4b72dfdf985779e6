/** The chat completions protocol: an app's bytes to an {@link ParsedRequest}. We check what we act on; the rest is the vendor's. */
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
} from './request.ts';

/** Throws TrimtabError(invalid_json | invalid_request) naming the field. Unknown members are kept. */
export function parseChat(bytes: Buffer, headers: IncomingHeaders): ParsedRequest {
  const body = parseObject(bytes);
  const model = readModel(body);
  checkMessages(body.messages);
  const stream = readFlag(body.stream, 'stream');
  return new ParsedRequest({
    protocol: 'chat',
    model,
    stream,
    wantsUsage: readIncludeUsage(body.stream_options),
    bytes,
    body,
    headers: pickHeaders(headers),
    members: tabulateMembers(bytes),
  });
}

function checkMessages(messages: unknown): void {
  if (messages === undefined)
    throw invalidField('messages', '`messages` is missing: send a list of messages.');
  if (!Array.isArray(messages)) {
    throw invalidField('messages', `\`messages\` must be a list of messages, not ${kindOf(messages)}.`);
  }
  if (messages.length === 0) throw invalidField('messages', '`messages` must hold at least one message.');
  for (let i = 0; i < messages.length; i++) {
    const message: unknown = messages[i];
    const field = `messages[${i}]`;
    if (!isObject(message))
      throw invalidField(field, `\`${field}\` must be an object, not ${kindOf(message)}.`);
    if (typeof message.role !== 'string') {
      throw invalidField(`${field}.role`, `\`${field}.role\` must be a text, not ${kindOf(message.role)}.`);
    }
  }
}

/** `null` counts as absent, as vendors take it. */
function readFlag(value: unknown, field: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean')
    throw invalidField(field, `\`${field}\` must be true or false, not ${kindOf(value)}.`);
  return value;
}

function readIncludeUsage(options: unknown): boolean {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) {
    throw invalidField('stream_options', `\`stream_options\` must be an object, not ${kindOf(options)}.`);
  }
  return readFlag(options.include_usage, 'stream_options.include_usage');
}
