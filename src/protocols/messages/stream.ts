import { createSseDecoder, encodeSse } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { estimateInput } from '../../providers/estimate.ts';
import { malformed, ownFailure } from '../../providers/failure.ts';
import { asArray, asObject, asString, type JsonObject, readObject } from '../../providers/json.ts';
import { type Failure, type Later, mapLater, type StreamReader } from '../../providers/provider.ts';
import { type Asked, toMessageHead, toMessageUsage, toStop, toToolHead, toWholeUsage } from './answer.ts';
import { fromChatFailure } from './failure.ts';
import { InputEnd } from './input-end.ts';

/** What may wait for an earlier block to close: as much as the readers of vendors hold of one event. */
const MAX_HELD_CHARS = 16 * 1024 * 1024;

interface Block {
  readonly type: 'text' | 'thinking' | 'tool_use';
  readonly index: number;
  /** Its events that are not out yet. */
  held: string;
}

interface CallBlock extends Block {
  readonly type: 'tool_use';
  readonly id: string;
  readonly input: InputEnd;
  closed: boolean;
}

/**
 * Chat chunks as message events: `message_start`, then blocks one after the other, `message_delta` with the stop
 * reason and the usage, `message_stop`. The vendor's own reader stands inside and keeps usage, clocks and failures.
 *
 * Chat may go back and forth between parallel calls. The first open block goes out as it comes; what belongs to later
 * ones is held until that can close: a call when its arguments are a whole object, or the stream is at its end.
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
  /** Blocks that are not closed, in their order; only the first is out. */
  readonly #open: Block[] = [];
  #heldChars = 0;
  /** Blocks so far. */
  #blocks = 0;
  /** The call each index in chat stands for. */
  readonly #calls = new Map<number, CallBlock>();
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
    let block = this.#open.at(-1);
    let out = '';
    if (block?.type !== type) {
      block = { type, index: this.#blocks++, held: '' };
      const head = type === 'text' ? { type, text: '' } : { type, thinking: '', signature: '' };
      out = this.#openBlock(block, head);
    }
    const delta = type === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text };
    return out + this.#delta(block, delta);
  }

  #call(piece: JsonObject, position: number): string {
    const index = typeof piece.index === 'number' ? piece.index : position;
    const { name, arguments: json } = asObject(piece.function) ?? {};
    let call = this.#calls.get(index);
    let out = '';
    // Some vendors give every parallel call the index 0 and tell them apart by id.
    if (!call || (typeof piece.id === 'string' && piece.id !== '' && piece.id !== call.id)) {
      if (typeof name !== 'string') return this.#fail('a tool call without a name');
      const place = this.#blocks++;
      const id = asString(piece.id) || `toolu_${place}`;
      call = { type: 'tool_use', index: place, held: '', id, input: new InputEnd(), closed: false };
      this.#calls.set(index, call);
      out = this.#openBlock(call, toToolHead(id, name));
    }
    if (typeof json !== 'string' || json === '') return out;
    if (call.closed) {
      // Blanks after the object say nothing; anything else would be lost.
      return json.trim() === '' ? out : this.#fail('a tool call that goes on after its arguments ended');
    }
    call.input.push(json);
    return out + this.#delta(call, { type: 'input_json_delta', partial_json: json });
  }

  #openBlock(block: Block, content_block: JsonObject): string {
    this.#open.push(block);
    const start = event('content_block_start', { index: block.index, content_block });
    return this.#write(block, block.index === 0 ? start + event('ping', {}) : start);
  }

  #delta(block: Block, delta: JsonObject): string {
    return this.#write(block, event('content_block_delta', { index: block.index, delta }));
  }

  #write(block: Block, text: string): string {
    block.held += text;
    this.#heldChars += text.length;
    const out = this.#release(false);
    if (this.#heldChars > MAX_HELD_CHARS) {
      const what = 'the deployment sent over 16 MiB of tool calls before an earlier one ended';
      this.#failure = ownFailure('upstream_too_large', what);
    }
    return out;
  }

  /** What can go out: of the first open block, and of those after it as far as blocks can close. */
  #release(atEnd: boolean): string {
    let out = '';
    for (;;) {
      const [first, next] = this.#open;
      if (!first) return out;
      out += first.held;
      this.#heldChars -= first.held.length;
      first.held = '';
      const canClose = atEnd || (next !== undefined && (!isCall(first) || first.input.reached));
      if (!canClose) return out;
      out += event('content_block_stop', { index: first.index });
      if (isCall(first)) first.closed = true;
      this.#open.shift();
    }
  }

  #stop(): string {
    this.#over = true;
    const begin = this.#begin({});
    const called = this.#calls.size > 0;
    const stop = toStop(this.#finish, this.#asked, { called, refused: this.#refused });
    this.#stopReason = stop.stop_reason;
    const usage = toMessageUsage(this.#inner.usage());
    return (
      begin +
      this.#release(true) +
      event('message_delta', { delta: { ...stop, container: null }, usage }) +
      event('message_stop', {})
    );
  }

  #fail(what: string): string {
    this.#failure = malformed('the deployment', what);
    return '';
  }
}

function isCall(block: Block): block is CallBlock {
  return block.type === 'tool_use';
}

function event(type: string, members: JsonObject): string {
  return encodeSse({ event: type, data: JSON.stringify({ type, ...members }) });
}
