import { TrimtabError } from '../../core/error.ts';
import { asArray, asObject, asString, isObject, type JsonObject } from '../json.ts';
import type { AppRequest } from '../provider.ts';
import { invalidField, omitAbsent, uncarried } from './field.ts';
import { toMessages } from './messages.ts';

/**
 * A chat request as a Messages request (https://platform.claude.com/docs/en/api/messages, as known 2026-11-23). What the
 * Messages API cannot carry is refused by name, unless it has the value it would have anyway; nothing is dropped.
 */
export function toMessagesRequest(request: AppRequest, defaultMaxTokens: number): JsonObject {
  const { body } = request;
  refuseUncarried(body);
  const { system, messages } = toMessages(asArray(body.messages));
  const tools = toTools(body);
  const toolChoice = toToolChoice(body, tools !== undefined);
  const outputConfig = toOutputConfig(body);
  const user = asString(body.safety_identifier) ?? asString(body.user);
  return omitAbsent({
    model: request.model,
    max_tokens: body.max_completion_tokens ?? body.max_tokens ?? defaultMaxTokens,
    system: system.length === 0 ? undefined : system,
    messages,
    temperature: readTemperature(body.temperature),
    top_p: body.top_p,
    top_k: body.top_k,
    thinking: body.thinking,
    stop_sequences: typeof body.stop === 'string' ? [body.stop] : body.stop,
    tools,
    tool_choice: toolChoice,
    output_config: outputConfig,
    service_tier: body.service_tier === 'default' ? 'standard_only' : undefined,
    metadata: user === undefined ? undefined : { user_id: user },
    stream: request.stream ? true : undefined,
  });
}

/** Carried above, or of no effect on the answer (`metadata` is our tags; the cache key is a hint). */
const CARRIED = new Set([
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'thinking',
  'stop',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'user',
  'safety_identifier',
  'metadata',
  'prompt_cache_key',
]);

/** Values that ask for nothing: what the Messages API does anyway. */
const NO_OPS: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  // `default` is its `standard_only`.
  service_tier: (value) => value === 'auto' || value === 'default',
  store: (value) => value === false,
  functions: (value) => Array.isArray(value) && value.length === 0,
};

function refuseUncarried(body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    if (CARRIED.has(name) || value === null || value === undefined || NO_OPS[name]?.(value)) continue;
    throw uncarried(name);
  }
}

/** 0 to 1 here, 0 to 2 in the chat protocol. */
function readTemperature(value: unknown): unknown {
  if (typeof value === 'number' && value > 1) {
    const field = 'temperature';
    throw new TrimtabError('unsupported_parameter', '`temperature` above 1 is outside the Messages API', {
      field,
    });
  }
  return value;
}

function toTools(body: JsonObject): JsonObject[] | undefined {
  const tools = asArray(body.tools);
  if (tools.length === 0) return undefined;
  return tools.map((tool, i) => {
    const { type, function: called, cache_control } = asObject(tool) ?? {};
    if (type !== 'function') throw uncarried(`tools[${i}].type`);
    const { name, description, parameters, strict } = asObject(called) ?? {};
    if (typeof name !== 'string') throw invalidField(`tools[${i}].function.name`, 'a string');
    return omitAbsent({
      name,
      description,
      input_schema: parameters ?? { type: 'object', properties: {} },
      strict: strict === true ? true : undefined,
      cache_control,
    });
  });
}

function toToolChoice(body: JsonObject, hasTools: boolean): JsonObject | undefined {
  const choice = readToolChoice(body.tool_choice);
  if (!hasTools) {
    if (choice && choice.type !== 'none' && choice.type !== 'auto')
      throw invalidField('tool_choice', 'left out without `tools`');
    return undefined;
  }
  if (body.parallel_tool_calls !== false || choice?.type === 'none') return choice;
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
}

function readToolChoice(value: unknown): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none') return { type: value };
  if (value === 'required') return { type: 'any' };
  const choice = asObject(value);
  const name = asString(asObject(choice?.function)?.name);
  if (choice?.type !== 'function' || name === undefined) throw uncarried('tool_choice');
  return { type: 'tool', name };
}

const EFFORTS = ['low', 'medium', 'high', 'xhigh'];

/**
 * `reasoning_effort` becomes `output_config.effort` (models without it refuse it by name). It is no thinking budget:
 * thinking blocks must come back signed in the next turn, and the chat protocol has no place for a signature.
 */
function toOutputConfig(body: JsonObject): JsonObject | undefined {
  const effort = body.reasoning_effort ?? undefined;
  if (effort !== undefined && !EFFORTS.includes(effort as string)) throw uncarried('reasoning_effort');
  const format = toFormat(body.response_format);
  if (effort === undefined && format === undefined) return undefined;
  return omitAbsent({ effort, format });
}

function toFormat(value: unknown): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  const format = asObject(value) ?? {};
  if (format.type === 'text') return undefined;
  const schema = asObject(format.json_schema)?.schema;
  // `json_object` promises valid JSON without a schema, which the Messages API cannot.
  if (format.type !== 'json_schema') throw uncarried('response_format');
  if (!isObject(schema)) throw invalidField('response_format.json_schema.schema', 'a JSON Schema object');
  const description = asString(asObject(format.json_schema)?.description);
  const told =
    description === undefined || schema.description !== undefined ? schema : { description, ...schema };
  return { type: 'json_schema', schema: told };
}
