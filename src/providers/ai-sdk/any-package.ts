/** Any other package of the AI SDK that a config names: installed by whoever names it, loaded at the first call. */
import { TrimtabError } from '../../core/error.ts';
import { isCredentialLike, isSecretName } from '../../stack/credential.ts';
import { defaultAllow } from '../../stack/party.ts';
import type { DataPolicy, ProviderConfig, ProviderSecrets } from '../../stack/stack.ts';
import { parseAddress, toHeaders } from '../address.ts';
import { toFeatures } from '../features.ts';
import { isObject, type JsonObject } from '../json.ts';
import { findOwnPriceBook } from '../price-book.ts';
import type { Connection, Provider } from '../provider.ts';
import { fixedAccess } from './access.ts';
import { createConnection } from './connection.ts';
import { locatePackage } from './package.ts';
import { vendors } from './vendors.ts';

const TYPE = 'ai-sdk';
/** Its own scope only: what a config can make this server import is code that runs here. */
const PACKAGE = /^@ai-sdk\/([a-z0-9][a-z0-9-]{0,60})$/;
const FACTORY = /^create[A-Z][A-Za-z0-9]{0,60}$/;
/** Settings that have a place of their own in a config. */
const PLACED: Readonly<Record<string, string>> = {
  apiKey: '`apiKey`',
  baseURL: '`baseUrl`',
  headers: '`headers`',
  fetch: 'nothing: what it sends, the gateway sends',
};

export const anyPackage: Provider = {
  type: TYPE,
  label: 'Any other package of the AI SDK',
  sandbox: false,
  // What a package cannot carry it says; what every package may or may not have is not known here. The rest has no word in
  // their common interface.
  features: toFeatures('streaming', 'reasoning logprobs manyChoices promptCache serviceTier'),
  translated: ['chat', 'embeddings'],
  defaultBaseUrl: null,
  knowsAddress: true,
  exampleOptions: { package: '@ai-sdk/mistral' },
  needsApiKey: false,
  apiKeyEnv: [],
  credentials: 'any',
  localPorts: [],
  protocols: ['chat', 'embeddings'],
  suggestedModels: [],
  defaultDataPolicy: () => UNDECLARED,
  parseOptions: (options) => ({ ...parseOptions(options) }),
  connect,
};

const UNDECLARED: DataPolicy = {
  party: null,
  allow: defaultAllow(null),
  regions: [],
  retentionDays: null,
  trainsOnData: null,
};

interface Options {
  package: string;
  create: string | null;
  settings: JsonObject;
}

function parseOptions(options: Record<string, unknown>): Options {
  const { package: name, create = null, settings = {}, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw invalid(`options.${unknown}`, `\`options.${unknown}\` is not known`);
  if (typeof name !== 'string' || !PACKAGE.test(name)) {
    throw invalid('options.package', '`options.package` is a package of the AI SDK, like `@ai-sdk/groq`');
  }
  const own = vendors.find((vendor) => vendor.package === name || vendor.package.startsWith(`${name}/`));
  if (own) throw invalid('options.package', `${name} has a type of its own here: \`type: "${own.type}"\``);
  if (create !== null && (typeof create !== 'string' || !FACTORY.test(create))) {
    throw invalid(
      'options.create',
      '`options.create` is the name of what the package exports, like `createGroq`',
    );
  }
  if (!isObject(settings)) throw invalid('options.settings', '`options.settings` must be an object');
  refusePlaced(settings, 'options.settings');
  refuseSecrets(settings, 'options.settings');
  return { package: name, create, settings };
}

/** Throws for a member that has a place of its own: there it is checked. */
function refusePlaced(members: Readonly<Record<string, unknown>>, at: string): void {
  for (const name of Object.keys(members)) {
    const place = Object.hasOwn(PLACED, name) ? PLACED[name] : undefined;
    if (place !== undefined) throw invalid(at, `\`${at}.${name}\` is not taken; its place is ${place}`);
  }
}

/** Settings are stored with the config, and shown. The message quotes no value. */
function refuseSecrets(value: unknown, at: string): void {
  if (typeof value === 'string' && isCredentialLike(value)) throw byValue(at);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && isSecretName(name)) throw byValue(`${at}.${name}`);
    refuseSecrets(inner, `${at}.${name}`);
  }
}

function byValue(field: string): TrimtabError {
  return invalid(
    field,
    `\`${field}\` holds a secret by value; give it by reference in \`credentials\` (value not shown)`,
  );
}

function connect(config: ProviderConfig, secrets: ProviderSecrets): Connection {
  const options = parseOptions(config.options);
  const { apiKey, credentials = {}, headers } = secrets;
  refusePlaced(credentials, 'credentials');
  // Checked here, so that the error names the field; the package sends them as they are.
  toHeaders({ ...(apiKey !== null && { authorization: apiKey }), ...headers });
  const address = config.baseUrl === null ? null : parseAddress(config.baseUrl, TYPE);
  return createConnection({
    type: TYPE,
    package: options,
    location: locatePackage(options.package),
    optionsName: '',
    features: anyPackage.features,
    streamType: '',
    // What a package calls its options is not known, and an option it does not know it leaves out without a word.
    embeds: () => ({ dimensions: null, inputType: null }),
    answerHeaders: [],
    offers: () => true,
    settings: {
      ...options.settings,
      headers,
      ...(address && { baseURL: address.origin + address.path }),
    },
    // A key the environment holds for a package goes nowhere the config does not send it: none given, an empty one is.
    access: fixedAccess({ apiKey: apiKey ?? '', ...credentials }, [
      ...(apiKey === null ? [] : [apiKey]),
      ...Object.values(credentials),
    ]),
    secrets: Object.values(headers),
    book: findOwnPriceBook(PACKAGE.exec(options.package)?.[1] ?? ''),
    probe: null,
    readProbe: () => [],
  });
}

function invalid(field: string, message: string): TrimtabError {
  return new TrimtabError('config_invalid', message, { field });
}
