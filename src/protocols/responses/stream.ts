/** A chat stream as Responses events. */
import { createSseDecoder } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { asArray, asObject, asString, type JsonObject, readObject } from '../../providers/json.ts';
import { type Failure, type Later, mapLater, type StreamReader } from '../../providers/provider.ts';
import { annotationsOf, contentOf, logprobsOf, reasoningOf } from './items.ts';
import { OutputWriter } from './output-writer.ts';
import { incompleteReason, type Progress, type ResponseFrame, toResponse } from './response.ts';

/**
 * Wraps the reader of a chat stream: what that gives for the app becomes events of this protocol. Usage, failures, the
 * first token and the end are the chat reader's; the last event is written when it has read the end.
 */
export class ResponseStreamReader implements StreamReader {
  readonly later: Later | undefined;
  readonly #frame: ResponseFrame;
  readonly #chat: StreamReader;
  readonly #decoder = createSseDecoder();
  readonly #writer: OutputWriter;
  #model: string;
  #serviceTier: unknown;
  #begun = false;
  #completed = false;

  constructor(frame: ResponseFrame, chat: StreamReader) {
    this.#frame = frame;
    this.#chat = chat;
    this.later = mapLater(chat.later, (bytes) => this.#translate(bytes));
    this.#writer = new OutputWriter(frame.ids);
    this.#model = frame.request.model;
  }

  push(chunk: Buffer): Buffer | null {
    return this.#translate(this.#chat.push(chunk));
  }

  end(): Buffer | null {
    return this.#translate(this.#chat.end());
  }

  usage(): Usage {
    return this.#chat.usage();
  }

  get done(): boolean {
    return this.#chat.done;
  }

  get started(): boolean {
    return this.#chat.started;
  }

  get failure(): Failure | null {
    return this.#chat.failure;
  }

  get finishReason(): string | null {
    return this.#chat.finishReason;
  }

  #translate(bytes: Buffer | null): Buffer | null {
    if (bytes) for (const { data } of this.#decoder.push(bytes)) this.#take(data);
    if (this.#chat.done && !this.#completed) this.#complete();
    const text = this.#writer.takeText();
    return text === '' ? null : Buffer.from(text);
  }

  #take(data: string): void {
    const chunk = readObject(data);
    if (!chunk) return;
    this.#model = asString(chunk.model) || this.#model;
    this.#serviceTier = chunk.service_tier ?? this.#serviceTier;
    if (!this.#begun) this.#begin();
    const choice = asObject(asArray(chunk.choices)[0]);
    if (choice && (choice.index ?? 0) === 0) this.#takeChoice(choice, asObject(choice.delta) ?? {});
  }

  #takeChoice(choice: JsonObject, delta: JsonObject): void {
    const writer = this.#writer;
    const thought = reasoningOf(delta);
    if (thought !== '') writer.think(thought);
    const text = contentOf(delta);
    if (text !== '') writer.say(text, logprobsOf(choice));
    for (const annotation of annotationsOf(delta)) writer.annotate(annotation);
    const refusal = asString(delta.refusal) ?? '';
    if (refusal !== '') writer.refuse(refusal);
    for (const call of asArray(delta.tool_calls)) writer.call(asObject(call) ?? {});
  }

  #begin(): void {
    this.#begun = true;
    const response = this.#respond('in_progress', null);
    this.#writer.event('response.created', { response });
    this.#writer.event('response.in_progress', { response });
  }

  #complete(): void {
    this.#completed = true;
    if (!this.#begun) this.#begin();
    const status = incompleteReason(this.finishReason) === null ? 'completed' : 'incomplete';
    this.#writer.finish(status);
    this.#writer.event(`response.${status}`, { response: this.#respond(status, this.usage()) });
  }

  #respond(status: Progress['status'], usage: Usage | null): JsonObject {
    return toResponse(this.#frame, {
      status,
      model: this.#model,
      serviceTier: this.#serviceTier,
      finishReason: this.finishReason,
      output: this.#writer.output,
      usage,
    });
  }
}
