import { createSseDecoder, encodeSse, type SseEvent } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { toChatUsage } from '../chat-usage.ts';
import { completeUsage, estimateTokens } from '../estimate.ts';
import { readEventText } from '../event-text.ts';
import { malformed, ownFailure } from '../failure.ts';
import { asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { Failure, StreamReader } from '../provider.ts';
import { type Reading, readError, readUsage, toFinishReason } from './answer.ts';

/** Longest single event we hold. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;
/** Enough of what is no stream to tell what it is. */
const MAX_HEAD_CHARS = 65_536;

/** A tool call under way. */
interface OpenCall {
  /** Its place among the answer's tool calls; content blocks are numbered together with text. */
  index: number;
  hasArguments: boolean;
}

/**
 * Message events as chat chunks (https://platform.claude.com/docs/en/build-with-claude/streaming, as known 2026-11-23).
 * Event types nobody knew when this was written are passed over, as that page asks.
 */
export class MessageStreamReader implements StreamReader {
  done = false;
  started = false;
  failure: Failure | null = null;
  finishReason: string | null = null;

  readonly #reading: Reading;
  readonly #decoder = createSseDecoder({ strict: true });
  readonly #calls = new Map<unknown, OpenCall>();
  #id: unknown;
  #model: unknown;
  #usage: Usage = {};
  #chars = 0;
  /** The first bytes, until they prove to be an event. */
  #head: string | null = '';

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#model = reading.request.model;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.done || this.failure) return null;
    if (this.#head !== null && this.#head.length < MAX_HEAD_CHARS) this.#head += chunk.toString('latin1');
    let out = '';
    for (const event of this.#decoder.push(chunk)) {
      out += this.#take(event);
      if (this.done || this.failure) break;
    }
    if (!this.done && !this.failure) this.#checkHeld();
    return out === '' ? null : Buffer.from(out);
  }

  end(): Buffer | null {
    if (this.done || this.failure || this.#head === null) return null;
    const head = this.#head.trim();
    const message = readObject(head);
    if (message?.type === 'error') this.#failWith(message);
    else if (readEventText(head).kind === 'foreign') this.#fail();
    return null;
  }

  usage(): Usage {
    return completeUsage(this.#reading.request, this.#usage, () => estimateTokens(this.#chars));
  }

  /** What has come and is no event. Before the first event {@link end} says what it is. */
  #checkHeld(): void {
    const { vendor } = this.#reading;
    if (this.#decoder.pendingChars > MAX_EVENT_CHARS)
      this.failure = ownFailure('upstream_too_large', `${vendor} sent an event over 16 MiB`);
    else if (this.#decoder.foreign && this.#head === null) this.#fail();
  }

  #take({ data }: SseEvent): string {
    const event = readObject(data);
    if (!event) return this.#fail();
    this.#head = null;
    switch (event.type) {
      case 'message_start':
        return this.#startMessage(asObject(event.message) ?? {});
      case 'content_block_start':
        return this.#startBlock(event.index, asObject(event.content_block) ?? {});
      case 'content_block_delta':
        return this.#takeDelta(event.index, asObject(event.delta) ?? {});
      case 'content_block_stop':
        return this.#stopBlock(event.index);
      case 'message_delta':
        return this.#finish(event);
      case 'message_stop':
        return this.#stop();
      case 'error':
        return this.#failWith(event);
      default:
        return '';
    }
  }

  #startMessage(message: JsonObject): string {
    this.#id = message.id;
    this.#model = message.model ?? this.#model;
    // `output_tokens` here counts what was made before the first event, not the answer.
    const { outputTokens: _, ...usage } = readUsage(asObject(message.usage) ?? {});
    this.#usage = usage;
    return this.#chunk({ role: 'assistant', content: '' });
  }

  #startBlock(index: unknown, block: JsonObject): string {
    if (block.type === 'text') return this.#say('content', asString(block.text) ?? '');
    if (block.type !== 'tool_use') return '';
    const call: OpenCall = { index: this.#calls.size, hasArguments: false };
    this.#calls.set(index, call);
    this.started = true;
    const called = { name: block.name, arguments: '' };
    return this.#chunk({
      tool_calls: [{ index: call.index, id: block.id, type: 'function', function: called }],
    });
  }

  #takeDelta(index: unknown, delta: JsonObject): string {
    if (delta.type === 'text_delta') return this.#say('content', asString(delta.text) ?? '');
    if (delta.type === 'thinking_delta')
      return this.#say('reasoning_content', asString(delta.thinking) ?? '');
    const call = this.#calls.get(index);
    const json = asString(delta.partial_json) ?? '';
    return delta.type === 'input_json_delta' && call && json !== '' ? this.#giveArguments(call, json) : '';
  }

  #stopBlock(index: unknown): string {
    const call = this.#calls.get(index);
    // A tool without input sends no JSON at all, and apps parse what they get.
    return call && !call.hasArguments ? this.#giveArguments(call, '{}') : '';
  }

  #giveArguments(call: OpenCall, json: string): string {
    call.hasArguments = true;
    this.#chars += json.length;
    return this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: json } }] });
  }

  #say(member: 'content' | 'reasoning_content', text: string): string {
    if (text === '') return '';
    this.started = true;
    this.#chars += text.length;
    return this.#chunk({ [member]: text });
  }

  #finish(event: JsonObject): string {
    // Counts are cumulative; the input ones are repeated only by some models.
    this.#usage = { ...this.#usage, ...readUsage(asObject(event.usage) ?? {}) };
    const reason = toFinishReason(asObject(event.delta)?.stop_reason);
    if (reason === null) return '';
    this.finishReason = reason;
    return this.#chunk({}, reason);
  }

  #stop(): string {
    this.done = true;
    const { wantsUsage } = this.#reading.request;
    const usage = wantsUsage ? this.#event({ choices: [], usage: toChatUsage(this.usage()) }) : '';
    return `${usage}data: [DONE]\n\n`;
  }

  #chunk(delta: JsonObject, finishReason: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    return this.#event(this.#reading.request.wantsUsage ? { choices, usage: null } : { choices });
  }

  #event(members: JsonObject): string {
    const { created } = this.#reading;
    const head = { id: this.#id, object: 'chat.completion.chunk', created, model: this.#model };
    return encodeSse({ data: JSON.stringify({ ...head, ...members }) });
  }

  #failWith(message: JsonObject): '' {
    this.failure = readError(this.#reading, { status: null, headers: () => undefined, message });
    return '';
  }

  #fail(): '' {
    this.failure = malformed(this.#reading.vendor, 'bytes that are not a message stream');
    return '';
  }
}
