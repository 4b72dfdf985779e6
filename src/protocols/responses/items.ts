/** The output items of a response. https://platform.openai.com/docs/api-reference/responses/object, as known 2026-11-23. */
import { asArray, asObject, asString, type JsonObject } from '../../providers/json.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Ids of one response and of its items. Made once per exchange, so that every reading of the same bytes is the same. */
export interface ResponseIds {
  response: string;
  item(kind: 'msg' | 'fc' | 'rs', outputIndex: number): string;
}

/** `seed`: random, in hex. */
export function createResponseIds(seed: string): ResponseIds {
  return {
    response: `resp_${seed}`,
    item: (kind, outputIndex) => `${kind}_${seed}${outputIndex.toString(16).padStart(4, '0')}`,
  };
}

export function messageItem(id: string, content: readonly JsonObject[], status: ItemStatus): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

export function reasoningItem(id: string, text: string | null, status: ItemStatus): JsonObject {
  const content = text === null ? [] : [reasoningPart(text)];
  return { id, type: 'reasoning', status, summary: [], content };
}

export interface FunctionCall {
  callId: string;
  name: string;
  arguments: string;
}

export function callItem(id: string, call: FunctionCall, status: ItemStatus): JsonObject {
  return {
    id,
    type: 'function_call',
    status,
    call_id: call.callId,
    name: call.name,
    arguments: call.arguments,
  };
}

export interface TextPart {
  text: string;
  annotations: readonly JsonObject[];
  logprobs: readonly JsonObject[];
}

export function textPart({ text, annotations, logprobs }: TextPart): JsonObject {
  return { type: 'output_text', text, annotations, logprobs };
}

/** How a text begins; also the only part of an answer that says nothing, which is still a message. */
export const EMPTY_TEXT = textPart({ text: '', annotations: [], logprobs: [] });

export function refusalPart(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

export function reasoningPart(text: string): JsonObject {
  return { type: 'reasoning_text', text };
}

/** What a chat message or delta thinks: the two names vendors have for it. */
export function reasoningOf(said: JsonObject): string {
  return asString(said.reasoning_content) ?? asString(said.reasoning) ?? '';
}

/** Text of a message's or delta's content: a text, or with some vendors a list of parts. */
export function contentOf(said: JsonObject): string {
  if (typeof said.content === 'string') return said.content;
  return asArray(said.content)
    .map((part) => asString(asObject(part)?.text) ?? '')
    .join('');
}

/** Chat's URL citations, flat as here. */
export function annotationsOf(said: JsonObject): JsonObject[] {
  return asArray(said.annotations).flatMap((value) => {
    const annotation = asObject(value) ?? {};
    const citation = asObject(annotation.url_citation);
    return annotation.type === 'url_citation' && citation ? [{ type: 'url_citation', ...citation }] : [];
  });
}

/** Log probabilities of a choice's content, by token. */
export function logprobsOf(choice: JsonObject): JsonObject[] {
  return asArray(asObject(choice.logprobs)?.content).map((value) => {
    const { token, bytes, logprob, top_logprobs: top } = asObject(value) ?? {};
    const others = asArray(top).map((other) => {
      const found = asObject(other) ?? {};
      return { token: found.token, bytes: found.bytes ?? [], logprob: found.logprob };
    });
    return { token, bytes: bytes ?? [], logprob, top_logprobs: others };
  });
}
