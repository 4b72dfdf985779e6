import { TrimtabError } from '../../core/error.ts';
import type { JsonObject } from '../../providers/json.ts';

/** Chat members by the messages field they come from; the first that the app wrote is meant. */
const CHAT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  stop: ['stop_sequences'],
  response_format: ['output_config', 'output_format'],
  reasoning_effort: ['thinking', 'output_config'],
  parallel_tool_calls: ['tool_choice'],
};

const NAMED: Readonly<Record<string, string>> = {
  'response_format output_config': 'output_config.format',
  'reasoning_effort output_config': 'output_config.effort',
  'parallel_tool_calls tool_choice': 'tool_choice.disable_parallel_tool_use',
};

/** A provider's refusal of the chat request, naming what the app wrote. */
export function toAppError(thrown: unknown, body: JsonObject): unknown {
  if (!(thrown instanceof TrimtabError) || thrown.field === undefined) return thrown;
  const { field } = thrown;
  const member = CHAT_FIELDS[field]?.find((name) => body[name] !== undefined && body[name] !== null);
  if (member === undefined) return thrown;
  const named = NAMED[`${field} ${member}`] ?? member;
  const message = thrown.message.replaceAll(`\`${field}\``, `\`${named}\``);
  return new TrimtabError(thrown.code, message, { field: named, cause: thrown });
}
