import type { Protocol } from '../../core/protocol.ts';
import type { DataPolicy } from '../../stack/stack.ts';
import type { PriceBook } from '../price-book.ts';
import type { Capabilities, OwnRequest } from '../provider.ts';
import type { BatchPreset } from './batch.ts';
import type { EngineSpec } from './engines/spec.ts';

/** Everything that differs between vendors of this API, as data. A vendor is one of these. */
export interface Preset {
  type: string;
  label: string;
  /** Origin and path prefix; `null`: the config must say. */
  baseUrl: string | null;
  /** What an address looks like, when the config must say. */
  exampleBaseUrl?: string;
  /** Environment variables that hold a key, in order of preference. */
  apiKeyEnv?: readonly string[];
  /** Default: true when `apiKeyEnv` is given. */
  needsApiKey?: boolean;
  /** Header that carries the key, by the options. Default `authorization`, as a Bearer token. */
  keyHeader?: (options: Readonly<Record<string, unknown>>) => string | undefined;
  localPorts?: readonly number[];
  /** Its provider id in `@pydantic/genai-prices`, or its own book. Default: no prices. */
  prices?: string | PriceBook;
  /** Which of the names in the price book it serves. Default: all that are its own there; `false`: none. */
  offers?: RegExp | false;
  data: HostedData | LocalData | UndeclaredData | ((baseUrl: string) => DataPolicy);
  /** Names it serves beside those of the price book. */
  alsoOffers?: RegExp;
  /** Names of `core/operation.ts` the vendor documents, separated by blanks. Default: none is known. */
  own?: string;
  /** Path and query below the base URL of an operation of its own API. Default: as it is. */
  ownPath?: (request: OwnPlace, options: Readonly<Record<string, unknown>>) => string;
  /** Default: chat and embeddings. */
  protocols?: readonly Protocol[];
  /** Names of `providers/features.ts` the vendor documents, separated by blanks; in neither list: not known. */
  can?: string;
  /** Names of features the vendor documents as missing. */
  cannot?: string;
  capabilities?: (model: string) => Partial<Capabilities>;
  suggestedModels?: readonly string[];
  /** Whether a stream request takes `stream_options.include_usage`. Default true. */
  takesIncludeUsage?: boolean;
  /** Path below the base URL, query included. Default `/chat/completions`, `/embeddings`. */
  path?: (protocol: Protocol, model: string, options: Readonly<Record<string, unknown>>) => string;
  /** Path of the model list below the base URL. Default `/models`; `null`: there is none. */
  modelsPath?: string | null;
  /** Throws TrimtabError(config_invalid) naming the field. Default: no options are known. */
  parseOptions?: (options: Record<string, unknown>) => Record<string, unknown>;
  /** Its batch API, where it has one of this wire. */
  batch?: BatchPreset;
  /** Of an engine people run themselves: what it tells beside its answers. */
  engine?: EngineSpec;
  /** Simulated. Default false. */
  sandbox?: boolean;
  /** The vendor's API reference, and the date this entry was written after it. */
  source: string;
  asOf: string;
}

export type OwnPlace = Pick<OwnRequest, 'path' | 'query' | 'model'>;

/** A vendor that runs the model. `null`: it publishes nothing firm, or it depends on the account. */
export interface HostedData {
  /** `private`: the models run in the customer's own cloud account. */
  party: 'third' | 'private';
  /** Hosts that are the vendor's, where addresses are the customer's own. Default: the host of `baseUrl`. */
  hosts?: RegExp;
  retentionDays: number | null;
  trainsOnData: boolean | null;
  /** Where the vendor says so; `null` when it states neither. As of the entry's date. */
  source: string | null;
}

/** An engine people run themselves: own when its address is private, undeclared when it is not. */
export interface LocalData {
  party: 'own-when-private';
}

/** Could be anyone. */
export interface UndeclaredData {
  party: null;
}
