import { createSseDecoder, encodeSse } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { estimateInput } from '../../providers/estimate.ts';
import { malformed } from '../../providers/failure.ts';
import { asArray, asObject, asString, type JsonObject, readObject } from '../../providers/json.ts';
import { type Failure, type Later, mapLater, type StreamReader } from '../../providers/provider.ts';
import { type Asked, toMessageHead, toMessageUsage, toStop, toToolHead, toWholeUsage } from './answer.ts';
import { fromChatFailure } from './failure.ts';

type OpenBlock = { type: 'text' | 'thinking' } | { type: 'tool_use'; key: string };

/**
 * Chat chunks as message events: `message_start`, then blocks one after the other, `message_delta` with the stop
 * reason and the usage, `message_stop`. The vendor's own reader stands inside and keeps usage, clocks and failures.
 */
export class MessagesOverChatReader implements StreamReader {
  readonly later: Later | undefined;
  readonly #inner: StreamReader;
  readonly #asked: Asked;
  readonly #body: JsonObject;
  readonly #decoder = createSseDecoder();
  #failure: Failure | null = null;
  #stopReason: string | null = null;
  #begun = false;
  #over = false;
  #open: OpenBlock | null = null;
  /** Blocks so far. */
  #blocks = 0;
  /** Ids of tool calls seen, by their index in chat; `keys` of those whose block is closed. */
  readonly #callIds = new Map<number, string>();
  readonly #closedCalls = new Set<string>();
  #refused = false;
  #finish: JsonObject = {};

  constructor(inner: StreamReader, asked: Asked, body: JsonObject) {
    this.#inner = inner;
    this.later = mapLater(inner.later, (bytes) =>
      this.#over || this.failure ? null : this.#translate(bytes),
    );
    this.#asked = asked;
    this.#body = body;
  }

  get done(): boolean {
    return this.#inner.done && this.failure === null;
  }

  get started(): boolean {
    return this.#inner.started;
  }

  get failure(): Failure | null {
    if (this.#failure === null && this.#inner.failure) this.#failure = fromChatFailure(this.#inner.failure);
    return this.#failure;
  }

  get finishReason(): string | null {
    return this.#stopReason;
  }

  usage(): Usage {
    return this.#inner.usage();
  }

  push(chunk: Buffer): Buffer | null {
    if (this.#over || this.failure) return null;
    return this.#translate(this.#inner.push(chunk));
  }

  end(): Buffer | null {
    if (this.#over || this.failure) return null;
    return this.#translate(this.#inner.end());
  }

  #translate(bytes: Buffer | null): Buffer | null {
    let out = '';
    for (const { data } of bytes ? this.#decoder.push(bytes) : []) {
      const chunk = data === '[DONE]' ? undefined : readObject(data);
      if (chunk && !this.#failure) out += this.#take(chunk);
    }
    if (this.#inner.done && !this.failure) out += this.#stop();
    return out === '' ? null : Buffer.from(out);
  }

  #take(chunk: JsonObject): string {
    const choice = asArray(chunk.choices)
      .map((value) => asObject(value) ?? {})
      .find(({ index }) => (index ?? 0) === 0);
    if (!choice) return '';
    const delta = asObject(choice.delta) ?? {};
    let out = this.#begin(chunk);
    const thought = asString(delta.reasoning_content) ?? asString(delta.reasoning) ?? '';
    if (this.#asked.thinking) out += this.#say('thinking', thought);
    out += this.#say('text', asString(delta.content) ?? '');
    const refusal = asString(delta.refusal) ?? '';
    if (refusal !== '') this.#refused = true;
    out += this.#say('text', refusal);
    for (const [i, call] of asArray(delta.tool_calls).entries()) {
      out += this.#call(asObject(call) ?? {}, i);
      if (this.#failure) break;
    }
    if (typeof choice.finish_reason === 'string') this.#finish = choice;
    return out;
  }

  #begin(chunk: JsonObject): string {
    if (this.#begun) return '';
    this.#begun = true;
    // Chat reports usage at the end; until then the input is our estimate, which `message_delta` corrects.
    const usage = toWholeUsage({ inputTokens: estimateInput(this.#body), outputTokens: 0 });
    const head = toMessageHead(chunk, this.#asked.model);
    return event('message_start', {
      message: { ...head, content: [], stop_reason: null, stop_sequence: null, stop_details: null, usage },
    });
  }

  #say(type: 'text' | 'thinking', text: string): string {
    if (text === '') return '';
    let out = '';
    if (this.#open?.type !== type) {
      const block = type === 'text' ? { type, text: '' } : { type, thinking: '', signature: '' };
      out = this.#openBlock({ type }, block);
    }
    const delta = type === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text };
    return out + this.#delta(delta);
  }

  #call(call: JsonObject, position: number): string {
    const index = typeof call.index === 'number' ? call.index : position;
    const { name, arguments: json } = asObject(call.function) ?? {};
    const known = this.#callIds.get(index);
    // Some vendors give every parallel call the index 0 and tell them apart by id.
    const isNew = known === undefined || (typeof call.id === 'string' && call.id !== '' && call.id !== known);
    const id = isNew ? asString(call.id) || `toolu_${this.#blocks}` : known;
    let out = '';
    if (isNew) {
      if (typeof name !== 'string') return this.#fail('a tool call without a name');
      this.#callIds.set(index, id);
      out = this.#openBlock({ type: 'tool_use', key: id }, toToolHead(id, name));
    }
    if (typeof json !== 'string' || json === '') return out;
    // Blocks stand one after the other here: what belongs to a closed one has no place.
    if (this.#closedCalls.has(id)) return out + this.#fail('tool calls whose parts are interleaved');
    return out + this.#delta({ type: 'input_json_delta', partial_json: json });
  }

  #openBlock(open: OpenBlock, block: JsonObject): string {
    const out = this.#closeBlock();
    this.#open = open;
    const start = event('content_block_start', { index: this.#blocks, content_block: block });
    return out + start + (this.#blocks++ === 0 ? event('ping', {}) : '');
  }

  #closeBlock(): string {
    if (!this.#open) return '';
    if (this.#open.type === 'tool_use') this.#closedCalls.add(this.#open.key);
    this.#open = null;
    return event('content_block_stop', { index: this.#blocks - 1 });
  }

  #delta(delta: JsonObject): string {
    return event('content_block_delta', { index: this.#blocks - 1, delta });
  }

  #stop(): string {
    this.#over = true;
    const begin = this.#begin({});
    const called = this.#callIds.size > 0;
    const stop = toStop(this.#finish, this.#asked, { called, refused: this.#refused });
    this.#stopReason = stop.stop_reason;
    const usage = toMessageUsage(this.#inner.usage());
    return (
      begin +
      this.#closeBlock() +
      event('message_delta', { delta: { ...stop, container: null }, usage }) +
      event('message_stop', {})
    );
  }

  #fail(what: string): string {
    this.#failure = malformed('the deployment', what);
    return '';
  }
}

function event(type: string, members: JsonObject): string {
  return encodeSse({ event: type, data: JSON.stringify({ type, ...members }) });
}
