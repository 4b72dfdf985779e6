/** An instance of a vendor behind a package: its attempts, its prices, what it is asked without tokens. */
import { randomBytes } from 'node:crypto';
import { TrimtabError } from '../../core/error.ts';
import type { Protocol } from '../../core/protocol.ts';
import type { Features } from '../features.ts';
import type { PriceBook } from '../price-book.ts';
import type { AppRequest, Connection, Exchange, UpstreamRequest } from '../provider.ts';
import type { Access } from './access.ts';
import { openEmbeddings } from './embeddings.ts';
import { openChat } from './exchange.ts';
import {
  type CreateSdkProvider,
  checkSpecification,
  loadFactory,
  type PackageName,
  type SdkProvider,
} from './package.ts';
import type { EmbeddingWords } from './vendor.ts';

/** An instance, resolved once. */
export interface Instance {
  type: string;
  package: PackageName;
  /** What to import. @see locatePackage */
  location: string;
  /** The name under which its models take `providerOptions`. */
  optionsName: string;
  features: Features;
  /** Content type of its streams; empty: any. */
  streamType: string;
  /** What a model calls the members of an embeddings request; `null`: there are no embeddings. */
  embeds: ((model: string) => EmbeddingWords) | null;
  /** Headers of whole answers that the package reads. */
  answerHeaders: readonly string[];
  /** Provider options for a reasoning effort. Default: there is no such setting. */
  reasoning?: (effort: string, model: string) => Record<string, unknown> | null;
  /** Which of the names in the price book it serves. */
  offers: (model: string) => boolean;
  /** For the factory, beside `fetch` and the credential. */
  settings: Record<string, unknown>;
  access: Access;
  /** Besides those of the access. */
  secrets: readonly string[];
  /** `null`: nothing is known of its prices. */
  book: PriceBook | null;
  probe: UpstreamRequest | null;
  readProbe: (status: number, body: Buffer) => string[];
}

/** Shorter strings (`none`, `true`) are no secrets, and stand in many a message. */
const MIN_SECRET_CHARS = 8;

export function createConnection(instance: Instance): Connection {
  const { type, book, access } = instance;
  const openProvider = createOpener(instance);
  const protocols: readonly Protocol[] = instance.embeds ? ['chat', 'embeddings'] : ['chat'];

  function open(request: AppRequest): Exchange {
    const secrets = (): string[] =>
      [...instance.secrets, ...access.secrets()].filter(({ length }) => length >= MIN_SECRET_CHARS);
    if (request.protocol === 'embeddings' && instance.embeds) {
      return openEmbeddings({
        reading: { vendor: type, secrets },
        request,
        words: instance.embeds(request.model),
        optionsName: instance.optionsName,
        answerHeaders: instance.answerHeaders,
        errands: access.begin(),
        openModel: async (fetchBy) => {
          const model = (await openProvider(fetchBy)).embeddingModel?.(request.model);
          if (!model) throw new TrimtabError('upstream_error', `${type} has no embeddings`);
          return model;
        },
      });
    }
    if (request.protocol !== 'chat') {
      throw new TrimtabError('protocol_mismatch', `${type} does not serve ${request.protocol}`);
    }
    return openChat({
      reading: { vendor: type, secrets },
      translation: {
        vendor: type,
        features: instance.features,
        optionsName: instance.optionsName,
        model: request.model,
        reasoning: instance.reasoning ?? (() => null),
      },
      request,
      // Only labels in the answer: nothing is decided by them, so they need no injected clock.
      labels: {
        id: `chatcmpl-${randomBytes(12).toString('hex')}`,
        created: Math.floor(Date.now() / 1000),
        model: request.model,
      },
      streamType: instance.streamType,
      errands: access.begin(),
      openModel: async (fetchBy) => (await openProvider(fetchBy)).languageModel(request.model),
    });
  }

  return {
    offers: (model) => book !== null && instance.offers(model) && book.offers(model),
    capabilities(model) {
      const contextTokens = book?.contextTokens(model);
      return { protocols, ...(contextTokens !== undefined && { contextTokens }) };
    },
    price: (...of) => book?.price(...of) ?? null,
    open,
    probe: () => instance.probe,
    readProbe: instance.readProbe,
  };
}

/** Loads the package at the first call; one that could not be loaded is tried again by the next. */
function createOpener(instance: Instance): (fetchBy: typeof fetch) => Promise<SdkProvider> {
  const { access, settings, location, package: name } = instance;
  let loading: Promise<CreateSdkProvider> | undefined;
  return async (fetchBy) => {
    loading ??= loadFactory(location, name);
    const create = await loading.catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const provider = create({
      ...settings,
      ...access.settings(),
      fetch: withHeaders(fetchBy, access.headers()),
    });
    checkSpecification(provider, name.package);
    return provider;
  };
}

function withHeaders(fetchBy: typeof fetch, changes: Readonly<Record<string, string | null>>): typeof fetch {
  const entries = Object.entries(changes);
  if (entries.length === 0) return fetchBy;
  return (input, init) => {
    const headers = new Headers(init?.headers);
    for (const [name, value] of entries) {
      if (value === null) headers.delete(name);
      else headers.set(name, value);
    }
    return fetchBy(input, { ...init, headers });
  };
}
