/** Input items as chat messages. */
import { asArray, asObject, asString, isObject, type JsonObject } from '../../providers/json.ts';
import { invalidField, kindOf } from '../request.ts';
import { omitAbsent, refuseMembers, uncarried } from './field.ts';

/**
 * The messages that say the same as `instructions` and `input`. Instructions and developer messages become system
 * messages, which every vendor takes. Calls that follow each other, or an assistant's message, stand in one message,
 * as chat wants parallel calls.
 *
 * Reasoning items are left out: chat has no place for an earlier turn's thoughts, and no chat app sends them. The answer
 * is made from the conversation alone, as that of any chat app is.
 */
export function toMessages(instructions: unknown, input: unknown): JsonObject[] {
  const messages: JsonObject[] = [];
  if (typeof instructions === 'string') messages.push({ role: 'system', content: instructions });
  else if (instructions !== undefined && instructions !== null)
    throw invalidField('instructions', `\`instructions\` must be a text, not ${kindOf(instructions)}.`);
  if (typeof input === 'string') messages.push({ role: 'user', content: input });
  for (const [i, item] of asArray(input).entries()) addItem(messages, asObject(item) ?? {}, `input[${i}]`);
  return messages;
}

function addItem(messages: JsonObject[], item: JsonObject, at: string): void {
  const type = item.type ?? (item.role === undefined ? undefined : 'message');
  switch (type) {
    case 'message':
      messages.push(toMessage(item, at));
      return;
    case 'function_call':
      addCall(messages, item, at);
      return;
    case 'function_call_output':
      messages.push(toToolMessage(item, at));
      return;
    case 'reasoning':
      return;
    case 'item_reference':
      throw uncarried(at, 'refers to an item a vendor keeps; send the item itself');
    case undefined:
      throw invalidField(`${at}.type`, `\`${at}.type\` is missing.`);
    default:
      throw uncarried(
        `${at}.type`,
        `is ${JSON.stringify(type).slice(0, 60)}, which chat completions do not know`,
      );
  }
}

const ROLES: Readonly<Record<string, string>> = {
  user: 'user',
  assistant: 'assistant',
  system: 'system',
  developer: 'system',
};

function toMessage(item: JsonObject, at: string): JsonObject {
  const role = ROLES[asString(item.role) ?? ''];
  if (role === undefined)
    throw invalidField(`${at}.role`, `\`${at}.role\` must be user, assistant, system or developer.`);
  const { content } = item;
  if (typeof content === 'string') return { role, content };
  if (!Array.isArray(content))
    throw invalidField(
      `${at}.content`,
      `\`${at}.content\` must be a text or a list, not ${kindOf(content)}.`,
    );
  return { role, content: simplest(content.map((part, i) => toPart(part, `${at}.content[${i}]`))) };
}

/** One text alone is written as such: not every server reads lists. */
function simplest(parts: JsonObject[]): string | JsonObject[] {
  const [only] = parts;
  if (parts.length === 0) return '';
  return parts.length === 1 && only?.type === 'text' ? (only.text as string) : parts;
}

function toPart(value: unknown, at: string): JsonObject {
  const part = asObject(value) ?? {};
  refuseMembers(part, ['prompt_cache_breakpoint'], at);
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: readText(part, 'text', at) };
    case 'refusal':
      return { type: 'refusal', refusal: readText(part, 'refusal', at) };
    case 'input_image':
      return toImage(part, at);
    case 'input_file':
      return toFile(part, at);
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio };
    default:
      throw uncarried(`${at}.type`, 'is of a kind chat completions do not know');
  }
}

function toImage(part: JsonObject, at: string): JsonObject {
  refuseMembers(part, ['file_id'], at);
  if (part.detail === 'original') throw uncarried(`${at}.detail`);
  return {
    type: 'image_url',
    image_url: omitAbsent({ url: readText(part, 'image_url', at), detail: part.detail }),
  };
}

function toFile(part: JsonObject, at: string): JsonObject {
  refuseMembers(part, ['file_url', 'detail'], at);
  const { file_data, file_id, filename } = part;
  if (typeof file_data !== 'string' && typeof file_id !== 'string')
    throw invalidField(`${at}.file_data`, `\`${at}\` needs \`file_data\` or \`file_id\`.`);
  return { type: 'file', file: omitAbsent({ file_data, file_id, filename }) };
}

function addCall(messages: JsonObject[], item: JsonObject, at: string): void {
  refuseMembers(item, ['namespace'], at);
  const call = {
    id: readText(item, 'call_id', at),
    type: 'function',
    function: { name: readText(item, 'name', at), arguments: readText(item, 'arguments', at) },
  };
  const last = messages.at(-1);
  if (last?.role === 'assistant') last.tool_calls = [...asArray(last.tool_calls), call];
  else messages.push({ role: 'assistant', content: null, tool_calls: [call] });
}

function toToolMessage(item: JsonObject, at: string): JsonObject {
  const tool_call_id = readText(item, 'call_id', at);
  const { output } = item;
  if (typeof output === 'string') return { role: 'tool', tool_call_id, content: output };
  if (!Array.isArray(output))
    throw invalidField(`${at}.output`, `\`${at}.output\` must be a text or a list, not ${kindOf(output)}.`);
  const texts = output.map((value: unknown, i) => {
    const part = isObject(value) ? value : {};
    if (part.type !== 'input_text') throw uncarried(`${at}.output[${i}].type`, 'is not text');
    return readText(part, 'text', `${at}.output[${i}]`);
  });
  return { role: 'tool', tool_call_id, content: texts.join('\n') };
}

function readText(object: JsonObject, member: string, at: string): string {
  const value = object[member];
  if (typeof value === 'string') return value;
  throw invalidField(`${at}.${member}`, `\`${at}.${member}\` must be a text, not ${kindOf(value)}.`);
}
