/** The chat completions protocol: an app's bytes to an {@link ParsedRequest}. We check what we act on; the rest is the vendor's. */
import {
  checkMessages,
  type IncomingHeaders,
  invalidField,
  isObject,
  kindOf,
  ParsedRequest,
  parseObject,
  pickHeaders,
  readFlag,
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

function readIncludeUsage(options: unknown): boolean {
  if (options === undefined || options === null) return false;
  if (!isObject(options)) {
    throw invalidField('stream_options', `\`stream_options\` must be an object, not ${kindOf(options)}.`);
  }
  return readFlag(options.include_usage, 'stream_options.include_usage');
}
