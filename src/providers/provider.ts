/**
 * The provider seam. A provider owns six concerns of one vendor API: credentials, capabilities, request mapping,
 * stream decoding, the meaning of errors, and prices. It does no I/O: it builds requests and reads bytes, so recorded
 * bytes test all of it. Sockets, timeouts and retries belong to the gateway.
 *
 * Adding one: a folder, and a line in `index.ts`. An OpenAI-compatible vendor is a data entry in
 * `openai-compatible/presets.ts`.
 */
import type { NanoUsd } from '../core/money.ts';
import type { Protocol } from '../core/protocol.ts';
import type { Usage } from '../core/usage.ts';
import type { ProviderConfig, ProviderSecrets, ProviderTypeInfo } from '../stack/stack.ts';
import type { BatchApi } from './batch-api.ts';
import type { Engine } from './engine.ts';
import type { Features } from './features.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { Failure, HeaderLookup } from './vendor-failure.ts';

export type { UpstreamRequest } from './upstream-request.ts';
export type { Failure, HeaderLookup } from './vendor-failure.ts';

/** One vendor API. */
export interface Provider extends ProviderTypeInfo {
  /** True for simulated vendors: their calls are labelled and kept out of real figures. */
  readonly sandbox: boolean;
  /** What the vendor's API carries; a translation refuses by name what it does not. */
  readonly features: Features;
  /** Of a protocol that has its own: `features` are then those of the translation from chat. Default: `features`. */
  readonly nativeFeatures?: Readonly<Partial<Record<Protocol, Features>>>;
  /** Those of `protocols` that are translated here, not passed through as bytes. */
  readonly translated: readonly Protocol[];
  /** Binds an instance's settings and secrets. Throws TrimtabError(config_invalid). */
  connect(config: ProviderConfig, secrets: ProviderSecrets): Connection;
}

/** A provider instance, ready to build requests. */
export interface Connection {
  /** Whether this vendor offers a model of this name, as far as is known without asking it. */
  offers(model: string): boolean;
  capabilities(model: string): Capabilities;
  /**
   * Price of a usage at a time, from the vendor's dated price table; `null` when the model has no price there or
   * the usage is not complete. Deployment overrides are applied by `evidence/pricing.ts` before this is asked.
   */
  price(model: string, usage: Usage, at: number): PricedCost | null;
  /** Begins one attempt. Throws TrimtabError(unsupported_parameter | protocol_mismatch) naming the field. */
  open(request: AppRequest): Exchange;
  /**
   * A request of the vendor's own API, under its address and credential. Absent: none is passed on. Throws
   * TrimtabError(operation_not_carried) for a path this vendor has under no address.
   */
  openOwn?(request: OwnRequest): OwnExchange;
  /** The vendor's own batch API. Absent: it has none. */
  readonly batch?: BatchApi;
  /** A request that costs no tokens and shows that the address and credential work, e.g. `GET /models`. */
  probe(): UpstreamRequest | null;
  /** Model names in the answer to {@link probe}. */
  readProbe(status: number, body: Buffer): string[];
  /** Of an engine people run themselves. */
  readonly engine?: Engine;
}

export interface PricedCost {
  costNanoUsd: NanoUsd;
  source: string;
}

/** `undefined`: not known. */
export interface Capabilities {
  protocols: readonly Protocol[];
  contextTokens?: number;
  maxOutputTokens?: number;
  /** What a chat request calls the bound of its answer. Default `max_tokens`, which most vendors of chat read. */
  maxTokensMember?: 'max_tokens' | 'max_completion_tokens';
  /** Whether it counts a request's tokens without answering it ({@link AppRequest.counting}). Default false. */
  countsTokens?: boolean;
}

/** An app's request, parsed once by `protocols/`. */
export interface AppRequest {
  protocol: Protocol;
  /** The vendor's model name to ask for. */
  model: string;
  stream: boolean;
  /** The app asked for a usage event in its stream. */
  wantsUsage: boolean;
  /** Only the tokens of this request are asked for, no answer. Default false. */
  counting?: boolean;
  /** The bytes as they came. Same protocol upstream = these bytes with only what must change changed. */
  bytes: Buffer;
  /** The same, parsed. Never re-stringify it when `bytes` will do. Treat as frozen. */
  body: Record<string, unknown>;
  /** Where in `bytes` the value of a top-level member stands, end exclusive; `undefined` when it is absent. */
  span(member: string): readonly [start: number, end: number] | undefined;
  /** App request headers a vendor may need (`openai-beta`, `anthropic-beta`, `anthropic-version`, `idempotency-key`); lower case. */
  headers: Readonly<Record<string, string>>;
}

/** A request of the vendor's own API, as the app made it. */
export interface OwnRequest {
  method: UpstreamRequest['method'];
  /** In the words of the API, its version left out: `/images/generations`. */
  path: string;
  /** What stands behind the `?`; empty: nothing. */
  query: string;
  /** `null`: it names none. */
  model: string | null;
  /** As in {@link AppRequest}. */
  headers: Readonly<Record<string, string>>;
  /** What describes the body and the answer wanted (`content-type`, `accept`, `range`), in undici's flat form. */
  transport: string[];
  body: UpstreamRequest['body'];
}

/** Answers of a vendor's own API pass as they come; what is read in them is this. */
export interface OwnExchange {
  readonly request: UpstreamRequest;
  /** Usage by the `usage` member of an answer or of the last event that has one. Absent: it reports none. */
  readUsage?(usage: Record<string, unknown>): Usage;
  /**
   * Price of tokens of other kinds than text, by the same member; `null`: no price is known for each kind in it. Absent: for none.
   */
  price?(usage: Record<string, unknown>, at: number): PricedCost | null;
  /** An answer that must not reach the app as it came, because it would lead it past us. Absent: it may. */
  mend?(answer: Buffer): Buffer;
}

/** A request of the provider's own that comes before the attempt's: for an access token. It carries nothing of the app's. */
export interface Errand {
  request: UpstreamRequest;
  /** Reads its answer, of any status. Returns what ends the attempt; `null`: it goes on. */
  read(status: number, body: Buffer, headers: HeaderLookup): Failure | null;
  /** No answer came. Returns what becomes of the attempt, as {@link read} does. */
  lost(failure: Failure): Failure | null;
}

/** One attempt's codec: the request to send, then the answer to read, in the app's protocol. */
export interface Exchange {
  /**
   * The next errand to run before {@link request} is waited for; `null`: none is left. Asked again after each. A request
   * that needs one does not come before it has been run.
   */
  errand?(): Errand | null;
  /** A promise where the vendor's code is asynchronous; a TrimtabError it rejects with ends the attempt unsent. */
  readonly request: UpstreamRequest | Promise<UpstreamRequest>;
  /** Content type of the vendor's streams. Default `text/event-stream`. */
  readonly streamType?: string;
  /**
   * Reads a complete answer of any status. Never throws on a vendor's bytes: malformed is a {@link Failure}.
   * A 200 that carries an error body is a failure.
   */
  readAnswer(
    status: number,
    contentType: string,
    body: Buffer,
    headers: HeaderLookup,
  ): Answer | Failure | Promise<Answer | Failure>;
  /** Begins reading a 2xx stream. */
  readStream(): StreamReader;
  /** The attempt is over before its answer: lets go of whatever still waits for it. */
  close?(): void;
}

export interface Answer {
  kind: 'answer';
  /** In the app's protocol; the upstream's own bytes when both speak it. */
  body: Buffer;
  usage: Usage;
  finishReason: string | null;
}

/** Reads one stream. Fed every re-chunking of the same bytes, it gives the same result. */
export interface StreamReader {
  /**
   * Takes bytes from the vendor, returns bytes for the app: whole events only, `null` when there is nothing yet.
   * The usage event is dropped unless the app asked for it. After {@link done} it returns `null`.
   */
  push(chunk: Buffer): Buffer | null;
  /** The vendor closed. Returns the bytes still owed to the app, if any. */
  end(): Buffer | null;
  /** True once the protocol's own terminator (`[DONE]`, `message_stop`) has been read. */
  readonly done: boolean;
  /** True once a token (content, tool call, reasoning) has been read: TTFT. */
  readonly started: boolean;
  /** The vendor sent an error event or bytes that are not its protocol; the stream ends here. */
  readonly failure: Failure | null;
  /**
   * Usage so far: the vendor's when it reported, else our estimate (`estimated: true`) from what was sent and
   * received, so that a cut or abandoned stream is still billed.
   */
  usage(): Usage;
  readonly finishReason: string | null;
  /** Of a reader that decodes later than it is fed. */
  readonly later?: Later | undefined;
}

/** What a reader gives in its own time, after `push` or `end` have returned. */
export interface Later {
  /** `listener` is called whenever there may be something new: bytes to collect, the end, a failure. Never within a call to the reader. */
  listen(listener: () => void): void;
  collect(): Buffer | null;
  /** Nothing more will come. */
  readonly settled: boolean;
}

/** The same, each piece of it translated. */
export function mapLater(
  later: Later | undefined,
  translate: (bytes: Buffer | null) => Buffer | null,
): Later | undefined {
  if (!later) return undefined;
  return {
    listen: (listener) => later.listen(listener),
    collect: () => translate(later.collect()),
    get settled() {
      return later.settled;
    },
  };
}

/** The request on its way, what it may be refused with translated. */
export function mapRefusal(
  request: Exchange['request'],
  translate: (refusal: unknown) => unknown,
): Exchange['request'] {
  if (!(request instanceof Promise)) return request;
  const mapped = request.catch((refusal: unknown) => {
    throw translate(refusal);
  });
  // An attempt that ends before it is sent never waits for it.
  mapped.catch(() => {});
  return mapped;
}

/** Reads an answer on, now or when it is there. */
export function mapRead(
  read: Answer | Failure | Promise<Answer | Failure>,
  translate: (read: Answer | Failure) => Answer | Failure,
): Answer | Failure | Promise<Answer | Failure> {
  return read instanceof Promise ? read.then(translate) : translate(read);
}
