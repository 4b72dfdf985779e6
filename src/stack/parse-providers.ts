import { TrimtabError } from '../core/error.ts';
import { DATA_CLASSES } from '../core/protocol.ts';
import { checkShape } from './check-shape.ts';
import type { ConfigPath } from './config-path.ts';
import { isCredentialLike, isSecretName } from './credential.ts';
import { didYouMean } from './nearest.ts';
import { checkName, type Entries, type ParseContext, type Parsed } from './parse-context.ts';
import { defaultAllow, mayTakeRestricted } from './party.ts';
import { parsePassThrough } from './pass-through.ts';
import { type ProviderInput, providerSchema } from './schema-provider.ts';
import type { DataPolicy, Party, ProviderConfig, ProviderTypeInfo, SecretRef } from './stack.ts';

const SANDBOX = 'sandbox';
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable ASCII and tabs: what a header value may hold. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const BY_REFERENCE =
  'holds a secret by value; write { env: "NAME_OF_A_VARIABLE" } or { file: "path" } instead (value not shown)';

/** Parses `providers`. The sandbox is always among them. */
export function parseProviders(entries: Entries, context: ParseContext): Parsed<ProviderConfig> {
  const { problems, catalog } = context;
  const valid = new Map<string, ProviderConfig>();
  const types = new Map(catalog.types().map((info) => [info.type, info]));
  for (const [name, value] of entries) {
    const path = ['providers', name];
    if (!checkName(name, path, problems)) continue;
    const parsed = parseProvider(name, value, { context, types });
    if (parsed) valid.set(name, parsed);
  }
  const written = new Set(entries.map(([name]) => name));
  const sandbox = types.get(SANDBOX);
  if (sandbox && !written.has(SANDBOX)) {
    const config = parseProvider(SANDBOX, { type: SANDBOX }, { context, types });
    if (config) valid.set(SANDBOX, config);
    written.add(SANDBOX);
  }
  const defaults = [...valid].filter(([, config]) => config.default).map(([name]) => name);
  for (const name of defaults.slice(1)) {
    problems.add(
      ['providers', name, 'default'],
      `${defaults[0]} is the default already; there is one at most`,
    );
  }
  return { valid, written };
}

function parseProvider(
  name: string,
  value: unknown,
  { context, types }: { context: ParseContext; types: Map<string, ProviderTypeInfo> },
): ProviderConfig | undefined {
  const { problems } = context;
  const path = ['providers', name];
  const before = problems.count;
  refuseSecretValues(value, path, context);
  if (problems.count > before) return undefined;
  const input = checkShape(providerSchema, value ?? {}, { path, problems });
  if (!input) return undefined;
  const type = input.type ?? name;
  const info = types.get(type);
  if (!info) {
    const hint = didYouMean(type, types.keys());
    const known = hint === '' ? `; there are ${[...types.keys()].join(', ')}` : hint;
    if (input.type === undefined) problems.add(path, `needs a \`type\`: "${name}" is not one${known}`);
    else problems.addValue([...path, 'type'], type, `is not a provider type${known}`);
    return undefined;
  }
  if (name === SANDBOX && type !== SANDBOX) {
    problems.add([...path, 'type'], 'the name sandbox is kept for the simulated vendor; choose another name');
  }
  const baseUrl = parseBaseUrl(input, info, { path, context });
  const credentials = input.credentials ?? {};
  checkCredentials(credentials, info, { path, context });
  return {
    type,
    baseUrl,
    apiKey: chooseApiKey(input, info, { path, context }),
    ...(Object.keys(credentials).length > 0 && { credentials }),
    headers: parseHeaders(input.headers ?? {}, path, context),
    default: input.default ?? false,
    dataPolicy: parseDataPolicy(input, info, { path, context }),
    ...parsePassThrough(input.passThrough, info, { path, problems }),
    options: parseOptions(input, info, { path, context }),
  };
}

interface At {
  path: ConfigPath;
  context: ParseContext;
}

/** Runs before anything that might quote a value. */
function refuseSecretValues(value: unknown, path: ConfigPath, { problems }: ParseContext): void {
  if (typeof value !== 'object' || value === null) return;
  const { apiKey, credentials, headers, baseUrl } = value as Readonly<Record<string, unknown>>;
  if (typeof apiKey === 'string') problems.add([...path, 'apiKey'], BY_REFERENCE);
  if (typeof baseUrl === 'string' && URL.canParse(baseUrl)) {
    const url = new URL(baseUrl);
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      problems.add(
        [...path, 'baseUrl'],
        'holds a user, a password, a query or a fragment; give credentials in `apiKey` or `headers` (value not shown)',
      );
    }
  }
  for (const [name, secret] of Object.entries(isRecord(credentials) ? credentials : {})) {
    if (typeof secret === 'string') problems.add([...path, 'credentials', name], BY_REFERENCE);
  }
  if (typeof headers !== 'object' || headers === null) return;
  for (const [name, header] of Object.entries(headers)) {
    if (typeof header !== 'string') continue;
    if (isSecretName(name) || isCredentialLike(header))
      problems.add([...path, 'headers', name], BY_REFERENCE);
  }
}

function parseBaseUrl(input: ProviderInput, info: ProviderTypeInfo, { path, context }: At): string | null {
  const at = [...path, 'baseUrl'];
  if (input.baseUrl === undefined || input.baseUrl === null) {
    if (info.defaultBaseUrl === null && info.knowsAddress !== true)
      context.problems.add(at, `is missing; ${info.label} has no address of its own`);
    return null;
  }
  if (!URL.canParse(input.baseUrl) || !/^https?:$/.test(new URL(input.baseUrl).protocol)) {
    context.problems.addValue(at, input.baseUrl, 'is not an address like https://host/v1');
    return null;
  }
  return input.baseUrl.replace(/\/+$/, '');
}

/**
 * A key that the environment holds for a vendor goes to that vendor only: at another address the config must say
 * which credential to send.
 */
function chooseApiKey(input: ProviderInput, info: ProviderTypeInfo, { path, context }: At): SecretRef | null {
  if (input.apiKey !== undefined) return input.apiKey;
  const [variable] = info.apiKeyEnv;
  if (!info.needsApiKey || variable === undefined || input.credentials !== undefined) return null;
  if (
    typeof input.baseUrl === 'string' &&
    info.defaultBaseUrl !== null &&
    !isSameUrl(input.baseUrl, info.defaultBaseUrl)
  ) {
    context.problems.add(
      [...path, 'apiKey'],
      `is missing; with an address of your own, say which credential goes there: { env: "NAME_OF_A_VARIABLE" }, or null for none`,
    );
    return null;
  }
  return { env: variable };
}

function checkCredentials(
  credentials: Readonly<Record<string, SecretRef>>,
  info: ProviderTypeInfo,
  { path, context }: At,
): void {
  const { credentials: known = [] } = info;
  if (known === 'any') return;
  for (const name of Object.keys(credentials)) {
    if (known.includes(name)) continue;
    const hint = didYouMean(name, known);
    const list = known.length === 0 ? 'takes none' : `takes ${known.join(', ')}`;
    context.problems.add([...path, 'credentials', name], `is not known; ${info.label} ${list}${hint}`);
  }
}

function isSameUrl(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}

function parseHeaders(
  headers: Record<string, string | SecretRef>,
  path: ConfigPath,
  { problems }: ParseContext,
): Record<string, string | SecretRef> {
  for (const [name, value] of Object.entries(headers)) {
    const at = [...path, 'headers', name];
    if (!HEADER_NAME.test(name)) problems.add(at, 'is not a header name');
    if (typeof value === 'string' && !HEADER_VALUE.test(value)) {
      problems.add(at, 'holds a character that a header may not have');
    }
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function parseDataPolicy(input: ProviderInput, info: ProviderTypeInfo, { path, context }: At): DataPolicy {
  const given = input.dataPolicy ?? {};
  const known = info.defaultDataPolicy(input.baseUrl ?? info.defaultBaseUrl ?? '');
  const party = given.party === undefined ? known.party : given.party;
  const base = party === known.party ? known : undeclared(party);
  const at = [...path, 'dataPolicy'];
  if (given.allow !== undefined && given.allow.length > 0) {
    if (party === null) {
      context.problems.add(
        [...at, 'party'],
        'is missing: own, private or third? Without it nothing may be sent there',
      );
    } else if (!mayTakeRestricted(party) && given.allow.includes('restricted')) {
      context.problems.add(
        [...at, 'allow'],
        'restricted data goes to own machines or your own cloud account only, and this party is third',
      );
    }
  }
  return {
    party,
    allow: DATA_CLASSES.filter((dataClass) => (given.allow ?? base.allow).includes(dataClass)),
    regions: given.regions ?? base.regions,
    retentionDays: given.retentionDays === undefined ? base.retentionDays : given.retentionDays,
    trainsOnData: given.trainsOnData === undefined ? base.trainsOnData : given.trainsOnData,
  };
}

function undeclared(party: Party | null): DataPolicy {
  return { party, allow: defaultAllow(party), regions: [], retentionDays: null, trainsOnData: null };
}

function parseOptions(
  input: ProviderInput,
  info: ProviderTypeInfo,
  { path, context }: At,
): Record<string, unknown> {
  try {
    return info.parseOptions(input.options ?? {});
  } catch (error) {
    if (!(error instanceof TrimtabError)) throw error;
    const field = error.field?.replace(/^options\.?/, '') ?? '';
    context.problems.add([...path, 'options', ...(field === '' ? [] : [field])], error.message);
    return {};
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
