/**
 * The Responses protocol of vendors that speak it (https://platform.openai.com/docs/api-reference/responses, as known
 * 2026-11-23): answers and streams pass on as bytes.
 */
import { findEventEnd } from '../../core/sse.ts';
import type { Usage } from '../../core/usage.ts';
import { completeUsage, estimateTokens } from '../estimate.ts';
import { type EventText, readEventText } from '../event-text.ts';
import { malformed, ownFailure } from '../failure.ts';
import { asArray, asCount, asObject, asString, type JsonObject, readObject } from '../json.ts';
import type { Answer, AppRequest, Failure, HeaderLookup, StreamReader } from '../provider.ts';
import { errorStatus, isError, type Reading, readError } from './answer.ts';

/** Reads a complete answer of any status. */
export function readResponsesAnswer(
  reading: Reading,
  answer: { status: number; body: Buffer; headers: HeaderLookup },
): Answer | Failure {
  const { status, body, headers } = answer;
  const message = readObject(body);
  if (status < 200 || status >= 300) return readError(reading, { status, headers, message, bytes: body });
  if (!message) return malformed(reading.vendor, 'an answer that is not a JSON object');
  if (isError(message) || message.status === 'failed')
    return readError(reading, { status: failureStatus(message), headers, message, bytes: body });
  if (!Array.isArray(message.output)) return malformed(reading.vendor, 'an answer without `output`');
  const usage = readResponsesUsage(message);
  return {
    kind: 'answer',
    body,
    usage: completeUsage(partsOf(reading.request), usage, () => estimateTokens(countText(message.output))),
    finishReason: toFinishReason(message),
  };
}

/** Usage of a response object; members it does not report are absent. */
export function readResponsesUsage(response: JsonObject): Usage {
  const found = asObject(response.usage) ?? {};
  const input = asObject(found.input_tokens_details);
  const counts = {
    inputTokens: asCount(found.input_tokens),
    outputTokens: asCount(found.output_tokens),
    cacheReadTokens: asCount(input?.cached_tokens),
    cacheWriteTokens: asCount(input?.cache_write_tokens),
    reasoningTokens: asCount(asObject(found.output_tokens_details)?.reasoning_tokens),
  };
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
}

/** In the words of the chat protocol, which the records of all calls share. */
function toFinishReason(response: JsonObject): string {
  if (response.status === 'incomplete') {
    const reason = asString(asObject(response.incomplete_details)?.reason);
    return reason === 'content_filter' ? 'content_filter' : 'length';
  }
  const calls = asArray(response.output).some((item) => asObject(item)?.type === 'function_call');
  return calls ? 'tool_calls' : 'stop';
}

/** What is estimated of a request that names its parts otherwise. */
function partsOf({ body: { instructions, tools, input } }: AppRequest): Pick<AppRequest, 'body'> {
  return { body: { input: [instructions, tools, input] } };
}

/** Status that an error inside a 200 or a stream stands for. */
function failureStatus(message: JsonObject): number {
  const code = asString(asObject(message.error)?.code) ?? asString(message.code);
  if (code === 'rate_limit_exceeded') return 429;
  if (code === 'invalid_prompt' || code?.includes('image')) return 400;
  return errorStatus(message);
}

/** Characters of what the output says, not of its ids and types. */
function countText(output: unknown): number {
  if (typeof output === 'string') return output.length;
  if (Array.isArray(output)) return output.reduce<number>((sum, item) => sum + countText(item), 0);
  const { text, refusal, arguments: given, content, summary } = asObject(output) ?? {};
  return [text, refusal, given, content, summary].reduce<number>((sum, said) => sum + countText(said), 0);
}

/** Longest single event we hold: the last one repeats the whole answer, images in base 64 included. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024;
const LF = 10;

/** Event types whose content decides something. Text within a JSON string cannot match: its quotes are escaped. */
const MARK = /"type": ?"(?:response\.(?:completed|incomplete|failed)|error)"|"error": ?\{/;
const DELTA = /"type": ?"response\.[a-z_.]+\.delta"/;
const SAID = /"delta": ?"([^"\\]*(?:\\.[^"\\]*)*)"/;

type Verdict = 'forward' | 'done' | 'failed';

/**
 * Passes a stream on, whole events at a time; parses those before the first token and those that end it. Done at
 * `response.completed` or `response.incomplete`, which carry usage; `response.failed` and `error` are failures.
 */
export class ResponsesReader implements StreamReader {
  done = false;
  started = false;
  failure: Failure | null = null;
  finishReason: string | null = null;

  readonly #reading: Reading;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #usage: Usage = {};
  #deltas = 0;
  #chars = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  push(chunk: Buffer): Buffer | null {
    if (this.done || this.failure) return null;
    if (chunk.indexOf(LF) === -1) return this.#hold(chunk);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
    this.#drop();
    return this.#read(bytes);
  }

  end(): Buffer | null {
    if (this.done || this.failure || this.#heldBytes === 0) return null;
    const rest = Buffer.concat(this.#held).toString().trim();
    this.#drop();
    const event = readEventText(rest);
    if (event.kind === 'foreign') {
      const message = readObject(rest);
      if (message && isError(message)) this.#failWith(message);
      else this.#fail('bytes that are not an event stream');
      return null;
    }
    // Some servers leave out the last blank line; what does not parse was cut.
    if (event.kind !== 'data' || !readObject(event.data)) return null;
    return this.#read(Buffer.from(`${rest}\n\n`));
  }

  usage(): Usage {
    return completeUsage(partsOf(this.#reading.request), this.#usage, () =>
      Math.max(this.#deltas, estimateTokens(this.#chars)),
    );
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #hold(bytes: Buffer): null {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_EVENT_BYTES) {
      this.failure = ownFailure('upstream_too_large', `${this.#reading.vendor} sent an event over 32 MiB`);
      this.#drop();
    }
    return null;
  }

  #read(bytes: Buffer): Buffer | null {
    let at = 0;
    let sent = 0;
    for (let end = findEventEnd(bytes, 0); end !== -1; end = findEventEnd(bytes, at)) {
      const verdict = this.#inspect(bytes.toString('utf8', at, end));
      at = end;
      if (verdict !== 'failed') sent = end;
      if (verdict !== 'forward') break;
    }
    if (at < bytes.length && !this.done && !this.failure) this.#hold(bytes.subarray(at));
    return sent === 0 ? null : bytes.subarray(0, sent);
  }

  #inspect(text: string): Verdict {
    const isDelta = DELTA.test(text);
    if (isDelta) this.#count(text);
    if (this.started && isDelta && !MARK.test(text) && /^(?:event|data):/.test(text) && /\}\s*$/.test(text))
      return 'forward';
    const event = readEventText(text);
    if (event.kind === 'nothing') return 'forward';
    if (event.kind === 'foreign') return this.#fail('bytes that are not an event stream');
    return this.#take(event);
  }

  #take(event: EventText & { kind: 'data' }): Verdict {
    const message = readObject(event.data);
    if (!message) return this.#fail('an event that is not a JSON object');
    const type = asString(message.type) ?? '';
    const response = asObject(message.response) ?? {};
    if (type === 'error' || event.event === 'error' || isError(message)) return this.#failWith(message);
    if (type === 'response.failed') {
      this.#usage = readResponsesUsage(response);
      return this.#failWith(response);
    }
    // A call without arguments has no delta.
    if (type.endsWith('.delta') || type === 'response.function_call_arguments.done') this.started = true;
    if (type !== 'response.completed' && type !== 'response.incomplete') return 'forward';
    this.#usage = readResponsesUsage(response);
    this.finishReason = toFinishReason(response);
    this.done = true;
    return 'done';
  }

  /** A token is rarely less than an event; vendors that put more text into one are counted by its length. */
  #count(text: string): void {
    this.#deltas++;
    this.#chars += SAID.exec(text)?.[1]?.length ?? 0;
  }

  #fail(what: string): Verdict {
    this.failure = malformed(this.#reading.vendor, what);
    return 'failed';
  }

  /** `message`: an error event, flat or with its `error`, or a failed response. */
  #failWith(message: JsonObject): Verdict {
    const error = asObject(message.error) ?? {
      code: message.code,
      message: message.message,
      param: message.param,
    };
    const bytes = Buffer.from(JSON.stringify({ error }));
    const found = { status: failureStatus(message), headers: () => undefined, message: { error }, bytes };
    this.failure = readError(this.#reading, found);
    return 'failed';
  }
}
