/** Tools and tool choice as chat has them. */
import { asArray, asObject, asString, type JsonObject } from '../../providers/json.ts';
import { invalidField, kindOf } from '../request.ts';
import { omitAbsent, refuseMembers, uncarried } from './field.ts';

/** Chat members for `tools`, `tool_choice` and `parallel_tool_calls`; none when there are no tools to choose from. */
export function toChatTools(body: Readonly<JsonObject>): JsonObject {
  const given = body.tools ?? [];
  if (!Array.isArray(given)) throw invalidField('tools', `\`tools\` must be a list, not ${kindOf(given)}.`);
  const tools = given.map((tool, i) => toChatTool(tool, `tools[${i}]`));
  const { choice, allowed } = readChoice(body.tool_choice);
  if (tools.length === 0 && (choice === 'auto' || choice === 'none')) return {};
  const offered = allowed ? tools.filter((tool) => allowed.has(nameOf(tool))) : tools;
  if (allowed && offered.length !== allowed.size)
    throw invalidField('tool_choice.tools', '`tool_choice.tools` names a tool that is not in `tools`.');
  return omitAbsent({
    tools: offered.length === 0 ? undefined : offered,
    tool_choice: body.tool_choice === undefined || body.tool_choice === null ? undefined : choice,
    parallel_tool_calls: tools.length === 0 ? undefined : body.parallel_tool_calls,
  });
}

/** The tools of a request as a response repeats them. */
export function echoTools(tools: unknown): JsonObject[] {
  return asArray(tools).map((value) => {
    const { type, name, description, parameters, strict } = asObject(value) ?? {};
    return {
      type,
      name,
      description: description ?? null,
      parameters: parameters ?? null,
      strict: strict ?? null,
    };
  });
}

function toChatTool(value: unknown, at: string): JsonObject {
  const tool = asObject(value) ?? {};
  if (tool.type !== 'function') {
    const type = asString(tool.type) ?? '';
    throw uncarried(`${at}.type`, `is "${type.slice(0, 60)}", a tool only its own vendor runs`);
  }
  refuseMembers(tool, ['allowed_callers', 'output_schema'], at);
  if (tool.defer_loading === true) throw uncarried(`${at}.defer_loading`);
  if (typeof tool.name !== 'string')
    throw invalidField(`${at}.name`, `\`${at}.name\` must be a text, not ${kindOf(tool.name)}.`);
  const { name, description, parameters, strict } = tool;
  return { type: 'function', function: omitAbsent({ name, description, parameters, strict }) };
}

function nameOf(tool: JsonObject): string {
  return asString(asObject(tool.function)?.name) ?? '';
}

interface Choice {
  choice: unknown;
  /** Names the model may call; `null`: all. */
  allowed: Set<string> | null;
}

function readChoice(value: unknown): Choice {
  if (value === undefined || value === null) return { choice: 'auto', allowed: null };
  if (value === 'auto' || value === 'none' || value === 'required') return { choice: value, allowed: null };
  const choice = asObject(value);
  const name = asString(choice?.name);
  if (choice?.type === 'function' && name !== undefined)
    return { choice: { type: 'function', function: { name } }, allowed: null };
  if (choice?.type !== 'allowed_tools')
    throw uncarried('tool_choice', 'is of a kind chat completions do not know');
  if (choice.mode !== 'auto' && choice.mode !== 'required')
    throw invalidField('tool_choice.mode', '`tool_choice.mode` must be auto or required.');
  const names = asArray(choice.tools).map((tool, i) => {
    const { type, name: allowed } = asObject(tool) ?? {};
    if (type !== 'function' || typeof allowed !== 'string') throw uncarried(`tool_choice.tools[${i}]`);
    return allowed;
  });
  // A model that is not shown a tool does not call it: the same constraint, in every vendor's words.
  return { choice: choice.mode, allowed: new Set(names) };
}
