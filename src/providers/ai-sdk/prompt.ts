/** Messages of the chat protocol as a prompt of the AI SDK. What a part of a message says is never dropped. */
import type {
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { Features } from '../features.ts';
import { asArray, asObject, asString, type JsonObject, readObject } from '../json.ts';
import { invalidField, uncarried } from './uncarried.ts';

/** Who is asked, and what it can carry. */
export interface Carrier {
  vendor: string;
  features: Features;
  optionsName: string;
  model: string;
}

type Content<Role> = Extract<LanguageModelV3Message, { role: Role }>['content'];
type UserPart = Content<'user'>[number];
type FilePart = Extract<UserPart, { type: 'file' }>;

/** System and developer messages come first, wherever they stand: not every vendor takes them in between. */
export function toPrompt(messages: readonly unknown[], carrier: Carrier): LanguageModelV3Prompt {
  const system: LanguageModelV3Prompt = [];
  const rest: LanguageModelV3Prompt = [];
  const toolNames = new Map<string, string>();
  for (const [i, value] of messages.entries()) {
    const at = `messages[${i}]`;
    const message = asObject(value) ?? {};
    // Of a tool's result it is the tool's, which the call it answers names as well.
    const isNamed = message.name !== undefined && message.name !== null && message.role !== 'tool';
    if (isNamed) throw uncarried(carrier.vendor, `${at}.name`);
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push({ role: 'system', content: toText(message.content, at), ...cacheOf(message, carrier) });
        break;
      case 'user':
        rest.push({ role: 'user', content: toUserParts(message.content, at, carrier) });
        break;
      case 'assistant':
        rest.push({ role: 'assistant', content: toAssistantParts(message, { at, carrier, toolNames }) });
        break;
      case 'tool':
        addToolResult(rest, toToolResult(message, at, toolNames));
        break;
      default:
        throw uncarried(carrier.vendor, `${at}.role`);
    }
  }
  return [...system, ...rest];
}

/** Marks the end of a prefix to cache. A vendor without the feature caches by itself: the mark changes only the cost. */
function cacheOf(message: JsonObject, carrier: Carrier): { providerOptions?: SharedV3ProviderOptions } {
  const last = asObject(asArray(message.content).at(-1));
  return last?.cache_control === undefined ? {} : cachePoint(carrier);
}

function cachePoint({ features, optionsName }: Carrier): { providerOptions?: SharedV3ProviderOptions } {
  return features.promptCache
    ? { providerOptions: { [optionsName]: { cachePoint: { type: 'default' } } } }
    : {};
}

function toText(content: unknown, at: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalidField(`${at}.content`, 'a string or an array of parts');
  return content
    .map((value, i) => {
      const part = asObject(value) ?? {};
      const text = part.type === 'refusal' ? part.refusal : part.text;
      if (typeof text !== 'string') throw invalidField(`${at}.content[${i}].text`, 'a string');
      return text;
    })
    .join('');
}

function toUserParts(content: unknown, at: string, carrier: Carrier): UserPart[] {
  if (!Array.isArray(content)) return [{ type: 'text', text: toText(content, at) }];
  return content.map((value, i) => {
    const part = asObject(value) ?? {};
    const place = `${at}.content[${i}]`;
    const cache = part.cache_control === undefined ? {} : cachePoint(carrier);
    if (part.type === 'text') return { type: 'text', text: toText([part], at), ...cache };
    return { ...toFilePart(part, place, carrier), ...cache };
  });
}

function toFilePart(part: JsonObject, at: string, { vendor, features }: Carrier): FilePart {
  if (part.type === 'image_url' && features.images !== false) {
    const { url: given, detail = 'auto' } = asObject(part.image_url) ?? {};
    const url = asString(given);
    if (detail !== 'auto' && detail !== null) throw uncarried(vendor, `${at}.image_url.detail`);
    if (url === undefined) throw invalidField(`${at}.image_url.url`, 'a string');
    return toData(url, 'image/*', { vendor, at: `${at}.image_url.url` });
  }
  if (part.type === 'file' && features.files !== false) {
    const { file_data: data, filename } = asObject(part.file) ?? {};
    if (typeof data !== 'string') throw uncarried(vendor, `${at}.file.file_id`);
    const named = typeof filename === 'string' ? { filename } : {};
    return { ...toData(data, 'application/pdf', { vendor, at: `${at}.file.file_data` }), ...named };
  }
  if (part.type === 'input_audio' && features.audio !== false) {
    const { data, format } = asObject(part.input_audio) ?? {};
    if (typeof data !== 'string') throw invalidField(`${at}.input_audio.data`, 'a string');
    return { type: 'file', data, mediaType: format === 'mp3' ? 'audio/mpeg' : `audio/${String(format)}` };
  }
  throw uncarried(vendor, `${at}.type`);
}

/** `data:` URLs carry their bytes; any other address is the vendor's to fetch, if it does (`exchange.ts` asks). */
function toData(url: string, mediaType: string, { vendor, at }: { vendor: string; at: string }): FilePart {
  const inline = /^data:([a-z]+\/[a-z0-9.+-]+);base64,(.*)$/is.exec(url);
  if (inline) return { type: 'file', data: inline[2] ?? '', mediaType: (inline[1] ?? '').toLowerCase() };
  if (/^(https|gs|s3):\/\//.test(url) && URL.canParse(url)) {
    return { type: 'file', data: new URL(url), mediaType };
  }
  if (/^[A-Za-z0-9+/]+=*$/.test(url)) return { type: 'file', data: url, mediaType };
  throw uncarried(vendor, at);
}

interface AssistantPlace {
  at: string;
  carrier: Carrier;
  /** Names of tool calls by id: results name only the id. */
  toolNames: Map<string, string>;
}

function toAssistantParts(message: JsonObject, place: AssistantPlace): Content<'assistant'> {
  const { at, carrier } = place;
  if (message.audio) throw uncarried(carrier.vendor, `${at}.audio`);
  if (message.function_call) throw uncarried(carrier.vendor, `${at}.function_call`);
  const said = message.content ?? message.refusal;
  const text = said === undefined || said === null ? '' : toText(said, at);
  const calls = asArray(message.tool_calls).map((call, i) =>
    toToolCall(asObject(call) ?? {}, { ...place, at: `${at}.tool_calls[${i}]` }),
  );
  return text === '' ? calls : [{ type: 'text', text }, ...calls];
}

function toToolCall(call: JsonObject, { at, carrier, toolNames }: AssistantPlace) {
  const { name, arguments: given } = asObject(call.function) ?? {};
  if (call.type !== undefined && call.type !== 'function') throw uncarried(carrier.vendor, `${at}.type`);
  if (typeof call.id !== 'string') throw invalidField(`${at}.id`, 'a string');
  if (typeof name !== 'string') throw invalidField(`${at}.function.name`, 'a string');
  const input = given === undefined || given === '' ? {} : readObject(asString(given) ?? '');
  if (!input) throw invalidField(`${at}.function.arguments`, 'a JSON object, as text');
  toolNames.set(call.id, name);
  // What the vendor gave along with the call (a signature of its thoughts) goes back to it.
  const extra = asObject(call.extra_content) as SharedV3ProviderOptions | undefined;
  const kept = extra === undefined ? {} : { providerOptions: extra };
  return { type: 'tool-call' as const, toolCallId: call.id, toolName: name, input, ...kept };
}

/** Results of parallel calls are one message: there are vendors that take no fewer results in it than there were calls. */
function addToolResult(prompt: LanguageModelV3Prompt, result: Content<'tool'>[number]): void {
  const last = prompt.at(-1);
  if (last?.role === 'tool') last.content.push(result);
  else prompt.push({ role: 'tool', content: [result] });
}

function toToolResult(
  message: JsonObject,
  at: string,
  toolNames: Map<string, string>,
): Content<'tool'>[number] {
  const id = message.tool_call_id;
  if (typeof id !== 'string') throw invalidField(`${at}.tool_call_id`, 'a string');
  const toolName = toolNames.get(id);
  if (toolName === undefined) throw invalidField(`${at}.tool_call_id`, 'the id of an earlier tool call');
  const output = { type: 'text' as const, value: toText(message.content, at) };
  return { type: 'tool-result', toolCallId: id, toolName, output };
}
