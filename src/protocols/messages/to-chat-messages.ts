/** Turns of the messages protocol as chat messages. */
import { asArray, asObject, asString, type JsonObject } from '../../providers/json.ts';
import { invalidField, kindOf } from '../request.ts';
import { uncarried } from './field.ts';

/** What a failed tool's result begins with: chat has no flag for it. */
const TOOL_ERROR = '[tool error]';

/** Throws unsupported_parameter and invalid_request naming the block. */
export function toChatMessages(body: JsonObject): JsonObject[] {
  const messages = asArray(body.messages);
  const last = messages.length - 1;
  // Chat would answer after such a turn, not continue it.
  if (asObject(messages[last])?.role === 'assistant') throw uncarried(`messages[${last}].role`);
  return [
    ...toSystem(body.system),
    ...messages.flatMap((value, i) => toTurn(asObject(value) ?? {}, `messages[${i}]`)),
  ];
}

function toSystem(system: unknown): JsonObject[] {
  if (system === undefined || system === null || system === '') return [];
  return [{ role: 'system', content: textOf(system, 'system') }];
}

function toTurn(message: JsonObject, at: string): JsonObject[] {
  const { role, content } = message;
  if (role === 'system') return [{ role, content: textOf(content, `${at}.content`) }];
  if (role !== 'user' && role !== 'assistant')
    throw invalidField(`${at}.role`, `\`${at}.role\` must be "user" or "assistant".`);
  if (typeof content === 'string') return [{ role, content }];
  return role === 'user' ? toUser(content, at) : [toAssistant(content, at)];
}

/** Tool results first, as chat wants them right after the calls; images among them follow as the user's. */
function toUser(content: unknown, at: string): JsonObject[] {
  const results: JsonObject[] = [];
  const parts: JsonObject[] = [];
  for (const [block, field] of blocksOf(content, `${at}.content`)) {
    if (block.type === 'tool_result') results.push(toToolMessage(block, field, parts));
    else parts.push(...toParts(block, field));
  }
  if (parts.length === 0) return results;
  const [only] = parts;
  const said = parts.length === 1 && only?.type === 'text' ? only.text : parts;
  return [...results, { role: 'user', content: said }];
}

function toToolMessage(block: JsonObject, field: string, after: JsonObject[]): JsonObject {
  const id = asString(block.tool_use_id);
  if (id === undefined) throw wrong(`${field}.tool_use_id`, 'a text', block.tool_use_id);
  const parts =
    typeof block.content === 'string' ? [{ type: 'text', text: block.content }] : toResultParts(block, field);
  const texts = parts.filter(({ type }) => type === 'text').map(({ text }) => text);
  const others = parts.filter(({ type }) => type !== 'text');
  if (others.length > 0) {
    texts.push('The rest of this result follows in the next message.');
    after.push({ type: 'text', text: `From the result of tool call ${id}:` }, ...others);
  }
  if (block.is_error === true) texts.unshift(TOOL_ERROR);
  return { role: 'tool', tool_call_id: id, content: texts.join('\n') };
}

function toResultParts({ content }: JsonObject, field: string): JsonObject[] {
  if (content === undefined || content === null) return [];
  return blocksOf(content, `${field}.content`).flatMap(([block, at]) => toParts(block, at));
}

function toParts(block: JsonObject, field: string): JsonObject[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: blockText(block, field) }];
    case 'image':
      return [toImage(block, field)];
    case 'document':
      return toDocument(block, field);
    default:
      throw uncarried(`${field}.type`);
  }
}

function toImage({ source, transformations }: JsonObject, field: string): JsonObject {
  const { type, media_type: mediaType, data, url } = asObject(source) ?? {};
  if (transformations !== undefined && transformations !== null) throw uncarried(`${field}.transformations`);
  if (type === 'base64' && typeof mediaType === 'string' && typeof data === 'string')
    return { type: 'image_url', image_url: { url: `data:${mediaType};base64,${data}` } };
  if (type === 'url' && typeof url === 'string') return { type: 'image_url', image_url: { url } };
  throw uncarried(`${field}.source`);
}

/** Text documents become text, PDFs chat's `file` part. Citations have no place in chat answers. */
function toDocument(block: JsonObject, field: string): JsonObject[] {
  const { type, media_type: mediaType, data, content } = asObject(block.source) ?? {};
  if (asObject(block.citations)?.enabled === true) throw uncarried(`${field}.citations`);
  const heads = [block.title, block.context].filter((head) => typeof head === 'string' && head !== '');
  const head = heads.map((text) => ({ type: 'text', text }));
  if (type === 'text' && typeof data === 'string') return [...head, { type: 'text', text: data }];
  if (type === 'content' && typeof content === 'string') return [...head, { type: 'text', text: content }];
  if (type === 'content') {
    const inner = blocksOf(content, `${field}.source.content`);
    return [...head, ...inner.flatMap(([part, at]) => toParts(part, at))];
  }
  if (type !== 'base64' || mediaType !== 'application/pdf' || typeof data !== 'string')
    throw uncarried(`${field}.source`);
  const file = {
    filename: asString(block.title) ?? 'document.pdf',
    file_data: `data:${mediaType};base64,${data}`,
  };
  return [...head, { type: 'file', file }];
}

function toAssistant(content: unknown, at: string): JsonObject {
  const texts: string[] = [];
  const calls: JsonObject[] = [];
  for (const [block, field] of blocksOf(content, `${at}.content`)) {
    if (block.type === 'text') texts.push(blockText(block, field));
    else if (block.type === 'tool_use') calls.push(toToolCall(block, field));
    // Only the model that thought it can read it; others are given the turn without, as that vendor does too.
    else if (block.type !== 'thinking' && block.type !== 'redacted_thinking')
      throw uncarried(`${field}.type`);
  }
  const text = texts.join('');
  if (calls.length === 0) return { role: 'assistant', content: text };
  return { role: 'assistant', content: text === '' ? null : text, tool_calls: calls };
}

function toToolCall({ id, name, input }: JsonObject, field: string): JsonObject {
  if (typeof id !== 'string') throw wrong(`${field}.id`, 'a text', id);
  if (typeof name !== 'string') throw wrong(`${field}.name`, 'a text', name);
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input ?? {}) } };
}

/** Text blocks as one text. */
function textOf(content: unknown, field: string): string {
  if (typeof content === 'string') return content;
  return blocksOf(content, field)
    .map(([block, at]) => {
      if (block.type !== 'text') throw uncarried(`${at}.type`);
      return blockText(block, at);
    })
    .join('\n\n');
}

function blockText({ text }: JsonObject, field: string): string {
  if (typeof text !== 'string') throw wrong(`${field}.text`, 'a text', text);
  return text;
}

/** Blocks with their paths. */
function blocksOf(content: unknown, field: string): [JsonObject, string][] {
  if (!Array.isArray(content)) throw wrong(field, 'a text or a list of blocks', content);
  return content.map((value: unknown, i) => {
    const block = asObject(value);
    if (!block) throw wrong(`${field}[${i}]`, 'an object', value);
    return [block, `${field}[${i}]`];
  });
}

function wrong(field: string, expected: string, value: unknown) {
  return invalidField(field, `\`${field}\` must be ${expected}, not ${kindOf(value)}.`);
}
