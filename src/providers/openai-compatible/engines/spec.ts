/** What differs between engines people run themselves, beside the API they share. */
import type { Address } from '../../address.ts';
import type { Adapters, Engine, EngineLoad, Question, ServedModel } from '../../engine.ts';
import { asArray, asCount, asString, isObject, type JsonObject, readObject } from '../../json.ts';
import type { UpstreamRequest } from '../../provider.ts';
import { readGauges } from './gauges.ts';

export interface EngineSpec {
  /** Names of its Prometheus gauges at `/metrics`, newest first, separated by blanks. Absent: it has none. */
  metrics?: { waiting: string; running: string; kvCacheUse?: string };
  /** Default: the list of the shared API, see {@link listed}. */
  models?: (root: Root) => Question<ServedModel[]>;
  /** Absent: it answers to any name, or that is not known. */
  serves?: NonNullable<Engine['serves']>;
  adapters?: (root: Root) => Adapters;
  /** Where the engine's authors say so, and the date it was read. */
  source: string;
  asOf: string;
}

/** The engine's address without the `/v1` of the shared API. */
export interface Root {
  get(path: string): UpstreamRequest;
  post(path: string, body: unknown): UpstreamRequest;
}

/** Binds an instance. `headers`: its credential, in undici's flat form. */
export function createEngine(spec: EngineSpec, address: Address, headers: string[]): Engine {
  const { origin } = address;
  const base = address.path.replace(/\/v1$/, '');
  const root: Root = {
    get: (path) => ({ origin, path: base + path, method: 'GET', headers, body: null }),
    post: (path, body) => ({
      origin,
      path: base + path,
      method: 'POST',
      headers: ['content-type', 'application/json', ...headers],
      body: Buffer.from(JSON.stringify(body)),
    }),
  };
  return {
    load: spec.metrics ? loadQuestion(root, spec.metrics) : null,
    models: spec.models?.(root) ?? listed(root),
    serves: spec.serves ?? null,
    adapters: spec.adapters?.(root) ?? null,
  };
}

function loadQuestion(root: Root, names: NonNullable<EngineSpec['metrics']>): Question<EngineLoad> {
  const waiting = names.waiting.split(' ');
  const running = names.running.split(' ');
  const kvCacheUse = names.kvCacheUse?.split(' ') ?? [];
  return {
    requests: [root.get('/metrics')],
    read([text]) {
      if (!text) return null;
      const gauges = readGauges(text.toString(), [...waiting, ...running, ...kvCacheUse]);
      const first = (candidates: readonly string[]): number[] | undefined =>
        candidates.map((name) => gauges.get(name)).find((values) => values !== undefined);
      const sum = (values: number[] | undefined): number | null =>
        values ? values.reduce((total, value) => total + value, 0) : null;
      const kvCache = first(kvCacheUse);
      const load: EngineLoad = {
        waiting: sum(first(waiting)),
        running: sum(first(running)),
        kvCacheUse: kvCache ? Math.min(1, Math.max(...kvCache)) : null,
      };
      return Object.values(load).every((value) => value === null) ? null : load;
    },
  };
}

/** `GET /v1/models`. The context is where vLLM and SGLang put it (`max_model_len`, from memory, not looked up). */
export function listed(root: Root): Question<ServedModel[]> {
  return { requests: [root.get('/v1/models')], read: ([body]) => readList(body ?? null, 'max_model_len') };
}

/** `{"data": [...]}`, with the context length in the member of this name. */
export function readList(body: Buffer | null, contextMember: string): ServedModel[] | null {
  const data = body && readObject(body)?.data;
  if (!Array.isArray(data)) return null;
  return objects(data).flatMap((entry) => {
    const id = asString(entry.id);
    if (id === undefined) return [];
    const contextTokens = asCount(entry[contextMember]) ?? null;
    return [{ id, contextTokens, loaded: null, parent: asString(entry.parent) ?? null }];
  });
}

/** Only by the names it lists. Which engines refuse other names is from memory. */
export const byListedName: NonNullable<Engine['serves']> = (model, served) =>
  served.some(({ id }) => id === model);

export function objects(list: unknown): JsonObject[] {
  return asArray(list).filter(isObject);
}
