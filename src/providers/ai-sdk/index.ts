/**
 * Vendors reached through packages of the AI SDK: Gemini, Vertex AI, Bedrock, Cohere, and whichever package a config names
 * (`any-package.ts`). A chat request becomes call options, stream parts become chunks; what a package asks its `fetch`
 * for is sent by the gateway, like every other request.
 */
import { TrimtabError } from '../../core/error.ts';
import type { Protocol } from '../../core/protocol.ts';
import type { ProviderConfig, ProviderSecrets } from '../../stack/stack.ts';
import { parseAddress, toHeaders } from '../address.ts';
import { onlyFeatures } from '../features.ts';
import { asArray, asObject, asString, readObject } from '../json.ts';
import { createPriceBook } from '../price-book.ts';
import type { Connection, Provider } from '../provider.ts';
import { type Access, fixedAccess } from './access.ts';
import { createConnection } from './connection.ts';
import { toDataPolicy } from './data-policy.ts';
import type { Vendor, VendorBinding } from './vendor.ts';

/** Makes a provider of a vendor's data. */
export function createAiSdk(vendor: Vendor): Provider {
  return {
    type: vendor.type,
    label: vendor.label,
    sandbox: false,
    features: onlyFeatures(vendor.can),
    translated: protocolsOf(vendor),
    defaultBaseUrl: vendor.baseUrl,
    needsApiKey: true,
    apiKeyEnv: vendor.apiKeyEnv,
    ...(vendor.credentials && { credentials: vendor.credentials }),
    localPorts: [],
    protocols: protocolsOf(vendor),
    suggestedModels: vendor.suggestedModels,
    defaultDataPolicy: (baseUrl) => toDataPolicy(vendor.data, baseUrl),
    parseOptions: (options) => parseOptions(vendor, options),
    connect: (config, secrets) => connect(vendor, config, secrets),
  };
}

function protocolsOf({ embeds }: Vendor): readonly Protocol[] {
  return embeds ? ['chat', 'embeddings'] : ['chat'];
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
  const options = parseOptions(vendor, config.options);
  const address = vendor.address?.(options) ?? vendor.baseUrl;
  const { origin, path } = parseAddress(config.baseUrl ?? address, vendor.type);
  const { apiKey, credentials = {} } = secrets;
  const binding: VendorBinding = { baseUrl: origin + path, apiKey, credentials, options };
  const access = vendor.access?.(binding) ?? keyAccess(vendor, apiKey);
  const key = apiKey === null ? {} : { [vendor.probeHeader ?? 'authorization']: apiKey };
  const headers = toHeaders({ ...key, ...secrets.headers });
  const { modelsPath } = vendor;
  return createConnection({
    type: vendor.type,
    package: { package: vendor.package, create: vendor.create },
    location: vendor.package,
    optionsName: vendor.optionsName,
    features: onlyFeatures(vendor.can),
    streamType: vendor.streamType ?? 'text/event-stream',
    embeds: vendor.embeds ?? null,
    answerHeaders: vendor.answerHeaders ?? [],
    ...(vendor.reasoning && { reasoning: vendor.reasoning }),
    offers: (model) => vendor.offers?.test(model) ?? true,
    settings: { ...vendor.settings(binding), headers: secrets.headers },
    access,
    secrets: Object.values(secrets.headers),
    book: createPriceBook(vendor.prices),
    probe:
      modelsPath === null ? null : { origin, path: path + modelsPath, method: 'GET', headers, body: null },
    readProbe: (status, body) => (status === 200 ? readModelNames(body) : []),
  });
}

function keyAccess({ type }: Vendor, apiKey: string | null): Access {
  if (apiKey !== null) return fixedAccess({ apiKey }, [apiKey]);
  throw new TrimtabError('config_invalid', `${type} needs an API key`, { field: 'apiKey' });
}

/** `{"models":[{"name":"models/gemini-..."}]}` */
function readModelNames(body: Buffer): string[] {
  return asArray(readObject(body)?.models)
    .map((model) => asString(asObject(model)?.name)?.replace(/^models\//, ''))
    .filter((name) => name !== undefined);
}
