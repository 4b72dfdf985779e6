import { asArray, asObject, asString, isObject, type JsonObject, readObject } from '../json.ts';
import { invalidField, omitAbsent, uncarried } from './field.ts';

interface Turn {
  role: 'user' | 'assistant';
  content: JsonObject[];
}

/**
 * Chat messages as turns. System and developer messages move to `system`, wherever they stand; tool messages become
 * `tool_result` blocks of a user turn; neighbours of one role become one turn.
 */
export function toMessages(messages: readonly unknown[]): { system: JsonObject[]; messages: Turn[] } {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  for (const [i, value] of messages.entries()) {
    const at = `messages[${i}]`;
    const message = asObject(value);
    if (!message) throw invalidField(at, 'an object');
    // On a tool's result it only repeats whose it is: clients put it there, and `tool_call_id` says it.
    if (message.role !== 'tool' && message.name !== undefined && message.name !== null)
      throw uncarried(`${at}.name`);
    if (message.role === 'system' || message.role === 'developer')
      system.push(...toText(message.content, at));
    else addTurn(turns, toTurn(message, at));
  }
  return { system, messages: turns };
}

function toTurn(message: JsonObject, at: string): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: toUserContent(message.content, at) };
    case 'assistant':
      return { role: 'assistant', content: toAssistantContent(message, at) };
    case 'tool':
      return { role: 'user', content: [toToolResult(message, at)] };
    default:
      throw uncarried(`${at}.role`);
  }
}

function addTurn(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1);
  if (last?.role === turn.role) last.content.push(...turn.content);
  else turns.push(turn);
}

function toUserContent(content: unknown, at: string): JsonObject[] {
  if (!Array.isArray(content)) return toText(content, at);
  return content.flatMap((value, i) => {
    const part = asObject(value) ?? {};
    const place = `${at}.content[${i}]`;
    if (part.type === 'image_url') return [toImage(part, place)];
    if (part.type === 'file') return [toDocument(part, place)];
    if (part.type === 'text') return toText([part], at);
    throw uncarried(`${place}.type`);
  });
}

function toAssistantContent(message: JsonObject, at: string): JsonObject[] {
  if (message.audio) throw uncarried(`${at}.audio`);
  if (message.function_call) throw uncarried(`${at}.function_call`);
  const said = message.content ?? message.refusal;
  const text = said === undefined || said === null ? [] : toText(said, at);
  return [
    ...text,
    ...asArray(message.tool_calls).map((call, i) => toToolUse(call, `${at}.tool_calls[${i}]`)),
  ];
}

function toToolUse(value: unknown, at: string): JsonObject {
  const call = asObject(value) ?? {};
  const { name, arguments: given } = asObject(call.function) ?? {};
  if (call.type !== undefined && call.type !== 'function') throw uncarried(`${at}.type`);
  if (typeof call.id !== 'string') throw invalidField(`${at}.id`, 'a string');
  if (typeof name !== 'string') throw invalidField(`${at}.function.name`, 'a string');
  const input = given === undefined || given === '' ? {} : readObject(asString(given) ?? '');
  if (!input) throw invalidField(`${at}.function.arguments`, 'a JSON object, as text');
  return { type: 'tool_use', id: call.id, name, input };
}

function toToolResult(message: JsonObject, at: string): JsonObject {
  if (typeof message.tool_call_id !== 'string') throw invalidField(`${at}.tool_call_id`, 'a string');
  return { type: 'tool_result', tool_use_id: message.tool_call_id, content: toText(message.content, at) };
}

/** Text blocks of a string or of text parts. Empty ones, which the Messages API refuses, say nothing and stay out. */
function toText(content: unknown, at: string): JsonObject[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalidField(`${at}.content`, 'a string or an array of parts');
  return content.flatMap((value, i) => {
    const part = asObject(value) ?? {};
    const text = part.type === 'refusal' ? part.refusal : part.text;
    if (part.type !== 'text' && part.type !== 'refusal') throw uncarried(`${at}.content[${i}].type`);
    if (typeof text !== 'string') throw invalidField(`${at}.content[${i}].text`, 'a string');
    return text === '' ? [] : [omitAbsent({ type: 'text', text, cache_control: part.cache_control })];
  });
}

function toImage(part: JsonObject, at: string): JsonObject {
  const image = part.image_url;
  const url = isObject(image) ? asString(image.url) : undefined;
  const { detail = 'auto' } = asObject(image) ?? {};
  // It looks at every image as closely as it can.
  if (detail !== 'auto' && detail !== 'high' && detail !== null) throw uncarried(`${at}.image_url.detail`);
  if (url === undefined) throw invalidField(`${at}.image_url.url`, 'a string');
  const inline = /^data:([a-z]+\/[a-z0-9.+-]+);base64,(.*)$/is.exec(url);
  if (inline) {
    const source = { type: 'base64', media_type: inline[1]?.toLowerCase(), data: inline[2] };
    return omitAbsent({ type: 'image', source, cache_control: part.cache_control });
  }
  if (!url.startsWith('https://')) throw uncarried(`${at}.image_url.url`);
  return omitAbsent({ type: 'image', source: { type: 'url', url }, cache_control: part.cache_control });
}

/** A PDF in base 64. Files by id are kept by another vendor. */
function toDocument(part: JsonObject, at: string): JsonObject {
  const { file_data: given, filename } = asObject(part.file) ?? {};
  if (typeof given !== 'string') throw uncarried(`${at}.file.file_id`);
  const inline = /^data:application\/pdf;base64,(.*)$/is.exec(given);
  if (!inline) throw uncarried(`${at}.file.file_data`);
  const source = { type: 'base64', media_type: 'application/pdf', data: inline[1] };
  return omitAbsent({ type: 'document', source, title: filename, cache_control: part.cache_control });
}
