/**
 * The provider of every vendor that speaks the OpenAI chat and embeddings API. The app speaks it too, so requests and
 * answers pass through as bytes; what differs between vendors is data in `presets.ts`.
 */
import { TrimtabError } from '../../core/error.ts';
import type { Protocol } from '../../core/protocol.ts';
import type { ProviderConfig, ProviderSecrets } from '../../stack/stack.ts';
import { type Address, parseAddress, toHeaders } from '../address.ts';
import type { BatchApi } from '../batch-api.ts';
import { toFeatures } from '../features.ts';
import { asArray, asObject, asString, readObject } from '../json.ts';
import { createPriceBook, type PriceBook } from '../price-book.ts';
import type { AppRequest, Connection, Exchange, Provider, UpstreamRequest } from '../provider.ts';
import { type Reading, readAnswer } from './answer.ts';
import { createBatchApi } from './batch.ts';
import { toDataPolicy } from './data-policy.ts';
import { createEngine } from './engines/spec.ts';
import { openOwn, toOwnApi } from './own-api.ts';
import type { Preset } from './preset.ts';
import { type Bound, spliceBody } from './request.ts';
import { ResponsesReader, readResponsesAnswer } from './responses.ts';
import { PassThroughReader } from './stream.ts';

export type { Preset } from './preset.ts';

const PATHS: Readonly<Record<Protocol, string>> = {
  chat: '/chat/completions',
  embeddings: '/embeddings',
  messages: '/messages',
  responses: '/responses',
};
const PROTOCOLS: readonly Protocol[] = ['chat', 'embeddings'];

/** App headers that mean something to vendors of this API. */
const FORWARDED = ['openai-beta', 'idempotency-key'];

/** Prices nothing and serves no known name. */
const NO_PRICES: PriceBook = { price: () => null, offers: () => false, contextTokens: () => undefined };

/** Makes a provider of a vendor's data. */
export function createOpenAiCompatible(preset: Preset): Provider {
  const apiKeyEnv = preset.apiKeyEnv ?? [];
  let book: PriceBook | undefined;
  const priceBook = () => {
    book ??=
      typeof preset.prices === 'string' ? createPriceBook(preset.prices) : (preset.prices ?? NO_PRICES);
    return book;
  };
  return {
    type: preset.type,
    label: preset.label,
    defaultBaseUrl: preset.baseUrl,
    ...(preset.exampleBaseUrl !== undefined && { exampleBaseUrl: preset.exampleBaseUrl }),
    needsApiKey: preset.needsApiKey ?? apiKeyEnv.length > 0,
    apiKeyEnv,
    localPorts: preset.localPorts ?? [],
    protocols: preset.protocols ?? PROTOCOLS,
    suggestedModels: preset.suggestedModels ?? [],
    sandbox: preset.sandbox ?? false,
    ownApi: toOwnApi(preset.own ?? ''),
    features: toFeatures(preset.can ?? '', preset.cannot),
    translated: [],
    defaultDataPolicy: (baseUrl) => toDataPolicy(preset, baseUrl),
    parseOptions: preset.parseOptions ?? refuseOptions,
    connect(config, secrets) {
      const binding = toBinding(preset, config, secrets);
      const connection = createConnection(preset, priceBook(), binding);
      if (!preset.engine) return connection;
      return { ...connection, engine: createEngine(preset.engine, binding.address, binding.headers) };
    },
  };
}

/** An instance's settings, resolved once. */
interface Binding {
  address: Address;
  options: Record<string, unknown>;
  headers: string[];
  secrets: string[];
}

function toBinding(preset: Preset, config: ProviderConfig, secrets: ProviderSecrets): Binding {
  const { apiKey } = secrets;
  if (!apiKey && (preset.needsApiKey ?? preset.apiKeyEnv !== undefined)) {
    throw new TrimtabError('config_invalid', `${preset.type} needs an API key`, { field: 'apiKey' });
  }
  const auth: Record<string, string> = {};
  const options = (preset.parseOptions ?? refuseOptions)(config.options);
  const keyHeader = preset.keyHeader?.(options);
  if (apiKey && keyHeader) auth[keyHeader] = apiKey;
  else if (apiKey) auth.authorization = `Bearer ${apiKey}`;
  return {
    address: parseAddress(config.baseUrl ?? preset.baseUrl, preset.type),
    options,
    headers: toHeaders({ ...auth, ...secrets.headers }),
    secrets: [apiKey ?? '', ...Object.values(secrets.headers)].filter((secret) => secret.length >= 8),
  };
}

function createConnection(preset: Preset, book: PriceBook, binding: Binding): Connection {
  const { address, options, secrets } = binding;
  const protocols = preset.protocols ?? PROTOCOLS;
  const takesIncludeUsage = preset.takesIncludeUsage ?? true;
  const postHeaders = ['content-type', 'application/json', ...binding.headers];
  const modelsPath = preset.modelsPath === undefined ? '/models' : preset.modelsPath;

  const pathOf = (protocol: Protocol, model: string): string =>
    address.path + (preset.path?.(protocol, model, options) ?? PATHS[protocol]);

  function toRequest(request: AppRequest, addUsage: boolean): UpstreamRequest {
    return {
      origin: address.origin,
      path: pathOf(request.protocol, request.model),
      method: 'POST',
      headers: withForwarded(postHeaders, request.headers),
      body: spliceBody(request, addUsage, boundOf(preset, request)),
    };
  }

  return {
    offers: (model) => offersModel(preset, book, model),
    capabilities: (model) => {
      const contextTokens = book.contextTokens(model);
      const known = contextTokens === undefined ? {} : { contextTokens };
      return { protocols, ...known, ...preset.capabilities?.(model) };
    },
    price: book.price,
    open(request): Exchange {
      if (!protocols.includes(request.protocol)) {
        throw new TrimtabError('protocol_mismatch', `${preset.type} does not serve ${request.protocol}`);
      }
      const reading: Reading = { vendor: preset.type, request, secrets };
      if (request.protocol === 'responses') {
        return {
          request: toRequest(request, false),
          readAnswer: (...[status, , body, headers]) =>
            readResponsesAnswer(reading, { status, body, headers }),
          readStream: () => new ResponsesReader(reading),
        };
      }
      const addUsage =
        request.stream && request.protocol === 'chat' && !request.wantsUsage && takesIncludeUsage;
      return {
        request: toRequest(request, addUsage),
        readAnswer: (...[status, , body, headers]) => readAnswer(reading, { status, body, headers }),
        readStream: () => new PassThroughReader(reading, addUsage),
      };
    },
    openOwn: (request) =>
      openOwn(preset, withForwarded(binding.headers, request.headers), { address, book, options, request }),
    ...batchOf(preset, binding),
    probe() {
      if (modelsPath === null) return null;
      const path = address.path + modelsPath;
      return { origin: address.origin, path, method: 'GET', headers: binding.headers, body: null };
    },
    readProbe: (status, body) => (status === 200 ? readModelNames(body) : []),
  };
}

function offersModel({ offers, alsoOffers }: Preset, book: PriceBook, model: string): boolean {
  if (alsoOffers?.test(model)) return true;
  return offers !== false && (offers === undefined || offers.test(model)) && book.offers(model);
}

function batchOf(
  { type: vendor, batch: preset }: Preset,
  { address, headers }: Binding,
): { batch?: BatchApi } {
  if (!preset) return {};
  const path = address.path + (preset.prefix ?? '');
  return { batch: createBatchApi({ vendor, origin: address.origin, path, headers, preset }) };
}

/** Only chat has two names for it. */
function boundOf(preset: Preset, { protocol, model }: AppRequest): Bound | undefined {
  if (protocol !== 'chat') return undefined;
  return preset.capabilities?.(model).maxTokensMember ?? 'max_tokens';
}

/** `{"data":[{"id":...}]}`; one vendor sends the list bare. */
function readModelNames(body: Buffer): string[] {
  const text = body.toString();
  const list = text.trimStart().startsWith('[') ? readObject(`{"data":${text}}`) : readObject(text);
  return asArray(list?.data)
    .map((model) => asString(asObject(model)?.id))
    .filter((id) => id !== undefined);
}

function withForwarded(base: string[], headers: Readonly<Record<string, string>>): string[] {
  let all = base;
  for (const name of FORWARDED) {
    const value = headers[name];
    if (value !== undefined) all = [...all, name, value];
  }
  return all;
}

function refuseOptions(options: Record<string, unknown>): Record<string, unknown> {
  const [unknown] = Object.keys(options);
  if (unknown === undefined) return {};
  throw new TrimtabError('config_invalid', `\`options.${unknown}\` is not known`, {
    field: `options.${unknown}`,
  });
}
