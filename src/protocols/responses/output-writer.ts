/** Writes the output of a response as events, and keeps the finished items. */
import { encodeSse } from '../../core/sse.ts';
import { asObject, asString, type JsonObject } from '../../providers/json.ts';
import {
  callItem,
  EMPTY_TEXT,
  type FunctionCall,
  type ItemStatus,
  messageItem,
  type ResponseIds,
  reasoningItem,
  reasoningPart,
  refusalPart,
  textPart,
} from './items.ts';

interface OpenReasoning {
  kind: 'reasoning';
  index: number;
  id: string;
  text: string;
}

interface OpenMessage {
  kind: 'message';
  index: number;
  id: string;
  /** Parts that are finished. */
  content: JsonObject[];
  part: OpenText | OpenRefusal;
}

interface OpenText {
  kind: 'text';
  text: string;
  annotations: JsonObject[];
  logprobs: JsonObject[];
}

interface OpenRefusal {
  kind: 'refusal';
  text: string;
}

interface OpenCall extends FunctionCall {
  index: number;
  id: string;
  /** Its name is known, so its beginning is out. */
  announced: boolean;
}

/**
 * One item of text or reasoning is open at a time. Calls stay open until the end: chat may go back and forth between
 * parallel ones, and what is closed cannot be added to.
 */
export class OutputWriter {
  /** Finished items, in their order once {@link finish} was called. */
  readonly output: JsonObject[] = [];
  readonly #ids: ResponseIds;
  #text = '';
  #sequence = 0;
  #items = 0;
  #open: OpenReasoning | OpenMessage | null = null;
  /** In the order they began, and by chat's name for them. */
  readonly #openCalls: OpenCall[] = [];
  readonly #calls = new Map<unknown, OpenCall>();
  #lastCall: OpenCall | null = null;

  constructor(ids: ResponseIds) {
    this.#ids = ids;
  }

  /** What was written since the last time. */
  takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  event(type: string, members: JsonObject): void {
    const data = JSON.stringify({ type, sequence_number: this.#sequence++, ...members });
    this.#text += encodeSse({ event: type, data });
  }

  think(delta: string): void {
    const item = this.#open?.kind === 'reasoning' ? this.#open : this.#openReasoning();
    item.text += delta;
    this.event('response.reasoning_text.delta', { ...partOf(item, 0), delta });
  }

  say(delta: string, logprobs: JsonObject[]): void {
    const item = this.#openMessage('text');
    if (item.part.kind !== 'text') return;
    item.part.text += delta;
    item.part.logprobs.push(...logprobs);
    this.event('response.output_text.delta', {
      ...partOf(item),
      delta,
      logprobs: logprobs.map(withoutBytes),
    });
  }

  annotate(annotation: JsonObject): void {
    const item = this.#openMessage('text');
    if (item.part.kind !== 'text') return;
    const annotation_index = item.part.annotations.push(annotation) - 1;
    this.event('response.output_text.annotation.added', { ...partOf(item), annotation_index, annotation });
  }

  refuse(delta: string): void {
    const item = this.#openMessage('refusal');
    item.part.text += delta;
    this.event('response.refusal.delta', { ...partOf(item), delta });
  }

  /** A piece of a tool call, as chat sends it. Some vendors number none of their calls, or all alike. */
  call(piece: JsonObject): void {
    const { name, arguments: given } = asObject(piece.function) ?? {};
    const callId = asString(piece.id) ?? '';
    const key = piece.index ?? (callId || this.#lastCall?.callId);
    let call = this.#calls.get(key);
    if (!call || (callId !== '' && call.callId !== '' && call.callId !== callId)) {
      call = this.#openCall();
      this.#calls.set(key, call);
    }
    this.#lastCall = call;
    call.callId ||= callId;
    call.name ||= asString(name) ?? '';
    const delta = asString(given) ?? '';
    const wasAnnounced = call.announced;
    if (!wasAnnounced && call.name !== '') this.#announce(call);
    call.arguments += delta;
    const said = wasAnnounced ? delta : call.arguments;
    if (call.announced && said !== '')
      this.event('response.function_call_arguments.delta', { ...placeOf(call), delta: said });
  }

  /** Closes what is open. Of an answer that was cut short only the last item is incomplete. */
  finish(status: ItemStatus): void {
    if (this.#items === 0) this.#openMessage('text');
    const calls = this.#openCalls;
    this.#close(calls.length === 0 ? status : 'completed');
    for (const [i, call] of calls.entries()) {
      if (!call.announced) this.#announce(call);
      const { name } = call;
      const said = { ...placeOf(call), name, arguments: call.arguments };
      this.event('response.function_call_arguments.done', said);
      this.#closeItem(call, callItem(call.id, call, i === calls.length - 1 ? status : 'completed'));
    }
  }

  #openCall(): OpenCall {
    this.#close('completed');
    const index = this.#items++;
    const id = this.#ids.item('fc', index);
    const call = { index, id, callId: '', name: '', arguments: '', announced: false };
    this.#openCalls.push(call);
    return call;
  }

  #announce(call: OpenCall): void {
    call.announced = true;
    call.callId ||= call.id;
    const item = callItem(call.id, { ...call, arguments: '' }, 'in_progress');
    this.event('response.output_item.added', { output_index: call.index, item });
  }

  #openReasoning(): OpenReasoning {
    this.#close('completed');
    const index = this.#items++;
    const item: OpenReasoning = { kind: 'reasoning', index, id: this.#ids.item('rs', index), text: '' };
    this.#open = item;
    this.event('response.output_item.added', {
      output_index: index,
      item: reasoningItem(item.id, null, 'in_progress'),
    });
    this.event('response.content_part.added', { ...partOf(item, 0), part: reasoningPart('') });
    return item;
  }

  /** The open message, its open part of this kind. */
  #openMessage(kind: 'text' | 'refusal'): OpenMessage {
    let item = this.#open?.kind === 'message' ? this.#open : null;
    if (item?.part.kind === kind) return item;
    const part: OpenMessage['part'] =
      kind === 'text' ? { kind, text: '', annotations: [], logprobs: [] } : { kind, text: '' };
    if (item) {
      this.#closePart(item);
      item.part = part;
    } else {
      item = this.#startMessage(part);
    }
    const empty = kind === 'text' ? EMPTY_TEXT : refusalPart('');
    this.event('response.content_part.added', { ...partOf(item), part: empty });
    return item;
  }

  #startMessage(part: OpenMessage['part']): OpenMessage {
    this.#close('completed');
    const index = this.#items++;
    const item: OpenMessage = { kind: 'message', index, id: this.#ids.item('msg', index), content: [], part };
    this.#open = item;
    this.event('response.output_item.added', {
      output_index: index,
      item: messageItem(item.id, [], 'in_progress'),
    });
    return item;
  }

  #close(status: ItemStatus): void {
    const item = this.#open;
    if (!item) return;
    this.#open = null;
    if (item.kind === 'reasoning') {
      const { text } = item;
      this.event('response.reasoning_text.done', { ...partOf(item, 0), text });
      this.event('response.content_part.done', { ...partOf(item, 0), part: reasoningPart(text) });
      this.#closeItem(item, reasoningItem(item.id, text, status));
    } else {
      this.#closePart(item);
      this.#closeItem(item, messageItem(item.id, item.content, status));
    }
  }

  #closePart(item: OpenMessage): void {
    const { part } = item;
    if (part.kind === 'text') {
      const { text, logprobs } = part;
      this.event('response.output_text.done', {
        ...partOf(item),
        text,
        logprobs: logprobs.map(withoutBytes),
      });
    } else {
      this.event('response.refusal.done', { ...partOf(item), refusal: part.text });
    }
    const done = part.kind === 'text' ? textPart(part) : refusalPart(part.text);
    this.event('response.content_part.done', { ...partOf(item), part: done });
    item.content.push(done);
  }

  #closeItem({ index }: { index: number }, item: JsonObject): void {
    this.output[index] = item;
    this.event('response.output_item.done', { output_index: index, item });
  }
}

function placeOf({ id, index }: { id: string; index: number }): JsonObject {
  return { item_id: id, output_index: index };
}

function partOf(item: OpenReasoning | OpenMessage, index?: number): JsonObject {
  const content_index = index ?? (item.kind === 'message' ? item.content.length : 0);
  return { ...placeOf(item), content_index };
}

/** Events carry tokens without their bytes; the finished part has both. */
function withoutBytes({ token, logprob, top_logprobs }: JsonObject): JsonObject {
  const top = (top_logprobs as JsonObject[]).map((other) => ({ token: other.token, logprob: other.logprob }));
  return { token, logprob, top_logprobs: top };
}
