import { TrimtabError } from '../core/error.ts';
import type { Protocol } from '../core/protocol.ts';
import type { AppRequest } from '../providers/provider.ts';
import { MemberTable, type Span } from './json-span.ts';

/** App request headers that reach a provider; every other header stays here. Lower case. */
const PROVIDER_HEADERS = ['openai-beta', 'anthropic-beta', 'anthropic-version', 'idempotency-key'] as const;
/** Members whose second copy would let the vendor read another value than we did. */
const SINGLE_MEMBERS = ['model', 'stream', 'stream_options'] as const;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

export type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** An app's request, parsed once. {@link forModel} gives it to an attempt. */
export class ParsedRequest implements AppRequest {
  readonly protocol: Protocol;
  readonly model: string;
  readonly stream: boolean;
  readonly wantsUsage: boolean;
  readonly counting: boolean;
  readonly bytes: Buffer;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
  readonly #members: MemberTable;

  constructor(fields: ParsedFields) {
    this.protocol = fields.protocol;
    this.model = fields.model;
    this.stream = fields.stream;
    this.wantsUsage = fields.wantsUsage;
    this.counting = fields.counting ?? false;
    this.bytes = fields.bytes;
    this.body = fields.body;
    this.headers = fields.headers;
    this.#members = fields.members;
  }

  span(member: string): Span | undefined {
    return this.#members.span(member);
  }

  /** The same request, asking for a vendor's model. */
  forModel(model: string): ParsedRequest {
    return new ParsedRequest({
      protocol: this.protocol,
      model,
      stream: this.stream,
      wantsUsage: this.wantsUsage,
      counting: this.counting,
      bytes: this.bytes,
      body: this.body,
      headers: this.headers,
      members: this.#members,
    });
  }
}

export interface ParsedFields {
  protocol: Protocol;
  model: string;
  stream: boolean;
  wantsUsage: boolean;
  /** Default false. */
  counting?: boolean;
  bytes: Buffer;
  body: Record<string, unknown>;
  headers: Readonly<Record<string, string>>;
  members: MemberTable;
}

/** Parses a body that must be a JSON object. Throws TrimtabError(invalid_json | invalid_request). */
export function parseObject(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0)
    throw new TrimtabError('invalid_json', 'The request has no body; send a JSON object.');
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString());
  } catch (error) {
    const reason = error instanceof SyntaxError ? shortReason(error.message) : 'it cannot be read';
    throw new TrimtabError('invalid_json', `The body is not valid JSON: ${reason}.`);
  }
  if (!isObject(body)) {
    throw new TrimtabError('invalid_request', `The body must be a JSON object, not ${kindOf(body)}.`);
  }
  return body;
}

/** The member table of a parsed body. Throws invalid_request when a member that steers the call stands twice. */
export function tabulateMembers(bytes: Buffer): MemberTable {
  const members = new MemberTable(bytes);
  for (const name of SINGLE_MEMBERS) {
    if (members.count(name) > 1)
      throw invalidField(name, `\`${name}\` stands more than once in the body; send it once.`);
  }
  return members;
}

/** The `model` member. Throws invalid_request naming it. */
export function readModel(body: Record<string, unknown>): string {
  const { model } = body;
  if (model === undefined) {
    throw invalidField('model', '`model` is missing: name a task, `provider/model`, or a vendor model.');
  }
  if (typeof model !== 'string' || model === '') {
    throw invalidField('model', `\`model\` must be a text that is not empty, not ${kindOf(model)}.`);
  }
  return model;
}

/** The headers a provider may need. */
export function pickHeaders(headers: IncomingHeaders): Readonly<Record<string, string>> {
  let picked: Record<string, string> | undefined;
  for (const name of PROVIDER_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    picked ??= {};
    picked[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return picked ?? NO_HEADERS;
}

export function invalidField(field: string, message: string): TrimtabError {
  return new TrimtabError('invalid_request', message, { field });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a JSON value is, in words for a message; never the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value === undefined) return 'nothing';
  const kinds: Record<string, string> = { string: 'a text', number: 'a number', boolean: 'true or false' };
  return kinds[typeof value] ?? 'an object';
}

/** V8 quotes the text around the fault, which may be a prompt: keep only what is wrong and where. */
function shortReason(message: string): string {
  return message
    .replace(/^Unexpected token .*? is not valid JSON$/s, 'there is an unexpected character')
    .replace(/, ?(?:\.\.\.)?".*$/s, '')
    .replace(/'.{0,4}'/gs, 'character');
}

/** A list of messages, at least one, each an object with a role; `checkContent` adds what a protocol asks of the rest. */
export function checkMessages(
  messages: unknown,
  checkContent?: (message: Record<string, unknown>, field: string) => void,
): void {
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
    checkContent?.(message, field);
  }
}

/** `null` counts as absent, as vendors take it. */
export function readFlag(value: unknown, field: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean')
    throw invalidField(field, `\`${field}\` must be true or false, not ${kindOf(value)}.`);
  return value;
}
