/** A Responses request as a chat request, for a deployment that speaks only chat. */

import { asArray, asObject, type JsonObject } from '../../providers/json.ts';
import type { AppRequest } from '../../providers/provider.ts';
import { MemberTable } from '../json-span.ts';
import { invalidField, isObject, kindOf, ParsedRequest } from '../request.ts';
import { omitAbsent, refuseMembers, uncarried } from './field.ts';
import { toMessages } from './input.ts';
import { toChatTools } from './tools.ts';

/** Members that chat has under the same name. */
const SAME = [
  'temperature',
  'top_p',
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'user',
] as const;

/** Members translated below, or that are ours: `metadata` becomes tags, `store` says what we keep. */
const HANDLED = new Set<string>([
  ...SAME,
  'model',
  'input',
  'instructions',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'max_output_tokens',
  'top_logprobs',
  'include',
  'truncation',
  'metadata',
  'store',
]);

/** Values that ask for nothing. */
const NO_OPS: Readonly<Record<string, (value: unknown) => boolean>> = {
  background: (value) => value === false,
  context_management: (value) => Array.isArray(value) && value.length === 0,
};

/**
 * `maxTokensMember`: what the vendor calls the bound of an answer. Throws unsupported_parameter naming what chat cannot
 * carry.
 */
export function toChatRequest(request: AppRequest, maxTokensMember: string): AppRequest {
  const chat = toChatBody(request.body);
  const body = omitAbsent({
    model: request.model,
    ...chat,
    [maxTokensMember]: request.body.max_output_tokens,
  });
  if (request.stream) body.stream = true;
  const bytes = Buffer.from(JSON.stringify(body));
  return new ParsedRequest({
    protocol: 'chat',
    model: request.model,
    stream: request.stream,
    wantsUsage: false,
    bytes,
    body,
    headers: request.headers,
    members: new MemberTable(bytes),
  });
}

function toChatBody(body: Readonly<JsonObject>): JsonObject {
  for (const [name, value] of Object.entries(body)) {
    if (HANDLED.has(name) || value === null || NO_OPS[name]?.(value)) continue;
    throw uncarried(name);
  }
  if (body.truncation === 'auto') throw uncarried('truncation');
  if (asObject(body.stream_options)?.include_obfuscation === true)
    throw uncarried('stream_options.include_obfuscation');
  return {
    messages: toMessages(body.instructions, body.input),
    ...toChatTools(body),
    ...toChatText(body.text),
    reasoning_effort: readEffort(body.reasoning),
    ...toChatLogprobs(body),
    ...Object.fromEntries(SAME.map((name) => [name, body[name]])),
  };
}

function toChatText(value: unknown): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw invalidField('text', `\`text\` must be an object, not ${kindOf(value)}.`);
  refuseOthers(value, ['format', 'verbosity'], 'text');
  return { response_format: toResponseFormat(value.format), verbosity: value.verbosity };
}

function toResponseFormat(value: unknown): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  const format = asObject(value) ?? {};
  const { type, name, description, schema, strict } = format;
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type };
  if (type !== 'json_schema')
    throw uncarried('text.format.type', 'is of a kind chat completions do not know');
  if (typeof name !== 'string') throw invalidField('text.format.name', '`text.format.name` must be a text.');
  if (!isObject(schema)) throw invalidField('text.format.schema', '`text.format.schema` must be an object.');
  return { type, json_schema: omitAbsent({ name, description, schema, strict }) };
}

/** `summary: auto` asks for what there is, and a vendor's reasoning text is passed on when it sends one. */
function readEffort(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  const reasoning = asObject(value) ?? {};
  refuseOthers(reasoning, ['effort', 'summary', 'generate_summary'], 'reasoning');
  for (const member of ['summary', 'generate_summary'] as const) {
    if (reasoning[member] !== 'auto') refuseMembers(reasoning, [member], 'reasoning');
  }
  return reasoning.effort;
}

const LOGPROBS = 'message.output_text.logprobs';
/** Asks for nothing here: what a chat deployment thinks is in the open, and nothing of it is encrypted. */
const ENCRYPTED = 'reasoning.encrypted_content';

function toChatLogprobs(body: Readonly<JsonObject>): JsonObject {
  const include = asArray(body.include);
  for (const [i, value] of include.entries()) {
    if (value !== LOGPROBS && value !== ENCRYPTED) throw uncarried(`include[${i}]`);
  }
  const top = body.top_logprobs ?? undefined;
  const wanted = include.includes(LOGPROBS) || (top !== undefined && top !== 0);
  return wanted ? { logprobs: true, top_logprobs: top } : {};
}

function refuseOthers(object: JsonObject, known: readonly string[], at: string): void {
  refuseMembers(
    object,
    Object.keys(object).filter((member) => !known.includes(member)),
    at,
  );
}
