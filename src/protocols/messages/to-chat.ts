import { asArray, asObject, asString, isObject, type JsonObject } from '../../providers/json.ts';
import type { AppRequest, Capabilities } from '../../providers/provider.ts';
import { invalidField, kindOf } from '../request.ts';
import { omitAbsent, uncarried } from './field.ts';
import { toChatMessages } from './to-chat-messages.ts';

/**
 * A messages request as a chat request. What chat cannot carry is refused by name, unless it is the value it would
 * have anyway. Two things are left out because no answer depends on them: `cache_control`, which changes only what a
 * call costs (chat vendors cache by themselves), and thinking of earlier turns, which only its own vendor can read.
 */
export function toChatBody({ body, model, stream }: AppRequest, capabilities: Capabilities): JsonObject {
  refuseUncarried(body);
  const tools = toTools(body.tools);
  const { max_tokens: maxTokens } = body;
  if (!Number.isInteger(maxTokens) || (maxTokens as number) < 1) {
    const given = typeof maxTokens === 'number' ? 'this number' : kindOf(maxTokens);
    throw invalidField('max_tokens', `\`max_tokens\` must be a whole number from 1 up, not ${given}.`);
  }
  return omitAbsent({
    model,
    messages: toChatMessages(body),
    [capabilities.maxTokensMember ?? 'max_tokens']: maxTokens,
    temperature: body.temperature,
    top_p: body.top_p,
    stop: asArray(body.stop_sequences).length === 0 ? undefined : body.stop_sequences,
    tools,
    ...(tools ? toToolChoice(body.tool_choice) : refuseChoice(body.tool_choice)),
    response_format: toResponseFormat(body),
    reasoning_effort: toEffort(body),
    service_tier: body.service_tier === 'standard_only' ? 'default' : undefined,
    user: readUser(body.metadata),
    stream: stream ? true : undefined,
  });
}

const CARRIED = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'temperature',
  'top_p',
  'stop_sequences',
  'stream',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'cache_control',
]);

/** Values that ask for nothing special. */
const NO_OPS: Readonly<Record<string, (value: unknown) => boolean>> = {
  service_tier: (value) => value === 'auto' || value === 'standard_only',
  speed: (value) => value === 'standard',
  mcp_servers: (value) => Array.isArray(value) && value.length === 0,
};

function refuseUncarried(body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    if (CARRIED.has(name) || value === null || value === undefined || NO_OPS[name]?.(value)) continue;
    throw uncarried(name);
  }
}

/** Of tools only those the app runs itself. */
function toTools(tools: unknown): JsonObject[] | undefined {
  const list = asArray(tools);
  if (list.length === 0) return undefined;
  return list.map((value, i) => {
    const field = `tools[${i}]`;
    const tool = asObject(value) ?? {};
    const { type, name, description, input_schema: parameters, strict } = tool;
    if (type !== undefined && type !== null && type !== 'custom') throw uncarried(`${field}.type`);
    if (typeof name !== 'string') throw invalidField(`${field}.name`, `\`${field}.name\` must be a text.`);
    const [unknown] = Object.keys(tool).filter((member) => !isToolMember(member, tool[member]));
    if (unknown !== undefined) throw uncarried(`${field}.${unknown}`);
    const called = { name, description, parameters, strict: strict === true ? true : undefined };
    return { type: 'function', function: omitAbsent(called) };
  });
}

/** `eager_input_streaming` is about when input is sent, not what. */
const TOOL_MEMBERS = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
  'eager_input_streaming',
]);

function isToolMember(member: string, value: unknown): boolean {
  if (TOOL_MEMBERS.has(member) || value === null || value === undefined || value === false) return true;
  return member === 'allowed_callers' && Array.isArray(value) && value.length === 1 && value[0] === 'direct';
}

const CHOICES: Readonly<Record<string, string>> = { auto: 'auto', any: 'required', none: 'none' };

function toToolChoice(value: unknown): JsonObject {
  if (value === undefined || value === null) return {};
  const { type, name, disable_parallel_tool_use: single } = asObject(value) ?? {};
  const choice =
    type === 'tool' && typeof name === 'string'
      ? { type: 'function', function: { name } }
      : CHOICES[asString(type) ?? ''];
  if (choice === undefined) throw uncarried('tool_choice');
  return { tool_choice: choice, ...(single === true ? { parallel_tool_calls: false } : {}) };
}

/** Without tools there is nothing to choose. */
function refuseChoice(value: unknown): JsonObject {
  const type = asObject(value)?.type;
  if (value === undefined || value === null || type === 'auto' || type === 'none') return {};
  throw invalidField('tool_choice', '`tool_choice` needs `tools`.');
}

/** `output_format` is the name `output_config.format` had as a beta. */
function toResponseFormat(body: JsonObject): JsonObject | undefined {
  const config = asObject(body.output_config) ?? {};
  const [unknown] = Object.keys(config).filter((name) => name !== 'format' && name !== 'effort');
  if (unknown !== undefined) throw uncarried(`output_config.${unknown}`);
  const field = config.format ? 'output_config.format' : 'output_format';
  const format = config.format ?? body.output_format;
  if (format === undefined || format === null) return undefined;
  const { type, schema } = asObject(format) ?? {};
  if (type !== 'json_schema') throw uncarried(`${field}.type`);
  if (!isObject(schema)) throw invalidField(`${field}.schema`, `\`${field}.schema\` must be a JSON Schema.`);
  return { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } };
}

/** Words both protocols have. */
const EFFORTS = new Set(['low', 'medium', 'high', 'xhigh']);
/** Thinking budgets, tokens, up to which an effort is meant. More is `high`. */
const LOW_BUDGET = 4_096;
const MEDIUM_BUDGET = 16_384;

/**
 * `output_config.effort` is chat's `reasoning_effort`; a thinking budget is put into the nearest word. Adaptive and
 * disabled thinking leave it to the model: chat has no switch that every model takes.
 */
function toEffort(body: JsonObject): unknown {
  const effort = asObject(body.output_config)?.effort ?? undefined;
  if (effort !== undefined && !EFFORTS.has(effort as string)) throw uncarried('output_config.effort');
  const { type = 'disabled', budget_tokens: budget } = asObject(body.thinking) ?? {};
  if (type === 'enabled' && typeof budget !== 'number')
    throw invalidField('thinking.budget_tokens', '`thinking.budget_tokens` must be a number.');
  if (type !== 'enabled' && type !== 'adaptive' && type !== 'disabled') throw uncarried('thinking.type');
  if (effort !== undefined || type !== 'enabled') return effort;
  if ((budget as number) <= LOW_BUDGET) return 'low';
  return (budget as number) <= MEDIUM_BUDGET ? 'medium' : 'high';
}

/** Whether the app wants to see what the model thought. */
export function wantsThinking(body: JsonObject): boolean {
  const { type, display } = asObject(body.thinking) ?? {};
  return (type === 'enabled' || type === 'adaptive') && display !== 'omitted';
}

function readUser(metadata: unknown): string | undefined {
  const { user_id: user, ...rest } = asObject(metadata) ?? {};
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw uncarried(`metadata.${unknown}`);
  return asString(user);
}
