import { definedOf } from './parse-context.ts';
import type { StackInput } from './schema.ts';
import type { ProviderCatalog, ProviderTypeInfo } from './stack.ts';

const PROBE_TIMEOUT_MS = 300;
const MAX_ANSWER_CHARS = 1_000_000;
const MAX_MODELS = 50;

export interface DiscoverOptions {
  env: Readonly<Record<string, string | undefined>>;
  catalog: ProviderCatalog;
  fetch: typeof fetch;
  /** Whether to look on local ports. */
  probeLocal: boolean;
}

export interface Discovery {
  /** A config that uses what was found. */
  input: StackInput;
  /** What was found, one line each, for people. Never a value of a variable. */
  found: string[];
}

type Found = { info: ProviderTypeInfo; provider: ProviderEntry; models: readonly string[]; line: string };
type ProviderEntry = NonNullable<NonNullable<StackInput['providers']>[string]>;

/**
 * Looks for vendors this machine can already reach: keys in the environment, and model servers on their usual local
 * ports (asked for their models with a time limit of 300 ms, without any credential). The sandbox needs no finding.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const types = options.catalog.types();
  const keyed = types.flatMap((info) => findKey(info, options.env));
  const served = options.probeLocal ? await findServers(types, options.fetch) : { found: [], notes: [] };
  const all = [...keyed.filter(({ info }) => info.defaultBaseUrl !== null), ...served.found];
  const providers: Record<string, ProviderEntry> = {};
  const deployments: NonNullable<StackInput['deployments']> = {};
  const found: string[] = [];
  for (const { info, provider, models, line } of all) {
    const name = freeName(info.type, providers);
    providers[name] = definedOf({
      type: name === info.type ? undefined : info.type,
      ...provider,
      default: all.length === 1 ? true : undefined,
    }) as ProviderEntry;
    for (const model of models) deployments[`${name}/${model}`] = { provider: name, model };
    found.push(line);
  }
  const unusable = keyed.filter(({ info }) => info.defaultBaseUrl === null);
  return {
    input: { providers, deployments },
    found: [
      ...found,
      ...unusable.map(({ info, line }) => `${line}, but ${info.label} needs its \`baseUrl\` in a config`),
      ...served.notes,
    ],
  };
}

function findKey(info: ProviderTypeInfo, env: DiscoverOptions['env']): Found[] {
  const variable = info.apiKeyEnv.find((name) => (env[name] ?? '').trim() !== '');
  if (variable === undefined) return [];
  return [
    {
      info,
      provider: { apiKey: { env: variable } },
      models: info.suggestedModels,
      line: `${info.label}: key in ${variable}`,
    },
  ];
}

async function findServers(
  types: readonly ProviderTypeInfo[],
  request: typeof fetch,
): Promise<{ found: Found[]; notes: string[] }> {
  const ports = new Map<number, ProviderTypeInfo[]>();
  for (const info of types) {
    for (const port of info.localPorts) ports.set(port, [...(ports.get(port) ?? []), info]);
  }
  const found: Found[] = [];
  const notes: string[] = [];
  const answers = await Promise.all([...ports].map(([port]) => askModels(port, request)));
  [...ports].forEach(([port, candidates], index) => {
    const answer = answers[index];
    const [first] = candidates;
    if (!answer || !first) return;
    const address = `http://127.0.0.1:${port}/v1`;
    if (answer.kind === 'locked') {
      notes.push(`${address} answers but wants a key; name it in a config to use it`);
      return;
    }
    const info = candidates.find(({ type }) => sameName(type, answer.owner)) ?? first;
    const models = answer.models.slice(0, MAX_MODELS);
    const list = models.length === 0 ? 'no model loaded' : models.slice(0, 3).join(', ');
    const more = models.length > 3 ? ` and ${models.length - 3} more` : '';
    found.push({
      info,
      provider: { baseUrl: address },
      models,
      line: `${info.label} at ${address}: ${list}${more}`,
    });
  });
  return { found, notes };
}

type ModelsAnswer = { kind: 'models'; models: string[]; owner: string } | { kind: 'locked' };

/** Asks a local port for its models; `undefined` when nothing there speaks this protocol. */
async function askModels(port: number, request: typeof fetch): Promise<ModelsAnswer | undefined> {
  try {
    const answer = await request(`http://127.0.0.1:${port}/v1/models`, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    if (answer.status === 401 || answer.status === 403) {
      await answer.body?.cancel();
      return { kind: 'locked' };
    }
    const text = await answer.text();
    if (!answer.ok || text.length > MAX_ANSWER_CHARS) return undefined;
    return readModels(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readModels(body: unknown): ModelsAnswer | undefined {
  const { data } = (body ?? {}) as { data?: unknown };
  if (!Array.isArray(data)) return undefined;
  const models = data.flatMap((entry: unknown) => {
    const { id } = (entry ?? {}) as { id?: unknown };
    return typeof id === 'string' && id !== '' ? [id] : [];
  });
  const { owned_by: owner } = (data[0] ?? {}) as { owned_by?: unknown };
  return { kind: 'models', models, owner: typeof owner === 'string' ? owner : '' };
}

/** Servers sign their models with their own name, spelled freely. */
function sameName(type: string, owner: string): boolean {
  const letters = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return owner !== '' && letters(type) === letters(owner);
}

function freeName(type: string, taken: Record<string, unknown>): string {
  if (!Object.hasOwn(taken, type)) return type;
  for (let number = 2; ; number++) {
    if (!Object.hasOwn(taken, `${type}-${number}`)) return `${type}-${number}`;
  }
}
