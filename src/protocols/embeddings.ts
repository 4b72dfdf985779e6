/** The embeddings protocol: an app's bytes to a {@link ParsedRequest}. */
import {
  type IncomingHeaders,
  invalidField,
  kindOf,
  ParsedRequest,
  parseObject,
  pickHeaders,
  readModel,
  tabulateMembers,
} from './request.ts';

/** Throws TrimtabError(invalid_json | invalid_request) naming the field. Unknown members are kept. */
export function parseEmbeddings(bytes: Buffer, headers: IncomingHeaders): ParsedRequest {
  const body = parseObject(bytes);
  const model = readModel(body);
  const { input } = body;
  if (input === undefined) throw invalidField('input', '`input` is missing: send a text or a list of texts.');
  if (typeof input !== 'string' && !Array.isArray(input)) {
    throw invalidField('input', `\`input\` must be a text or a list, not ${kindOf(input)}.`);
  }
  if (input.length === 0) throw invalidField('input', '`input` must not be empty.');
  return new ParsedRequest({
    protocol: 'embeddings',
    model,
    stream: false,
    wantsUsage: false,
    bytes,
    body,
    headers: pickHeaders(headers),
    members: tabulateMembers(bytes),
  });
}
