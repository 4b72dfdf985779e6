/** A task that is `lenient`: what a deployment cannot carry is left out, unless the answer would mean something else. */
import { TrimtabError } from '../core/error.ts';
import { asObject, type JsonObject } from '../providers/json.ts';
import type { AppRequest, Connection, Errand, Exchange, UpstreamRequest } from '../providers/provider.ts';
import { openExchange } from './index.ts';
import { MemberTable } from './json-span.ts';
import { ParsedRequest } from './request.ts';

/**
 * Parameters without which an answer is still one to the question: how it is sampled, how much is thought, what comes
 * with it, what its vendor notes down. Not here, so refused: messages, tools and how they are called, the form of the
 * answer, its bounds (`stop`, `max_tokens`), the number of choices, where it is processed.
 */
const DROPPABLE: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'seed',
  'logprobs',
  'top_logprobs',
  'reasoning_effort',
  'reasoning.effort',
  'reasoning.summary',
  'output_config.effort',
  'thinking',
  'verbosity',
  'text.verbosity',
  'service_tier',
  'speed',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'user',
  'safety_identifier',
  'metadata',
  'store',
]);

/** What an app of another protocol wrote for a member of chat that a provider refuses. */
const WRITTEN_AS: Readonly<Record<string, readonly string[]>> = {
  reasoning_effort: ['reasoning.effort', 'output_config.effort', 'thinking'],
  verbosity: ['text.verbosity'],
  logprobs: ['top_logprobs'],
};

/**
 * {@link openExchange}, again without each parameter it refuses. `dropped` is told each by the name the app wrote. Throws, or
 * rejects `request` with, the refusal of what may not be left out.
 */
export function openLeniently(
  connection: Connection,
  request: AppRequest,
  dropped: (parameter: string) => void,
): Exchange {
  const drop = (from: AppRequest, refusal: unknown): AppRequest => {
    const { request: rest, parameters } = leaveOut(from, refusal);
    for (const parameter of parameters) dropped(parameter);
    return rest;
  };
  const first = openNow(connection, request, drop);
  return first.exchange.request instanceof Promise
    ? new LenientExchange(connection, first, drop)
    : first.exchange;
}

type Drop = (from: AppRequest, refusal: unknown) => AppRequest;

interface Opened {
  exchange: Exchange;
  /** What of the app's request it carries. */
  asked: AppRequest;
}

function openNow(connection: Connection, request: AppRequest, drop: Drop): Opened {
  for (let asked = request; ; ) {
    try {
      return { exchange: openExchange(connection, asked), asked };
    } catch (refusal) {
      // Ends: each turn leaves out a parameter, or throws.
      asked = drop(asked, refusal);
    }
  }
}

/** Of a provider that knows only later what it cannot carry; nothing is sent before. */
class LenientExchange implements Exchange {
  readonly request: Promise<UpstreamRequest>;
  readonly #connection: Connection;
  readonly #drop: Drop;
  #exchange: Exchange;
  #closed = false;

  constructor(connection: Connection, first: Opened, drop: Drop) {
    this.#connection = connection;
    this.#drop = drop;
    this.#exchange = first.exchange;
    this.request = this.#settle(first.asked);
  }

  async #settle(request: AppRequest): Promise<UpstreamRequest> {
    for (let asked = request; ; ) {
      try {
        return await this.#exchange.request;
      } catch (refusal) {
        this.#exchange.close?.();
        if (this.#closed) throw refusal;
        const next = openNow(this.#connection, this.#drop(asked, refusal), this.#drop);
        this.#exchange = next.exchange;
        asked = next.asked;
      }
    }
  }

  errand(): Errand | null {
    return this.#exchange.errand?.() ?? null;
  }

  get streamType(): string {
    return this.#exchange.streamType ?? 'text/event-stream';
  }

  readAnswer(...arrived: Parameters<Exchange['readAnswer']>): ReturnType<Exchange['readAnswer']> {
    return this.#exchange.readAnswer(...arrived);
  }

  readStream(): ReturnType<Exchange['readStream']> {
    return this.#exchange.readStream();
  }

  close(): void {
    this.#closed = true;
    this.#exchange.close?.();
  }
}

/** The request without the parameter that is refused. Throws the refusal when that may not be left out, or is not there. */
function leaveOut(request: AppRequest, refusal: unknown): { request: AppRequest; parameters: string[] } {
  if (!(refusal instanceof TrimtabError) || refusal.code !== 'unsupported_parameter') throw refusal;
  const { field = '' } = refusal;
  const names = stands(request.body, field) ? [field] : (WRITTEN_AS[field] ?? []);
  const parameters = names.filter((name) => DROPPABLE.has(name) && stands(request.body, name));
  if (parameters.length === 0) throw refusal;
  const body = parameters.reduce(without, request.body);
  const bytes = Buffer.from(JSON.stringify(body));
  const { protocol, model, stream, wantsUsage, counting, headers } = request;
  const rest = { protocol, model, stream, wantsUsage, counting: counting ?? false, headers, bytes, body };
  return { request: new ParsedRequest({ ...rest, members: new MemberTable(bytes) }), parameters };
}

function stands(body: Readonly<JsonObject>, name: string): boolean {
  const [outer = '', inner] = name.split('.');
  const value = inner === undefined ? body[outer] : asObject(body[outer])?.[inner];
  return value !== undefined && value !== null;
}

function without(body: JsonObject, name: string): JsonObject {
  const [outer = '', inner] = name.split('.');
  const { [outer]: value, ...rest } = body;
  if (inner === undefined) return rest;
  const { [inner]: _, ...kept } = asObject(value) ?? {};
  return Object.keys(kept).length === 0 ? rest : { ...rest, [outer]: kept };
}
