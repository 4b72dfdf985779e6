/** A chat completion as a message. */
import type { Usage } from '../../core/usage.ts';
import { asArray, asObject, asString, type JsonObject, readObject } from '../../providers/json.ts';

/** What reading an answer needs to know of the request. */
export interface Asked {
  model: string;
  stopSequences: readonly unknown[];
  thinking: boolean;
}

/** `null`: the completion is not one that can be put into this protocol. */
export function toMessage(
  completion: Buffer,
  usage: Usage,
  asked: Asked,
): { body: Buffer; stopReason: string } | null {
  const parsed = readObject(completion);
  const choice = asObject(asArray(parsed?.choices)[0]);
  const said = asObject(choice?.message);
  if (!parsed || !choice || !said) return null;
  const calls = asArray(said.tool_calls).map((call) => asObject(call) ?? {});
  const tools = calls.map(toToolUse).filter((block) => block !== null);
  const cutShort = choice.finish_reason === 'length';
  // A call that was cut short has no input to act on; `max_tokens` says so. Any other is the vendor's fault.
  if (tools.length < calls.length && !cutShort) return null;
  const refusal = asString(said.refusal) ?? '';
  const text = (asString(said.content) ?? '') + refusal;
  const thought = asked.thinking ? (asString(said.reasoning_content) ?? asString(said.reasoning) ?? '') : '';
  const content = [
    ...(thought === '' ? [] : [{ type: 'thinking', thinking: thought, signature: '' }]),
    // Without `citations: null`, which the vendor leaves out too and clients that check its answers do not take.
    ...(text === '' ? [] : [{ type: 'text', text }]),
    ...tools,
  ];
  const stop = toStop(choice, asked, { called: tools.length > 0, refused: refusal !== '' });
  const message = {
    ...toMessageHead(parsed, asked.model),
    content,
    ...stop,
    usage: toWholeUsage(usage),
  };
  return { body: Buffer.from(JSON.stringify(message)), stopReason: stop.stop_reason };
}

/** Members of a message that come before its content. */
export function toMessageHead({ id, model }: JsonObject, askedModel: string): JsonObject {
  const name = asString(id) ?? '';
  return {
    id: name.startsWith('msg_') ? name : `msg_${name}`,
    type: 'message',
    role: 'assistant',
    model: asString(model) ?? askedModel,
    container: null,
    diagnostics: null,
  };
}

export interface Stop {
  stop_reason: string;
  stop_sequence: string | null;
  stop_details: JsonObject | null;
}

/**
 * Why it stopped. Chat calls a stop sequence and a natural end both `stop`; some servers name the sequence in the
 * choice's `stop_reason`, only then can it be told.
 */
export function toStop(choice: JsonObject, asked: Asked, seen: { called: boolean; refused: boolean }): Stop {
  const reason = choice.finish_reason;
  const sequence = choice.stop_reason;
  const plain = (word: string): Stop => ({ stop_reason: word, stop_sequence: null, stop_details: null });
  if (seen.refused || reason === 'content_filter')
    return { ...plain('refusal'), stop_details: { type: 'refusal', category: null, explanation: null } };
  if (reason === 'length') return plain('max_tokens');
  // A forced call ends with `stop` in chat.
  if (seen.called || reason === 'tool_calls' || reason === 'function_call') return plain('tool_use');
  if (typeof sequence === 'string' && asked.stopSequences.includes(sequence))
    return { ...plain('stop_sequence'), stop_sequence: sequence };
  return plain('end_turn');
}

/** `input_tokens` of this protocol leaves out what was read from and written to the cache. */
export function toMessageUsage(usage: Usage): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    input_tokens: Math.max(0, inputTokens - (cacheReadTokens ?? 0) - (cacheWriteTokens ?? 0)),
    cache_creation_input_tokens: cacheWriteTokens ?? null,
    cache_read_input_tokens: cacheReadTokens ?? null,
    output_tokens: outputTokens,
    server_tool_use: null,
    output_tokens_details: reasoningTokens === undefined ? null : { thinking_tokens: reasoningTokens },
  };
}

/** The same with the members that only whole messages and `message_start` have. */
export function toWholeUsage(usage: Usage): JsonObject {
  return {
    ...toMessageUsage(usage),
    cache_creation: null,
    inference_geo: null,
    service_tier: null,
    speed: null,
  };
}

function toToolUse(call: JsonObject, index: number): JsonObject | null {
  const { name, arguments: given } = asObject(call.function) ?? {};
  const input = given === undefined || given === '' ? {} : readObject(asString(given) ?? '');
  if (typeof name !== 'string' || !input) return null;
  return { ...toToolHead(asString(call.id) || `toolu_${index}`, name), input };
}

/** A tool call before its input is known. */
export function toToolHead(id: string, name: string): JsonObject {
  return { type: 'tool_use', id, name, caller: { type: 'direct' }, input: {} };
}
