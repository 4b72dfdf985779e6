import type { OperationGroup, OwnApi } from '../core/operation.ts';
import type { Capture, DataClass, LatencyClass, Protocol } from '../core/protocol.ts';

/**
 * What a stack is, after parsing: every default filled in, every reference checked, secrets still by reference.
 * Plain data: it is hashed, stored as a revision, and cloned between threads. `schema.ts` parses the config a person
 * writes into this.
 */
export interface Stack {
  providers: Record<string, ProviderConfig>;
  deployments: Record<string, DeploymentConfig>;
  tasks: Record<string, TaskConfig>;
  gateway: GatewayConfig;
  spool: SpoolConfig;
  retention: RetentionConfig;
}

/** A secret by reference. Values never stand in a config. */
export type SecretRef = { env: string } | { file: string };

/**
 * Whose machine the data reaches. `private`: a vendor's model in the team's own cloud account (Azure OpenAI, Bedrock,
 * Vertex), under that account's contract.
 */
export type Party = 'own' | 'private' | 'third';

export interface DataPolicy {
  /** `null`: not declared, so nothing is allowed. */
  party: Party | null;
  /** Data classes that may be sent. Default: own = all; private = all but restricted; third = public and internal, never restricted. */
  allow: DataClass[];
  regions: string[];
  /** Days the vendor keeps inputs; `null`: not declared. */
  retentionDays: number | null;
  /** Whether the vendor trains on inputs; `null`: not declared. */
  trainsOnData: boolean | null;
}

export interface ProviderConfig {
  /** A registered provider type: `openai`, `anthropic`, `vllm`, `openai-compatible`, `sandbox`, ... */
  type: string;
  /** Origin and path prefix, e.g. `https://api.openai.com/v1`; `null`: the type's own. */
  baseUrl: string | null;
  apiKey: SecretRef | null;
  /** Secrets besides the key, by the names its type knows (`ProviderTypeInfo.credentials`). Absent: none. */
  credentials?: Record<string, SecretRef>;
  /** Extra request headers, values by literal or reference. */
  headers: Record<string, string | SecretRef>;
  /** Takes vendor model names that no other provider, or more than one, offers. */
  default: boolean;
  dataPolicy: DataPolicy;
  /** Parts of the vendor's own API that keys may use. Absent: those the type has that keep nothing there. */
  passThrough?: OperationGroup[];
  /** Fields only this type knows, parsed by the type itself (Azure's `apiVersion`). */
  options: Record<string, unknown>;
}

/** USD per million tokens. `cacheRead` / `cacheWrite` default to the input price. */
export interface TokenPrice {
  inputPerMillion: number;
  outputPerMillion: number;
  cacheReadPerMillion?: number;
  cacheWritePerMillion?: number;
}

/** A self-hosted deployment: USD per hour of everything it runs on, and the tokens per second it sustains. */
export interface HostedPrice {
  usdPerHour: number;
  /** Output tokens per second over all concurrent calls at the load it is run at. Stated, or `measured`. */
  outputTokensPerSecond: number | 'measured';
  /** Input tokens cost this share of an output token. Default 0.1. */
  inputShare: number;
}

export interface DeploymentConfig {
  provider: string;
  /** The vendor's model name. */
  model: string;
  region: string | null;
  /** `null`: the dated price table of the provider. */
  price: TokenPrice | HostedPrice | null;
  limits: Limits;
  timeouts: Timeouts;
  /** Tokens of prompt and answer it holds at most. Absent: what the provider's tables say, if anything. */
  contextTokens?: number;
  /** Absent: `DEFAULT_BREAKER`. */
  breaker?: BreakerConfig;
  /** Absent: as its vendor's batch API has it by default. */
  batch?: BatchThrough;
}

/** How lines of batches are called: through the vendor's own batch API where it has one, or one by one by our queue. */
export type BatchThrough = 'vendor' | 'queue';

/** `null`: no limit. Held by each gateway process for itself. */
export interface Limits {
  maxConcurrent: number | null;
  /** Attempts begun within any 60 seconds. */
  requestsPerMinute: number | null;
  /** Tokens of attempts begun within any 60 seconds: first the estimated prompt, then what was used. */
  tokensPerMinute: number | null;
  /** Where calls wait while `maxConcurrent` are under way. `null`: nowhere. Absent: `DEFAULT_QUEUE`. */
  queue?: QueueConfig | null;
}

export interface QueueConfig {
  maxWaiting: number;
  maxWaitMs: number;
}

/** When a failing deployment is left alone, and how it comes back. */
export interface BreakerConfig {
  /** Outages in a row that open the circuit. */
  consecutive: number;
  /** Or this share of outages, 0 to 1, among at least `minCalls` calls of the last minute. */
  share: number;
  minCalls: number;
  /** Milliseconds. Doubles with each failed probe, up to `longestPauseMs`. */
  pauseMs: number;
  longestPauseMs: number;
  /** Of calls, right after a probe was answered. */
  firstShare: number;
  /** All calls again after so many answers, or so long without an outage, whichever is first. */
  rampAnswers: number;
  rampMs: number;
}

/** Milliseconds. Each ends an attempt, `totalMs` the call. */
export interface Timeouts {
  connectMs: number;
  /** Request sent -> response headers. */
  headersMs: number;
  /** Response headers -> first token of a stream (plain: the complete body). */
  firstTokenMs: number;
  /** Longest silence between two chunks of a stream. */
  idleMs: number;
  totalMs: number;
}

export interface TaskConfig {
  description: string | null;
  dataClass: DataClass;
  latencyClass: LatencyClass;
  capture: Capture;
  route: RouteConfig;
  retries: RetryConfig;
  /** Absent: no call is hedged. */
  hedge?: HedgeConfig;
  /** A parameter that a deployment cannot carry is left out and recorded, not refused. Absent: refused. */
  lenient?: boolean;
  /** Absent: as its deployments say. */
  batch?: BatchThrough;
  /** Stored and shown; enforced by governance. USD per period. */
  budget: { usd: number; per: 'day' | 'week' | 'month' } | null;
  /** Name of the quality measure and its target; stored and shown. */
  quality: { measure: string; target: number | null } | null;
}

/** The same deployment again, when no other of the route is left. */
export interface RetryConfig {
  /** Further attempts of a call; 0: none. */
  attempts: number;
  /** Milliseconds. The wait before retry n is drawn between 0 and this times 2^(n-1), after what the vendor asked for. */
  backoffMs: number;
  /** Longest wait, milliseconds. A vendor that asks for more, or for more than the call has left, is not asked again. */
  maxWaitMs: number;
}

/** A second attempt beside one that is slow for its deployment; the first token wins. */
export interface HedgeConfig {
  /** Of the deployment's own time to the first token (plain answers: to the whole answer), 50 to 99.9. */
  afterPercentile: number;
  /** Times the median of the same, where that is sooner: a tail larger than the percentile leaves out would hide itself. 1 to 1000. */
  afterMedians: number;
  /** Answers the percentile must rest on. */
  minSamples: number;
  /** Hedged calls among the task's calls, at most; ten unused ones are saved up. */
  maxShare: number;
}

/** A routing policy by name and its ordered targets, task targets already expanded to deployments. */
export interface RouteConfig {
  policy: string;
  targets: { deployment: string; weight: number }[];
}

export interface GatewayConfig {
  maxBodyBytes: number;
  maxAnswerBytes: number;
  maxHeaderBytes: number;
  /** Largest file kept for batches. */
  maxFileBytes: number;
  /** Calls of batches that this process runs at once. */
  maxBatchCalls: number;
  shutdown: ShutdownConfig;
  /** Data class of calls that name no task. */
  untasked: { dataClass: DataClass; capture: Capture };
  timeouts: Timeouts;
}

/** Milliseconds. */
export interface ShutdownConfig {
  /** Between `/readyz` failing and calls being refused. */
  noticeMs: number;
  /** From then until what is under way is cut. */
  deadlineMs: number;
}

export interface SpoolConfig {
  /** What a call meets when its record cannot be written: `refuse` (default) or be served `unrecorded`. */
  whenFull: 'refuse' | 'unrecorded';
  /** Largest size of records waiting for the store, bytes. */
  maxBytes: number;
}

/** Days each kind of row is kept. */
export interface RetentionConfig {
  callsDays: number;
  payloadsDays: number;
  rollupsDays: number;
  filesDays: number;
}

/** An applied stack. `id` is `rev_` + the first 16 hex digits of the SHA-256 of the canonical JSON. */
export interface Revision {
  id: string;
  stack: Stack;
  createdAt: number;
  source: 'file' | 'discovered' | 'api';
  /** File path, API caller; shown to people. */
  origin: string;
}

/** A virtual key as the gateway sees it: the hash, never the key. */
export interface KeySnapshot {
  id: string;
  /** Hex SHA-256 of the whole key. Keys carry 160 random bits, so a fast hash is enough. */
  sha256: string;
  name: string;
  owner: string | null;
  /** Task names it may call, or `null` for all. */
  tasks: string[] | null;
  expiresAt: number | null;
  disabled: boolean;
}

/** Everything the gateway needs to serve, as plain data. The control plane sends a new one on each change. */
export interface Snapshot {
  revision: string;
  stack: Stack;
  /** Resolved secrets by provider name; in memory only, never stored or logged. */
  secrets: Record<string, ProviderSecrets>;
  keys: KeySnapshot[];
  /** By deployment name. Absent: none is drained. */
  drained?: Readonly<Record<string, Drain>>;
}

/**
 * A deployment that a person took out of service. It is no part of the configuration: it stands beside the revision, as
 * keys do, so that it holds over new revisions and also where a file is the only writer of the stack.
 */
export interface Drain {
  /** Epoch milliseconds. */
  since: number;
  /** Who asked for it, in their own words. */
  by: string;
  reason: string | null;
}

export interface ProviderSecrets {
  apiKey: string | null;
  /** Absent: none. */
  credentials?: Record<string, string>;
  headers: Record<string, string>;
}

/**
 * What `stack/` must know of provider types to parse a config, and may not import. `providers/index.ts` gives it;
 * `main.ts` hands it over.
 */
export interface ProviderCatalog {
  types(): readonly ProviderTypeInfo[];
}

export interface ProviderTypeInfo {
  type: string;
  label: string;
  defaultBaseUrl: string | null;
  /** What an address looks like, for a type that has none of its own. */
  exampleBaseUrl?: string;
  /** It needs no `baseUrl` though it has no default: what it is made of knows its address. Default false. */
  knowsAddress?: boolean;
  /** Options without which it cannot be parsed, filled in as an example. */
  exampleOptions?: Readonly<Record<string, unknown>>;
  /** Names of `credentials` it takes besides `apiKey`. Default: none. */
  credentials?: readonly string[] | 'any';
  /** Whether `apiKey` must be given; a type that takes `credentials` may do with these. */
  needsApiKey: boolean;
  /** Environment variables that hold a key, in order of preference. */
  apiKeyEnv: readonly string[];
  /** Local ports to look for it on when there is no config. */
  localPorts: readonly number[];
  /** The data policy when the config says nothing; `party: null` for a generic type. */
  defaultDataPolicy(baseUrl: string): DataPolicy;
  protocols: readonly Protocol[];
  /** The vendor's own API beside these, as far as it is passed on. Absent: none of it is. */
  ownApi?: OwnApi;
  /** Throws TrimtabError(config_invalid) naming the field. Returns the options with defaults. */
  parseOptions(options: Record<string, unknown>): Record<string, unknown>;
  /** Good first models, for `trimtab init` and the example; vendor names, cheapest first. */
  suggestedModels: readonly string[];
}
