import { VendorError } from './vendor-error.ts';

/** A request the way the simulated models read it. */
export interface ChatRequest {
  model: ModelName;
  messages: ChatMessage[];
  stream: boolean;
  includeUsage: boolean;
  /** `null`: up to the model. */
  maxTokens: number | null;
  stop: string[];
  n: number;
  seed: number;
  format: { kind: 'text' } | { kind: 'json' } | { kind: 'schema'; schema: JsonSchema };
  tools: Tool[];
  toolChoice: 'none' | 'auto' | 'required' | { name: string };
  parallelToolCalls: boolean;
}

export const CHAT_MODELS = ['small', 'large'] as const;
export type ModelName = (typeof CHAT_MODELS)[number];

export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  /** Text parts joined by line breaks. */
  text: string;
  images: number;
  name: string | null;
  toolCalls: { id: string; name: string; arguments: string }[];
  toolCallId: string | null;
}

export interface Tool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

export type JsonSchema = Record<string, unknown>;

const MAX_CHOICES = 8;
const BOOLEAN = [isBoolean, 'a boolean'] as const;
const OBJECT = [isRecord, 'an object'] as const;
const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

/** Reads `POST /v1/chat/completions`. Throws VendorError(400) naming the member. Unknown members are ignored. */
export function parseChatRequest(body: Record<string, unknown>, model: ModelName): ChatRequest {
  const messages = parseMessages(body.messages);
  const stream = optional(body, 'stream', BOOLEAN) ?? false;
  const streamOptions = optional(body, 'stream_options', OBJECT);
  if (streamOptions && !stream) {
    throw bad("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  }
  const tools = parseTools(body.tools);
  const request: ChatRequest = {
    model,
    messages,
    stream,
    includeUsage: streamOptions?.include_usage === true,
    maxTokens:
      integer(body, 'max_completion_tokens', [1, 1e9]) ?? integer(body, 'max_tokens', [1, 1e9]) ?? null,
    stop: parseStop(body.stop),
    n: integer(body, 'n', [1, MAX_CHOICES]) ?? 1,
    seed: integer(body, 'seed', [-1e15, 1e15]) ?? 0,
    format: parseFormat(body.response_format, messages),
    tools,
    toolChoice: parseToolChoice(body.tool_choice, tools),
    parallelToolCalls: optional(body, 'parallel_tool_calls', BOOLEAN) ?? true,
  };
  within(body, 'temperature', [0, 2]);
  within(body, 'top_p', [0, 1]);
  within(body, 'presence_penalty', [-2, 2]);
  within(body, 'frequency_penalty', [-2, 2]);
  return request;
}

function parseMessages(value: unknown): ChatMessage[] {
  if (value === undefined) throw bad("Missing required parameter: 'messages'.", 'messages');
  if (!Array.isArray(value) || value.length === 0) {
    throw bad("Invalid 'messages': expected an array with at least one message.", 'messages');
  }
  const asked = new Set<string>();
  return value.map((item: unknown, index) => {
    const message = parseMessage(item, `messages[${index}]`);
    for (const call of message.toolCalls) asked.add(call.id);
    if (message.role === 'tool' && !asked.has(message.toolCallId ?? '')) {
      throw bad(
        "Messages with role 'tool' must answer a preceding message's 'tool_calls'.",
        `messages[${index}].tool_call_id`,
      );
    }
    return message;
  });
}

function parseMessage(value: unknown, path: string): ChatMessage {
  if (!isRecord(value)) throw bad(`Invalid type for '${path}': expected an object.`, path);
  const role = value.role;
  if (typeof role !== 'string' || !ROLES.has(role)) {
    throw bad(`Invalid value for '${path}.role': expected one of ${[...ROLES].join(', ')}.`, `${path}.role`);
  }
  const toolCalls = parseToolCalls(value.tool_calls, `${path}.tool_calls`);
  const content = value.content ?? null;
  if (content === null && role !== 'assistant') {
    throw bad(`Invalid value for '${path}.content': expected a string or an array.`, `${path}.content`);
  }
  return {
    role: role as ChatMessage['role'],
    ...parseContent(content, `${path}.content`),
    name: typeof value.name === 'string' ? value.name : null,
    toolCalls,
    toolCallId: typeof value.tool_call_id === 'string' ? value.tool_call_id : null,
  };
}

function parseContent(content: unknown, path: string): { text: string; images: number } {
  if (content === null) return { text: '', images: 0 };
  if (typeof content === 'string') return { text: content, images: 0 };
  if (!Array.isArray(content)) throw bad(`Invalid type for '${path}': expected a string or an array.`, path);
  const texts: string[] = [];
  let images = 0;
  content.forEach((part: unknown, index) => {
    if (!isRecord(part)) throw bad(`Invalid type for '${path}[${index}]': expected an object.`, path);
    if (part.type === 'text' && typeof part.text === 'string') texts.push(part.text);
    else if (part.type === 'refusal' && typeof part.refusal === 'string') texts.push(part.refusal);
    else if (part.type === 'image_url' && isRecord(part.image_url)) images++;
    else
      throw bad(
        `Invalid value for '${path}[${index}].type': expected text or image_url.`,
        `${path}[${index}]`,
      );
  });
  return { text: texts.join('\n'), images };
}

function parseToolCalls(value: unknown, path: string): ChatMessage['toolCalls'] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw bad(`Invalid type for '${path}': expected an array.`, path);
  return value.map((call: unknown, index) => {
    const named = isRecord(call) && isRecord(call.function) ? call.function : null;
    if (!isRecord(call) || typeof call.id !== 'string' || typeof named?.name !== 'string') {
      throw bad(`Invalid '${path}[${index}]': expected id and function.name.`, `${path}[${index}]`);
    }
    return { id: call.id, name: named.name, arguments: String(named.arguments ?? '') };
  });
}

function parseTools(value: unknown): Tool[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw bad("Invalid type for 'tools': expected an array.", 'tools');
  return value.map((tool: unknown, index) => {
    const path = `tools[${index}]`;
    if (!isRecord(tool) || tool.type !== 'function' || !isRecord(tool.function)) {
      throw bad(`Invalid '${path}': expected {"type": "function", "function": {...}}.`, path);
    }
    const { name, description, parameters } = tool.function;
    if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
      throw bad(
        `Invalid '${path}.function.name': expected 1 to 64 of a-z, A-Z, 0-9, _ and -.`,
        `${path}.function.name`,
      );
    }
    return {
      name,
      description: typeof description === 'string' ? description : '',
      parameters: isRecord(parameters) ? parameters : { type: 'object', properties: {} },
    };
  });
}

function parseToolChoice(value: unknown, tools: readonly Tool[]): ChatRequest['toolChoice'] {
  if (value === undefined || value === null) return tools.length > 0 ? 'auto' : 'none';
  if (tools.length === 0)
    throw bad("'tool_choice' is only allowed when 'tools' are specified.", 'tool_choice');
  if (value === 'none' || value === 'auto' || value === 'required') return value;
  const name = isRecord(value) && isRecord(value.function) ? value.function.name : undefined;
  if (typeof name === 'string' && tools.some((tool) => tool.name === name)) return { name };
  throw bad("Invalid 'tool_choice': expected none, auto, required or one of the tools.", 'tool_choice');
}

function parseFormat(value: unknown, messages: readonly ChatMessage[]): ChatRequest['format'] {
  if (value === undefined || value === null) return { kind: 'text' };
  if (!isRecord(value))
    throw bad("Invalid type for 'response_format': expected an object.", 'response_format');
  if (value.type === 'text') return { kind: 'text' };
  if (value.type === 'json_object') {
    if (!messages.some((message) => /json/i.test(message.text))) {
      throw bad(
        "'messages' must contain the word 'json' to use 'response_format' of type 'json_object'.",
        'messages',
      );
    }
    return { kind: 'json' };
  }
  if (value.type === 'json_schema' && isRecord(value.json_schema)) {
    if (typeof value.json_schema.name !== 'string') {
      throw bad(
        "Missing required parameter: 'response_format.json_schema.name'.",
        'response_format.json_schema.name',
      );
    }
    return { kind: 'schema', schema: isRecord(value.json_schema.schema) ? value.json_schema.schema : {} };
  }
  throw bad("Invalid 'response_format.type': expected text, json_object or json_schema.", 'response_format');
}

function parseStop(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 4 || !list.every((item) => typeof item === 'string')) {
    throw bad("Invalid 'stop': expected a string or up to 4 strings.", 'stop');
  }
  return list.filter((item) => item !== '');
}

function optional<T>(
  body: Record<string, unknown>,
  member: string,
  [accepts, wanted]: readonly [(value: unknown) => value is T, string],
): T | undefined {
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  if (!accepts(value)) throw bad(`Invalid type for '${member}': expected ${wanted}.`, member);
  return value;
}

function within(
  body: Record<string, unknown>,
  member: string,
  [least, most]: readonly [number, number],
): void {
  const value = body[member];
  if (value === undefined || value === null) return;
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw bad(`Invalid '${member}': expected a number from ${least} to ${most}.`, member);
}

function integer(
  body: Record<string, unknown>,
  member: string,
  range: readonly [number, number],
): number | undefined {
  within(body, member, range);
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  if (!Number.isInteger(value)) throw bad(`Invalid '${member}': expected an integer.`, member);
  return value as number;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(message: string, param: string): VendorError {
  return new VendorError(400, message, { param });
}
