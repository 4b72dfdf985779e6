import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { encodeSse } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { toChatUsage } from '../chat-usage.ts';
import { completeUsage, estimateTokens } from '../estimate.ts';
import type { JsonObject } from '../json.ts';
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
import { isBlocked, type Reading, readErrorEvent } from './errors.ts';
import { createFraming, type Framing, notItsStream } from './framing.ts';
import type { Wire } from './wire.ts';

/** Messages of the AWS event stream, each with its length before it. */
const BINARY = 'application/vnd.amazon.eventstream';

export interface StreamOf {
  reading: Reading;
  request: AppRequest;
  wire: Wire;
  labels: Labels;
  /** Content type of its stream; empty: not known. */
  streamType: string;
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
  /** Output tokens that the vendor had counted when its stream broke off. */
  #counted = 0;
  #settled = false;
  /** The vendor does not answer this prompt, and says so. */
  #blocked = false;
  #closed = false;
  #announced = false;
  #listener: (() => void) | null = null;
  readonly #framing: Framing;
  #begun = false;

  constructor(of: StreamOf) {
    this.#of = of;
    this.#framing = createFraming(of.streamType, of.reading);
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
    if (this.done || this.failure || this.#framing.failure) return null;
    const bytes = this.#framing.push(chunk);
    if (bytes) this.#of.wire.push(bytes);
    // The package still reads what came before; then the failure is told.
    if (this.#framing.failure) this.#of.wire.end();
    return null;
  }

  end(): Buffer | null {
    this.#closed = true;
    this.#of.wire.end();
    return null;
  }

  usage(): Usage {
    return completeUsage(this.#of.request, this.#usage, () =>
      Math.max(this.#counted, estimateTokens(this.#chars)),
    );
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
    if (!this.done) this.failure = this.failure ?? this.#framing.failure ?? this.#framing.foreign();
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
    if (typeof value === 'object' && value !== null) this.#framing.decoded();
    this.#blocked ||= isBlocked(value);
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
    const usage = toUsage(part.usage);
    // A package says `finish` at the end of any bytes; without the vendor's reason they were cut, and so were its counts.
    if (this.failure || !(this.#blocked || isFinished(part.finishReason))) {
      const { outputTokens = 0, inputTokens, ...rest } = usage;
      this.#counted = outputTokens;
      this.#usage = inputTokens ? { ...rest, inputTokens } : {};
      return;
    }
    this.#usage = usage;
    this.finishReason = this.#blocked ? 'content_filter' : toFinishReason(part.finishReason);
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

  /** A last message of a binary stream that is not whole was cut; its decoder calls that an error. */
  #failDecoding(): void {
    if (this.#of.streamType !== BINARY || !this.#closed) this.#fail();
  }

  #fail(): void {
    this.failure ??= this.#framing.failure ?? notItsStream(this.#of.reading.vendor);
  }
}
