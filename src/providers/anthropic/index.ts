/**
 * Anthropic's Messages API. For apps that speak it bytes pass through (`native.ts`); for apps that speak the chat
 * protocol requests, answers, streams and errors are translated (`request.ts`, `answer.ts`, `stream.ts`). It has no
 * embeddings.
 */
import { TrimtabError } from '../../core/error.ts';
import type { Protocol } from '../../core/protocol.ts';
import type { ProviderConfig, ProviderSecrets } from '../../stack/stack.ts';
import { parseAddress, toHeaders } from '../address.ts';
import { onlyFeatures, toFeatures } from '../features.ts';
import { asArray, asObject, asString, readObject } from '../json.ts';
import { createPriceBook } from '../price-book.ts';
import type { AppRequest, Connection, Exchange, Provider } from '../provider.ts';
import { type Reading, readAnswer } from './answer.ts';
import { createBatchApi } from './batch.ts';
import { openNative } from './native.ts';
import { OWN_API, openOwn } from './own-api.ts';
import { toMessagesRequest } from './request.ts';
import { MessageStreamReader } from './stream.ts';

const TYPE = 'anthropic';
const BASE_URL = 'https://api.anthropic.com';

/** The version header is required (https://platform.claude.com/docs/en/api/versioning, as known 2026-11-23). */
const API_VERSION = '2023-06-01';

/** The Messages API requires `max_tokens`; chat apps often leave it out. Every model of the vendor takes this much. */
const DEFAULT_MAX_TOKENS = 4096;

const PROTOCOLS: readonly Protocol[] = ['chat', 'messages'];

export const anthropic: Provider = {
  type: TYPE,
  label: 'Anthropic',
  sandbox: false,
  features: onlyFeatures('streaming tools parallelTools jsonSchema images files reasoning stop promptCache'),
  // https://platform.claude.com/docs/en/api/messages, as known 2026-11-23.
  nativeFeatures: {
    messages: toFeatures(
      'streaming tools parallelTools jsonSchema images files reasoning stop promptCache serviceTier',
    ),
  },
  translated: ['chat'],
  ownApi: OWN_API,
  defaultBaseUrl: BASE_URL,
  needsApiKey: true,
  apiKeyEnv: ['ANTHROPIC_API_KEY'],
  localPorts: [],
  protocols: PROTOCOLS,
  suggestedModels: ['claude-haiku-4-5', 'claude-sonnet-5', 'claude-opus-5-5'],
  // No training: https://www.anthropic.com/legal/commercial-terms, as known 2026-11-23. Retention changed and depends on
  // the agreement, so it is not declared.
  defaultDataPolicy: (baseUrl) => ({
    party: 'third',
    allow: ['public', 'internal'],
    regions: [],
    retentionDays: null,
    trainsOnData: baseUrl.startsWith(BASE_URL) ? false : null,
  }),
  parseOptions,
  connect,
};

/** `options.maxTokens`: the `max_tokens` of requests that name none. Default 4096. */
function parseOptions(options: Record<string, unknown>): Record<string, unknown> {
  const { maxTokens = DEFAULT_MAX_TOKENS, ...rest } = options;
  const [unknown] = Object.keys(rest);
  const field = unknown === undefined ? 'options.maxTokens' : `options.${unknown}`;
  if (unknown !== undefined) throw new TrimtabError('config_invalid', `\`${field}\` is not known`, { field });
  if (!Number.isInteger(maxTokens) || (maxTokens as number) < 1) {
    throw new TrimtabError('config_invalid', `\`${field}\` must be a whole number from 1 up`, { field });
  }
  return { maxTokens };
}

function connect(config: ProviderConfig, { apiKey, headers: extra }: ProviderSecrets): Connection {
  if (!apiKey) throw new TrimtabError('config_invalid', `${TYPE} needs an API key`, { field: 'apiKey' });
  const prices = createPriceBook(TYPE);
  const { origin, path } = parseAddress(config.baseUrl ?? BASE_URL, TYPE);
  const maxTokens = parseOptions(config.options).maxTokens as number;
  const auth = toHeaders({ 'x-api-key': apiKey, 'anthropic-version': API_VERSION, ...extra });
  const headers = ['content-type', 'application/json', ...auth];
  const secrets = [apiKey, ...Object.values(extra)].filter((secret) => secret.length >= 8);
  const native = { vendor: TYPE, origin, path, headers, pinned: extra, secrets };

  function open(request: AppRequest): Exchange {
    if (!PROTOCOLS.includes(request.protocol)) {
      throw new TrimtabError('protocol_mismatch', `${TYPE} does not serve ${request.protocol}`);
    }
    if (request.protocol === 'messages') return openNative(native, request);
    const body = Buffer.from(JSON.stringify(toMessagesRequest(request, maxTokens)));
    const beta = request.headers['anthropic-beta'];
    // Only a label in the answer: nothing is decided by it, so it needs no injected clock.
    const created = Math.floor(Date.now() / 1000);
    const reading: Reading = { vendor: TYPE, request, secrets, created };
    return {
      request: {
        origin,
        path: `${path}/v1/messages`,
        method: 'POST',
        headers: beta === undefined ? headers : [...headers, 'anthropic-beta', beta],
        body,
      },
      readAnswer: (...[status, , bytes, lookup]) =>
        readAnswer(reading, { status, body: bytes, headers: lookup }),
      readStream: () => new MessageStreamReader(reading),
    };
  }

  return {
    offers: prices.offers,
    capabilities(model) {
      const contextTokens = prices.contextTokens(model);
      const known = { protocols: PROTOCOLS, countsTokens: true };
      return { ...known, ...(contextTokens === undefined ? {} : { contextTokens }) };
    },
    price: prices.price,
    open,
    openOwn: (request) => openOwn({ origin, path, pinned: extra, auth }, request),
    batch: createBatchApi({ vendor: TYPE, origin, path, headers }),
    probe: () => ({ origin, path: `${path}/v1/models?limit=1000`, method: 'GET', headers: auth, body: null }),
    readProbe: (status, body) => (status === 200 ? readModelNames(body) : []),
  };
}

function readModelNames(body: Buffer): string[] {
  return asArray(readObject(body)?.data)
    .map((model) => asString(asObject(model)?.id))
    .filter((id) => id !== undefined);
}
