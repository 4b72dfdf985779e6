import type { Usage } from '../../core/usage.ts';
import { toChatUsage } from '../chat-usage.ts';
import { completeUsage, estimateOutput } from '../estimate.ts';
import { malformed, toFailure } from '../failure.ts';
import { asCount, asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { Answer, AppRequest, Failure, HeaderLookup } from '../provider.ts';

/** What reading needs to know of the instance and the attempt. */
export interface Reading {
  vendor: string;
  request: AppRequest;
  secrets: readonly string[];
  /** Seconds since 1970: the chat protocol dates its answers, the Messages API does not. */
  created: number;
}

/** A complete answer of any status, as a chat completion. */
export function readAnswer(
  reading: Reading,
  answer: { status: number; body: Buffer; headers: HeaderLookup },
): Answer | Failure {
  const { status, headers } = answer;
  const message = readObject(answer.body);
  if (status < 200 || status >= 300) return readError(reading, { status, headers, message });
  if (!message) return malformed(reading.vendor, 'an answer that is not a JSON object');
  if (message.type === 'error') return readError(reading, { status: null, headers, message });
  if (!Array.isArray(message.content)) return malformed(reading.vendor, 'an answer without `content`');
  const finishReason = toFinishReason(message.stop_reason);
  const said = toChatMessage(message.content);
  const reported = readUsage(asObject(message.usage) ?? {});
  const usage = completeUsage(reading.request, reported, () =>
    estimateOutput({ choices: [{ message: said }] }),
  );
  const completion = {
    id: message.id,
    object: 'chat.completion',
    created: reading.created,
    model: message.model,
    choices: [{ index: 0, message: said, logprobs: null, finish_reason: finishReason }],
    usage: toChatUsage(usage),
  };
  return { kind: 'answer', body: Buffer.from(JSON.stringify(completion)), usage, finishReason };
}

function toChatMessage(content: readonly unknown[]): JsonObject {
  const blocks = content.map((block) => asObject(block) ?? {});
  const textOf = (type: string, member: string) =>
    blocks
      .filter((block) => block.type === type)
      .map((block) => asString(block[member]) ?? '')
      .join('');
  const calls = blocks.filter((block) => block.type === 'tool_use');
  const thought = textOf('thinking', 'thinking');
  const text = textOf('text', 'text');
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(toToolCall) }),
  };
}

function toToolCall(block: JsonObject): JsonObject {
  const called = { name: block.name, arguments: JSON.stringify(block.input ?? {}) };
  return { id: block.id, type: 'function', function: called };
}

const FINISH_REASONS: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** A stop reason nobody knew when this was written reads as `stop`, since the chat protocol's list is closed. */
export function toFinishReason(stopReason: unknown): string | null {
  return typeof stopReason === 'string' ? (FINISH_REASONS[stopReason] ?? 'stop') : null;
}

/** `input_tokens` there excludes cache reads and writes; here the input is the whole prompt. */
export function readUsage(found: JsonObject): Usage {
  const usage: Usage = {};
  const fresh = asCount(found.input_tokens);
  const cacheRead = asCount(found.cache_read_input_tokens);
  const cacheWrite = asCount(found.cache_creation_input_tokens);
  const output = asCount(found.output_tokens);
  if (fresh !== undefined) usage.inputTokens = fresh + (cacheRead ?? 0) + (cacheWrite ?? 0);
  if (cacheRead !== undefined) usage.cacheReadTokens = cacheRead;
  if (cacheWrite !== undefined) usage.cacheWriteTokens = cacheWrite;
  if (output !== undefined) usage.outputTokens = output;
  const reasoning = asCount(asObject(found.output_tokens_details)?.thinking_tokens);
  if (reasoning !== undefined) usage.reasoningTokens = reasoning;
  return usage;
}

/** https://platform.claude.com/docs/en/api/errors, as known 2026-11-23. */
const ERROR_STATUS: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Status that an error body stands for; 502: none we know. */
export function errorStatusOf(message: JsonObject): number {
  return ERROR_STATUS[asString(asObject(message.error)?.type) ?? ''] ?? 502;
}

/** The meaning of an error body or event. `status` is `null` when it came inside a good answer or a stream. */
export function readError(
  reading: Reading,
  found: { status: number | null; headers: HeaderLookup; message: JsonObject | undefined },
): Failure {
  const error = asObject(found.message?.error);
  const type = asString(error?.type) ?? null;
  const said = asString(error?.message);
  const leaks = said === undefined || reading.secrets.some((secret) => said.includes(secret));
  const chatBody = { error: { message: said, type, param: null, code: type } };
  // Apps of its own protocol get its words as they are.
  const body = reading.request.protocol === 'chat' ? chatBody : found.message;
  return toFailure({
    vendor: reading.vendor,
    status: found.status ?? ERROR_STATUS[type ?? ''] ?? 502,
    code: type,
    headers: found.headers,
    body: leaks ? null : Buffer.from(JSON.stringify(body)),
  });
}
