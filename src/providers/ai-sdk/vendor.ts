import type { Access } from './access.ts';
import type { HostedParty } from './data-policy.ts';

/** A vendor reached through a package of the AI SDK (https://ai-sdk.dev/providers), as data. */
export interface Vendor {
  type: string;
  label: string;
  /** Package to import, its factory, and the name under which its models take `providerOptions`. */
  package: string;
  create: string;
  optionsName: string;
  baseUrl: string;
  /** Where its options lead, of a vendor whose hosts are regional; used when the config gives no address. */
  address?: (options: VendorBinding['options']) => string;
  apiKeyEnv: readonly string[];
  /** Its provider id in `@pydantic/genai-prices`. */
  prices: string;
  /** Which of the names in the price book it serves. Default: all that are its own there. */
  offers?: RegExp;
  data: HostedParty;
  /** Features of `providers/features.ts` that the translation carries; every other is refused. */
  can: string;
  /** Provider options for a reasoning effort of the chat protocol; `null`: this model has no such setting. */
  reasoning?: (effort: string, model: string) => Record<string, unknown> | null;
  /** What it calls the members of an embeddings request. Default: it has no embeddings. */
  embeds?: (model: string) => EmbeddingWords;
  /** Headers of whole answers that its package reads. Default: none. */
  answerHeaders?: readonly string[];
  /** Content type of its streams. Default `text/event-stream`. */
  streamType?: string;
  /** Names of `options` with their defaults; `null`: none. */
  options?: Readonly<Record<string, string | null>>;
  /** Names of `credentials` it takes. Default: none. */
  credentials?: readonly string[];
  /** How it is let in. Throws TrimtabError(config_invalid). Default: the API key, as the factory's setting of that name. */
  access?: (binding: VendorBinding) => Access;
  /** Settings for the factory beside the credential, `fetch` and `headers`. */
  settings: (binding: VendorBinding) => Record<string, unknown>;
  /** Asks for its models without using tokens; `null`: there is no such list. */
  modelsPath: string | null;
  /** Header that carries the key there. Default `authorization`. */
  probeHeader?: string;
  suggestedModels: readonly string[];
  /** The vendor's API reference, and the date this entry was written after it. */
  source: string;
  asOf: string;
}

/** Names of provider options; `null`: the model has no such setting. */
export interface EmbeddingWords {
  dimensions: string | null;
  /** What the text is for (`search_document`), in the vendor's own values. */
  inputType: string | null;
}

/** An instance's settings, resolved once. */
export interface VendorBinding {
  /** Without a trailing slash. */
  baseUrl: string;
  apiKey: string | null;
  credentials: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string | null>>;
}
