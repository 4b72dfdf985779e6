import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { encodeSse } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { toChatUsage } from '../chat-usage.ts';
import { completeUsage, estimateTokens } from '../estimate.ts';
import { readEventText } from '../event-text.ts';
import { malformed } from '../failure.ts';
import { type JsonObject, readObject } from '../json.ts';
import type { AppRequest, Failure, Later, StreamReader } from '../provider.ts';
import {
  extraOf,
  isFinished,
  type Labels,
  toAnnotations,
  toFinishReason,
  toImage,
  toUsage,
} from './answer.ts';
import { type Reading, readErrorEvent } from './errors.ts';
import type { Wire } from './wire.ts';

/** Enough of what is no stream to tell what it is. */
const MAX_HEAD_CHARS = 65_536;
/** No message of an event stream of AWS is longer (its prelude names the length first). */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface StreamOf {
  reading: Reading;
  request: AppRequest;
  wire: Wire;
  labels: Labels;
  /** Whether its stream is made of text events; else of length-prefixed messages. */
  isText: boolean;
}

interface OpenCall {
  index: number;
  hasArguments: boolean;
}

/**
 * Stream parts of a package as chat chunks. It decodes later than it is fed: bytes go into the wire, the package reads
 * them in its own time, and {@link later} tells when there is something to collect.
 */
export class PartReader implements StreamReader {
  done = false;
  started = false;
  failure: Failure | null = null;
  finishReason: string | null = null;
  readonly later: Later;

  readonly #of: StreamOf;
  readonly #calls = new Map<string, OpenCall>();
  #out = '';
  #usage: Usage = {};
  #chars = 0;
  #settled = false;
  #closed = false;
  #announced = false;
  #listener: (() => void) | null = null;
  /** The first bytes, until one event was decoded. */
  #head: string | null = '';
  #begun = false;

  constructor(of: StreamOf) {
    this.#of = of;
    const isSettled = () => this.#settled;
    this.later = {
      listen: (listener) => {
        this.#listener = listener;
      },
      collect: () => this.#collect(),
      get settled() {
        return isSettled();
      },
    };
  }

  push(chunk: Buffer): Buffer | null {
    if (this.done || this.failure) return null;
    if (this.#head !== null && this.#head.length < MAX_HEAD_CHARS) this.#head += chunk.toString('latin1');
    this.#of.wire.push(chunk);
    return null;
  }

  end(): Buffer | null {
    this.#closed = true;
    this.#of.wire.end();
    return null;
  }

  usage(): Usage {
    return completeUsage(this.#of.request, this.#usage, () => estimateTokens(this.#chars));
  }

  /** Reads the package's parts to their end. Never throws. */
  async read(parts: AsyncIterable<LanguageModelV3StreamPart>): Promise<void> {
    try {
      for await (const part of parts) {
        if (this.failure) break;
        this.#take(part);
        this.#announce();
      }
    } catch {
      this.#failDecoding();
    }
    if (!this.done && this.#head !== null && this.#isForeign(this.#head)) this.#fail();
    this.#settled = true;
    this.#announce();
  }

  #collect(): Buffer | null {
    const out = this.#out;
    this.#out = '';
    return out === '' ? null : Buffer.from(out);
  }

  /** Once for all parts that one chunk gave: the package decodes in microtasks, this runs after them. */
  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    setImmediate(() => {
      this.#announced = false;
      this.#listener?.();
    });
  }

  #take(part: LanguageModelV3StreamPart): void {
    switch (part.type) {
      case 'raw':
        this.#takeRaw(part.rawValue);
        return;
      case 'text-delta':
        this.#say('content', part.delta);
        return;
      case 'reasoning-delta':
        this.#say('reasoning_content', part.delta);
        return;
      case 'tool-input-start':
        if (!part.providerExecuted) this.#startCall(part.id, part.toolName, extraOf(part.providerMetadata));
        return;
      case 'tool-input-delta':
        this.#giveArguments(part.id, part.delta);
        return;
      case 'tool-call':
        this.#takeCall(part);
        return;
      case 'file':
        this.#add({ images: [toImage(part)] }, part.mediaType.length);
        return;
      case 'source':
        for (const annotation of toAnnotations(part)) this.#add({ annotations: [annotation] }, 0);
        return;
      case 'error':
        this.#failDecoding();
        return;
      case 'finish':
        this.#finish(part);
    }
  }

  #takeRaw(value: unknown): void {
    if (typeof value === 'object' && value !== null) this.#head = null;
    this.failure = readErrorEvent(this.#of.reading, value) ?? this.failure;
  }

  #say(member: 'content' | 'reasoning_content', text: string): void {
    if (text !== '') this.#add({ [member]: text }, text.length);
  }

  #startCall(id: string, name: string, extra: JsonObject): void {
    if (this.#calls.has(id)) return;
    const call: OpenCall = { index: this.#calls.size, hasArguments: false };
    this.#calls.set(id, call);
    const called = { name, arguments: '' };
    this.#add(
      { tool_calls: [{ index: call.index, id, type: 'function', function: called, ...extra }] },
      name.length,
    );
  }

  #giveArguments(id: string, json: string): void {
    const call = this.#calls.get(id);
    if (!call || json === '') return;
    call.hasArguments = true;
    this.#add({ tool_calls: [{ index: call.index, function: { arguments: json } }] }, json.length);
  }

  /** A package may give a call in pieces and then whole, or only whole. */
  #takeCall(part: Extract<LanguageModelV3StreamPart, { type: 'tool-call' }>): void {
    if (part.providerExecuted) return;
    this.#startCall(part.toolCallId, part.toolName, extraOf(part.providerMetadata));
    if (!this.#calls.get(part.toolCallId)?.hasArguments) this.#giveArguments(part.toolCallId, part.input);
  }

  #finish(part: Extract<LanguageModelV3StreamPart, { type: 'finish' }>): void {
    this.#usage = toUsage(part.usage);
    // A package says `finish` at the end of any bytes; without the vendor's reason they were cut.
    if (this.failure || !isFinished(part.finishReason)) return;
    this.finishReason = toFinishReason(part.finishReason);
    this.#chunk({}, this.finishReason);
    this.done = true;
    const { wantsUsage } = this.#of.request;
    if (wantsUsage) this.#event({ choices: [], usage: toChatUsage(this.usage()) });
    this.#out += 'data: [DONE]\n\n';
  }

  #add(delta: JsonObject, chars: number): void {
    this.#chars += chars;
    this.started = true;
    this.#chunk(delta);
  }

  #chunk(delta: JsonObject, finishReason: string | null = null): void {
    const said = this.#begun ? delta : { role: 'assistant', content: '', ...delta };
    this.#begun = true;
    const choices = [{ index: 0, delta: said, logprobs: null, finish_reason: finishReason }];
    this.#event(this.#of.request.wantsUsage ? { choices, usage: null } : { choices });
  }

  #event(members: JsonObject): void {
    const { id, created, model } = this.#of.labels;
    const head = { id, object: 'chat.completion.chunk', created, model };
    this.#out += encodeSse({ data: JSON.stringify({ ...head, ...members }) });
  }

  #isForeign(head: string): boolean {
    if (head === '') return false;
    if (!this.#of.isText)
      return Buffer.from(head, 'latin1').subarray(0, 4).length === 4 && lengthOf(head) > MAX_MESSAGE_BYTES;
    const text = head.trim();
    this.failure = readErrorEvent(this.#of.reading, readObject(text)) ?? this.failure;
    return this.failure === null && readEventText(text).kind === 'foreign';
  }

  /** A last message of a binary stream that is not whole was cut; its decoder calls that an error. */
  #failDecoding(): void {
    if (this.#of.isText || !this.#closed) this.#fail();
  }

  #fail(): void {
    this.failure ??= malformed(this.#of.reading.vendor, 'bytes that are not its stream');
  }
}

function lengthOf(head: string): number {
  return Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE(0);
}
