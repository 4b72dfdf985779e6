/**
 * Vendors reached through packages of the AI SDK: Gemini, Vertex AI, Bedrock, Cohere. A chat request becomes call options, stream parts become chunks; what a package asks its `fetch` for is
 * sent by the gateway, like every other request.
 */
import { randomBytes } from 'node:crypto';
import type { LanguageModelV3 } from '@ai-sdk/provider';
import { TrimtabError } from '../../core/error.ts';
import type { ProviderConfig, ProviderSecrets } from '../../stack/stack.ts';
import { parseAddress, toHeaders } from '../address.ts';
import { onlyFeatures } from '../features.ts';
import { asArray, asObject, asString, readObject } from '../json.ts';
import { createPriceBook, type PriceBook } from '../price-book.ts';
import type { AppRequest, Connection, Exchange, Provider, UpstreamRequest } from '../provider.ts';
import { toDataPolicy } from './data-policy.ts';
import { openChat } from './exchange.ts';
import { type CreateSdkProvider, loadFactory } from './package.ts';
import type { Vendor, VendorBinding } from './vendor.ts';

/** Makes a provider of a vendor's data. */
export function createAiSdk(vendor: Vendor): Provider {
  return {
    type: vendor.type,
    label: vendor.label,
    sandbox: false,
    features: onlyFeatures(vendor.can),
    translated: ['chat'],
    defaultBaseUrl: vendor.baseUrl,
    needsApiKey: true,
    apiKeyEnv: vendor.apiKeyEnv,
    localPorts: [],
    protocols: ['chat'],
    suggestedModels: vendor.suggestedModels,
    defaultDataPolicy: (baseUrl) => toDataPolicy(vendor.data, baseUrl),
    parseOptions: (options) => parseOptions(vendor, options),
    connect: (config, secrets) => connect(vendor, config, secrets),
  };
}

/** Names in paths and host names: nothing that could lead a request elsewhere. */
const OPTION = /^[a-z0-9][a-z0-9.:_-]{0,99}$/i;

function parseOptions(vendor: Vendor, options: Record<string, unknown>): Record<string, string | null> {
  const known = vendor.options ?? {};
  for (const [name, value] of Object.entries(options)) {
    const field = `options.${name}`;
    if (!Object.hasOwn(known, name))
      throw new TrimtabError('config_invalid', `\`${field}\` is not known`, { field });
    // Options parsed before have their defaults, and `null` is one.
    if (value === null && known[name] === null) continue;
    if (typeof value !== 'string' || !OPTION.test(value)) {
      throw new TrimtabError('config_invalid', `\`${field}\` must be a name`, { field });
    }
  }
  return { ...known, ...(options as Record<string, string>) };
}

function connect(vendor: Vendor, config: ProviderConfig, secrets: ProviderSecrets): Connection {
  const { apiKey } = secrets;
  if (!apiKey)
    throw new TrimtabError('config_invalid', `${vendor.type} needs an API key`, { field: 'apiKey' });
  const options = parseOptions(vendor, config.options);
  const { origin, path } = parseAddress(config.baseUrl ?? inRegion(vendor.baseUrl, options), vendor.type);
  const binding: VendorBinding = { baseUrl: origin + path, apiKey, options };
  const headers = toHeaders({ [vendor.probeHeader ?? 'authorization']: apiKey, ...secrets.headers });
  const values = [apiKey, ...Object.values(secrets.headers)];
  return createConnection(vendor, {
    origin,
    path,
    headers,
    settings: { ...vendor.settings(binding), headers: secrets.headers },
    secrets: values.filter((secret) => secret.length >= 8),
    book: createPriceBook(vendor.prices),
  });
}

/** The address of a vendor whose hosts are regional. */
function inRegion(baseUrl: string, { region }: Readonly<Record<string, string | null>>): string {
  return region ? baseUrl.replace('us-east-1', region) : baseUrl;
}

interface Bound {
  origin: string;
  path: string;
  headers: string[];
  settings: Record<string, unknown>;
  secrets: readonly string[];
  book: PriceBook;
}

function createConnection(vendor: Vendor, bound: Bound): Connection {
  const features = onlyFeatures(vendor.can);
  const { book, origin, path } = bound;
  const openModel = createOpener(vendor, bound.settings);

  function open(request: AppRequest): Exchange {
    if (request.protocol !== 'chat') {
      throw new TrimtabError('protocol_mismatch', `${vendor.type} does not serve ${request.protocol}`);
    }
    return openChat({
      reading: { vendor: vendor.type, secrets: bound.secrets },
      translation: {
        vendor: vendor.type,
        features,
        optionsName: vendor.optionsName,
        model: request.model,
        reasoning: vendor.reasoning ?? (() => null),
      },
      request,
      // Only labels in the answer: nothing is decided by them, so they need no injected clock.
      labels: {
        id: `chatcmpl-${randomBytes(12).toString('hex')}`,
        created: Math.floor(Date.now() / 1000),
        model: request.model,
      },
      streamType: vendor.streamType ?? 'text/event-stream',
      openModel: (fetchBy) => openModel(request.model, fetchBy),
    });
  }

  return {
    offers: (model) => (vendor.offers?.test(model) ?? true) && book.offers(model),
    capabilities(model) {
      const contextTokens = book.contextTokens(model);
      return { protocols: ['chat'], ...(contextTokens !== undefined && { contextTokens }) };
    },
    price: book.price,
    open,
    probe(): UpstreamRequest | null {
      if (vendor.modelsPath === null) return null;
      return { origin, path: path + vendor.modelsPath, method: 'GET', headers: bound.headers, body: null };
    },
    readProbe: (status, body) => (status === 200 ? readModelNames(body) : []),
  };
}

type OpenModel = (model: string, fetchBy: typeof fetch) => Promise<LanguageModelV3>;

/** Loads the package at the first call. */
function createOpener(vendor: Vendor, settings: Record<string, unknown>): OpenModel {
  let factory: Promise<CreateSdkProvider> | undefined;
  return async (model, fetchBy) => {
    factory ??= loadFactory(vendor.package, vendor.create);
    return (await factory)({ ...settings, fetch: fetchBy }).languageModel(model);
  };
}

/** `{"models":[{"name":"models/gemini-..."}]}` */
function readModelNames(body: Buffer): string[] {
  return asArray(readObject(body)?.models)
    .map((model) => asString(asObject(model)?.name)?.replace(/^models\//, ''))
    .filter((name) => name !== undefined);
}
