/**
 * Asks the engines of the stack how busy they are and what they serve, on an interval and off the request path. What they
 * tell goes to the gateway for load-aware choice, to the API and to `/metrics`. It costs no tokens, and it decides nothing
 * about health: an engine that does not answer here is still tried by calls.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import { TrimtabError } from '../../core/error.ts';
import type { Upstream } from '../../gateway/upstream/upstream.ts';
import type { Engine, EngineLoad, Question, ServedModel } from '../../providers/engine.ts';
import { findProvider } from '../../providers/index.ts';
import type { UpstreamRequest } from '../../providers/provider.ts';
import { ENGINE_READ_EVERY_MS, ENGINE_STALE_MS, type EngineReports } from '../../routing/engine-loads.ts';
import type { ProviderConfig, Snapshot } from '../../stack/stack.ts';
import { ask, type Told } from './ask.ts';

/** What it serves changes seldom: every third time. */
const MODELS_EVERY_MS = 3 * ENGINE_READ_EVERY_MS;
const ANSWER_WITHIN_MS = 4_000;
const SHOWN_CHARS = 300;

export interface EngineWatchOptions {
  snapshot(): Snapshot;
  upstream: Upstream;
  clock: Clock;
  /** Told after every round. */
  onReports(reports: EngineReports): void;
}

export interface EngineWatch {
  /** Begins asking; at once, then on the interval. Returns what stops it. */
  start(): () => void;
  /** Of every engine of the stack, by provider. */
  views(): EngineView[];
  /** Whether a provider's engine takes this model name, by what it last served; `null`: not known. */
  serves(provider: string, model: string): boolean | null;
  /** The engine of a provider. Throws TrimtabError(not_found | engine_cannot). */
  find(provider: string): Bound;
  /** Asks one engine both questions now. Never rejects: what went wrong stands in `trouble`. */
  refresh(bound: Bound): Promise<EngineView>;
  /** Sends a request that changes something, or asks more. Rejects with what `ask` rejects with. */
  send(bound: Bound, request: UpstreamRequest, withinMs?: number): Promise<Told>;
  /** Asks one question. Rejects with what `ask` rejects with, and with upstream_error when the answer does not tell. */
  put<T>(bound: Bound, question: Question<T>): Promise<T>;
  close(): Promise<void>;
}

export interface EngineView {
  provider: string;
  type: string;
  /** As it was last read; `null`: it does not tell, or what it told is too old. */
  load: EngineLoad | null;
  loadAt: number | null;
  models: ServedModel[] | null;
  modelsAt: number | null;
  /** Why it did not answer the last time, in words; `null`: it did. */
  trouble: string | null;
}

/** A provider's engine, ready to be asked. */
export interface Bound {
  provider: string;
  config: ProviderConfig;
  engine: Engine;
}

interface Known {
  baseUrl: string | null;
  load: EngineLoad | null;
  loadAt: number | null;
  models: ServedModel[] | null;
  modelsAt: number | null;
  loadTrouble: string | null;
  modelsTrouble: string | null;
  asking: boolean;
}

export function createEngineWatch(options: EngineWatchOptions): EngineWatch {
  return new IntervalWatch(options);
}

class IntervalWatch implements EngineWatch {
  private readonly options: EngineWatchOptions;
  private readonly known = new Map<string, Known>();
  private boundFor: Snapshot | null = null;
  private bound: Bound[] = [];

  constructor(options: EngineWatchOptions) {
    this.options = options;
  }

  start(): () => void {
    this.round();
    const timer: Timer = this.options.clock.every(ENGINE_READ_EVERY_MS, () => this.round());
    return () => timer.stop();
  }

  views(): EngineView[] {
    return this.engines().map((bound) => this.viewOf(bound));
  }

  serves(provider: string, model: string): boolean | null {
    const serves = this.engines().find((bound) => bound.provider === provider)?.engine.serves;
    const models = this.known.get(provider)?.models;
    return serves && models ? serves(model, models) : null;
  }

  find(provider: string): Bound {
    const found = this.engines().find((bound) => bound.provider === provider);
    if (found) return found;
    const { stack } = this.options.snapshot();
    if (!Object.hasOwn(stack.providers, provider)) {
      throw new TrimtabError('not_found', `the stack has no provider \`${provider}\``, { field: 'provider' });
    }
    const type = stack.providers[provider]?.type;
    throw new TrimtabError(
      'engine_cannot',
      `"${provider}" is of the type ${type}, which is no engine that tells of itself`,
      { field: 'provider' },
    );
  }

  async refresh(bound: Bound): Promise<EngineView> {
    await this.read(bound, { models: true });
    return this.viewOf(bound);
  }

  send({ provider, config }: Bound, request: UpstreamRequest, withinMs = ANSWER_WITHIN_MS): Promise<Told> {
    return ask(this.options, { provider, policy: config.dataPolicy, withinMs }, request);
  }

  close(): Promise<void> {
    return this.options.upstream.close();
  }

  /** One that still waits for its last answer is left out: a slow engine is not asked twice at once. */
  private round(): void {
    const now = this.options.clock.now();
    for (const bound of this.engines()) {
      const { asking, modelsAt } = this.of(bound);
      const models = modelsAt === null || now - modelsAt >= MODELS_EVERY_MS;
      if (!asking) void this.read(bound, { models });
    }
  }

  private async read(bound: Bound, { models }: { models: boolean }): Promise<void> {
    const { clock } = this.options;
    const known = this.of(bound);
    known.asking = true;
    const { engine } = bound;
    const asked: Promise<void>[] = [];
    if (engine.load) {
      asked.push(
        this.put(bound, engine.load).then(
          (load) => void Object.assign(known, { load, loadAt: clock.now(), loadTrouble: null }),
          (error: unknown) => void Object.assign(known, { loadTrouble: wordsOf(error) }),
        ),
      );
    }
    if (models) {
      asked.push(
        this.put(bound, engine.models).then(
          (served) =>
            void Object.assign(known, { models: served, modelsAt: clock.now(), modelsTrouble: null }),
          (error: unknown) => void Object.assign(known, { modelsTrouble: wordsOf(error) }),
        ),
      );
    }
    await Promise.all(asked);
    known.asking = false;
    this.options.onReports(this.reports());
  }

  async put<T>(bound: Bound, question: Question<T>): Promise<T> {
    const told = await Promise.allSettled(question.requests.map((request) => this.send(bound, request)));
    const bodies = told.map((one) =>
      one.status === 'fulfilled' && one.value.status === 200 ? one.value.body : null,
    );
    const answer = question.read(bodies);
    if (answer !== null) return answer;
    const failed = told.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    throw new TrimtabError(
      'upstream_error',
      told.map((one, at) => describe(one, question.requests[at])).join('; '),
    );
  }

  private reports(): EngineReports {
    return Object.fromEntries(
      this.views().map(({ provider, load, loadAt, models }) => {
        const served = models?.map(({ id, contextTokens }) => ({ id, contextTokens })) ?? null;
        return [provider, { load, loadAt, models: served }];
      }),
    );
  }

  private viewOf(bound: Bound): EngineView {
    const { provider, config } = bound;
    const { load, loadAt, models, modelsAt, loadTrouble, modelsTrouble } = this.of(bound);
    const fresh = loadAt !== null && this.options.clock.now() - loadAt <= ENGINE_STALE_MS;
    return {
      provider,
      type: config.type,
      load: fresh ? load : null,
      loadAt,
      models,
      modelsAt,
      trouble: loadTrouble ?? modelsTrouble,
    };
  }

  private of({ provider, config }: Bound): Known {
    let known = this.known.get(provider);
    if (!known) {
      known = {
        baseUrl: config.baseUrl,
        load: null,
        loadAt: null,
        models: null,
        modelsAt: null,
        loadTrouble: null,
        modelsTrouble: null,
        asking: false,
      };
      this.known.set(provider, known);
    }
    return known;
  }

  private engines(): Bound[] {
    const snapshot = this.options.snapshot();
    if (snapshot === this.boundFor) return this.bound;
    this.boundFor = snapshot;
    this.bound = Object.entries(snapshot.stack.providers).flatMap(([provider, config]) => {
      const engine = engineOf(config, snapshot.secrets[provider]);
      return engine ? [{ provider, config, engine }] : [];
    });
    // What another address told says nothing of this one.
    for (const [provider, { baseUrl }] of this.known) {
      const now = this.bound.find((bound) => bound.provider === provider);
      if (now?.config.baseUrl !== baseUrl) this.known.delete(provider);
    }
    return this.bound;
  }
}

/** One whose secret is missing cannot be asked; the status already says so. */
function engineOf(
  config: ProviderConfig,
  secrets = { apiKey: null, headers: {} } as Snapshot['secrets'][string],
) {
  try {
    return findProvider(config.type)?.connect(config, secrets).engine;
  } catch (error) {
    if (error instanceof TrimtabError) return undefined;
    throw error;
  }
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, SHOWN_CHARS);
}

/** `GET /metrics: 404`. Never a body: it may say anything. */
function describe(told: PromiseSettledResult<Told>, request: UpstreamRequest | undefined): string {
  const status = told.status === 'fulfilled' ? told.value.status : 0;
  const what = `${request?.method ?? 'GET'} ${request?.path ?? ''}`;
  return status === 200 ? `${what}: not what is expected there` : `${what}: ${status}`;
}
