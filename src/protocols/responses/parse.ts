/** The Responses protocol: an app's bytes to a {@link ParsedRequest}. */
import { TrimtabError } from '../../core/error.ts';
import {
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
} from '../request.ts';

/** What no deployment can do through us, and why. A value that is absent, `null` or `false` asks for nothing. */
const REFUSED: Readonly<Record<string, string>> = {
  background: 'an answer made in the background could be neither recorded nor billed; call without it',
  conversation:
    'conversations are kept by a vendor, and a route may lead to another one; send them in `input`',
  previous_response_id: 'no response of this id is kept here for this key; send the earlier items in `input`',
};

/**
 * Throws TrimtabError(invalid_json | invalid_request | unsupported_parameter) naming the field. Unknown members are
 * kept: a vendor of this protocol reads them, the translation refuses them by name.
 */
export function parseResponses(bytes: Buffer, headers: IncomingHeaders): ParsedRequest {
  const body = parseObject(bytes);
  const model = readModel(body);
  for (const [field, reason] of Object.entries(REFUSED)) {
    const value = body[field];
    if (value === undefined || value === null || value === false) continue;
    throw new TrimtabError('unsupported_parameter', `\`${field}\` is not supported: ${reason}.`, { field });
  }
  checkInput(body.input, body.prompt);
  const stream = readFlag(body.stream, 'stream');
  return new ParsedRequest({
    protocol: 'responses',
    model,
    stream,
    // Usage is part of the last event of every stream.
    wantsUsage: true,
    bytes,
    body,
    headers: pickHeaders(headers),
    members: tabulateMembers(bytes),
  });
}

function checkInput(input: unknown, prompt: unknown): void {
  if (input === undefined || input === null) {
    if (isObject(prompt)) return;
    throw invalidField('input', '`input` is missing: send a text or a list of items.');
  }
  if (typeof input === 'string') return;
  if (!Array.isArray(input))
    throw invalidField('input', `\`input\` must be a text or a list of items, not ${kindOf(input)}.`);
  if (input.length === 0) throw invalidField('input', '`input` must hold at least one item.');
  for (const [i, item] of input.entries()) {
    if (!isObject(item))
      throw invalidField(`input[${i}]`, `\`input[${i}]\` must be an object, not ${kindOf(item)}.`);
  }
}
