/** A whole chat answer as a response. */
import { asArray, asObject, asString, type JsonObject, readObject } from '../../providers/json.ts';
import type { Answer } from '../../providers/provider.ts';
import {
  annotationsOf,
  callItem,
  contentOf,
  EMPTY_TEXT,
  type ItemStatus,
  logprobsOf,
  messageItem,
  type ResponseIds,
  reasoningItem,
  reasoningOf,
  refusalPart,
  textPart,
} from './items.ts';
import { incompleteReason, type ResponseFrame, toResponse } from './response.ts';

/** The answer in this protocol; usage and finish reason stay what they are. */
export function toResponsesAnswer(frame: ResponseFrame, answer: Answer): Answer {
  const message = readObject(answer.body) ?? {};
  const choice = asObject(asArray(message.choices)[0]) ?? {};
  const status = incompleteReason(answer.finishReason) === null ? 'completed' : 'incomplete';
  const response = toResponse(frame, {
    status,
    model: asString(message.model) ?? frame.request.model,
    serviceTier: message.service_tier,
    finishReason: answer.finishReason,
    output: toOutput(choice, frame.ids, status),
    usage: answer.usage,
  });
  return { ...answer, body: Buffer.from(JSON.stringify(response)) };
}

/** Reasoning, then text, then calls, as a stream gives them. Only the last item can have been cut short. */
function toOutput(choice: JsonObject, ids: ResponseIds, status: ItemStatus): JsonObject[] {
  const said = asObject(choice.message) ?? {};
  const makers: ((index: number, status: ItemStatus) => JsonObject)[] = [];
  const thought = reasoningOf(said);
  if (thought !== '') makers.push((index, how) => reasoningItem(ids.item('rs', index), thought, how));
  const content = toContent(choice, said);
  const calls = asArray(said.tool_calls);
  if (content.length > 0 || (calls.length === 0 && thought === ''))
    makers.push((index, how) =>
      messageItem(ids.item('msg', index), content.length > 0 ? content : [EMPTY_TEXT], how),
    );
  for (const call of calls) makers.push((index, how) => toCall(call, ids.item('fc', index), how));
  return makers.map((make, index) => make(index, index === makers.length - 1 ? status : 'completed'));
}

function toContent(choice: JsonObject, said: JsonObject): JsonObject[] {
  const text = contentOf(said);
  const refusal = asString(said.refusal) ?? '';
  const parts: JsonObject[] = [];
  if (text !== '')
    parts.push(textPart({ text, annotations: annotationsOf(said), logprobs: logprobsOf(choice) }));
  if (refusal !== '') parts.push(refusalPart(refusal));
  return parts;
}

function toCall(value: unknown, id: string, status: ItemStatus): JsonObject {
  const call = asObject(value) ?? {};
  const { name, arguments: given } = asObject(call.function) ?? {};
  return callItem(
    id,
    { callId: asString(call.id) ?? id, name: asString(name) ?? '', arguments: asString(given) ?? '' },
    status,
  );
}
